"""What cards bring about in the books: cash, what merchants give back, and what of it counts toward the due."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from authz.vocabulary.commands import CardholderVerification, Kind, Operation
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.commands import command
from tests.authz.kernel.books.outcome import agree, day_number, told_by_kernel, told_of_postings
from tests.authz.kernel.books.plain_ledger import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Bought, Twin

USUAL = PlainTerms(blocks_after_missed=0, cash_share_ppm=1_000_000)
BEGINS, CUT, DUE = date(2026, 12, 10), date(2027, 1, 5), date(2027, 1, 25)
HOUR_US = DAY_US // 24


def at(day, hour=12):
    """A time of a day, UTC."""
    return day_number(day) * DAY_US + hour * HOUR_US


@pytest.fixture
def bank():
    """One account, whose statement is cut on the 5th."""
    return Twin([1], [5], {1: USUAL}, at(BEGINS))


def books(bank, day):
    """The books on the morning of a day, on which both agree."""
    bank.clock_us = at(day, 1)
    bank.close(day - timedelta(days=1))
    bank.apply()
    agree(bank.outcome, bank.books)
    return told_by_kernel(bank.outcome.state, 0)


def kinds(bank):
    """What was posted: kinds and amounts."""
    bank.apply()
    return [(kind, amount) for kind, amount, _ in told_of_postings(bank.outcome.postings[0])]


def test_a_tap_and_its_reversal_do_not_pay_the_minimum(bank):
    """What was never on a statement counts for nothing."""
    bank.buy(0, 300_000)
    bank.clock_us = at(DUE)
    bank.reverse(bank.buy(0, 300_000))
    assert books(bank, date(2027, 1, 26))["due"] == 30_000


def test_a_purchase_with_cash_back_and_its_reversal_do_not_pay_the_minimum(bank):
    """Its cash was on no statement either; only the fee, as for any purchase with cash-back, stays."""
    bank.buy(0, 300_000)
    bank.clock_us = at(DUE)
    bank.reverse(bank.buy_with_cash_back(0, 10_000, 20_000))
    told = books(bank, date(2027, 1, 26))
    assert (told["due"], told["to_pay"]) == (30_000, 300_000)
    assert told["buckets"] == dict.fromkeys(told["buckets"], 0) | {"billed": 300_000, "fees": 1_000}


@pytest.mark.parametrize(("day", "bucket"), [(CUT, "new"), (DUE, "billed"), (date(2027, 2, 1), "carried")])
def test_what_is_given_back_is_taken_off_where_its_purchase_is(bank, day, bucket):
    """It is new until it is cut, then billed, and carried when grace was lost; it counts as soon as it is billed."""
    bank.buy(0, 200_000)
    bought = bank.buy(0, 100_000)
    bank.clock_us = at(day)
    bank.begin_day()
    before = bank.books[0].balance(bucket)
    bank.refund(bought, 60_000)
    assert bank.books[0].balance(bucket) == before - 60_000
    told = books(bank, day + timedelta(days=1))
    assert told["buckets"][bucket] == (0 if bucket == "new" else 240_000)


def test_a_refund_of_what_is_paid_is_a_credit_that_pays_the_next_purchase(bank):
    """The purchase alone bounds it."""
    bought = bank.buy(0, 100_000)
    bank.clock_us = at(DUE)
    bank.pay(0, 100_000)
    bank.clock_us = at(DUE, 14)
    bank.refund(bought, 100_000)
    assert books(bank, date(2027, 1, 26))["buckets"]["new"] == -100_000
    bank.buy(0, 130_000)
    assert books(bank, date(2027, 1, 27))["buckets"]["new"] == 30_000


def test_a_refund_that_names_no_purchase_makes_no_credit(bank):
    """Else anybody's advice would be money to spend."""
    bank.buy(0, 30_000)
    bank.refund_without_purchase(0, 20_000)
    bank.refund_without_purchase(0, 1_000_000_000)
    bank.refund_without_purchase(0, 1_000_000_000)
    assert kinds(bank) == [("purchase", 30_000), ("refund", -20_000), ("refund", -10_000)]
    assert books(bank, date(2026, 12, 11))["buckets"]["new"] == 0


def test_a_credit_is_spent_on_cash_at_the_cut(bank):
    """With a credit there is nothing else that is owed afterwards."""
    bank.pay(0, 500_000)
    bank.clock_us = at(BEGINS, 13)
    bank.draw(0, 100_000)
    told = books(bank, date(2027, 1, 6))["buckets"]
    interest = 100_000 * 27 * 500 // 1_000_000
    assert told == dict.fromkeys(told, 0) | {"new": -500_000 + 100_000 + 1_000 + interest}


def test_a_refund_counts_where_its_purchase_was_charged_whatever_the_time_zone_is_later(bank):
    """In the evening of the day of the cut it is tomorrow already in Shanghai: it was billed all the same."""
    bank.clock_us = at(CUT, 20)
    bought = bank.buy(0, 300_000)
    bank.clock_us = at(CUT, 22)
    bank.activate({1: USUAL}, "Asia/Shanghai")
    bank.clock_us = at(date(2027, 1, 10))
    bank.refund(bought, 40_000)
    told = books(bank, date(2027, 1, 12))
    assert (told["buckets"]["billed"], told["to_pay"], told["due"]) == (260_000, 260_000, 0)


def test_what_is_completed_later_was_charged_then(bank):
    """An authorization before the cut, its completion behind it: new."""
    bank.clock_us = at(date(2027, 1, 4))
    message = bank.authorize(0, 50_000)
    bank.clock_us = at(date(2027, 1, 8))
    bought = bank.complete(0, message, 40_000)
    bank.clock_us = at(date(2027, 1, 9))
    bank.refund(bought, 10_000)
    assert books(bank, date(2027, 1, 10))["buckets"]["new"] == 30_000


def test_what_stand_in_has_approved_was_charged_when_the_issuer_heard_of_it(bank):
    """Approved before the cut, told behind it: what is given back of it is new, and does not count."""
    bank.buy(0, 300_000)
    bank.clock_us = at(date(2027, 1, 4))
    bank.send(command(Kind.SWITCH_ISSUER, time_us=bank.clock_us, is_down=1))
    message = bank.tap(0, 4_000)
    sequence = bank.send(message)
    bank.clock_us = at(date(2027, 1, 8))
    bank.send(command(Kind.SWITCH_ISSUER, time_us=bank.clock_us, is_down=0))
    bank.apply()
    advice = bank.outcome.state.advices[:1].copy()
    advice["time_us"] = bank.clock_us
    bank.send(advice)
    bank.books[0].buy(4_000)
    bank.refund(Bought(message, 0, sequence, bank.today, 4_000, 4_000), 1_000)
    told = books(bank, date(2027, 1, 9))
    assert (told["buckets"]["new"], told["buckets"]["billed"], told["due"]) == (3_000, 300_000, 30_000)


def test_a_hold_of_cash_that_ends_in_between_counts_no_nights(bank):
    """It ends a week later, behind a cut, with the command of another account: the books stay as they were."""
    bank.buy(0, 300_000)
    bank.clock_us = at(date(2027, 1, 4))
    bank.authorize(0, 50_000, Operation.CASH)
    bank.clock_us = at(date(2027, 2, 20))
    bank.pass_time()
    bank.apply()
    assert bank.outcome.state.billing[0]["cash_held"] == 0
    books(bank, date(2027, 2, 21))


def test_holds_from_before_the_product_open_no_books_when_they_end():
    """Not even 200 at once, for which there would be no room."""
    bank = Twin([0] * 200, [5] * 200, {1: USUAL}, at(BEGINS))
    for account in range(200):
        bank.authorize(account, 50_000, Operation.CASH)
        bank.set_account(account, 1, 5)
    bank.clock_us = at(date(2027, 1, 4))
    bank.pass_time()
    bank.apply()
    assert bank.outcome.state.accounts["held_minor"].sum() == 0
    assert books(bank, date(2027, 2, 6)) is None


def test_cash_that_is_reversed_as_a_whole_costs_nothing(bank):
    """Its fee is given back, once: not if the issuer has given it back before."""
    bank.reverse(bank.draw(0, 200_000))
    waived = bank.draw(0, 100_000)
    bank.waive_cash_fee(waived)
    bank.clock_us = at(BEGINS, 13)
    bank.reverse(waived)
    assert kinds(bank) == [
        ("cash", 200_000), ("cash_fee", 2_000), ("reversal", -200_000), ("waiver", -2_000),
        ("cash", 100_000), ("cash_fee", 1_000), ("waiver", -1_000), ("reversal", -100_000),
    ]  # fmt: skip
    assert books(bank, date(2026, 12, 11))["buckets"]["fees"] == 0


def test_a_fee_that_was_given_back_with_its_cash_cannot_be_waived(bank):
    """The issuer is told that it was."""
    cash = bank.draw(0, 200_000)
    bank.reverse(cash)
    named = {"decision": cash.sequence, "part": 1, "posting_kind": PostingKind.CASH_FEE}
    bank.tell(Kind.WAIVE, 0, Reason.ALREADY_GIVEN_BACK, amount_minor=2_000, **named)
    bank.apply()


def test_a_part_of_cash_that_is_reversed_keeps_its_fee(bank):
    """It was paid out."""
    bank.reverse(bank.draw(0, 200_000), remaining=1)
    assert kinds(bank) == [("cash", 200_000), ("cash_fee", 2_000), ("reversal", -199_999)]


def test_the_fee_that_is_given_back_is_the_one_that_was_charged():
    """The account has another product meanwhile, whose fee is ten times as high."""
    bank = Twin([1], [5], {1: USUAL, 2: replace(USUAL, cash_fee_ppm=100_000)}, at(BEGINS))
    cash = bank.draw(0, 200_000)
    bank.set_account(0, 2, 5)
    bank.reverse(cash)
    assert kinds(bank) == [("cash", 200_000), ("cash_fee", 2_000), ("reversal", -200_000), ("waiver", -2_000)]
    assert books(bank, date(2026, 12, 11))["buckets"]["new"] == 0


def test_the_hold_of_a_purchase_makes_no_room_for_its_cash():
    """Half a million of cash may be drawn of a limit of a million; the completion asks for two."""
    bank = Twin([1], [5], {1: replace(USUAL, cash_share_ppm=1)}, at(BEGINS))
    bank.buy(0, 100)
    values = {"operation": Operation.PURCHASE_WITH_CASH_BACK, "cardholder_verification": CardholderVerification.PIN}
    message = bank.tap(0, 3_000_000, kind=Kind.AUTHORIZATION_REQUEST, cash_minor=500_000, **values)
    bank.send(message)
    values = {"amount_minor": 3_000_000, "cash_minor": 2_000_000, "operation": Operation.PURCHASE_WITH_CASH_BACK}
    bank.send(bank._follow(message, Kind.FINANCIAL_REQUEST, **values), Reason.EXCEEDS_LIMIT)
    bank.apply()


def test_no_fee_is_given_back_that_was_not_charged():
    """The cash was paid out before the account had a product."""
    bank = Twin([0], [5], {1: USUAL}, at(BEGINS))
    cash = bank.draw(0, 200_000)
    bank.set_account(0, 1, 5)
    bank.reverse(cash)
    assert kinds(bank) == [("cash", 200_000), ("reversal", -200_000)]
    assert books(bank, date(2026, 12, 12))["buckets"]["new"] == 0


@pytest.mark.parametrize(("goods", "cash"), [(5_000, 20_000), (0, 20_000)])
def test_the_cash_of_a_purchase_with_cash_back_is_cash(bank, goods, cash):
    """With a fee for it."""
    bank.buy_with_cash_back(0, goods, cash)
    told = books(bank, date(2026, 12, 11))["buckets"]
    assert (told["new"], told["cash"], told["fees"]) == (goods, cash, 1_000)


def test_interest_on_what_stays_unpaid_drops_the_nights_of_what_is_given_back():
    """As of what is paid."""
    bank = Twin([1], [5], {1: replace(USUAL, interest_on="unpaid")}, at(BEGINS))
    bought = bank.buy(0, 300_000)
    bank.clock_us = at(DUE)
    bank.refund(bought, 100_000)
    assert books(bank, DUE + timedelta(days=1))["nights"]["billed"] == 46 * 200_000 + 200_000


def test_a_refund_that_is_reversed_pays_no_due(bank):
    """It has counted, and counts no longer: a merchant's help puts no due off."""
    bought = bank.buy(0, 300_000)
    bank.clock_us = at(DUE)
    refund = bank.refund(bought, 300_000)
    assert books(bank, date(2027, 1, 26))["due"] == 0
    bank.clock_us = at(date(2027, 1, 26), 2)
    bank.take_refund_back(bought, refund)
    told = books(bank, date(2027, 1, 27))
    assert (told["due"], told["to_pay"], told["buckets"]["new"]) == (30_000, 300_000, 300_000)
    assert books(bank, date(2027, 1, 29))["missed"] == 1


def test_a_refund_is_no_payment_that_can_be_returned(bank):
    """Though it has counted."""
    bought = bank.buy(0, 300_000)
    bank.clock_us = at(DUE)
    bank.refund(bought, 300_000)
    bank.apply()
    sequence = int(bank.outcome.state.payments[0]["sequence"])
    bank.tell(Kind.PAYMENT_RETURNED, 0, Reason.MISSING_ORIGINAL_AUTHORIZATION, decision=sequence)
    bank.apply()
    assert bank.outcome.state.accounts[0]["posted_minor"] == 0
