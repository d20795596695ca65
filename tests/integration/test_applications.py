"""Applications over HTTP: from the customer to the phone that pays, and what is refused."""

import httpx
import pytest

from simulators.parties import sandbox_constants

NUMBER = "E12345678"


@pytest.fixture
def call(sandbox):
    """A call of the issuer; the answer as it is."""

    def sent(method, path, body=None, **headers):
        headers["Authorization"] = f"Bearer {sandbox_constants.ISSUER_API_KEY}"
        url = f"{sandbox.http_url}/v1/{path}"
        return httpx.request(method, url, json=body, headers=headers, trust_env=False)

    return sent


@pytest.fixture
def new_customer(call):
    """Registers a customer whose document has this number; returns the identifier."""

    def registered(number):
        document = {"kind": "passport", "country": "156", "number": number}
        answer = call("POST", "customers", {"identity_document": document, "birth_date": "1990-05-17"})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    return registered


def asked(customer, **changes):
    """An application."""
    return {"customer_id": customer, "product": 1, "channel": "app", "city": "Shanghai"} | changes


def test_from_an_application_to_the_first_tap(call, issuer, new_customer, new_phone, terminal):
    """A score of 720: 20,000.00, of which 88.00 are spent."""
    decided = call("POST", "applications", asked(new_customer("force_score_720_tap"), cut_day=5)).json()
    assert (decided["state"], decided["score"], decided["credit_limit"]) == ("approved", 720, 2_000_000)
    assert set(decided["votes"].values()) == {"green"}
    phone = new_phone()
    phone.provision(None, push_payload=decided["push_payload"])
    assert terminal.pay(phone, 8_800, currency="CNY").approved
    assert issuer.balance(decided["account_id"])["available"] == 1_991_200
    shown = call("GET", f"applications/{decided['id']}").json()
    assert shown == {name: value for name, value in decided.items() if not name.startswith("push_payload")}


def test_the_desk_answers(call, new_customer):
    """Once; what it grants is granted."""
    waiting = call("POST", "applications", asked(new_customer("force_score_580_desk"))).json()
    assert (waiting["state"], waiting["reasons"], waiting["push_payload"]) == ("in_review", ["score_low"], None)
    queue = call("GET", "applications?state=in_review&limit=100").json()["data"]
    assert waiting["id"] in [each["id"] for each in queue]
    path = f"applications/{waiting['id']}/answer"
    assert call("POST", path, {"decision": "declined", "credit_limit": 5}).status_code == 422
    answered = call("POST", path, {"decision": "approved", "credit_limit": 300_000}).json()
    assert (answered["state"], answered["decided_by"], answered["credit_limit"]) == ("approved", "desk", 300_000)
    assert answered["push_payload"].count(".") == 2
    refused = call("POST", path, {"decision": "declined"})
    assert (refused.status_code, refused.json()["code"]) == (409, "application_not_in_review")


def test_a_repeated_application_is_one(call, new_customer):
    """Under one key the same answer, with the same payload."""
    body = asked(new_customer("force_score_720_twice"))
    first, second = (call("POST", "applications", body, **{"Idempotency-Key": "apply-1"}) for _ in range(2))
    assert first.json() == second.json()
    assert call("POST", "applications", body).json()["reasons"] == ["has_product"]


def test_an_identity_document_is_shown_nowhere(call, new_customer):
    """Neither to who has sent it, nor in what is refused."""
    customer = new_customer(NUMBER)
    document = {"kind": "passport", "country": "156", "number": NUMBER}
    again = call("POST", "customers", {"identity_document": document, "birth_date": "1990-05-17"})
    assert (again.status_code, again.json()["code"]) == (409, "customer_exists")
    wrong = call("POST", "customers", {"identity_document": document | {"number": f"{NUMBER}/"}, "birth_date": "x"})
    assert {each["field"] for each in wrong.json()["errors"]} == {"identity_document.number", "birth_date"}
    shown = [call("GET", path).text for path in (f"customers/{customer}", "customers", "events?limit=100")]
    assert not any(NUMBER in text for text in [again.text, wrong.text, *shown])


def test_the_policy_over_http(call, new_customer):
    """Read, set, and refused where it makes no sense."""
    default = call("GET", "application_policy").json()
    assert (default["age_min"], default["score_bands"][1]["credit_limit"]) == (18, 2_000_000)
    bands = [{"score_min": 500, "vote": "green", "credit_limit": 1}] * 2
    refused = call("PUT", "application_policy", {"score_bands": bands})
    assert refused.json()["errors"][0]["field"] == "score_bands.1.score_min"
    try:
        changed = call("PUT", "application_policy", {"open_cities": ["Berlin"], "currency": "EUR"}).json()
        assert changed == default | {"open_cities": ["Berlin"], "currency": "EUR", "version": default["version"] + 1}
        declined = call("POST", "applications", asked(new_customer("force_score_720_policy"))).json()
        assert declined["reasons"] == ["city_not_open"]
    finally:
        call("PUT", "application_policy", {})
