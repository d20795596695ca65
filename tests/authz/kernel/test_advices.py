"""Advices: what was decided elsewhere, and what it leaves behind."""

import pytest

from authz.vocabulary.commands import Flag, Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.bank import DAY, HOUR_US, RATES, SALE, Bank, again, approve, told
from tests.authz.commands import NOW_US, USD, referring, refund, reversal, tap


def test_an_advice_tells_its_amounts():
    """In both currencies, and again from memory."""
    bank = Bank(rates=RATES)
    trip = tap(1, 1_080, kind=Kind.FINANCIAL_ADVICE, currency=USD)
    approve(bank, trip)
    first = told(bank)
    assert first == (1_080, 1_000, 7_9259259)
    approve(bank, trip)
    assert told(bank) == first
    assert bank.posted == 1_000


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
def test_an_advice_of_a_decline_moves_nothing(kind):
    """It is acknowledged; nothing can follow what it tells of."""
    bank = Bank()
    declined = tap(1, 1_000, kind=kind, flags=Flag.DECLINED_ELSEWHERE)
    approve(bank, declined)
    assert (bank.held, bank.posted, told(bank)[:2]) == (0, 0, (0, 0))
    assert bank.send(reversal(declined)) is Reason.MISSING_ORIGINAL_AUTHORIZATION


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
def test_an_advice_that_was_reversed_before_it_came_moves_nothing(kind):
    """The reversal has overtaken it."""
    bank = Bank()
    told_of = tap(1, 1_000, kind=kind)
    assert bank.send(reversal(told_of)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    approve(bank, told_of)
    assert (bank.held, bank.posted, told(bank)[:2]) == (0, 0, (0, 0))
    assert bank.state.transactions[2]["reason"] == Reason.ALREADY_REVERSED


def test_an_advice_of_an_authorized_refund_or_of_nothing_holds_nothing():
    """There is nothing to set aside."""
    bank = Bank()
    approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE, operation=Operation.REFUND))
    approve(bank, tap(2, 0, kind=Kind.AUTHORIZATION_ADVICE), tap(3, 0, kind=Kind.FINANCIAL_ADVICE))
    assert (bank.held, bank.posted) == (0, 0)


def test_an_advised_increment_of_a_hold_that_is_over_holds_anew():
    """The goods have left the shop."""
    bank = Bank()
    stay = tap(1, 1_000)
    approve(
        bank,
        stay,
        reversal(stay, remaining=600, stan=2),
        referring(Kind.FINANCIAL_REQUEST, stay, stan=3, amount_minor=600),
    )
    approve(bank, referring(Kind.AUTHORIZATION_ADVICE, stay, amount_minor=200, stan=4))
    assert (bank.held, bank.posted) == (200, 600)


def test_an_advised_hold_ends_when_its_time_is_up():
    """Counted from when the advice came."""
    bank = Bank(categories=[{"first": "5814", "last": "5814", "group": "food", "hold_hours": 2}])
    approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE, time_us=NOW_US + HOUR_US))
    bank.pass_time(3)
    assert bank.held == 1_000
    bank.pass_time(4)
    assert bank.held == 0


def test_an_advice_that_overrules_a_decline_is_an_approval_from_then_on():
    """It is held for its time, answers repeats, fills limits and can be completed."""
    bank = Bank(limits=[DAY], categories=[{"first": "5814", "last": "5814", "group": "food", "hold_hours": 2}])
    declined = tap(1, 10_001)
    assert bank.send(declined) is Reason.EXCEEDS_LIMIT
    approve(bank, tap(2, 100))
    approve(bank, tap(1, 4_000, kind=Kind.AUTHORIZATION_ADVICE, time_us=NOW_US + HOUR_US))
    assert (bank.held, told(bank)[:2]) == (4_100, (4_000, 4_000))
    assert bank.send(tap(3, 5_901)) is Reason.EXCEEDS_LIMIT
    approve(bank, tap(4, 5_900), again(declined))
    assert told(bank)[:2] == (4_000, 4_000)
    bank.pass_time(3.5)
    assert bank.held == 4_000
    completion = referring(Kind.FINANCIAL_REQUEST, declined, amount_minor=4_001, stan=5)
    completion["time_us"] = NOW_US + 3 * HOUR_US
    assert bank.send(completion) is Reason.EXCEEDS_AUTHORIZED_AMOUNT
    bank.pass_time(4)
    assert bank.held == 0


@pytest.mark.parametrize(
    ("declined", "told_of"),
    [
        (tap(1, 60_000), {"flags": Flag.DECLINED_ELSEWHERE}),
        (tap(1, 60_000, **SALE), {"kind": Kind.FINANCIAL_ADVICE}),
        (tap(1, 60_000), {"amount_minor": 0}),
    ],
)
def test_what_overrules_no_decline(declined, told_of):
    """A decline there as well, a charge, or nothing at all: the first answer stands."""
    bank = Bank()
    assert bank.send(declined) is Reason.EXCEEDS_LIMIT
    bank.send(tap(1, **{"kind": Kind.AUTHORIZATION_ADVICE, **told_of}))
    assert (bank.held, bank.posted) == (0, 0)
    assert bank.send(again(declined)) is Reason.EXCEEDS_LIMIT


def test_a_decline_that_was_told_is_not_overruled():
    """An advice of a decline stays one, also where another of the same trace tells of an approval."""
    bank = Bank()
    approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE, flags=Flag.DECLINED_ELSEWHERE))
    bank.send(tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE))
    assert bank.held == 0


def test_what_was_reversed_early_is_not_overruled():
    """Its reversal came first; an advice of an approval comes too late."""
    bank = Bank()
    late = tap(1, 1_000)
    bank.send(reversal(late, stan=2))
    assert bank.send(late) is Reason.ALREADY_REVERSED
    bank.send(tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE))
    assert bank.held == 0


def test_a_refund_that_is_told_reaches_its_purchase():
    """No request gives the same back once more."""
    bank = Bank()
    sale = tap(1, 1_000, **SALE)
    approve(bank, sale, refund(sale, kind=Kind.FINANCIAL_ADVICE, amount_minor=700, stan=2))
    assert (bank.posted, told(bank)[:2]) == (300, (700, 700))
    assert bank.send(refund(sale, amount_minor=301, stan=3)) is Reason.EXCEEDS_REMAINDER


@pytest.mark.parametrize("more_follows", [False, True])
def test_a_completion_of_a_part_approval_belongs_to_it(more_follows):
    """Only so much was held; and where the account was verified for nothing, it belongs to that."""
    bank = Bank()
    approve(bank, tap(1, 50_000), tap(2, 49_000))
    part = tap(3, 5_000, flags=Flag.PARTIAL_APPROVAL)
    assert bank.send(part) is Reason.PARTIALLY_APPROVED
    flags = Flag.HAS_ORIGINAL | (Flag.MORE_FOLLOWS if more_follows else 0)
    approve(bank, referring(Kind.FINANCIAL_ADVICE, part, amount_minor=400, flags=flags, stan=4))
    assert (bank.held, bank.posted) == (99_000 + (600 if more_follows else 0), 400)


def test_a_completion_of_a_verification_belongs_to_it():
    """A card was verified for nothing, then charged: the refund of the verification gives the charge back."""
    bank = Bank()
    verified = tap(1, 0)
    assert bank.send(verified) is Reason.VERIFIED
    approve(bank, referring(Kind.FINANCIAL_ADVICE, verified, amount_minor=400, stan=2))
    approve(bank, refund(verified, amount_minor=400, stan=3))
    assert bank.posted == 0


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_REQUEST, Kind.AUTHORIZATION_ADVICE])
def test_an_increment_in_another_currency_adds_to_both(kind):
    """To what is authorized in dollars, and to what is held in euros."""
    bank = Bank(rates=RATES)
    stay = tap(1, 1_080, currency=USD, signed_currency=USD)
    approve(bank, stay, referring(kind, stay, amount_minor=540, stan=2))
    assert bank.held == 1_500
    assert bank.send(reversal(stay, remaining=1_621, stan=3)) is Reason.ORIGINAL_AMOUNT_MISMATCH
    approve(bank, reversal(stay, remaining=1_620, stan=4))
    assert bank.held == 1_500


def test_an_advice_with_the_trace_of_an_authorization_completes_it():
    """It need not name it in DE 90."""
    bank = Bank()
    approve(bank, tap(1, 100), tap(2, 1_000), tap(2, 1_000, kind=Kind.FINANCIAL_ADVICE))
    assert (bank.held, bank.posted) == (100, 1_000)


NEW_MERCHANT = {"attribute": "is_new_merchant", "operator": "=", "value": True}


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
def test_an_advice_teaches_where_the_cardholder_buys(kind):
    """As a request would, unless it is of nothing."""
    bank = Bank(rules=[{"id": "new", "state": "live", "when": NEW_MERCHANT, "action": "decline"}])
    assert bank.send(tap(1, 100, merchant_key=77)) is Reason.SUSPECTED_FRAUD
    approve(bank, tap(2, 100, kind=kind, merchant_key=77), tap(3, 100, merchant_key=77))
    approve(bank, tap(4, 0, kind=kind, merchant_key=78))
    assert bank.send(tap(5, 100, merchant_key=78)) is Reason.SUSPECTED_FRAUD


DECLINES = {"attribute": "declines_day", "operator": ">=", "value": 2}


def test_a_decline_that_is_overruled_counts_as_none():
    """Also where it was counted before."""
    bank = Bank(rules=[{"id": "many", "state": "live", "when": DECLINES, "action": "decline"}])
    for number in (1, 2):
        assert bank.send(tap(number, 50_001)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(3, 100)) is Reason.SUSPECTED_FRAUD
    for number in (2, 3):
        approve(bank, tap(number, 100, kind=Kind.AUTHORIZATION_ADVICE))
    approve(bank, tap(4, 100))
    assert bank.send(tap(5, 50_001)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(6, 100)) is Reason.SUSPECTED_FRAUD


def test_an_early_reversal_is_no_decline():
    """What it is remembered by is counted by no rule."""
    bank = Bank(rules=[{"id": "many", "state": "live", "when": DECLINES, "action": "decline"}])
    for number in (1, 2):
        assert bank.send(reversal(tap(number, 100))) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    approve(bank, tap(3, 100))


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
def test_an_advice_of_a_balance_has_no_amount(kind):
    """Not of a cent."""
    bank = Bank()
    assert bank.send(tap(1, 1, kind=kind, operation=Operation.BALANCE_INQUIRY)) is Reason.INVALID_AMOUNT
    approve(bank, tap(2, 0, kind=kind, operation=Operation.BALANCE_INQUIRY))


def test_an_advice_of_a_cent():
    """Holds a cent; of an increment too, and where a cent is all that is held."""
    bank = Bank()
    cent = tap(1, 1, kind=Kind.AUTHORIZATION_ADVICE)
    approve(bank, cent)
    assert bank.held == 1
    approve(bank, referring(Kind.AUTHORIZATION_ADVICE, cent, amount_minor=2, stan=2))
    approve(bank, reversal(cent, remaining=3, stan=3))
    assert bank.held == 3


def test_a_verification_is_no_decline():
    """It stands, whatever an advice of the same trace says."""
    bank = Bank()
    assert bank.send(tap(1, 0)) is Reason.VERIFIED
    bank.send(tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE))
    assert bank.held == 0


def test_a_refund_is_not_refunded():
    """Neither one of a purchase nor one that came as an advice, out of nowhere."""
    bank = Bank()
    sale = tap(1, 1_000, **SALE)
    back = refund(sale, amount_minor=400, stan=2)
    approve(bank, sale, back)
    assert bank.send(refund(back, stan=3)) is Reason.EXCEEDS_REMAINDER
    advised = tap(4, 300, kind=Kind.FINANCIAL_ADVICE, operation=Operation.REFUND)
    approve(bank, advised)
    assert bank.send(refund(advised, stan=5)) is Reason.EXCEEDS_REMAINDER
    assert bank.posted == 300


def test_a_refund_of_an_increment_is_one_of_its_authorization():
    """No more is given back of both than was charged."""
    bank = Bank()
    stay = tap(1, 1_000)
    more = referring(Kind.AUTHORIZATION_REQUEST, stay, amount_minor=500, stan=2)
    approve(bank, stay, more, referring(Kind.FINANCIAL_REQUEST, stay, amount_minor=1_500, stan=3))
    approve(bank, refund(more, kind=Kind.FINANCIAL_ADVICE, amount_minor=500, stan=4))
    assert bank.send(refund(stay, amount_minor=1_001, stan=5)) is Reason.EXCEEDS_REMAINDER
    approve(bank, refund(stay, amount_minor=1_000, stan=6))
    assert bank.posted == 0
