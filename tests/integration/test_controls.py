"""What a cardholder locks and restricts on the phone holds for the next payment, with a reason that says what."""

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.parties.merchant import Merchant
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import WalletRefused


@pytest.fixture
def phone(issuer, new_phone):
    """A phone with a token that pays contactless and by QR code, everywhere."""
    phone = new_phone()
    card = issuer.issue_card(issuer.open_account("EUR", 100_000)["id"])["id"]
    phone.provision(card, channels=["contactless", "qr_code"])
    return phone


@pytest.fixture
def set_controls(phone):
    """Changes the controls of the phone's token."""
    return lambda **changes: phone.call("PATCH", f"/v1/tokens/{phone.token_id}/controls", changes)


@pytest.fixture
def decided(sandbox, terminal, phone):
    """The decision about a tap with the phone, as the operator sees it."""

    def on(amount, at=terminal):
        receipt = at.pay(phone, amount)
        headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
        url = f"{sandbox.http_url}/v1/authorizations/{receipt.authorization_id}"
        return httpx.get(url, headers=headers, trust_env=False).json()

    return on


def failed(decision):
    """The check that a decision failed at."""
    (check,) = [each for each in decision["checks"] if each["outcome"] == "failed"]
    return check["name"], check["bound"]


def test_a_frozen_token_does_not_pay(phone, set_controls, decided):
    """Until its cardholder opens it again."""
    assert set_controls(frozen=True)["frozen"] is True
    assert decided(100)["reason"] == "token_suspended"
    assert set_controls(frozen=False)["frozen"] is False
    assert decided(100)["reason"] == "approved"


def test_the_limit_of_a_cardholder(set_controls, decided):
    """The explanation names it."""
    set_controls(transaction_limit=1_000)
    assert decided(1_000)["reason"] == "approved"
    refused = decided(1_001)
    assert refused["reason"] == "exceeds_limit"
    name, bound = failed(refused)
    assert name == "token_limit"
    assert "10.00" in bound
    set_controls(transaction_limit=None)
    assert decided(1_001)["reason"] == "approved"


def test_the_channels_of_a_cardholder(phone, set_controls, decided):
    """What is left out of them is refused at the terminal."""
    told = set_controls(channels=["qr_code"])
    assert (told["channels"], told["usable"]["channels"]) == (["qr_code"], ["qr_code"])
    assert told["domain"]["channels"] == ["contactless", "qr_code"]
    refused = decided(100)
    assert (refused["reason"], failed(refused)) == ("channel_not_allowed", ("channel", "one of: qr_code"))
    token = phone.call("GET", f"/v1/tokens/{phone.token_id}")
    assert token["domain"]["channels"] == ["contactless", "qr_code"]


def test_the_countries_of_a_cardholder(sandbox, clock, set_controls, decided):
    """At home it pays, abroad it does not."""
    set_controls(countries=["276"])
    assert decided(100)["reason"] == "approved"
    abroad = Terminal(sandbox.iso_address, clock=clock, merchant=Merchant(country="040"))
    refused = decided(100, abroad)
    abroad.close()
    assert (refused["reason"], failed(refused)[0]) == ("country_not_allowed", "country")


def test_controls_are_told(phone, set_controls):
    """As they were set, with the domain that they take away from; what is left out of a change stays."""
    path = f"/v1/tokens/{phone.token_id}/controls"
    told = phone.call("GET", path)
    assert (told["frozen"], told["channels"], told["countries"], told["transaction_limit"]) == (False, None, None, None)
    assert told["domain"] == told["usable"]
    set_controls(countries=["276"], transaction_limit=5_000)
    changed = set_controls(frozen=True)
    assert phone.call("GET", path) == changed
    assert (changed["countries"], changed["transaction_limit"]) == (["276"], 5_000)
    assert changed["usable"] == told["domain"] | {"countries": ["276"], "transaction_limit": 5_000}


def test_an_event_says_what_was_restricted(issuer, phone, set_controls):
    """The issuer hears of it, from the cardholder."""
    set_controls(countries=["276"])
    set_controls(countries=["276"])
    query = f"/v1/events?resource_id={phone.token_id}&type=token.controls_changed"
    (event,) = issuer.call("GET", query)["data"]
    assert event["data"]["controls"] == {"channels": None, "countries": ["276"], "transaction_limit": None}
    assert (event["data"]["initiator"], event["data"]["reason"]) == ("cardholder", "cardholder_request")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frozen": None}, "frozen"),
        ({"frozen": "yes"}, "frozen"),
        ({"channels": []}, "channels"),
        ({"channels": ["e_commerce"]}, "channels"),
        ({"channels": ["telepathy"]}, "channels.0"),
        ({"countries": []}, "countries"),
        ({"countries": ["001"]}, "countries.0"),
        ({"countries": ["276", "040", "156", "840", "392"]}, "countries"),
        ({"transaction_limit": 0}, "transaction_limit"),
        ({"merchant_id": "SHOP00000000001"}, "merchant_id"),
    ],
)
def test_changes_that_are_refused(set_controls, changes, field):
    """By the field that is wrong."""
    with pytest.raises(WalletRefused) as refused:
        set_controls(**changes)
    assert refused.value.status == 422
    assert [each["field"] for each in refused.value.problem["errors"]] == [field]


def test_another_device_and_a_wallet_without_a_proof_control_nothing(sandbox, phone, new_phone):
    """Nor does a proof that was used before."""
    other = new_phone()
    other.register()
    path = f"/v1/tokens/{phone.token_id}/controls"
    with pytest.raises(WalletRefused, match="not signed by"):
        other.call("PATCH", path, {"frozen": True})
    proof = phone.proof("PATCH", path)

    def change(**headers):
        headers |= {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}
        url = sandbox.http_url + path
        return httpx.patch(url, json={"frozen": False}, headers=headers, trust_env=False).status_code

    assert [change(), change(DPoP=proof), change(DPoP=proof)] == [401, 200, 401]
