"""How the cardholder was verified, on the wire: what is signed counts, under every version; what is not, does not."""

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.kinds.cash_machine import CashMachine
from simulators.terminals.kinds.online_shop import OnlineShop
from simulators.terminals.kinds.qr_scanner import QrScanner
from simulators.terminals.terminal import Capability, Terminal
from simulators.wallet.card.device_kinds import BAND, PHONE
from simulators.wallet.phone import Phone
from tests.conftest import settings_for

PIN = "7391"
UNVERIFIED = {
    "limits": [
        {
            "id": "unverified",
            "window": "transaction",
            "amount_max": 5_000,
            "currency": "EUR",
            "where": {"cardholder_verification": ["none"]},
            "reason": "step_up_required",
        }
    ]
}
PROFILES = [
    {"cryptogram_profile": "aes"},
    {"cryptogram_profile": "tdes"},
    {"cryptogram_profile": "sm4"},
    {"cryptogram_profile": "aes", "location": "host_card_emulation"},
    {"cryptogram_profile": "tdes", "location": "host_card_emulation"},
]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network of one's own, whose program asks for a verified cardholder above 50.00."""
    with running_sandbox(settings_for(tmp_path_factory.mktemp("cardholder") / "data")) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
        httpx.put(f"{sandbox.http_url}/v1/program", json=UNVERIFIED, headers=headers).raise_for_status()
        yield sandbox


@pytest.fixture
def issuer(network):
    """The issuer of this network."""
    with Issuer(network.http_url) as client:
        yield client


@pytest.fixture
def new_phone(network, issuer):
    """Makes devices with a token that is good for every channel, on a card with a PIN."""
    made = []

    def make(traits=PHONE, **token):
        card = issuer.issue_card(issuer.open_account("EUR", 250_000)["id"])["id"]
        issuer.set_pin(card, PIN)
        made.append(Phone(network.http_url, traits=traits))
        made[-1].provision(card, domain={"channels": ["contactless", "e_commerce", "qr_code"]}, **token)
        return made[-1]

    yield make
    for phone in made:
        phone.close()


@pytest.fixture
def at(network):
    """Makes terminals."""
    made = []

    def make(kind, **options):
        made.append(kind(network.iso_address, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def told(issuer):
    """What a decision says: its reason, and what the network took the cardholder's verification for."""

    def tell(receipt):
        decision = issuer.authorization(receipt.authorization_id)
        checks = {check["name"]: check["saw"] for check in decision["checks"]}
        return decision["reason"], checks["cardholder_verification"]

    return tell


SIGNED, BY_PIN, NOT_PROVEN = (
    "verified by the device, which signed for it (9F10)",
    "verified by PIN",
    "not verified, as far as proven",
)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: "-".join(profile.values()))
def test_what_the_device_signs_lifts_the_limit_under_every_version(new_phone, at, told, profile):
    """A tap, a payment in an app and one by QR code that the device has verified; and a device that verifies nobody."""
    phone, till = new_phone(**profile), at(Terminal)
    assert told(till.pay(phone, 5_001)) == ("approved", SIGNED)
    assert told(at(OnlineShop).pay_in_app(phone, 5_001)) == ("approved", SIGNED)
    assert told(at(QrScanner).pay_by_code(phone.show_code(), 5_001)) == ("approved", SIGNED)
    band, capable = new_phone(BAND, **profile), at(Terminal, capability=Capability(online_pin=True))
    assert told(capable.pay(band, 5_000)) == ("approved", NOT_PROVEN)
    assert told(capable.pay(band, 5_001)) == ("step_up_required", NOT_PROVEN)


@pytest.mark.parametrize("claim", ["410302", "420302", "010002", "020000", "1E0302", "440302", "5F0302"])
def test_what_a_terminal_says_lifts_nothing(new_phone, at, told, claim):
    """Tag 9F34 is signed by nobody: whatever it says, the payment counts as unverified."""
    band, till = new_phone(BAND), at(Terminal)
    transaction = till.start(5_001)
    answer = band.tap(transaction.values)
    transaction.values["9F34"] = bytes.fromhex(claim)
    assert told(till.authorize(transaction, answer)) == ("step_up_required", NOT_PROVEN)


def test_the_bit_is_signed(new_phone, at, issuer):
    """Setting it on the way makes the cryptogram wrong."""
    band, till = new_phone(BAND), at(Terminal)
    transaction = till.start(5_001)
    answer = band.tap(transaction.values)
    forged = bytearray(answer.values["9F10"])
    forged[4] |= 0x04
    answer.values["9F10"] = bytes(forged)
    refused = till.authorize(transaction, answer)
    assert issuer.authorization(refused.authorization_id)["reason"] == "invalid_cryptogram"


@pytest.mark.parametrize("tag", ["with 9F34", "without 9F34"])
def test_a_right_pin_counts_with_and_without_the_terminals_word(new_phone, at, told, tag):
    """DE 52 is enough; a wrong PIN is a decline, and no PIN at all counts for nothing."""
    band, machine = new_phone(BAND), at(CashMachine)

    def pay(pin, operation="00"):
        transaction = machine.start(5_001, operation=operation)
        answer = machine.read(band, transaction)
        if tag == "without 9F34":
            del transaction.values["9F34"]
        request = machine.authorization_request(transaction, answer)
        entered = machine._pin_fields(pin, answer.track2.pan, "") if pin else {}
        return machine.send(request | entered)

    assert told(pay(PIN)) == ("approved", BY_PIN)
    assert told(pay(None)) == ("step_up_required", NOT_PROVEN)
    wrong = pay("0000")
    assert wrong.response_code == "55"
    assert told(pay(PIN, "01")) == ("approved", BY_PIN)
    refused = pay(None, "01")
    assert (told(refused), refused.response_code) == (("pin_required", NOT_PROVEN), "70")


def test_a_phone_that_verified_its_holder_is_no_pin_at_a_cash_machine(new_phone, at, told):
    """A withdrawal takes the PIN itself; cash-back does not."""
    phone, till = new_phone(), at(Terminal)
    withdrawal = till.authorize_card(phone, till.start(1_000, operation="01"), message_type="0200")
    assert (told(withdrawal), withdrawal.response_code) == (("pin_required", SIGNED), "70")
    with_cash = till.authorize_card(phone, till.start(1_000, operation="09", cash_minor=500), cash_minor=500)
    assert told(with_cash) == ("approved", SIGNED)
    band = new_phone(BAND)
    assert (
        told(till.authorize_card(band, till.start(1_000, operation="09", cash_minor=500), cash_minor=500))[0]
        == "pin_required"
    )


def test_what_was_signed_as_cash_is_not_sent_as_a_purchase(new_phone, at, issuer):
    """DE 3 is signed by nobody; tag 9C is, and DE 3 must say the same."""
    phone, till = new_phone(), at(Terminal)
    transaction = till.start(1_000, operation="01")
    request = till.authorization_request(transaction, till.read(phone, transaction)) | {3: "000000"}
    refused = till.send(request)
    assert refused.response_code == "88"
    decision = issuer.authorization(refused.authorization_id)
    failed = [check["name"] for check in decision["checks"] if check["outcome"] == "failed"]
    assert (decision["reason"], failed) == ("cryptogram_data_mismatch", ["signed_operation"])
