"""Stories of single accounts, with the numbers that a card issuer would work out by hand; cut on the 5th."""

from dataclasses import replace
from datetime import date

import pytest

from authz.vocabulary.reasons import Reason
from tests.authz.kernel.books.outcome import day_number, told_of_postings
from tests.authz.kernel.books.plain_ledger import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

YUAN = 100
USUAL = PlainTerms()


class Story:
    """One account with a product, from a day on."""

    def __init__(self, begins, terms=USUAL, cut_day=5):
        self.bank = Twin([1], [cut_day], {1: terms}, noon(begins))

    def on(self, day):
        """Go on at noon of a day; returns the bank, where what happens then is done."""
        self.bank.clock_us = noon(day)
        return self.bank

    def statement_of(self, day):
        """Interest, closing balance and minimum of the statement of a day, which is over by now."""
        self.on(date.fromordinal(day.toordinal() + 1)).close(day)
        self.bank.apply()
        (row,) = [row for row in self.bank.outcome.statements[0] if int(row["day"]) == day_number(day)]
        return tuple(int(row[name]) / YUAN for name in ("interest_minor", "closing_minor", "minimum_minor"))

    def posted(self, kind):
        """The postings of a kind: amount and day."""
        self.bank.apply()
        rows = told_of_postings(self.bank.outcome.postings[0])
        return [(amount / YUAN, day) for each, amount, day in rows if each == kind]


def noon(day):
    """When a day is half over, UTC."""
    return day_number(day) * DAY_US + DAY_US // 2


@pytest.mark.parametrize(
    ("interest_on", "statement"), [("full", (85.20, 2_785.20, 355.20)), ("unpaid", (78.30, 2_778.30, 348.30))]
)
def test_the_minimum_is_paid(interest_on, statement):
    """3,000.00 are bought and 300.00 paid in time: interest from the purchase on, and no late fee."""
    story = Story(date(2026, 12, 10), replace(USUAL, interest_on=interest_on))
    story.bank.buy(0, 3_000 * YUAN)
    assert story.statement_of(date(2027, 1, 5)) == (0, 3_000, 300)
    story.on(date(2027, 1, 25)).pay(0, 300 * YUAN)
    assert story.statement_of(date(2027, 2, 5)) == statement
    assert story.posted("late_fee") == []


@pytest.mark.parametrize("day", [25, 28])
def test_all_is_paid_in_time(day):
    """On the due day, or on the last day of courtesy: no interest."""
    story = Story(date(2026, 12, 10))
    story.bank.buy(0, 3_000 * YUAN)
    story.on(date(2027, 1, day)).pay(0, 3_000 * YUAN)
    assert story.statement_of(date(2027, 2, 5)) == (0, 0, 0)


def test_all_is_paid_a_day_late():
    """Interest on all 50 nights, and the late fee: the payment comes when both are decided."""
    story = Story(date(2026, 12, 10))
    story.bank.buy(0, 3_000 * YUAN)
    story.on(date(2027, 1, 29)).pay(0, 3_015 * YUAN)
    assert story.statement_of(date(2027, 2, 5)) == (75, 75, 75)


def test_nothing_is_paid():
    """A late fee a month, interest on the interest, and after two dues that were missed nothing can be bought."""
    story = Story(date(2026, 12, 10))
    story.bank.buy(0, 3_000 * YUAN)
    assert story.statement_of(date(2027, 2, 5)) == (87, 3_102, 672)
    assert story.posted("late_fee") == [(15, date(2027, 1, 28))]
    assert story.statement_of(date(2027, 3, 5)) == (42.22, 3_177.82, 990.82)
    assert story.posted("late_fee") == [(15, date(2027, 1, 28)), (33.60, date(2027, 2, 28))]
    assert int(story.bank.outcome.state.billing[0]["missed"]) == 2
    story.on(date(2027, 3, 10)).buy(0, 1)
    assert story.bank.expected[-1] is Reason.PAYMENT_OVERDUE
    story.bank.apply()


def test_nothing_is_paid_for_half_a_year():
    """15,064.38 become 18,129.08, and six dues are missed."""
    story = Story(date(2027, 1, 5))
    story.bank.buy(0, 1_506_438)
    assert story.statement_of(date(2027, 1, 5)) == (0, 15_064.38, 1_506.44)
    _, closing, _ = story.statement_of(date(2027, 7, 5))
    assert closing == 18_129.08
    assert int(story.bank.outcome.statements[0][-1]["missed"]) == 6


@pytest.mark.parametrize(("is_waived", "closing", "minimum"), [(True, 2_005, 205), (False, 2_025, 225)])
def test_the_fee_of_cash_is_waived(is_waived, closing, minimum):
    """2,000.00 in cash cost 20.00, and 5.00 interest by the cut; the fee is in the minimum unless it is waived."""
    story = Story(date(2026, 12, 1))
    cash = story.bank.draw(0, 2_000 * YUAN)
    if is_waived:
        story.bank.waive_cash_fee(cash)
    assert story.statement_of(date(2026, 12, 5)) == (5, closing, minimum)
    assert story.posted("cash_fee") == [(20, date(2026, 12, 1))]
    assert story.posted("waiver") == [(-20, date(2026, 12, 1))] * is_waived


@pytest.mark.parametrize(("year", "interest"), [(2028, 145), (2027, 140)])
def test_a_leap_february_has_a_night_more(year, interest):
    """10,000.00 in cash, from the day behind one cut to the next."""
    story = Story(date(year, 2, 6))
    story.bank.draw(0, 10_000 * YUAN)
    assert story.statement_of(date(year, 3, 5))[0] == interest


_RELIEVED = {
    1: [(0, 15_064.38, 0)] * 5 + [(0, 15_064.38, 1_506.44), (0, 0, 0)],
    0: [
        (241.03, 15_305.41, 0),
        (210.90, 15_516.31, 0),
        (233.50, 15_749.81, 0),
        (225.97, 15_975.78, 0),
        (233.50, 16_209.28, 0),
        (225.97, 16_435.25, 2_877.31),
        (143.11, 143.11, 143.11),
    ],
}


@pytest.mark.parametrize("is_waived", [1, 0])
def test_six_months_of_relief(is_waived):
    """Nothing is due until the sixth due day, and nothing is missed; interest is waived, or accrues from the first."""
    story = Story(date(2027, 1, 5))
    story.bank.buy(0, 15_064_38)
    assert story.statement_of(date(2027, 1, 5)) == (0, 15_064.38, 1_506.44)
    story.on(date(2027, 1, 20)).relieve(0, 6, waives=bool(is_waived))
    told = [story.statement_of(date(2027, month, 5)) for month in range(2, 8)]
    story.on(date(2027, 7, 25)).pay(0, round(told[-1][1] * YUAN))
    assert [*told, story.statement_of(date(2027, 8, 5))] == _RELIEVED[is_waived]
    assert story.posted("late_fee") == []


def _three_instalments(months=3):
    """1,200.00 in twelve instalments at 0.6 percent a month, each paid in full."""
    story = Story(date(2026, 11, 20))
    bought = story.bank.buy(0, 1_200 * YUAN)
    story.bank.start_plan(0, 12, 6_000, bought=bought)
    told = []
    for month in range(months):
        year, number = divmod(11 + month, 12)
        cut = date(2026 + year, number + 1, 5)
        told.append(story.statement_of(cut))
        story.on(cut.replace(day=20)).pay(0, round(told[-1][1] * YUAN))
    return story, bought, told


def test_twelve_instalments():
    """Each cut 100.00 and a fee of 7.20, all of it minimum."""
    story, _, told = _three_instalments(12)
    assert told == [(0, 107.20, 107.20)] * 12
    assert sum(amount for amount, _ in story.posted("plan_fee")) == pytest.approx(86.40)
    assert story.statement_of(date(2027, 12, 5)) == (0, 0, 0)


def test_a_refund_after_three_instalments():
    """The plan is shortened from its end, and the rest is a credit; no further fee is charged."""
    story, bought, _ = _three_instalments()
    story.on(date(2027, 2, 26)).refund(bought, 1_200 * YUAN)
    assert story.statement_of(date(2027, 3, 5)) == (0, -300, 0)
    assert sum(amount for amount, _ in story.posted("plan_fee")) == pytest.approx(21.60)
