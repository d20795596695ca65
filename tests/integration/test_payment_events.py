"""Events of payments by polling and by webhook, over real HTTP and real ISO 8583."""

import json
import threading
import time

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.wallet.phone import WalletRefused
from tests.integration.test_webhooks import Receiver, is_signed

KEYS = {
    "issuer": sandbox_constants.ISSUER_API_KEY,
    "wallet": sandbox_constants.WALLET_API_KEY,
    "network": sandbox_constants.NETWORK_API_KEY,
    "sandbox": sandbox_constants.SANDBOX_API_KEY,
}


@pytest.fixture
def call(sandbox):
    """Calls the API in a scope; as `operator` with a key whose only scope is sandbox."""
    with httpx.Client(base_url=sandbox.http_url, trust_env=False) as http:
        keys = dict(KEYS)

        def send(scope, method, path, body=None, **params):
            headers = {"Authorization": f"Bearer {keys[scope]}"}
            return http.request(method, path, json=body, params=params, headers=headers)

        made = send("sandbox", "POST", "/v1/api_keys", {"name": "the operator's", "scopes": ["sandbox"]}).json()
        keys["operator"] = made["secret"]
        yield send
        send("sandbox", "DELETE", f"/v1/api_keys/{made['id']}")


@pytest.fixture
def receiver():
    """A receiver."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def phone(issuer, new_phone):
    """A phone with an active token on an account of 100.00 EUR."""
    made = new_phone()
    made.provision(issuer.issue_card(issuer.open_account("EUR", 10_000)["id"])["id"])
    return made


def events_since(call, scope, cursor, **params):
    """Everything behind a cursor, page by page, and the next cursor."""
    found = []
    while True:
        told = call(scope, "GET", "/v1/events", oldest_first=True, limit=3, starting_after=cursor, **params).json()
        found, cursor = found + told["data"], told["next_cursor"]
        if not told["has_more"]:
            return found, cursor


def end_of(call, scope):
    """The cursor behind everything so far."""
    newest = call(scope, "GET", "/v1/events", limit=1).json()["data"]
    return events_since(call, scope, newest[0]["id"])[1]


def test_each_sees_of_a_tap_what_is_theirs(call, phone, terminal):
    """Its issuer all, the network the merchant's side, its wallet what a phone shows; once, and the same each time."""
    cursors = {scope: end_of(call, scope) for scope in (*KEYS, "operator")}
    receipt = terminal.pay(phone, 1_250)
    told = {scope: events_since(call, scope, cursor)[0] for scope, cursor in cursors.items()}
    assert all([each["type"] for each in seen] == ["authorization.approved"] for seen in told.values())
    identifiers = {seen[0]["id"] for seen in told.values()}
    assert len(identifiers) == 1
    assert {seen[0]["resource_id"] for seen in told.values()} == {receipt.authorization_id}
    shown = {scope: seen[0]["data"] for scope, seen in told.items()}
    assert shown["issuer"] == shown["sandbox"] == shown["operator"]
    assert shown["issuer"]["account_id"].startswith("acct_")
    assert shown["network"].keys() < shown["issuer"].keys()
    assert not {"account_id", "card_id", "billing_amount"} & shown["network"].keys()
    wallet = shown["wallet"]
    assert (wallet["amount"], wallet["currency"], wallet["outcome"]) == (1_250, "EUR", "approved")
    assert wallet["token_id"] == phone.token_id
    assert not {"account_id", "card_id", "reason", "stan"} & wallet.keys()
    for scope, seen in told.items():
        assert call(scope, "GET", f"/v1/events/{seen[0]['id']}").json() == seen[0]


def test_one_list_of_both_kinds(call, issuer, phone, terminal, clock):
    """Vault and payments in the order of their time, forwards and backwards, each once, by pages of three."""
    cursor = end_of(call, "issuer")
    steps = (
        lambda: terminal.pay(phone, 1_000),
        lambda: issuer.change_token(phone.token_id, "suspend"),
        lambda: terminal.pay(phone, 2_000),
        lambda: issuer.change_token(phone.token_id, "resume"),
        lambda: terminal.buy(phone, 3_000),
    )
    for step in steps:
        clock.advance(2)
        step()
    forwards, after = events_since(call, "issuer", cursor)
    assert [each["type"] for each in forwards] == [
        "authorization.approved",
        "token.suspended",
        "authorization.declined",
        "token.resumed",
        "authorization.approved",
        "transaction.posted",
    ]
    assert events_since(call, "issuer", after) == ([], after)
    backwards, cursor = [], None
    while len(backwards) < len(forwards):
        page = call("issuer", "GET", "/v1/events", limit=2, **({"starting_after": cursor} if cursor else {})).json()
        backwards, cursor = backwards + page["data"], page["next_cursor"]
        terminal.pay(phone, 10)  # what comes meanwhile is no part of a list that goes backwards
    ours = {each["id"] for each in forwards}
    assert [each for each in reversed(backwards) if each["id"] in ours] == forwards
    assert len({each["id"] for each in backwards}) == len(backwards)


def test_the_identifier_of_an_event_is_a_place_in_both_logs(call, issuer, phone, terminal, clock):
    """From an event of either kind the list goes on with what came later, of both."""
    for _ in range(2):
        clock.advance(2)
        terminal.pay(phone, 100)
        clock.advance(2)
        issuer.change_token(phone.token_id, "suspend")
        clock.advance(2)
        issuer.change_token(phone.token_id, "resume")
    told = call("issuer", "GET", "/v1/events", limit=6).json()["data"]
    assert [each["type"] for each in reversed(told)] == 2 * [
        "authorization.approved",
        "token.suspended",
        "token.resumed",
    ]
    for place, event in enumerate(told):
        later = call("issuer", "GET", "/v1/events", oldest_first=True, starting_after=event["id"]).json()["data"]
        assert later == told[:place][::-1]
        earlier = call("issuer", "GET", "/v1/events", starting_after=event["id"], limit=6 - place).json()["data"]
        assert earlier[: 5 - place] == told[place + 1 :]


def test_filters(call, phone, terminal):
    """By type and by resource, of both kinds; what is no cursor and no event is 404."""
    receipt = terminal.pay(phone, 700)
    terminal.reverse(receipt)
    about = call("issuer", "GET", "/v1/events", resource_id=receipt.authorization_id).json()["data"]
    assert [each["type"] for each in about] == ["authorization.reversed", "authorization.approved"]
    newest = call("issuer", "GET", "/v1/events", type="authorization.reversed", limit=1).json()["data"]
    assert newest == about[:1]
    tokens = call("issuer", "GET", "/v1/events", resource_id=phone.token_id).json()["data"]
    assert {each["type"].partition(".")[0] for each in tokens} == {"token"}
    for wrong in ("cur_", "cur_AAAA", "cur_MXwy", "evt_000000000001AZ0", "evt_000000000001AA00", "x"):
        assert call("issuer", "GET", "/v1/events", starting_after=wrong).status_code == 404, wrong
        assert call("issuer", "GET", f"/v1/events/{wrong}").status_code == 404, wrong


def wait_until(there):
    """Wait for other threads; a failure ends it."""
    deadline = time.monotonic() + 20
    while not there() and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert there()


@pytest.mark.parametrize("scope", ["issuer", "wallet", "operator"])
def test_a_webhook_of_a_tap(call, phone, terminal, receiver, scope):
    """Signed, with the event as the list shows it; once; only what comes after the endpoint, and what it asked for."""
    terminal.pay(phone, 100)
    wanted = ["authorization.approved", "transaction.posted"]
    made = call(scope, "POST", "/v1/webhook_endpoints", {"url": receiver.url, "event_types": wanted}).json()
    try:
        assert made["payments_lag"] == {"commands": 0, "seconds": 0.0}
        receipts = [terminal.pay(phone, 1_250), terminal.buy(phone, 300), terminal.pay(phone, 100_000)]
        assert [receipt.approved for receipt in receipts] == [True, True, False]
        wait_until(lambda: len(receiver.got) >= 3)
        told = [json.loads(body) for _, body in receiver.got]
        assert sorted((each["type"], each["data"]["amount"]) for each in told) == [
            ("authorization.approved", 300),
            ("authorization.approved", 1_250),
            ("transaction.posted", 300),
        ]
        for (headers, body), event in zip(receiver.got, told, strict=True):
            assert is_signed(made["secret"], headers, body)
            listed = call(scope, "GET", f"/v1/events/{event['id']}").json()
            assert (listed["type"], listed["data"]) == (event["type"], event["data"])

        def deliveries():
            return call(scope, "GET", "/v1/webhook_deliveries", endpoint_id=made["id"]).json()["data"]

        wait_until(lambda: {each["state"] for each in deliveries()} == {"delivered"})
        assert {each["event"]["id"] for each in deliveries()} == {each["id"] for each in told}
        replayed = call(scope, "POST", f"/v1/webhook_deliveries/{deliveries()[0]['id']}/replay").json()
        assert replayed["event"] == deliveries()[0]["event"]
        wait_until(lambda: len(receiver.got) == 4)
        (endpoint,) = [
            each for each in call(scope, "GET", "/v1/webhook_endpoints").json()["data"] if each["id"] == made["id"]
        ]
        assert endpoint["payments_lag"]["commands"] < 5
    finally:
        call(scope, "DELETE", f"/v1/webhook_endpoints/{made['id']}")


def test_a_phone_lists_what_was_paid_with_its_token(call, issuer, new_phone, phone, terminal):
    """The newest first, by its own proof only: another phone, and a wallet without proof, see nothing."""
    receipt = terminal.pay(phone, 1_250)
    terminal.buy(phone, 300)
    terminal.reverse(receipt)
    path = f"/v1/tokens/{phone.token_id}/transactions"
    told = phone.call("GET", path)
    assert [(each["state"], each["amount"], each["currency"]) for each in told["data"]] == [
        ("posted", 300, "EUR"),
        ("reversed", 1_250, "EUR"),
    ]
    assert told["data"][1]["id"] == receipt.authorization_id
    assert told["data"][0]["merchant"]["category"] == "5814"
    assert told["data"][0]["merchant"]["name"] != ""
    assert call("wallet", "GET", path).status_code == 401
    assert call("issuer", "GET", path).status_code == 403
    other = new_phone()
    other.provision(issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])["id"])
    with pytest.raises(WalletRefused, match="not signed by"):
        other.call("GET", path)
