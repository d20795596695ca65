"""``Idempotency-Key``, API keys and rate limits over the wire."""

import threading
import uuid

import httpx
import pytest
import sqlalchemy as sa

from simulators.parties import sandbox_constants
from simulators.sandbox.wiring import running_sandbox
from simulators.wallet.phone import Phone
from tests.conftest import settings_for
from tokenvault.http.protocol.calls import IDEMPOTENCY_KEY, REPLAYED
from tokenvault.storage import schema
from tokenvault.storage.database import open_database, reading

ISSUER = {"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}
SANDBOX = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
ACCOUNT = {"currency": "EUR", "credit_limit": 1000}


@pytest.fixture
def http(sandbox):
    """A bare client."""
    with httpx.Client(base_url=sandbox.http_url, trust_env=False, timeout=30) as client:
        yield client


def keyed(key=None, **headers):
    """The issuer's headers with an idempotency key."""
    return ISSUER | {IDEMPOTENCY_KEY: key or str(uuid.uuid4())} | headers


def test_a_repeated_request_is_carried_out_once(http):
    """The same answer, marked as repeated, and one account."""
    headers = keyed()
    first = http.post("/v1/accounts", json=ACCOUNT, headers=headers)
    again = http.post("/v1/accounts", json=ACCOUNT, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert http.post("/v1/accounts", json=ACCOUNT, headers=keyed()).json()["id"] != first.json()["id"]


def test_another_request_under_a_used_key_is_refused(http):
    """Another body or path under the key is 422; another caller's key is another key."""
    headers = keyed()
    http.post("/v1/accounts", json=ACCOUNT, headers=headers)
    others = ("/v1/accounts", {"credit_limit": 2}), ("/v1/accounts", {"product": 1}), ("/v1/cards", {})
    for path, change in others:
        refused = http.post(path, json=ACCOUNT | change, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    other = http.post("/v1/accounts", json=ACCOUNT, headers=headers | SANDBOX)
    assert (other.status_code, REPLAYED in other.headers) == (201, False)


def test_a_request_that_changed_nothing_may_be_corrected(http):
    """A body that was refused before anything began does not use the key up."""
    headers = keyed()
    assert http.post("/v1/accounts", json={"currency": "EUR"}, headers=headers).status_code == 422
    assert http.post("/v1/accounts", json=ACCOUNT, headers=headers).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_bad_key_is_refused(http, key):
    """By its name."""
    refused = http.post("/v1/accounts", json=ACCOUNT, headers=ISSUER | {IDEMPOTENCY_KEY: key})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, IDEMPOTENCY_KEY)


def test_many_at_once_make_one(http, sandbox):
    """Twenty senders of one request: one account; whoever came while it was carried out is told so."""
    headers, answers = keyed(), []

    def send():
        with httpx.Client(base_url=sandbox.http_url, trust_env=False, timeout=30) as client:
            answers.append(client.post("/v1/accounts", json=ACCOUNT, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    others = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert others <= {"idempotency_key_in_use"}
    assert http.post("/v1/accounts", json=ACCOUNT, headers=headers).json()["id"] in made


def test_every_step_of_provisioning_can_be_repeated(sandbox, issuer, clock, http):
    """Register, request and activate twice each: one device, one token, and the engine heard before the answer."""
    card = issuer.issue_card(issuer.open_account("EUR", 10_000)["id"])
    phone = RepeatingPhone(sandbox.http_url, clock=clock)
    phone.provision(card["id"])
    listed = http.get("/v1/tokens", params={"card_id": card["id"]}, headers=ISSUER).json()["data"]
    assert [token["state"] for token in listed] == ["active"]
    events = http.get("/v1/events", params={"resource_id": listed[0]["id"]}, headers=ISSUER).json()["data"]
    assert sorted(event["type"] for event in events) == ["token.activated", "token.approved", "token.requested"]
    phone.close()


class RepeatingPhone(Phone):
    """Sends everything twice under one key, as after a lost answer."""

    def call(self, method, path, body=None):
        """Twice; both answers must be the same."""
        self._http.headers[IDEMPOTENCY_KEY] = str(uuid.uuid4())
        first = super().call(method, path, body)
        assert super().call(method, path, body) == first
        return first


def test_wrong_codes_count_once_for_each_key(sandbox, issuer, clock, http, new_phone):
    """What a refused request has changed stays changed, and its repetition changes nothing more."""
    card = issuer.issue_card(issuer.open_account("EUR", 10_000)["id"], e_mail="ada@example.com")
    phone = new_phone()
    phone.register()
    token = phone.request_token(card["id"], risk={"device_score": 2})
    phone.send_code("e_mail")
    wallet = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}
    path = f"/v1/tokens/{token['id']}/verification/complete"

    def guess(key):
        return http.post(path, json={"code": "000000"}, headers=wallet | {IDEMPOTENCY_KEY: key}).json()

    one = guess("one")
    assert one["code"] == "wrong_code"
    assert guess("one") == one
    assert "1 attempts" in guess("two")["detail"]
    assert "declined" in guess("three")["detail"]
    assert http.get(f"/v1/tokens/{token['id']}", headers=wallet).json()["state"] == "declined"


def test_secrets_that_are_shown_once_are_kept_sealed(http, sandbox):
    """The answer that holds a new API key can be repeated, and the database does not hold it."""
    headers = SANDBOX | {IDEMPOTENCY_KEY: str(uuid.uuid4())}
    body = {"name": "wallet", "scopes": ["wallet"]}
    first = http.post("/v1/api_keys", json=body, headers=headers)
    assert http.post("/v1/api_keys", json=body, headers=headers).json() == first.json()
    secret = first.json()["secret"].encode()
    database = open_database(sandbox.settings.database_url)
    with reading(database) as connection:
        stored = connection.execute(sa.select(schema.idempotent_answers.c.sealed_answer)).scalars().all()
    database.dispose()
    assert stored
    assert all(secret not in bytes(sealed) for sealed in stored)


def test_api_keys_live_and_die(http):
    """Made, used within its scopes, rotated with grace, revoked; only its own name is ever listed."""
    made = http.post("/v1/api_keys", json={"name": "mine", "scopes": ["issuer"]}, headers=SANDBOX).json()

    def call(secret):
        return http.get("/v1/accounts", headers={"Authorization": f"Bearer {secret}"}).status_code

    assert call(made["secret"]) == 200
    assert http.get("/v1/keys", headers={"Authorization": f"Bearer {made['secret']}"}).status_code == 403
    rotated = http.post(f"/v1/api_keys/{made['id']}/rotate", json={"grace_seconds": 60}, headers=SANDBOX).json()
    assert (call(made["secret"]), call(rotated["secret"])) == (200, 200)
    again = http.post(f"/v1/api_keys/{rotated['id']}/rotate", json={"grace_seconds": 0}, headers=SANDBOX).json()
    assert (call(rotated["secret"]), call(again["secret"])) == (401, 200)
    assert http.delete(f"/v1/api_keys/{again['id']}", headers=SANDBOX).status_code == 204
    assert call(again["secret"]) == 401
    listed = http.get("/v1/api_keys", params={"limit": 100}, headers=SANDBOX).text
    assert made["id"] in listed
    assert all(each["secret"] not in listed for each in (made, rotated, again))


def test_rate_limits_name_the_wait(http):
    """A key's own limit: 429 with the seconds to wait; others are not held up."""
    body = {"name": "slow", "scopes": ["issuer"], "calls_per_second": 2}
    secret = http.post("/v1/api_keys", json=body, headers=SANDBOX).json()["secret"]
    answers = [http.get("/v1/accounts", headers={"Authorization": f"Bearer {secret}"}) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 200
    assert refused
    assert refused[0].json()["code"] == "too_many_requests"
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert http.get("/v1/accounts", headers=ISSUER).status_code == 200


def test_detokenizing_has_a_limit_of_its_own(tmp_path, clock):
    """However fast a network may call otherwise."""
    settings = settings_for(tmp_path / "data").model_copy(update={"secrets_per_second": 1})
    network = {"Authorization": f"Bearer {sandbox_constants.NETWORK_API_KEY}"}
    with running_sandbox(settings, clock) as own, httpx.Client(base_url=own.http_url, trust_env=False) as client:
        body = {"token_pan": "9999501012345678"}
        codes = [client.post("/v1/network/detokenize", json=body, headers=network).status_code for _ in range(6)]
    assert codes[0] == 404
    assert 429 in codes


def test_what_cannot_be_kept_does_not_happen(sandbox, http, monkeypatch):
    """Where the answer cannot be stored nothing of the request is, nobody is held up, and it can be sent again."""
    headers = keyed()
    before = http.get("/v1/accounts", params={"limit": 1}, headers=ISSUER).json()

    def fail(*_):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("tokenvault.http.protocol.calls.keep_answer", fail)
        url = f"{sandbox.http_url}/v1/accounts"  # on a connection of its own, which the server closes after our error
        assert httpx.post(url, json=ACCOUNT, headers=headers, trust_env=False).status_code == 500
    assert http.get("/v1/accounts", params={"limit": 1}, headers=ISSUER).json() == before
    assert http.post("/v1/accounts", json=ACCOUNT, headers=headers).status_code == 201


def test_a_large_body_is_refused(http):
    """Before it is read."""
    refused = http.post("/v1/accounts", content=b" " * (1 << 21), headers=keyed())
    assert refused.status_code == 422
