"""The HTTP face as an outsider finds it: the OpenAPI document, errors, scopes, health and metrics."""

import re

import httpx
import pytest

from simulators.parties import sandbox_constants

SCOPES = {
    "issuer": sandbox_constants.ISSUER_API_KEY,
    "wallet": sandbox_constants.WALLET_API_KEY,
    "network": sandbox_constants.NETWORK_API_KEY,
    "sandbox": sandbox_constants.SANDBOX_API_KEY,
}
IDS = {
    "customer_id": "cust",
    "application_id": "appl",
    "account_id": "acct",
    "card_id": "card",
    "device_id": "dev",
    "token_id": "tok",
    "authorization_id": "auth",
    "transaction_id": "txn",
    "event_id": "evt",
    "endpoint_id": "whep",
    "delivery_id": "whdl",
    "key_id": "key",
    "rotation_id": "rot",
    "phone_id": "phone",
    "terminal_id": "term",
    "frame_id": "frame",
    "payment_id": "pay",
    "plan_id": "plan",
    "case_id": "case",
    "request_id": "req",
}
NAMES = {
    "name": "nothing",
    "rule_id": "a-rule",
    "change": "suspend",
    "requestor_id": "99900000009",
    "day": "2027-01-05",
}


@pytest.fixture
def http(sandbox):
    """A bare client."""
    with httpx.Client(base_url=sandbox.http_url, trust_env=False) as client:
        yield client


@pytest.fixture
def document(http):
    """The OpenAPI document."""
    return http.get("/openapi.json").json()


def _operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _bearer(key):
    return {"Authorization": f"Bearer {key}"}


def _is_problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def test_every_field_says_what_it_is(document):
    """Each property of each schema has a description and an example; money and time name their unit."""
    schemas = document["components"]["schemas"]
    assert schemas
    for name, schema in schemas.items():
        assert schema.get("description") or "enum" in schema, name
        for field, told in schema.get("properties", {}).items():
            where = f"{name}.{field}"
            # Where a field is another schema, FastAPI leaves the description to that schema.
            told = schemas[told["$ref"].rpartition("/")[2]] | told if "$ref" in told else told
            assert told.get("description"), f"{where} has no description"
            assert "examples" in told or "example" in told, f"{where} has no example"
            if re.search(r"limit(?!ed_use)|amount|held|posted|available", field):
                assert "minor units" in told["description"], f"{where} names no unit"
            if field.endswith("_at"):
                assert "RFC 3339" in told["description"], where
            if field == "expiry":
                assert "YYMM" in told["description"], where


def test_every_operation_says_what_it_does(document):
    """Each has a description, each parameter a description and an example, and each error its schema."""
    operations = list(_operations(document))
    assert len(operations) >= 15
    for path, method, operation in operations:
        assert "Scope" in operation["description"], (path, method)
        for parameter in operation.get("parameters", []):
            told = parameter | parameter["schema"]
            assert told.get("description"), (path, parameter["name"])
            assert told.get("examples"), (path, parameter["name"])
        for status, response in operation["responses"].items():
            if status >= "400":
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (path, status)
        assert {"401", "403"} <= set(operation["responses"]), path


def _concrete(path):
    return re.sub(r"\{(\w+)\}", lambda match: NAMES.get(match[1]) or f"{IDS[match[1]]}_0000000000001", path)


def test_nobody_gets_in_without_a_key(document, http):
    """Every operation refuses a call without an API key, and one with an unknown key."""
    for path, method, _ in _operations(document):
        for headers in ({}, _bearer("wrong"), {"Authorization": "Basic eDp5"}, _bearer("ü".encode())):
            answer = http.request(method, _concrete(path), headers=headers, json={})
            _is_problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"


def test_scopes_are_kept(document, http):
    """A key gets as far as its scopes: the description names them, and the others are refused."""
    for path, method, operation in _operations(document):
        allowed = set(re.findall(r"issuer|wallet|network|sandbox", operation["description"].rpartition("Scope:")[2]))
        assert allowed, path
        for scope in set(SCOPES) - {"sandbox"}:
            with http.stream(method, _concrete(path), headers=_bearer(SCOPES[scope]), json={}) as answer:
                has_end = not answer.headers.get("content-type", "").startswith("text/event-stream")
                text = answer.read().decode() if has_end else ""
            if scope not in allowed:
                _is_problem(answer, 403, "missing_scope")
            else:
                assert answer.status_code in (200, 201, 204, 401, 404, 422), (path, scope, text)
                assert "missing_scope" not in text


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"currency", "credit_limit"}),
        ({"currency": "eur", "credit_limit": 1}, {"currency"}),
        ({"currency": "XXX", "credit_limit": 1}, {"currency"}),
        ({"currency": "EUR", "credit_limit": -1}, {"credit_limit"}),
        ({"currency": "EUR", "credit_limit": 10**12}, {"credit_limit"}),
        ({"currency": "EUR", "credit_limit": 10**30}, {"credit_limit"}),
        ({"currency": "EUR", "credit_limit": "5"}, {"credit_limit"}),
        ({"currency": "EUR", "credit_limit": 1.5}, {"credit_limit"}),
        ({"currency": "EUR", "credit_limit": True}, {"credit_limit"}),
        ({"currency": "EUR", "credit_limit": None}, {"credit_limit"}),
        ({"currency": "EUR", "credit_limit": 1, "segment": 256}, {"segment"}),
        ({"currency": "EUR", "credit_limit": 1, "segment": -1}, {"segment"}),
        ({"currency": "EUR", "credit_limit": 1, "segment": "1"}, {"segment"}),
        ({"currency": "EUR", "credit_limit": 1, "life_stage": 16}, {"life_stage"}),
        ({"currency": "EUR", "credit_limit": 1, "life_stage": -1}, {"life_stage"}),
        ({"currency": "EUR", "credit_limit": 1, "life_stage": None}, {"life_stage"}),
        ({"currency": "EUR", "credit_limit": 1, "product": 32}, {"product"}),
        ({"currency": "EUR", "credit_limit": 1, "product": None}, {"product"}),
        ({"currency": "EUR", "credit_limit": 1, "product": 1, "cut_day": 29}, {"cut_day"}),
        ({"currency": "EUR", "credit_limit": 1, "product": 32, "cut_day": 0}, {"product", "cut_day"}),
        ({"currency": "EUR", "credit_limit": 1, "cut_day": 5}, {"cut_day"}),
        ({"currency": "EUR", "credit_limit": 1, "transaction_limit": -1}, {"transaction_limit"}),
        ({"currency": "EUR", "credit_limit": 1, "limit": 5}, {"limit"}),
        ([], {"body"}),
        ("text", {"body"}),
        (None, {"body"}),
    ],
)
def test_bad_fields_are_named(http, body, fields):
    """Each field that must be corrected is named, and the offending value is not repeated."""
    problem = _is_problem(http.post("/v1/accounts", json=body, headers=_bearer(SCOPES["issuer"])), 422, "invalid_field")
    assert {entry["field"] for entry in problem["errors"]} == fields


def test_countries_that_are_none(http):
    """Are refused with the place in the list, like currencies."""
    body = {"provisioning": {"expected_countries": ["276", "278"]}}
    answer = http.put("/v1/provisioning_policy", json=body, headers=_bearer(SCOPES["sandbox"]))
    problem = _is_problem(answer, 422, "invalid_field")
    assert [entry["field"] for entry in problem["errors"]] == ["provisioning.expected_countries.1"]
    assert problem["errors"][0]["message"] == "is not an ISO 3166-1 numeric code of a country"


def test_a_policy_that_was_read_can_be_put_in_force(http):
    """All of it but its version, which counts by itself; votes on a wallet's reasons too."""
    place, operator = "/v1/provisioning_policy", _bearer(SCOPES["sandbox"])
    before = http.get(place, headers=operator).json()
    version = before.pop("version")
    assert before["provisioning"]["wallet_reasons"]
    changed = http.put(place, json=before, headers=operator)
    assert (changed.status_code, changed.json()) == (200, before | {"version": version + 1})


@pytest.mark.parametrize(
    ("given", "shown"), [({}, None), ({"transaction_limit": None}, None), ({"transaction_limit": 0}, 0)]
)
def test_no_transaction_limit_is_none(http, given, shown):
    """Left out or null there is none, and so it is read again; 0 is a limit like any other."""
    body = {"currency": "EUR", "credit_limit": 3_000} | given
    account = http.post("/v1/accounts", json=body, headers=_bearer(SCOPES["issuer"])).json()
    assert account["transaction_limit"] == shown
    read = http.get(f"/v1/accounts/{account['id']}", headers=_bearer(SCOPES["issuer"])).json()
    assert read["transaction_limit"] == shown


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"{", (422, "invalid_field")),
        (b"", (422, "invalid_field")),
        (b"\xff\xfe", (422, "invalid_field")),
        (b"[" * 10_000, (400, "bad_request")),
    ],
)
def test_broken_json_is_refused(http, content, refusal):
    """Bytes that are no JSON get a problem document, not a traceback."""
    headers = _bearer(SCOPES["issuer"]) | {"Content-Type": "application/json"}
    problem = _is_problem(http.post("/v1/accounts", content=content, headers=headers), *refusal)
    assert {entry["field"] for entry in problem["errors"]} <= {"body"}


def test_unknown_paths_and_methods_are_problems(http):
    """404 and 405 look like every other error."""
    _is_problem(http.get("/v1/nothing"), 404, "not_found")
    assert "POST" in _is_problem_headers(http.delete("/v1/accounts"), 405)["allow"]


def _is_problem_headers(answer, status):
    _is_problem(answer, status, "method_not_allowed")
    return answer.headers


def test_secrets_in_bad_requests_are_not_repeated(http):
    """What was wrongly sent in a field does not come back in the error."""
    secret = "4111111111111111"
    body = {"currency": secret, "credit_limit": secret, secret: secret}
    answer = http.post("/v1/accounts", json=body, headers=_bearer(SCOPES["issuer"]))
    problem = _is_problem(answer, 422, "invalid_field")
    assert all(secret not in entry["message"] for entry in problem["errors"])
    answer = http.post("/v1/accounts", json={"currency": secret, "credit_limit": 1}, headers=_bearer(SCOPES["issuer"]))
    assert secret not in answer.text


def test_suspending_takes_the_right_key(http, issuer, new_phone):
    """The issuer's key cannot speak for the cardholder, nor the wallet's for the issuer, nor either for the network."""
    phone = new_phone()
    token = phone.provision(issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])["id"])

    def suspend(scope, initiator):
        headers = _bearer(SCOPES[scope])
        return http.post(f"/v1/tokens/{token}/suspend", json={"initiator": initiator}, headers=headers)

    _is_problem(suspend("issuer", "cardholder"), 403, "missing_scope")
    _is_problem(suspend("issuer", "wallet"), 403, "missing_scope")
    _is_problem(suspend("wallet", "issuer"), 403, "missing_scope")
    _is_problem(suspend("wallet", "cardholder"), 401, "unauthenticated")
    _is_problem(suspend("issuer", "network"), 403, "missing_scope")
    _is_problem(suspend("issuer", "nobody"), 422, "invalid_field")
    assert suspend("wallet", "wallet").json()["suspended_by"] == ["wallet"]
    assert suspend("issuer", "issuer").json()["suspended_by"] == ["issuer", "wallet"]


def test_the_api_shows_no_card_number(http, issuer, new_phone):
    """Card and token views hold last digits only."""
    card = issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])
    token = new_phone().provision(card["id"])
    for path in (f"/v1/cards/{card['id']}", f"/v1/tokens/{token}"):
        text = http.get(path, headers=_bearer(SCOPES["wallet"])).text
        assert not re.search(r"\d{12,}", re.sub(r'"[a-z]+_[0-9A-Z]{13}"|"99900000001"', "", text)), text


def test_health_readiness_and_metrics(http, issuer, terminal, new_phone):
    """Without a key: alive, ready, and figures that move with what happens."""
    assert http.get("/healthz").json() == {"status": "ok"}
    ready = http.get("/readyz").json()
    assert (ready["status"], ready["notices"]) == ("ready", {"set_aside": 0})
    assert "tapwright_notices_set_aside 0.0" in http.get("/metrics").text

    def approved():
        found = re.search(r'^tapwright_decisions_total\{reason="approved"\} (\S+)$', http.get("/metrics").text, re.M)
        return float(found[1]) if found else 0.0

    before = approved()
    phone = new_phone()
    phone.provision(issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])["id"])
    assert terminal.pay(phone, 5).approved
    assert approved() == before + 1
    text = http.get("/metrics").text
    for name in ("tapwright_commands_total", "tapwright_batches_total", "tapwright_connections"):
        assert f"# HELP {name.removesuffix('_total')}" in text or f"# HELP {name}" in text


def test_the_document_page_is_served(http):
    """The page to try calls by hand."""
    assert "swagger" in http.get("/docs").text.lower()


def test_the_documentation_page_needs_no_other_host(http):
    """The page's scripts and styles come from this server."""
    page = http.get("/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {asset.rpartition(".")[2] for asset in assets} == {"js", "css", "png"}
    for asset in assets:
        assert http.get(asset).status_code == 200
    assert "://" not in page
