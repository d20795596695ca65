"""RELIEVE_RANGE: who is relieved with it, how far it comes, and that closed days make no difference to it."""

from datetime import date, timedelta

import numpy as np
import pytest

from authz.journal.replay import apply_batch
from authz.state.stored import rows_in_use
from authz.state.tables import changes_made
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import ANY_SEGMENT
from authz.vocabulary.reasons import Reason
from tests.authz.commands import command, set_account
from tests.authz.kernel.books.outcome import agree, day_number
from tests.authz.kernel.books.plain.terms import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

USUAL = PlainTerms(blocks_after_missed=0, cash_share_ppm=1_000_000)
BEGINS, GRANTED = date(2026, 12, 10), date(2027, 1, 20)
NAMED = {"first_row": 0, "rows": 100, "months": 3, "is_waived": 1, "of_segment": ANY_SEGMENT}


def at(day):
    """A time of a day, UTC."""
    return day_number(day) * DAY_US + DAY_US // 2


@pytest.fixture
def bank():
    """Two accounts with product 1 and two with product 2, one without; all owe something, the fourth nothing."""
    made = Twin([1, 1, 2, 2, 0], [5] * 5, {1: USUAL, 2: USUAL}, at(BEGINS))
    for account in (0, 1, 2, 4):
        made.buy(account, 100_000)
    made.apply()
    return made


def relieve(state, on=GRANTED, **named):
    """One RELIEVE_RANGE: the state after it, its result, and the accounts that were relieved."""
    state, results, _ = apply_batch(state, command(Kind.RELIEVE_RANGE, time_us=at(on), **NAMED | named))
    return state, results[0], (changes_made(state)["account_id"] - 1).tolist()


@pytest.mark.parametrize(
    ("named", "relieved", "rows"),
    [
        ({}, [0, 1, 2], 5),
        ({"product": 1}, [0, 1], 5),
        ({"product": 2}, [2], 5),
        ({"product": 3}, [], 5),
        ({"first_row": 1, "rows": 2}, [1, 2], 2),
        ({"first_row": 3}, [], 2),
        ({"rows": 0}, [], 0),
        ({"rows": -1}, [], 0),
        ({"first_row": 2**62}, [], 0),
        ({"rows": 2**62}, [0, 1, 2], 5),
        ({"of_segment": 0}, [0, 1, 2], 5),
        ({"of_segment": 7}, [], 5),
    ],
)
def test_who_owes_something_is_relieved_in_the_rows_that_are_named(bank, named, relieved, rows):
    """With the product and in the segment that are named, if they are."""
    _, result, accounts = relieve(bank.outcome.state, **named)
    assert (Reason(result["reason"]), accounts) == (Reason.APPROVED, relieved)
    assert (int(result["rows_relieved"]), int(result["rows_closed"])) == (len(relieved), rows)


def test_a_segment_is_the_account_s(bank):
    """As the vault tells it."""
    told = {"limit_minor": 10**12, "product": 1, "cut_day": 5, "segment": 7}
    bank.send(set_account(bank.notices + 1, 2, time_us=bank.clock_us, **told))
    bank.apply()
    assert relieve(bank.outcome.state, of_segment=7)[2] == [1]


@pytest.mark.parametrize(
    "named",
    [{"first_row": -1}, {"months": 0}, {"months": 25}, {"is_waived": 2}, {"product": 32}, {"of_segment": 256}],
)
def test_what_is_not_defined_relieves_nobody(bank, named):
    """Nothing changes."""
    before = rows_in_use(bank.outcome.state)
    state, result, accounts = relieve(bank.outcome.state, **named)
    assert (Reason(result["reason"]), accounts) == (Reason.UNDEFINED_VALUE, [])
    assert (int(result["rows_relieved"]), int(result["rows_closed"])) == (0, 0)
    after = rows_in_use(state)
    assert {name for name in before if before[name] != after[name]} <= {"counters"}


def test_who_is_relieved_as_long_already_is_not_counted(bank):
    """Its day stays."""
    bank.clock_us = at(GRANTED)
    bank.relieve(1, 4, waives=False)
    bank.relieve(1, 3)
    bank.apply()
    assert bank.outcome.rows_relieved == bank.rows_relieved == 1
    bank.relieve_range(3)
    bank.relieve_range(3, waives=False)
    bank.apply()
    assert bank.outcome.rows_relieved == bank.rows_relieved == 3
    bank.clock_us = at(date(2027, 5, 10))
    bank.close(date(2027, 5, 9))
    bank.apply()
    agree(bank.outcome, bank.books)


def test_it_is_what_as_many_single_reliefs_are(bank):
    """But for the names of the changes."""
    together, _, _ = relieve(bank.outcome.state)
    before = rows_in_use(together)
    state = Twin([1, 1, 2, 2, 0], [5] * 5, {1: USUAL, 2: USUAL}, at(BEGINS))
    for account in (0, 1, 2, 4):
        state.buy(account, 100_000)
    state.apply()
    made = state.outcome.state
    for account in (1, 2, 3):
        its = {"account_id": account, "months": 3, "is_waived": 1, "time_us": at(GRANTED)}
        made, _, _ = apply_batch(made, command(Kind.RELIEVE, **its))
    after = rows_in_use(made)
    assert {name for name in before if before[name] != after[name]} <= {"counters"}


def test_an_account_that_owes_interest_of_days_that_are_not_closed_owes_something():
    """Its cash was paid to the cent, and interest comes with the cut: whether that was closed before is no matter."""
    for closes in (True, False):
        bank = Twin([1], [5], {1: USUAL}, at(BEGINS))
        bank.draw(0, 100_000)
        bank.clock_us = at(date(2026, 12, 30))
        bank.pay(0, 101_000)
        bank.clock_us = at(GRANTED)
        if closes:
            bank.close(GRANTED - timedelta(days=1))
        bank.relieve_range(2)
        bank.apply()
        assert bank.outcome.rows_relieved == bank.rows_relieved == 1


def test_it_stops_where_no_more_can_be_told_and_goes_on_there():
    """120 years end with it, with interest and a late fee a month: of so many accounts it takes several commands."""
    terms = PlainTerms(blocks_after_missed=0, rate_ppm=1, late_fee_ppm=0, minimum_ppm=1_000_000)
    bank = Twin([1] * 24, [5] * 24, {1: terms}, at(BEGINS))
    for account in range(24):
        bank.buy(account, 100_000)
    bank.apply()
    state, came, relieved = bank.outcome.state, [], []
    while sum(came) < 24:
        state, result, accounts = relieve(state, on=date(2147, 12, 1), first_row=sum(came))
        assert Reason(result["reason"]) is Reason.APPROVED
        came.append(int(result["rows_closed"]))
        relieved += accounts
        assert came[-1] == int(result["rows_relieved"]) > 0
    assert len(came) > 1
    assert relieved == list(range(24))
    assert len(np.unique(state.billing["due_day"][:24])) == 1
