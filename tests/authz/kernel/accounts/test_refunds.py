"""What is left to refund of a purchase is counted in its own currency too, whatever rates and balances become."""

import pytest

from authz.vocabulary.commands import Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank, approve
from tests.authz.commands import USD, refund, reversal, tap

SALE = {"kind": Kind.FINANCIAL_REQUEST}
ADVICE = {"kind": Kind.FINANCIAL_ADVICE}


def in_euro_at(dollars_per_euro):
    """A program's rates."""
    return {"rates": {"base": "EUR", "per_base": {"USD": dollars_per_euro}}}


@pytest.fixture
def trip():
    """A bank with a purchase of 108.00 USD, for which the account owes 100.00 EUR; and the purchase."""
    bank = Bank(**in_euro_at("1.08"))
    purchase = tap(1, 10_800, currency=USD, signed_currency=USD, **SALE)
    approve(bank, purchase)
    assert bank.posted == 10_000
    return bank, purchase


@pytest.mark.parametrize(("amount", "reason"), [(5_400, Reason.APPROVED), (5_401, Reason.EXCEEDS_REMAINDER)])
def test_dollars_that_are_left_to_refund(trip, amount, reason):
    """Half of a purchase in dollars is given back; the other half is left, though dollars are worth less by then."""
    bank, purchase = trip
    approve(bank, refund(purchase, amount_minor=5_400, stan=2))
    assert bank.posted == 5_000
    bank.use(**in_euro_at("2.16"))
    assert bank.send(refund(purchase, amount_minor=amount, stan=3)) is reason
    assert bank.posted == (2_500 if reason.is_approval else 5_000)


def test_an_advice_gives_back_the_dollars_that_are_left(trip):
    """What it says beyond them is not given back, at whatever rate."""
    bank, purchase = trip
    approve(bank, refund(purchase, amount_minor=5_400, stan=2))
    bank.use(**in_euro_at("2.16"))
    approve(bank, refund(purchase, amount_minor=8_640, stan=3, **ADVICE))
    assert bank.posted == 5_000 - 2_500


def test_a_refund_that_was_taken_back_may_be_made_again_in_dollars(trip):
    """As much as it had given back, and no more."""
    bank, purchase = trip
    given = refund(purchase, amount_minor=5_400, stan=2)
    approve(bank, given, reversal(given, stan=3))
    bank.use(**in_euro_at("2.16"))
    assert bank.send(refund(purchase, amount_minor=10_801, stan=4)) is Reason.EXCEEDS_REMAINDER
    approve(bank, refund(purchase, amount_minor=10_800, stan=5))
    assert bank.posted == 10_000 - 5_000


@pytest.mark.parametrize(("amount", "reason"), [(4_000, Reason.APPROVED), (4_001, Reason.EXCEEDS_REMAINDER)])
def test_what_an_account_did_not_owe_is_left_to_refund(amount, reason):
    """An advice gives back no more than is owed; the rest of the purchase can be refunded once more is owed."""
    bank = Bank()
    purchase = tap(1, 10_000, **SALE)
    approve(bank, purchase, tap(2, 4_000, operation=Operation.REFUND, **ADVICE))
    approve(bank, refund(purchase, amount_minor=10_000, stan=3, **ADVICE))
    assert bank.posted == 0
    approve(bank, tap(4, 9_000, **SALE))
    assert bank.send(refund(purchase, amount_minor=amount, stan=5)) is reason
