"""Payments at simulated terminals, where the network is not there to decide them, and those that are forgotten."""

import socket

import pytest

from simulators.simulations import payments as module
from simulators.simulations.payments import Payments
from simulators.simulations.simulated_phones import SimulatedPhone
from simulators.simulations.simulated_terminals import SimulatedTerminal
from simulators.simulations.taking import TAKINGS, Purchase, check_options, kind_for
from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from simulators.terminals.kinds.online_shop import OnlineShop
from simulators.terminals.receipt import Receipt
from simulators.wallet.card.apdu_record import ApduExchange, RecordedCard
from simulators.wallet.card.contactless_reader import CardAnswer
from simulators.wallet.card.payment_application import Flow
from simulators.wallet.phone import CannotDoThis
from tokenvault.callers.caller import Caller, current_caller
from tokenvault.vocabulary.errors import FieldError, NotFound
from tokenvault.vocabulary.pan import Track2

PAN = "9999501000000017"


class Wallet:
    """A phone that confirms what it is asked to, or not."""

    token_id = "tok_05F1V9D8S3KYA"

    def __init__(self, *, willing=True):
        self.willing = willing

    def confirm(self, _values):
        """Sign nothing, but answer."""
        if not self.willing:
            raise CannotDoThis("it is locked")
        return CardAnswer(Track2(PAN, "3012", "201"), "01", {"9F26": bytes(8)})

    def leave_field(self):
        """It is nowhere."""


@pytest.fixture
def dead_line():
    """An online shop whose network is not there."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = probe.getsockname()
    return SimulatedTerminal("term_02K7D5H9S3BWE", "online", OnlineShop(address))


def held(wallet):
    """A phone in the caller's hands."""
    return SimulatedPhone("phone_04N6T8J2R5XVA", "phone", Flow.QUICK, wallet, "EUR")


def test_a_line_that_is_down_is_an_outcome(dead_line):
    """Nothing was sent, and the reason says so."""
    outcome = Payments().pay(dead_line, held(Wallet()), Purchase(100, "EUR"))
    assert (outcome.receipt, outcome.reason, outcome.messages) == (None, "line_down", ())
    assert "cannot reach" in outcome.detail


def test_an_unwilling_phone_is_an_outcome(dead_line):
    """The terminal is free for the next one."""
    outcome = Payments().pay(dead_line, held(Wallet(willing=False)), Purchase(100, "EUR"))
    assert (outcome.receipt, outcome.reason, outcome.detail) == (None, "cannot_do_this", "it is locked")
    assert not dead_line.lock.locked()


def test_currencies_that_are_none(dead_line):
    """Are refused before anything is asked of the phone."""
    with pytest.raises(FieldError, match="currency: is not an ISO 4217 code"):
        Payments().pay(dead_line, held(Wallet()), Purchase(100, "XXX"))


class Approving(OnlineShop):
    """A shop that approves by itself, each payment under a number of its own."""

    count = 0

    def send(self, request):
        """Answer in the network's place."""
        self.count += 1
        return self.receipt(request, {39: "00", 62: f"auth_{self.count:013d}"})


def test_the_newest_payments_are_remembered(monkeypatch):
    """So many of each tenant: the oldest can no longer be followed up, and another tenant's never could."""
    monkeypatch.setattr(module, "REMEMBERED_MAX", 2)
    shop, payments = SimulatedTerminal("term_02K7D5H9S3BWE", "online", Approving(("127.0.0.1", 1))), Payments()
    paid = [payments.pay(shop, held(Wallet()), Purchase(100, "EUR")).receipt for _ in range(3)]
    assert all(isinstance(receipt, Receipt) for receipt in paid)
    with pytest.raises(NotFound):
        payments.find(paid[0].authorization_id)
    assert [payments.find(receipt.authorization_id).receipt for receipt in paid[1:]] == paid[1:]
    token = current_caller.set(Caller("key", frozenset({"sandbox"}), "bob"))
    with pytest.raises(NotFound):
        payments.find(paid[2].authorization_id)
    current_caller.reset(token)


def test_every_kind_takes_payments_by_its_channel():
    """The usual kind of a channel takes payments by it, and kinds and channels that do not agree are refused."""
    assert set(TAKINGS) == set(TERMINAL_KINDS)
    for channel in {taking.channel for taking in TAKINGS.values()}:
        assert TAKINGS[kind_for(None, channel)].channel == channel
    assert (kind_for(None, None), kind_for("fuel", None), kind_for("fuel", "contactless")) == ("pos", "fuel", "fuel")
    with pytest.raises(FieldError, match="channel: a terminal of kind fuel takes payments by contactless only"):
        kind_for("fuel", "qr_code")


@pytest.mark.parametrize(
    ("kind", "more", "field"),
    [
        ("atm", {}, "pin"),
        ("pos", {"pin": "1234"}, "pin"),
        ("vending", {"posts_at_once": True}, "posts_at_once"),
        ("online", {"is_preauthorization": True}, "preauthorization"),
        ("pos", {"posts_at_once": True, "is_preauthorization": True}, "preauthorization"),
    ],
)
def test_options_that_a_kind_has_not(kind, more, field):
    """And one that it needs, and two that exclude each other: the error names the field."""
    with pytest.raises(FieldError) as refused:
        check_options(kind, Purchase(100, "EUR", **more))
    assert refused.value.field == field


def test_a_pin_is_not_shown():
    """Whoever logs a purchase logs no PIN."""
    assert "1234" not in repr(Purchase(100, "EUR", pin="1234"))


class Card:
    """Answers one record with track 2 data."""

    def transmit(self, _encoded):
        """The record."""
        track2 = Track2(PAN, "3012", "201").encode()
        return bytes([0x70, 2 + len(track2), 0x57, len(track2)]) + track2 + b"\x90\x00"


def test_apdus_are_recorded_with_the_pan_masked():
    """The card answers as before; what is shown has the number's first six and last four digits only."""
    card = RecordedCard(Card())
    command = bytes.fromhex("00B2010C00")
    assert card.transmit(command) == Card().transmit(command)
    (exchange,) = card.exchanges
    assert (exchange.name, exchange.shown_command(), exchange.status) == ("READ RECORD", "00B2010C00", "9000")
    assert PAN not in exchange.shown_response()
    assert "999950******0017D3012201" in exchange.shown_response()
    assert PAN not in repr(exchange)


def test_responses_that_are_no_tlv_are_shown_as_they_are():
    """Refusals are two bytes."""
    exchange = ApduExchange(bytes.fromhex("80CA9F3600"), bytes.fromhex("6A88"))
    assert (exchange.name, exchange.shown_response(), exchange.status) == ("GET DATA", "6A88", "6A88")
    assert ApduExchange(bytes.fromhex("80B00000"), bytes.fromhex("016D00")).name == "INS B0"
