"""Instalment plans: what is billed with each statement, what a refund does to them, and how they end early."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.authz.kernel.books.outcome import agree, day_number, told_by_kernel, told_of_plans, told_of_postings
from tests.authz.kernel.books.plain.terms import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

USUAL = PlainTerms(blocks_after_missed=0, cash_share_ppm=1_000_000)
BEGINS, CUT, DUE = date(2026, 12, 10), date(2027, 1, 5), date(2027, 1, 25)
CUTS = [date(2027, month, 5) for month in range(1, 9)]


def noon(day):
    """When a day is half over, UTC."""
    return day_number(day) * DAY_US + DAY_US // 2


@pytest.fixture
def bank():
    """One account, whose statement is cut on the 5th."""
    return Twin([1], [5], {1: USUAL}, noon(BEGINS))


def books(bank, day):
    """The books on the morning of a day, on which both agree."""
    bank.clock_us = day_number(day) * DAY_US + 1
    bank.close(day - timedelta(days=1))
    bank.apply()
    agree(bank.outcome, bank.books)
    return told_by_kernel(bank.outcome.state, 0)


def cut(bank, day):
    """The statement of a day: closing balance and minimum."""
    books(bank, day + timedelta(days=1))
    (row,) = [row for row in bank.outcome.statements[0] if int(row["day"]) == day_number(day)]
    return int(row["closing_minor"]), int(row["minimum_minor"])


def planned(bank, cuts):
    """What is not billed, after each of some cuts, each paid in full."""
    told = []
    for day in cuts:
        cut(bank, day)
        bank.clock_us = noon(day + timedelta(days=1))
        if bank.books[0].to_pay:
            bank.pay(0, bank.books[0].to_pay)
        told.append(bank.books[0].balance("planned"))
    return told


def fees(bank):
    """The fees for plans that were posted."""
    bank.apply()
    return [amount for kind, amount, _ in told_of_postings(bank.outcome.postings[0]) if kind == "plan_fee"]


def ends(bank):
    """How plans have ended, and what was not billed then."""
    bank.apply()
    return [(each.detail, each.amount) for each in bank.books[0].changes if each.kind == "plan_ended"]


@pytest.mark.parametrize(
    ("amount", "months", "left"),
    [
        (100_000, 3, [66_667, 33_334, 0, 0]),
        (100_000, 1, [0, 0, 0, 0]),
        (2, 3, [2, 2, 0, 0]),
        (1, 4, [1, 1, 1, 0]),
    ],
)
def test_the_last_instalment_takes_the_remainder(bank, amount, months, left):
    """However little there is for each month; a fee comes with each, of the whole amount."""
    bank.start_plan(0, months, 6_000, bought=bank.buy(0, amount))
    assert planned(bank, CUTS[:4]) == left
    assert fees(bank) == [600] * months * (amount == 100_000)
    assert ends(bank) == [("billed", 0)]


def test_a_part_of_a_purchase_is_split_and_the_rest_is_billed_as_ever(bank):
    """It is all minimum, besides a tenth of the rest."""
    bank.start_plan(0, 3, 0, 30_000, bought=bank.buy(0, 100_000))
    assert cut(bank, CUT) == (80_000, 10_000 + 7_000)


def test_an_instalment_that_was_not_paid_is_due_before(bank):
    """And it loses its grace as a purchase does, while those that are not billed bear no interest."""
    bank.start_plan(0, 10, 0, bought=bank.buy(0, 100_000))
    assert cut(bank, CUT) == (10_000, 10_000)
    told = cut(bank, CUTS[1])
    interest, late_fee = 10_000 * 31 * 500 // 1_000_000, 1_000
    assert told[0] == 20_000 + interest + late_fee
    assert told[1] == 20_000 + interest + late_fee


def test_a_refund_shortens_the_plan_from_its_end(bank):
    """Instalments stay as high as they were, and so does the fee."""
    bought = bank.buy(0, 120_000)
    bank.start_plan(0, 4, 10_000, bought=bought)
    assert planned(bank, CUTS[:1]) == [90_000]
    bank.refund(bought, 50_000)
    assert planned(bank, CUTS[1:4]) == [10_000, 0, 0]
    assert fees(bank) == [1_200] * 3
    assert ends(bank) == [("billed", 0)]


@pytest.mark.parametrize("way", ["refund", "reverse", "charge_back"])
@pytest.mark.parametrize("is_completion", [False, True])
def test_whatever_gives_all_of_a_purchase_back_ends_its_plan(bank, way, is_completion):
    """What was billed stands as a credit, and no further fee is charged. So it is of an authorization's completion."""
    bought = bank.complete(0, bank.authorize(0, 90_000), 90_000) if is_completion else bank.buy(0, 90_000)
    bank.start_plan(0, 3, 10_000, bought=bought)
    planned(bank, CUTS[:1])
    bank.reverse(bought) if way == "reverse" else getattr(bank, way)(bought, 90_000)
    assert ends(bank) == [("given_back", 60_000)]
    assert planned(bank, CUTS[1:3]) == [0, 0]
    assert fees(bank) == [900]
    assert books(bank, date(2027, 4, 1))["buckets"]["new"] == -30_000


def test_a_refund_that_names_the_authorization_finds_the_plan_of_its_completion(bank):
    """Both are one purchase."""
    bought = bank.complete(0, bank.authorize(0, 90_000), 80_000)
    bank.start_plan(0, 4, bought=bought)
    bank.refund(bought, 30_000, names_authorization=True)
    assert books(bank, date(2026, 12, 11))["buckets"]["planned"] == 50_000


def test_a_charge_that_is_presented_again_is_in_no_plan(bank):
    """It is new, and the plan that its dispute has ended stays ended."""
    bought = bank.buy(0, 90_000)
    bank.start_plan(0, 3, bought=bought)
    bank.charge_back(bought, 90_000)
    bank.represent(bought, 90_000)
    told = books(bank, date(2026, 12, 11))["buckets"]
    assert (told["new"], told["planned"]) == (90_000, 0)


def test_a_refund_that_is_taken_back_is_in_no_plan_either(bank):
    """What it took off the plan was in no due, and is due only with the next statement."""
    bought = bank.buy(0, 90_000)
    bank.start_plan(0, 3, bought=bought)
    cut(bank, CUT)
    bank.clock_us = noon(DUE)
    refund = bank.refund(bought, 10_000)
    bank.take_refund_back(bought, refund)
    told = books(bank, DUE + timedelta(days=1))
    assert (told["buckets"]["new"], told["buckets"]["planned"], told["due"]) == (10_000, 50_000, told["to_pay"])


def test_what_a_plan_takes_of_a_refund_counts_toward_no_due(bank):
    """The minimum asked for none of it: only what goes beyond the plan counts."""
    bank.buy(0, 200_000)
    bought = bank.buy(0, 90_000)
    bank.start_plan(0, 3, 0, bought=bought)
    assert cut(bank, CUT) == (230_000, 50_000)
    bank.clock_us = noon(DUE)
    bank.refund(bought, 60_000)
    assert books(bank, DUE + timedelta(days=1))["due"] == 50_000
    bank.refund(bought, 7_000)
    assert books(bank, DUE + timedelta(days=2))["due"] == 43_000


def test_a_refund_that_names_no_purchase_shortens_no_plan(bank):
    """Not even one of a statement, which names no purchase either."""
    bank.buy(0, 90_000)
    cut(bank, CUT)
    bank.start_plan(0, 3, 0, 60_000)
    bank.refund_without_purchase(0, 5_000)
    assert books(bank, CUT + timedelta(days=2))["buckets"]["planned"] == 60_000


@pytest.mark.parametrize("interest_on", ["full", "unpaid"])
def test_what_is_put_off_of_a_statement_counts_as_a_payment_does(interest_on):
    """It is not due, and with interest on what stays unpaid its nights go along."""
    bank = Twin([1], [5], {1: replace(USUAL, interest_on=interest_on)}, noon(BEGINS))
    bank.buy(0, 90_000)
    assert cut(bank, CUT) == (90_000, 9_000)
    bank.start_plan(0, 3, 0, 30_000)
    told = books(bank, CUT + timedelta(days=2))
    nights = 27 * (90_000 if interest_on == "full" else 60_000)
    assert (told["due"], told["to_pay"], told["nights"]["billed"]) == (0, 60_000, nights + 60_000)


@pytest.mark.parametrize("interest_on", ["full", "unpaid"])
def test_a_purchase_is_split_with_its_nights(interest_on):
    """Of what was bought since the last statement."""
    bank = Twin([1], [5], {1: replace(USUAL, interest_on=interest_on)}, noon(BEGINS))
    bought = bank.buy(0, 90_000)
    bank.clock_us = noon(BEGINS + timedelta(days=2))
    bank.start_plan(0, 3, 0, 30_000, bought)
    told = books(bank, BEGINS + timedelta(days=3))
    assert told["nights"]["new"] == 2 * (90_000 if interest_on == "full" else 60_000) + 60_000


def test_a_plan_that_ends_on_the_day_it_began_has_put_nothing_off(bank):
    """The due that is open asks for it again, besides the fee."""
    bank.buy(0, 90_000)
    cut(bank, CUT)
    bank.clock_us = noon(DUE)
    plan = bank.start_plan(0, 3)
    assert books(bank, DUE + timedelta(days=1))["due"] == 0
    bank.end_plan(0, plan)
    told = books(bank, DUE + timedelta(days=2))
    assert (told["due"], told["to_pay"], told["buckets"]["billed"]) == (9_000, 90_000, 90_000)
    assert fees(bank) == [2_700]
    assert told_of_plans(bank.outcome.state, 0)[0][3:6] == (0, 3, 0)
    books(bank, date(2027, 1, 29))
    assert bank.books[0].missed == 1, "it does not escape the late fee"


def test_a_plan_that_ends_after_its_due_has_passed_is_missed_at_the_next(bank):
    """No statement came in between: what it has counted for is due again, as of a payment that comes back."""
    bank.buy(0, 90_000)
    cut(bank, CUT)
    plan = bank.start_plan(0, 3)
    bank.clock_us = noon(date(2027, 2, 1))
    bank.end_plan(0, plan, 0, 0)
    told = books(bank, date(2027, 2, 2))
    assert (told["due"], told["to_pay"], told["missed"]) == (9_000, 90_000, 0)
    assert bank.books[0].balance("billed") == 90_000


def test_a_plan_that_ends_after_a_statement_is_billed_and_due_with_the_next(bank):
    """Nothing that was asked for changes."""
    plan = bank.start_plan(0, 3, 0, bought=bank.buy(0, 90_000))
    assert cut(bank, CUT) == (30_000, 30_000)
    bank.clock_us = noon(DUE)
    bank.end_plan(0, plan)
    told = books(bank, DUE + timedelta(days=1))
    assert (told["due"], told["buckets"]["billed"], told["buckets"]["fees"]) == (30_000, 90_000, 1_800)
    assert ends(bank) == [("early", 60_000)]


@pytest.mark.parametrize("months_before", [0, 1])
@pytest.mark.parametrize("way", ["refund", "reverse", "charge_back"])
def test_what_is_given_back_of_a_plan_that_ended_early_counts_only_for_what_was_billed(bank, way, months_before):
    """No statement has asked for the rest: without a payment the minimum of another purchase stays due."""
    bank.buy(0, 100_000)
    if months_before == 0:
        cut(bank, CUT)
        bank.clock_us = noon(CUT + timedelta(days=1))
    bought = bank.buy(0, 90_000)
    plan = bank.start_plan(0, 3, 0, bought=bought)
    if months_before == 1:
        cut(bank, CUT)
    bank.clock_us = noon(DUE)
    due, billed = bank.books[0].due, 30_000 * months_before
    bank.end_plan(0, plan, 0, 0)
    bank.reverse(bought) if way == "reverse" else getattr(bank, way)(bought, 90_000)
    told = books(bank, DUE + timedelta(days=1))
    assert (told["due"], told["to_pay"]) == (due - billed, 100_000)
    assert (told["buckets"]["billed"], told["buckets"]["new"]) == (100_000, 0)


def test_what_is_given_back_in_parts_takes_what_was_not_asked_for_first(bank):
    """Then it counts, as far as the statement has asked for the purchase."""
    bank.buy(0, 200_000)
    bought = bank.buy(0, 90_000)
    plan = bank.start_plan(0, 3, 0, bought=bought)
    assert cut(bank, CUT) == (230_000, 50_000)
    bank.clock_us = noon(DUE)
    bank.end_plan(0, plan, 0, 0)
    told = []
    for part in (40_000, 15_000, 12_000):
        bank.refund(bought, part)
        told.append(bank.books[0].due)
    assert told == [50_000, 50_000, 43_000]
    books(bank, DUE + timedelta(days=1))


def test_what_no_statement_has_asked_for_can_be_carried(bank):
    """Where the last closing balance was not paid; what is given back of it counts for nothing there either."""
    bank.buy(0, 100_000)
    cut(bank, CUT)
    bought = bank.buy(0, 90_000)
    bank.end_plan(0, bank.start_plan(0, 3, 0, bought=bought), 0, 0)
    bank.pay(0, 4_000)
    day = date(2027, 1, 29)
    assert books(bank, day)["buckets"]["carried"] == 186_000
    bank.clock_us = noon(day)
    bank.refund(bought, 50_000)
    told = books(bank, day + timedelta(days=1))
    assert (told["buckets"]["carried"], told["due"], told["missed"]) == (136_000, 6_000, 1)


def test_what_was_billed_at_once_is_no_part_of_a_statement_that_is_split(bank):
    """Else it would cover the minimum. The next statement asks for it."""
    bank.buy(0, 100_000)
    cut(bank, CUT)
    bank.end_plan(0, bank.start_plan(0, 3, 0, bought=bank.buy(0, 90_000)), 0, 0)
    assert bank.start_plan(0, 3, 0, 100_001) is None
    assert bank.start_plan(0, 3, 0).principal == 100_000
    assert bank.start_plan(0, 3, 0) is None
    told = books(bank, CUT + timedelta(days=2))
    assert (told["due"], told["to_pay"], told["buckets"]["billed"]) == (0, 0, 90_000)
    assert cut(bank, CUTS[1]) == (90_000 + 33_333, 33_333 + 9_000)
    assert bank.start_plan(0, 3, 0).principal == 90_000 + 33_333


def test_a_plan_that_begins_on_the_day_of_a_statement_has_put_off_what_that_does_not_ask_for(bank):
    """The statement is cut at the end of the day: when the plan ends on the next, nothing is due again."""
    bank.buy(0, 90_000)
    cut(bank, CUT)
    bank.relieve(0, 2)
    bank.clock_us = noon(CUTS[1])
    bank.pass_time()
    plan = bank.start_plan(0, 3, 0, 60_000)
    assert books(bank, CUTS[1] + timedelta(days=1))["to_pay"] == 30_000
    bank.end_plan(0, plan, 0, 0)
    assert books(bank, CUTS[1] + timedelta(days=2))["to_pay"] == 30_000


@pytest.mark.parametrize(
    ("fee_ppm", "fee_min", "fee"), [(30_000, 1_000, 2_700), (0, 0, None), (0, 1, 1), (1_000_000, 0, 90_000)]
)
def test_the_fee_for_ending_early_is_of_what_is_left(bank, fee_ppm, fee_min, fee):
    """And at least the least."""
    bank.end_plan(0, bank.start_plan(0, 3, bought=bank.buy(0, 90_000)), fee_ppm, fee_min)
    assert fees(bank) == [fee] * (fee is not None)
    books(bank, CUT)


def test_a_debt_that_is_given_up_has_no_instalments_any_more(bank):
    """All plans end with it, and none bills anything afterwards."""
    for _ in range(2):
        bank.start_plan(0, 3, bought=bank.buy(0, 90_000))
    bank.write_off(0)
    assert ends(bank) == [("written_off", 90_000)] * 2
    assert cut(bank, CUT) == (0, 0)


def test_plans_of_one_account_are_billed_together(bank):
    """Each for itself, those that have ended not any more; the minimum is the sum."""
    for months in (1, 2, 3):
        bank.start_plan(0, months, 0, bought=bank.buy(0, 60_000))
    assert [cut(bank, day)[1] - bank.books[0].statements[-1].past_due for day in CUTS[:1]] == [60_000 + 30_000 + 20_000]
    assert planned(bank, CUTS[:4]) == [70_000, 20_000, 0, 0]


def test_no_instalment_is_billed_in_relief(bank):
    """The plan goes on with the statement that asks again."""
    bank.start_plan(0, 3, bought=bank.buy(0, 90_000))
    cut(bank, CUT)
    bank.relieve(0, 3)
    assert [cut(bank, day) for day in CUTS[1:3]] == [(30_540, 0)] * 2
    cut(bank, CUTS[3])
    assert bank.books[0].balance("planned") == 30_000
