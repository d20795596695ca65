"""`Request-Id` on every answer over real sockets, and the list of the latest requests, which holds nothing secret."""

import re
import socket
from contextlib import closing

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.sandbox.traffic.recent_requests import REQUESTS_MAX
from simulators.vendor_apis import token_service
from tests.integration.test_frames import KEYS, Operator
from tokenvault.provisioning import verification

REQUESTS = "/v1/simulations/requests"
IDENTIFIER = re.compile(r"req_[0-9A-HJKMNP-TV-Z]{13}")


@pytest.fixture
def operator(sandbox):
    """The operator of the shared network."""
    made = Operator(sandbox.http_url)
    yield made
    made.close()


@pytest.fixture
def http(sandbox):
    """A client that has no key of its own."""
    with httpx.Client(base_url=sandbox.http_url, trust_env=False) as client:
        yield client


def bearer(key):
    """Headers with an API key."""
    return {"Authorization": f"Bearer {key}"}


OPERATOR = bearer(KEYS["sandbox"])
ANSWERS = {
    "success": ("GET", "/v1/simulations/clock", {"headers": OPERATOR}, 200, None),
    "creation": (
        "POST", "/v1/accounts", {"headers": OPERATOR, "json": {"currency": "EUR", "credit_limit": 1}}, 201, None,
    ),
    "no such address": ("GET", "/v1/nothing", {"headers": OPERATOR}, 404, "not_found"),
    "no such thing": ("GET", "/v1/accounts/acct_0000000000001", {"headers": OPERATOR}, 404, "not_found"),
    "no such method": ("DELETE", "/v1/simulations/clock", {"headers": OPERATOR}, 405, "method_not_allowed"),
    "no key": ("GET", "/v1/accounts", {}, 401, "unauthenticated"),
    "unknown key": ("GET", "/v1/accounts", {"headers": bearer("nobody's")}, 401, "unauthenticated"),
    "missing scope": ("GET", REQUESTS, {"headers": bearer(KEYS["issuer"])}, 403, "missing_scope"),
    "a field": ("POST", "/v1/accounts", {"headers": OPERATOR, "json": {}}, 422, "invalid_field"),
    "no JSON": ("POST", "/v1/accounts", {"headers": OPERATOR, "content": b"{"}, 422, "invalid_field"),
    "unknown parameter": ("GET", "/v1/accounts?key=value", {"headers": OPERATOR}, 422, "invalid_field"),
    "too long": ("POST", "/v1/accounts", {"headers": OPERATOR, "content": b" " * (1 << 21)}, 422, "invalid_field"),
    "another host": ("GET", "/v1/accounts", {"headers": {"Host": "example.com"}}, 421, "misdirected_request"),
    "head": ("HEAD", "/v1/simulations/clock", {"headers": OPERATOR}, 200, None),
    "the document": ("GET", "/openapi.json", {}, 200, None),
    "the page": ("GET", "/docs", {}, 200, None),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_names_its_request(http, operator, name):
    """Once, whatever the caller calls it; a problem document names it too, and the list has it with its outcome."""
    method, path, sent, status, code = ANSWERS[name]
    sent = sent | {"headers": sent.get("headers", {}) | {"Request-Id": "req_0000000000001"}}
    answer = http.request(method, path, **sent)
    assert answer.status_code == status
    (identifier,) = answer.headers.get_list("Request-Id")
    assert IDENTIFIER.fullmatch(identifier)
    assert identifier != "req_0000000000001"
    if code is not None:
        assert (answer.json()["code"], answer.json()["request_id"]) == (code, identifier)
    noted = operator.get(f"{REQUESTS}/{identifier}").json()
    assert (noted["method"], noted["path"], noted["status"]) == (method, path.partition("?")[0], status)
    assert noted["code"] == code
    assert noted["milliseconds"] > 0
    if name == "too long":
        return  # it was refused before anybody looked at its key
    if sent["headers"].get("Authorization", "") == OPERATOR["Authorization"]:
        assert noted["api_key"].startswith("configured-")
        assert noted["tenant"] == "default"
    elif name != "missing scope":
        assert (noted["api_key"], noted["tenant"]) == (None, None)


def test_our_own_errors_name_their_request(http, operator, monkeypatch):
    """What went wrong is in the server's log, under the same identifier."""

    def fail(*_, **__):
        raise RuntimeError("4111111111111111")

    monkeypatch.setattr(verification, "list_messages", fail)
    answer = http.get("/v1/simulations/messages", headers=OPERATOR)
    assert answer.status_code == 500
    identifier = answer.headers["Request-Id"]
    assert answer.json()["request_id"] == identifier
    noted = operator.get(f"{REQUESTS}/{identifier}").json()
    assert (noted["status"], noted["code"]) == (500, "internal_error")
    assert "4111111111111111" not in str(noted)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", "431"),
        (b"nonsense\r\n\r\n", "400"),
    ],
)
def test_what_cannot_be_parsed_is_named_too(sandbox, operator, sent, status):
    """Though neither method nor path is known."""
    url = httpx.URL(sandbox.http_url)
    with closing(socket.create_connection((url.host, url.port), 20)) as line:
        line.sendall(sent)
        answer = b""
        while part := line.recv(65536):
            answer += part
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    (identifier,) = re.findall(rb"(?im)^request-id: (\S+)\r$", answer)
    assert f'"request_id":"{identifier.decode()}"'.encode() in answer
    noted = operator.get(f"{REQUESTS}/{identifier.decode()}").json()
    assert (noted["method"], noted["path"], str(noted["status"])) == (None, None, status)


def test_a_stream_is_noted_when_it_begins(sandbox, operator):
    """For it has no end."""
    with (
        httpx.Client(base_url=sandbox.http_url, trust_env=False, timeout=60) as client,
        client.stream("GET", "/v1/stream", params={"topics": "clock"}, headers=OPERATOR) as answer,
    ):
        identifier = answer.headers["Request-Id"]
        assert operator.get(f"{REQUESTS}/{identifier}").json()["status"] == 200


def test_a_repeated_request_has_its_own_identifier(http):
    """The answer is the one that was kept, and names the request that was carried out where it is a problem."""
    headers = OPERATOR | {"Idempotency-Key": "told-apart"}
    body = {"currency": "EUR", "credit_limit": 100}
    first, second = (http.post("/v1/accounts", headers=headers, json=body) for _ in range(2))
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()
    assert first.headers["Request-Id"] != second.headers["Request-Id"]
    assert len(second.headers.get_list("Request-Id")) == 1


def test_vendor_apis_have_it():
    """Whose errors are shaped as the vendor's are."""
    with scratch_sandbox(vendor_apis=True) as sandbox:
        answer = httpx.post(f"{sandbox.http_url}{token_service.PREFIX}/getToken", json={})
        assert answer.status_code >= 400
        operator = Operator(sandbox.http_url)
        noted = operator.get(f"{REQUESTS}/{answer.headers['Request-Id']}").json()
        operator.close()
    assert (noted["path"], noted["status"]) == (f"{token_service.PREFIX}/getToken", answer.status_code)


def test_the_list_is_paged_and_filtered(http, operator):
    """The newest first; by status, and by whether it failed."""
    made = [http.get(f"/v1/nothing/{number}", headers=OPERATOR).headers["Request-Id"] for number in range(5)]
    http.get("/v1/simulations/clock", headers=OPERATOR)
    listed = operator.get(REQUESTS, status=404, limit=5).json()["data"]
    assert [request["id"] for request in listed] == made[::-1]
    page = operator.get(REQUESTS, status=404, limit=2).json()
    assert page["has_more"] is True
    after = operator.get(REQUESTS, status=404, limit=2, starting_after=page["data"][-1]["id"]).json()
    assert [request["id"] for request in page["data"] + after["data"]] == made[:0:-1]
    assert {request["status"] for request in operator.get(REQUESTS, failed=False).json()["data"]} <= {200, 201, 204}
    assert all(request["status"] >= 400 for request in operator.get(REQUESTS, failed=True).json()["data"])
    assert operator.get(REQUESTS, starting_after="req_0000000000001").status_code == 404
    assert operator.get(f"{REQUESTS}/req_0000000000001").status_code == 404


def test_nothing_secret_is_listed(http, operator):
    """Neither query nor key, and no number that may be one of a card."""
    http.get("/v1/cards/4111111111111111?pan=5555555555554444", headers=bearer("a-secret-key"))
    answer = operator.get(REQUESTS, limit=3)
    for secret in ("4111111111111111", "5555555555554444", "a-secret-key", KEYS["sandbox"]):
        assert secret not in answer.text
    assert "/v1/cards/****************" in answer.text


def test_supervisors_are_not_listed(http, operator):
    """Who asks for health every second would leave no room for others; the answer names the request all the same."""
    for path in ("/healthz", "/readyz", "/metrics"):
        identifier = http.get(path).headers["Request-Id"]
        assert operator.get(f"{REQUESTS}/{identifier}").status_code == 404


def test_the_latest_are_kept(http, operator):
    """So many and no more."""
    first = http.get("/v1/nothing").headers["Request-Id"]
    for _ in range(REQUESTS_MAX - 1):
        http.get("/v1/nothing")
    assert operator.get(f"{REQUESTS}/{first}").status_code == 200
    assert operator.get(f"{REQUESTS}/{first}").status_code == 404


@pytest.mark.parametrize("scope", ["issuer", "wallet", "network"])
def test_other_scopes_are_refused(sandbox, scope):
    """Requests are of every tenant, so they are the operator's alone."""
    stranger = Operator(sandbox.http_url, scope)
    answers = [stranger.get(REQUESTS), stranger.get(f"{REQUESTS}/req_0000000000001")]
    stranger.close()
    assert {answer.status_code for answer in answers} == {403}


def test_a_kept_key_is_named(http, operator):
    """By its identifier, with its tenant."""
    made = http.post(
        "/v1/api_keys", headers=OPERATOR, json={"name": "a key", "scopes": ["issuer"], "tenant": "t7"}
    ).json()
    answer = http.get("/v1/accounts", headers=bearer(made["secret"]))
    assert answer.status_code == 200
    noted = operator.get(f"{REQUESTS}/{answer.headers['Request-Id']}").json()
    assert (noted["api_key"], noted["tenant"]) == (made["id"], "t7")
    assert sandbox_constants.SANDBOX_API_KEY not in str(noted)
