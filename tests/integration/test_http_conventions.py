"""What holds for every call of the API: query parameters, HEAD, JSON bodies, and what a repetition is."""

import httpx
import pytest

from simulators.parties.sandbox_constants import SANDBOX_API_KEY, WALLET_API_KEY
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.wallet.phone import Phone
from tests.integration.test_http_api import _concrete, _operations


@pytest.fixture
def http(sandbox):
    """A client that may do everything."""
    headers = {"Authorization": f"Bearer {SANDBOX_API_KEY}"}
    with httpx.Client(base_url=sandbox.http_url, headers=headers, trust_env=False) as client:
        yield client


def _refused_parameter(answer, name):
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["code"] == "invalid_field"
    assert [each["field"] for each in problem["errors"]] == [name]


def test_unknown_query_parameters_are_refused_everywhere(http):
    """On every call, of the vault, the engine and the sandbox: a misspelt filter would show everything."""
    for path, method, _ in _operations(http.get("/openapi.json").json()):
        answer = http.request(method, _concrete(path), params={"limitt": "5"}, json={})
        _refused_parameter(answer, "limitt")


def test_vendor_apis_refuse_them_in_their_shape():
    """The vendors' errors name the parameter too."""
    with scratch_sandbox(vendor_apis=True) as sandbox:
        url = sandbox.http_url + "/vendor-apis/mdes/digitization/1/0/getToken?verbose=1"
        body = {"requestId": "1", "tokenUniqueReference": "tok_0000000000001"}
        headers = {"Authorization": f"Bearer {WALLET_API_KEY}"}
        answer = httpx.post(url, json=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (422, "verbose")


def test_known_query_parameters_are_taken_once(http):
    """All that a route declares, in whatever way, are known; twice is a question without an answer."""
    assert http.get("/v1/tokens?limit=1&state=active").status_code == 200
    assert http.get("/v1/authorizations?limit=1&from=2026-01-01T00:00:00Z&approved=true").status_code == 200
    assert http.get("/v1/transactions?limit=1&from=2026-01-01T00:00:00Z").status_code == 200
    _refused_parameter(http.get("/v1/tokens?limit=1&limit=2"), "limit")
    _refused_parameter(http.get("/v1/authorizations?limit=1&Limit=2"), "Limit")
    _refused_parameter(http.get("/v1/authorizations?from_=2026-01-01T00:00:00Z"), "from_")


def test_who_may_not_call_learns_nothing_of_parameters(http):
    """First who calls, then what is asked."""
    assert http.get("/v1/accounts?x=1", headers={"Authorization": "Bearer nobody"}).status_code == 401


def test_head_answers_as_get_without_a_body(http):
    """The same status and headers wherever GET works, errors and pages among them."""
    paths = ["/v1/accounts", "/v1/program", "/v1/simulations/clock", "/v1/cards/card_0000000000001", "/v1/nothing"]
    for path in [*paths, "/healthz", "/readyz", "/openapi.json", "/docs", "/v1/accounts?x=1", "/v1/product_art.svg"]:
        got, headed = http.get(path), http.head(path)
        assert headed.status_code == got.status_code, path
        assert headed.headers["content-type"] == got.headers["content-type"], path
        assert headed.headers["content-length"] == got.headers["content-length"], path
        assert headed.content == b""
    assert http.head("/metrics").status_code == 200
    assert http.head("/v1/simulations/forced_declines").status_code == 405


def test_a_405_names_every_method_that_works(http):
    """Of all routes with that address, whichever the framework found first, and HEAD wherever GET works."""
    operations = {}
    for path, method, _ in _operations(http.get("/openapi.json").json()):
        operations.setdefault(path, set()).add(method.upper())
    for path, methods in operations.items():
        refused = http.request("TRACE", _concrete(path))
        named = set(refused.headers["allow"].split(", "))
        assert refused.status_code == 405, path
        assert named >= methods | ({"HEAD"} if "GET" in methods else set()), path
        for method in {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"} - methods:
            # The last part of an address may be read as an identifier, which another method takes.
            assert (http.request(method, _concrete(path)).status_code != 405) == (method in named), (method, path)
    assert http.post("/healthz").headers["allow"] == "GET, HEAD"


def test_a_proof_names_head(sandbox, new_phone):
    """What a device signs is the method that it sends (RFC 9449, 4.2)."""
    phone: Phone = new_phone()
    phone.register()
    path = "/v1/tokens/tok_0000000000001/verification_methods"

    def status(signed):
        headers = {"Authorization": f"Bearer {WALLET_API_KEY}", "DPoP": phone.proof(signed, path)}
        return httpx.head(sandbox.http_url + path, headers=headers, trust_env=False).status_code

    assert (status("HEAD"), status("GET")) == (404, 401)


def _account(http, content, **headers):
    return http.post("/v1/accounts", content=content, headers={"Content-Type": "application/json", **headers})


def test_the_same_json_is_the_same_request(http):
    """Members in another order, blanks and escapes: a client that tries again may write its body anew."""
    key = {"Idempotency-Key": "the-same-json"}
    first = _account(http, b'{"currency":"EUR","credit_limit":5000}', **key)
    again = _account(http, b'{ "credit_limit" : 5000, "\\u0063urrency" : "\\u0045UR" }', **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = _account(http, b'{"currency":"EUR","credit_limit":50000}', **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a-member-twice"}])
def test_a_member_that_comes_twice_is_refused(http, headers):
    """With a key or without: the last would win here, and the first elsewhere."""
    _refused_parameter(
        _account(http, b'{"currency":"EUR","credit_limit":1,"credit_limit":2}', **headers), "credit_limit"
    )


def test_what_is_no_number_is_refused(http):
    """NaN in a body, in whatever field."""
    content = b'{"id":"x","when":{"attribute":"amount_z_score","operator":">","value":NaN},"action":"flag"}'
    answer = http.post("/v1/rules", content=content, headers={"Content-Type": "application/json"})
    _refused_parameter(answer, "body")


def test_a_body_in_pieces_is_bounded_too(http):
    """Whoever announces no length still sends at most a mebibyte."""
    answer = _account(http, iter([b" " * (1 << 19)] * 3))
    _refused_parameter(answer, "body")
    assert _account(http, iter([b'{"currency":"EUR",', b'"credit_limit":1}'])).status_code == 201
