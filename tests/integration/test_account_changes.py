"""What can be changed of an account is changed for what comes, and for nothing that was paid."""

import httpx
import pytest

from simulators.parties import sandbox_constants

AMOUNT_MAX = 10**12 - 1


@pytest.fixture
def change(sandbox):
    """Sends a change of an account; the answer as it is."""

    def sent(account, body, key=sandbox_constants.ISSUER_API_KEY):
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.patch(f"{sandbox.http_url}/v1/accounts/{account}", json=body, headers=headers, trust_env=False)

    return sent


@pytest.fixture
def account(issuer):
    """An account of 100.00 EUR."""
    return issuer.open_account("EUR", 10_000)["id"]


def test_a_limit_holds_from_the_next_payment_on(issuer, change, account, new_phone, terminal):
    """Raised and lowered; below what is held there is nothing available, and what was approved stays."""
    phone = new_phone()
    phone.provision(issuer.issue_card(account)["id"])
    assert not terminal.pay(phone, 12_000).approved
    assert change(account, {"credit_limit": 20_000}).json()["credit_limit"] == 20_000
    first = terminal.pay(phone, 12_000)
    assert first.approved
    change(account, {"credit_limit": 5_000})
    balance = issuer.balance(account)
    assert (balance["credit_limit"], balance["held"], balance["available"]) == (5_000, 12_000, -7_000)
    assert not terminal.pay(phone, 1).approved
    assert terminal.complete(first, 12_000).approved
    assert issuer.balance(account)["posted"] == 12_000


def test_a_limit_of_single_amounts_comes_and_goes(issuer, change, account, new_phone, terminal):
    """Null removes it; what is left out stays."""
    phone = new_phone()
    phone.provision(issuer.issue_card(account)["id"])
    assert change(account, {"transaction_limit": 1_000}).json()["transaction_limit"] == 1_000
    assert not terminal.pay(phone, 1_001).approved
    changed = change(account, {"credit_limit": 9_000}).json()
    assert (changed["transaction_limit"], changed["credit_limit"]) == (1_000, 9_000)
    assert change(account, {"transaction_limit": None}).json()["transaction_limit"] is None
    assert terminal.pay(phone, 1_001).approved


def test_an_event_says_what_has_changed(issuer, change, account):
    """And nothing else; a change that changes nothing is none."""
    change(account, {"credit_limit": 20_000, "segment": 3, "transaction_limit": None})
    change(account, {"segment": 3})
    change(account, {})
    events = issuer.call("GET", f"/v1/events?resource_id={account}")["data"]
    assert [(event["type"], event["data"]) for event in events] == [
        ("account.changed", {"credit_limit": 20_000, "segment": 3}),
        ("account.opened", {"currency": "EUR"}),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"credit_limit": -1}, "credit_limit"),
        ({"credit_limit": AMOUNT_MAX + 1}, "credit_limit"),
        ({"credit_limit": None}, "credit_limit"),
        ({"credit_limit": "12"}, "credit_limit"),
        ({"transaction_limit": 1.5}, "transaction_limit"),
        ({"segment": 256}, "segment"),
        ({"segment": -1}, "segment"),
        ({"segment": "null"}, "segment"),
        ({"segment": False}, "segment"),
        ({"life_stage": 16}, "life_stage"),
        ({"life_stage": -1}, "life_stage"),
        ({"life_stage": None}, "life_stage"),
        ({"life_stage": "3"}, "life_stage"),
        ({"product": -1}, "product"),
        ({"product": 32}, "product"),
        ({"product": None}, "product"),
        ({"product": "1"}, "product"),
        ({"product": 1, "cut_day": 0}, "cut_day"),
        ({"product": 1, "cut_day": 29}, "cut_day"),
        ({"product": 1, "cut_day": None}, "cut_day"),
        ({"product": 1, "cut_day": True}, "cut_day"),
        ({"cut_day": 5}, "cut_day"),
        ({"currency": "USD"}, "currency"),
        ([], "body"),
    ],
)
def test_what_cannot_be_changed(issuer, change, account, body, field):
    """The field is named, and the account is as it was."""
    before = issuer.call("GET", f"/v1/accounts/{account}")
    refused = change(account, body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert issuer.call("GET", f"/v1/accounts/{account}") == before


def read(issuer, account):
    """Product and cut day, as an account is read and as it is listed."""
    seen = issuer.call("GET", f"/v1/accounts/{account}")
    [listed] = [each for each in issuer.call("GET", "/v1/accounts?limit=100")["data"] if each["id"] == account]
    billed = seen["product"], seen["cut_day"]
    assert billed == (listed["product"], listed["cut_day"])
    return billed


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, (0, None)),
        ({"product": 0}, (0, None)),
        ({"product": 3}, (3, 1)),
        ({"product": 31, "cut_day": 28}, (31, 28)),
    ],
)
def test_an_account_is_opened_with_a_product(issuer, given, shown):
    """Both are shown wherever the account is."""
    opened = issuer.open_account("EUR", 10_000, **given)
    assert (opened["product"], opened["cut_day"]) == shown
    assert read(issuer, opened["id"]) == shown


def test_a_null_is_no_cut_day(issuer):
    """What an account shows can be sent when one is opened."""
    body = {"currency": "EUR", "credit_limit": 1, "product": 0, "cut_day": None}
    assert issuer.call("POST", "/v1/accounts", body)["cut_day"] is None


def test_a_product_is_given_and_exchanged(issuer, change, account):
    """The day stays where none is sent, and is the first of the month with the first product."""
    assert change(account, {"product": 2}).json()["cut_day"] == 1
    assert change(account, {"cut_day": 9}).json()["product"] == 2
    changed = change(account, {"product": 3}).json()
    assert (changed["product"], changed["cut_day"]) == (3, 9)
    assert read(issuer, account) == (3, 9)
    events = issuer.call("GET", f"/v1/events?resource_id={account}")["data"]
    assert [event["data"] for event in events[:-1]] == [{"product": 3}, {"cut_day": 9}, {"product": 2, "cut_day": 1}]


def test_a_product_is_not_taken_away(issuer, change, account):
    """The error says what can be done; what was sent beside it is not changed either."""
    change(account, {"product": 2, "cut_day": 9})
    refused = change(account, {"product": 0, "credit_limit": 1})
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["field"]) == (422, "product")
    assert error["message"] == "cannot be taken away, only exchanged: the account has product 2"
    assert issuer.call("GET", f"/v1/accounts/{account}")["credit_limit"] == 10_000
    assert read(issuer, account) == (2, 9)


def classified(issuer, account):
    """Pinned segment and stage of life, as an account is read and as it is listed."""
    seen = issuer.call("GET", f"/v1/accounts/{account}")
    [listed] = [each for each in issuer.call("GET", "/v1/accounts?limit=100")["data"] if each["id"] == account]
    shown = seen["segment"], seen["life_stage"]
    assert shown == (listed["segment"], listed["life_stage"])
    return shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, (None, 0)),
        ({"segment": None}, (None, 0)),
        ({"segment": 0, "life_stage": 0}, (0, 0)),
        ({"segment": 255, "life_stage": 15}, (255, 15)),
    ],
)
def test_an_account_is_opened_in_a_segment_or_in_none(issuer, given, shown):
    """Which is shown wherever the account is: a null is not the segment 0."""
    opened = issuer.call("POST", "/v1/accounts", {"currency": "EUR", "credit_limit": 1, **given})
    assert (opened["segment"], opened["life_stage"]) == shown
    assert classified(issuer, opened["id"]) == shown


def test_a_segment_is_pinned_and_unpinned(issuer, change, account):
    """What is left out stays; events have null where the account is no longer pinned."""
    assert change(account, {"segment": 7, "life_stage": 3}).json()["segment"] == 7
    assert change(account, {"life_stage": 4}).json()["segment"] == 7
    assert change(account, {"segment": None}).json()["segment"] is None
    assert classified(issuer, account) == (None, 4)
    assert change(account, {"segment": 0}).json()["segment"] == 0
    events = issuer.call("GET", f"/v1/events?resource_id={account}")["data"]
    assert [event["data"] for event in events[:-1]] == [
        {"segment": 0},
        {"segment": None},
        {"life_stage": 4},
        {"segment": 7, "life_stage": 3},
    ]


def test_bounds(change, account):
    """The least and the greatest amount."""
    for limit in (0, AMOUNT_MAX):
        changed = change(account, {"credit_limit": limit, "transaction_limit": limit})
        assert (changed.status_code, changed.json()["credit_limit"]) == (200, limit)


def test_whose_account(sandbox, change, account):
    """Another issuer's is not there, a wallet has none, and the operator may change all."""
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    made = {"name": "other", "scopes": ["issuer"], "tenant": "another-bank"}
    other = httpx.post(f"{sandbox.http_url}/v1/api_keys", json=made, headers=headers, trust_env=False).json()["secret"]
    assert change(account, {"segment": 1}, other).status_code == 404
    assert change("acct_0000000000001", {"segment": 1}).status_code == 404
    assert change("card_0000000000001", {"segment": 1}).status_code == 404
    assert change(account, {"segment": 1}, sandbox_constants.WALLET_API_KEY).status_code == 403
    assert change(account, {"segment": 1}, sandbox_constants.SANDBOX_API_KEY).json()["segment"] == 1
