"""A phone pays at a terminal, end to end over real sockets, and everything that must be refused is."""

import os
from dataclasses import replace

import pytest

from simulators.attackers.cards import ClonedPhone
from simulators.parties.issuer_client import IssuerRefused
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import WalletRefused


@pytest.fixture
def account(issuer):
    """An account of 2500.00 EUR, at most 1000.00 at once."""
    return issuer.open_account("EUR", 250_000, 100_000)


@pytest.fixture
def card(issuer, account):
    """A card on that account."""
    return issuer.issue_card(account["id"])


@pytest.fixture(params=["aes", "tdes"])
def phone(request, new_phone, card):
    """A phone with an active token for that card, under either cryptogram profile."""
    made = new_phone()
    made.provision(card["id"], cryptogram_profile=request.param)
    return made


def _reason(issuer, receipt):
    return issuer.authorization(receipt.authorization_id)["reason"]


def test_a_tap_is_approved_and_held(issuer, account, phone, terminal):
    """An approved tap sets its amount aside, and every check of it can be read."""
    receipt = terminal.pay(phone, 1_250)
    assert receipt.approved
    assert receipt.answer[38].isdigit()
    assert issuer.balance(account["id"]) == {
        "account_id": account["id"],
        "currency": "EUR",
        "credit_limit": 250_000,
        "posted": 0,
        "held": 1_250,
        "available": 248_750,
        "segment": 0,
        "books": None,
    }
    decision = issuer.authorization(receipt.authorization_id)
    assert decision["approval_code"] == receipt.answer[38]
    assert [check["outcome"] for check in decision["checks"]] == ["passed"] * 27
    assert decision["account_id"] == account["id"]
    assert decision["token_id"] == phone.token_id
    assert "APPROVED" in receipt.text()


def test_a_clone_is_refused(issuer, phone, terminal):
    """A device that has the number but not the key makes cryptograms that do not verify."""
    transaction = terminal.start(1_250)
    overheard = phone.tap(transaction.values)
    assert terminal.authorize(transaction, overheard).approved
    receipt = terminal.pay(ClonedPhone(overheard, os.urandom(16)), 1_250)
    assert receipt.response_code == "88"
    assert _reason(issuer, receipt) == "invalid_cryptogram"


def test_a_replay_is_refused(issuer, phone, terminal):
    """The same cryptogram under a new STAN is refused."""
    transaction = terminal.start(1_250)
    tap = phone.tap(transaction.values)
    assert terminal.authorize(transaction, tap).approved
    receipt = terminal.authorize(transaction, tap)
    assert receipt.response_code == "63"
    assert _reason(issuer, receipt) == "replayed_cryptogram"


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        (100_001, "EUR", "exceeds_limit"),
        (0, "EUR", "verified"),
        (100, "USD", "currency_not_supported"),
    ],
)
def test_amounts_out_of_bounds(issuer, phone, terminal, amount, currency, reason):
    """An amount over the limit or in a currency without a rate is refused by name; one of nothing is a verification."""
    assert _reason(issuer, terminal.pay(phone, amount, currency)) == reason


def test_credit_runs_out(issuer, account, phone, terminal):
    """What is held is not available; when it does not cover an amount, nothing of it is held."""
    assert [terminal.pay(phone, 100_000).approved for _ in range(2)] == [True, True]
    receipt = terminal.pay(phone, 50_001)
    assert _reason(issuer, receipt) == "insufficient_funds"
    assert issuer.balance(account["id"])["available"] == 50_000
    assert terminal.pay(phone, 50_000).approved
    assert issuer.balance(account["id"])["available"] == 0


def test_a_changed_amount_is_refused(issuer, phone, terminal):
    """A terminal that asks for more than the phone signed is refused, whether it changes DE 4 or both."""
    transaction = terminal.start(1_250)
    tap = phone.tap(transaction.values)
    request = terminal.authorization_request(transaction, tap) | {4: f"{9_999:012d}"}
    answer = terminal.link.exchange(request)
    assert answer[39] == "88"
    assert issuer.authorization(answer[62])["reason"] == "cryptogram_data_mismatch"
    both = replace(transaction, amount_minor=9_999, values=transaction.values | {"9F02": bytes.fromhex("000000009999")})
    assert _reason(issuer, terminal.authorize(both, tap)) == "invalid_cryptogram"


def test_another_channel_is_refused(issuer, phone, sandbox, clock):
    """A contactless token does not work in e-commerce, with or without a cryptogram."""
    shop = Terminal(sandbox.iso_address, clock=clock, entry_mode="810")
    transaction = shop.start(1_250)
    tap = phone.tap(transaction.values)
    assert _reason(issuer, shop.authorize(transaction, tap)) == "channel_not_allowed"
    request = shop.authorization_request(transaction, tap)
    del request[55]
    request[11] = "999001"
    assert issuer.authorization(shop.link.exchange(request)[62])["reason"] == "channel_not_allowed"
    shop.close()


def test_no_cryptogram_is_refused(issuer, phone, terminal):
    """A contactless request without DE 55 is refused."""
    transaction = terminal.start(1_250)
    request = terminal.authorization_request(transaction, phone.tap(transaction.values))
    del request[55]
    assert issuer.authorization(terminal.link.exchange(request)[62])["reason"] == "missing_cryptogram"


def test_a_wrong_expiry_is_refused(issuer, phone, terminal):
    """Track 2 with another expiry than the token's is refused."""
    transaction = terminal.start(1_250)
    tap = phone.tap(transaction.values)
    receipt = terminal.authorize(transaction, replace(tap, track2=replace(tap.track2, expiry="4001")))
    assert _reason(issuer, receipt) == "expiration_mismatch"


def test_an_unknown_token_is_refused(issuer, phone, terminal):
    """A number that no token has is refused, and still has an explanation."""
    transaction = terminal.start(1_250)
    tap = phone.tap(transaction.values)
    receipt = terminal.authorize(transaction, replace(tap, track2=replace(tap.track2, pan="9999509999999999")))
    assert receipt.response_code == "14"
    decision = issuer.authorization(receipt.authorization_id)
    assert decision["reason"] == "token_not_found"
    assert decision["account_id"] is None


@pytest.mark.parametrize("message_type", ["0400", "0420"])
@pytest.mark.parametrize(
    ("field", "value", "reason", "code"),
    [
        (49, "392", "original_currency_mismatch", "64"),
        (42, "ANOTHER SHOP   ", "original_merchant_mismatch", "25"),
        (41, "TERM0002", "original_terminal_mismatch", "25"),
        (32, "12345678901", "missing_original_authorization", "25"),
    ],
)
def test_a_reversal_that_is_not_its_originals(
    issuer, account, phone, terminal, message_type, field, value, reason, code
):
    """2000 JPY takes back no 20.00 EUR, nor does another merchant; the explanation names the field."""
    receipt = terminal.pay(phone, 2_000)
    altered = terminal.messages.reversal(receipt.request) | {0: message_type, field: value}
    refused = terminal.send(altered)
    assert refused.response_code == code
    assert issuer.balance(account["id"])["held"] == 2_000
    decision = issuer.authorization(refused.authorization_id)
    failed = [check for check in decision["checks"] if check["outcome"] == "failed"]
    assert (decision["reason"], failed[0]["name"]) == (reason, "shared_fields")
    assert failed[0]["saw"] == f"another DE {field} than the original's"
    assert terminal.reverse(receipt).approved
    assert issuer.balance(account["id"])["held"] == 0


def test_a_reversal_releases_once(issuer, account, phone, terminal):
    """A full reversal releases the hold; repeated it is approved and releases nothing more."""
    receipt = terminal.pay(phone, 1_250)
    assert terminal.pay(phone, 500).approved
    reversal = terminal.reverse(receipt)
    assert reversal.approved
    assert reversal.answer[0] == "0410"
    assert issuer.balance(account["id"])["held"] == 500
    assert terminal.reverse(receipt).approved
    assert issuer.balance(account["id"])["held"] == 500
    decision = issuer.authorization(reversal.authorization_id)
    assert decision["kind"] == "reversal_request"
    names = [check["name"] for check in decision["checks"]]
    assert names == ["token", "operation", "original", "shared_fields", "original_amount"]


def test_a_reversal_of_nothing_and_of_another_amount(issuer, phone, terminal):
    """A reversal must find its original, and name its amount."""
    receipt = terminal.pay(phone, 1_250)
    unknown = terminal.reverse(replace(receipt, request=receipt.request | {11: "000000"}))
    assert unknown.response_code == "25"
    assert (
        _reason(issuer, terminal.reverse(replace(receipt, request=receipt.request | {4: "000000001249"})))
        == "original_amount_mismatch"
    )


def test_token_changes_reach_the_engine(issuer, phone, terminal):
    """Suspended by two, a token pays again only when both have resumed it; deactivated it never does."""
    phone.change_token("suspend")
    issuer.change_token(phone.token_id, "suspend")
    assert _reason(issuer, terminal.pay(phone, 100)) == "token_suspended"
    phone.change_token("resume")
    assert _reason(issuer, terminal.pay(phone, 100)) == "token_suspended"
    issuer.change_token(phone.token_id, "resume")
    assert terminal.pay(phone, 100).approved
    assert phone.delete_token()["state"] == "deactivated"
    assert _reason(issuer, terminal.pay(phone, 100)) == "token_deactivated"
    with pytest.raises(WalletRefused, match="token_state_conflict"):
        phone.change_token("suspend")


def test_a_frozen_card_stops_its_tokens(issuer, card, phone, terminal):
    """Freezing a card stops its tokens at once; unfreezing lets them pay again."""
    issuer.set_frozen(card["id"], True)
    assert _reason(issuer, terminal.pay(phone, 100)) == "card_frozen"
    issuer.set_frozen(card["id"], False)
    assert terminal.pay(phone, 100).approved


def test_a_frozen_card_is_declined_for_another_phone(issuer, card, new_phone):
    """A request for a token of a frozen card is declined with its reason, and such a token cannot be activated."""
    issuer.set_frozen(card["id"], True)
    phone = new_phone()
    phone.register()
    token = phone.request_token(card["id"])
    assert token["decision"] == {
        "outcome": "declined",
        "votes": {"wallet": "green", "network": "green", "issuer": "red"},
        "reasons": ["card_not_active"],
    }
    assert token["state"] == "declined"
    assert token["token_last4"] is None
    with pytest.raises(WalletRefused) as refused:
        phone.activate()
    assert refused.value.status == 409


def test_unknown_authorizations_are_not_found(issuer):
    """An identifier that names no decision is 404, whatever it looks like."""
    for identifier in (
        "auth_0000000000000",
        "auth_ZZZZZZZZZZZZZ",
        "auth_7ZZZZZZZZZZZZ",
        "acct_1",
        "x",
        "auth_0000000000001",
    ):
        with pytest.raises(IssuerRefused) as refused:
            issuer.authorization(identifier)
        assert refused.value.status == 404


def test_echo_and_other_messages(terminal):
    """0800 is answered, and so is a message type that the network does not support."""
    answer = terminal.echo()
    assert (answer[0], answer[39], answer[70]) == ("0810", "00", "301")
    answer = terminal.link.exchange({0: "0300", 7: "1124120000", 11: "000001"})
    assert (answer[0], answer[39]) == ("0310", "40")
