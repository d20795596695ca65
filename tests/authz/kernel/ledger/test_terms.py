"""Which terms hold on which day: those of the program with which the day began."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.authz.kernel.books.outcome import agree, day_number
from tests.authz.kernel.books.plain_ledger import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

USUAL = PlainTerms(blocks_after_missed=0)
DEAR = replace(USUAL, cash_fee_ppm=0, cash_fee_min=5_000, late_fee_min=7_000, grace_days=25)


def noon(day):
    """When a day is half over, UTC."""
    return day_number(day) * DAY_US + DAY_US // 2


def closed(bank, day):
    """The books on the morning of a day, on which both agree."""
    bank.clock_us = day_number(day) * DAY_US + 1
    bank.close(day - timedelta(days=1))
    bank.apply()
    agree(bank.outcome, bank.books)
    return bank.books[0]


def fees(books):
    """The fees of cash that were charged."""
    return [amount for kind, amount, _ in books.postings if kind == "cash_fee"]


def test_new_terms_hold_from_tomorrow_on():
    """Of two that come on one day the later."""
    bank = Twin([1], [5], {1: USUAL}, noon(date(2026, 12, 10)))
    for terms in (replace(DEAR, cash_fee_min=9_000), DEAR):
        bank.activate({1: terms}, "UTC")
        bank.draw(0, 1)
    bank.clock_us = noon(date(2026, 12, 11))
    bank.draw(0, 1)
    assert fees(closed(bank, date(2026, 12, 12))) == [1_000, 1_000, 5_000]


def test_the_first_terms_of_a_product_hold_from_today_on():
    """What was over before is as if they had come no earlier: an account that nobody has touched says the same."""
    bank = Twin([3, 3], [5, 5], {1: USUAL}, noon(date(2026, 12, 10)))
    bank.buy(0, 300_000)
    bank.buy(1, 300_000)
    bank.clock_us = noon(date(2027, 1, 10))
    bank.close(date(2027, 1, 9), first_row=0, rows=1)
    bank.activate({3: DEAR}, "UTC")
    bank.draw(0, 1)
    assert fees(closed(bank, date(2027, 2, 10))) == [5_000]
    first, second = (books.statements[0] for books in bank.books)
    assert (first.due_day, second.due_day) == (date(2027, 1, 25), date(2027, 1, 25))
    assert bank.books[0].statements[1].due_day == date(2027, 2, 5) + timedelta(days=25)


def test_a_product_that_no_program_has_had_keeps_the_default():
    """Whatever other products have."""
    bank = Twin([3], [5], {1: DEAR}, noon(date(2026, 12, 10)))
    bank.draw(0, 1)
    assert fees(closed(bank, date(2026, 12, 11))) == [1_000]


def test_terms_that_come_again_are_no_others():
    """Nor do they take up room."""
    bank = Twin([1], [5], {1: USUAL, 2: DEAR}, noon(date(2026, 12, 10)))
    bank.apply()
    rows = len(bank.outcome.state.terms)
    for _ in range(3):
        bank.activate({1: USUAL, 2: DEAR}, "UTC")
    bank.apply()
    assert len(bank.outcome.state.terms) == rows


@pytest.mark.parametrize(
    ("changed", "cuts"),
    [
        (date(2026, 12, 12), [date(2026, 12, 20), date(2027, 1, 20), date(2027, 2, 20)]),
        (date(2027, 1, 10), [date(2027, 1, 5), date(2027, 2, 20)]),
        (date(2027, 1, 30), [date(2027, 1, 5), date(2027, 2, 20)]),
    ],
)
def test_another_day_of_the_statement_holds_when_no_due_is_open(changed, cuts):
    """At once, or when the due has passed: that of the 5th passes on the 28th."""
    bank = Twin([1], [5], {1: USUAL}, noon(date(2026, 12, 10)))
    bank.buy(0, 300_000)
    bank.clock_us = noon(changed)
    bank.set_account(0, 1, 20)
    assert [statement.day for statement in closed(bank, date(2027, 3, 1)).statements] == cuts


def test_a_due_can_pass_on_the_day_on_which_the_next_statement_is_cut():
    """28 days after a cut in February: what was billed is carried first, and the late fee is on the new statement."""
    bank = Twin([1], [5], {1: replace(USUAL, grace_days=25)}, noon(date(2027, 2, 1)))
    bank.buy(0, 300_000)
    books = closed(bank, date(2027, 3, 6))
    assert books.statements[1].day == date(2027, 3, 5)
    assert books.statements[1].missed == 1
    assert books.statements[1].closing == 300_000 + 1_500 + 33 * 150


def test_what_an_account_owes_when_it_gets_its_first_product_is_new():
    """It comes from the counter of openings, and is on the first statement; later products change nothing of it."""
    bank = Twin([0], [5], {1: USUAL, 2: DEAR}, noon(date(2026, 12, 10)))
    bank.buy(0, 80_000)
    bank.set_account(0, 1, 5)
    bank.clock_us = noon(date(2026, 12, 11))
    bank.set_account(0, 2, 5)
    books = closed(bank, date(2027, 1, 6))
    assert books.statements[0].closing == 80_000
    assert books.statements[0].product == 2
    assert books.general() == {"opening": -80_000}
