"""CLOSE_DAY: which days and rows it closes, how far it comes, and that there is room for what it posts."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from authz.journal.replay import apply_batch
from authz.program.parts import AMOUNT_MAX
from authz.state.batch_output import POSTINGS_OF_A_COMMAND, POSTINGS_OF_AN_ACCOUNT
from authz.state.stored import rows_in_use
from authz.state.tables import new_state, postings_made, statements_made
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined
from authz.vocabulary.posting_kinds import PARTS_OF_DAYS
from authz.vocabulary.reasons import Reason
from tests.authz.commands import command
from tests.authz.kernel.books.outcome import agree, day_number
from tests.authz.kernel.books.plain_ledger import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

BEGINS = date(2026, 12, 10)
AFTER_A_CUT = date(2027, 1, 10)
USUAL = PlainTerms(blocks_after_missed=0)
NO_COUNTERS = {"counters"}


def bank_of(accounts, terms=USUAL, bought=100_000):
    """Accounts that have bought something on a day before their first cut."""
    bank = Twin([1] * accounts, [5] * accounts, {1: terms}, day_number(BEGINS) * DAY_US)
    for account in range(accounts):
        bank.buy(account, bought)
    bank.apply()
    return bank


def close(state, day, first_row=0, rows=100, on=AFTER_A_CUT):
    """One CLOSE_DAY: the state after it, its reason, and how many rows it came through."""
    named = {"day": day, "first_row": first_row, "rows": rows}
    state, results, _ = apply_batch(state, command(Kind.CLOSE_DAY, time_us=day_number(on) * DAY_US, **named))
    return state, Reason(results[0]["reason"]), int(results[0]["rows_closed"])


def cut(state):
    """Which rows have a statement."""
    return [row for row in range(len(state.billing)) if state.billing[row]["last_cut"]]


@pytest.mark.parametrize(
    ("days_ago", "reason"),
    [(1, Reason.APPROVED), (0, Reason.DAY_NOT_OVER), (-1, Reason.DAY_NOT_OVER), (-(2**31), Reason.DAY_NOT_OVER)],
)
def test_a_day_is_closed_when_it_is_over(days_ago, reason):
    """Yesterday is; today and what comes are not, and nothing is closed then."""
    state, answer, rows = close(bank_of(2).outcome.state, day_number(AFTER_A_CUT) - days_ago)
    assert answer is reason
    assert (rows, cut(state)) == ((2, [0, 1]) if reason is Reason.APPROVED else (0, []))


@pytest.mark.parametrize(
    ("first_row", "rows", "closed", "rows_closed"),
    [
        (0, 4, [0, 1, 2, 3], 4),
        (1, 2, [1, 2], 2),
        (3, 100, [3], 1),
        (0, 0, [], 0),
        (4, 100, [], 0),
        (2**62, 100, [], 0),
        (0, -1, [], 0),
        (1, 2**62, [1, 2, 3], 3),
    ],
)
def test_only_the_rows_that_are_named_are_closed(first_row, rows, closed, rows_closed):
    """Of those that there are."""
    yesterday = day_number(AFTER_A_CUT) - 1
    state, reason, came = close(bank_of(4).outcome.state, yesterday, first_row, rows)
    assert (cut(state), came, reason) == (closed, rows_closed, Reason.APPROVED)


def test_rows_below_the_first_are_not_defined():
    """Nothing is closed."""
    state, reason, rows = close(bank_of(1).outcome.state, day_number(AFTER_A_CUT) - 1, first_row=-1)
    assert (reason, rows, cut(state)) == (Reason.UNDEFINED_VALUE, 0, [])


def test_a_day_is_closed_once():
    """Closing it again changes nothing, and cuts no second statement."""
    bank = bank_of(3)
    yesterday = day_number(AFTER_A_CUT) - 1
    state, _, _ = close(bank.outcome.state, yesterday)
    before = rows_in_use(state)
    state, reason, rows = close(state, yesterday)
    assert (reason, rows, int(state.statements.used[0])) == (Reason.APPROVED, 3, 0)
    assert {name: array for name, array in rows_in_use(state).items() if name not in NO_COUNTERS} == {
        name: array for name, array in before.items() if name not in NO_COUNTERS
    }


def test_an_account_without_books_has_no_statement():
    """Nothing was ever posted to it."""
    bank = Twin([1, 0], [5, 5], {1: USUAL}, day_number(BEGINS) * DAY_US)
    bank.buy(1, 100)
    bank.apply()
    state, _, rows = close(bank.outcome.state, day_number(AFTER_A_CUT) - 1)
    assert (rows, cut(state), int(state.statements.used[0])) == (2, [], 0)


def test_closing_stops_where_no_more_can_be_told_and_goes_on_there():
    """120 years are closed at once, with interest and a late fee a month: of so many accounts it takes two commands."""
    state, on = (
        bank_of(24, replace(USUAL, rate_ppm=1, late_fee_ppm=0, minimum_ppm=1_000_000)).outcome.state,
        date(2147, 12, 1),
    )
    came, postings, statements = [], [], []
    while sum(came) < 24:
        state, reason, rows = close(state, day_number(on) - 1, first_row=sum(came), on=on)
        assert (reason, rows > 0) == (Reason.APPROVED, True)
        came.append(rows)
        postings.append(postings_made(state))
        statements.append(statements_made(state))
    assert len(came) == 2
    assert POSTINGS_OF_A_COMMAND - POSTINGS_OF_AN_ACCOUNT <= len(postings[0]) <= POSTINGS_OF_A_COMMAND
    assert postings[0]["part"].tolist() == list(range(PARTS_OF_DAYS, PARTS_OF_DAYS + len(postings[0])))
    made, cuts = np.concatenate(postings), np.concatenate(statements)
    for account in range(1, 25):
        for rows, names in ((made, ["amount_minor", "kind", "day"]), (cuts, ["closing_minor", "minimum_minor", "day"])):
            own, first = rows[rows["account_id"] == account], rows[rows["account_id"] == 1]
            assert own[names].tolist() == first[names].tolist()
        assert (
            made["amount_minor"][made["account_id"] == account].sum() + 100_000
            == state.accounts[account - 1]["posted_minor"]
        )
    assert len(cuts) == 24 * (12 * 121 - 1)


def test_interest_and_fees_have_a_greatest_amount():
    """By terms that double a debt every night, nothing outgrows what 64 bits hold in ten years."""
    terms = replace(USUAL, rate_ppm=1_000_000, late_fee_ppm=1_000_000, minimum_ppm=1_000_000)
    state, on = bank_of(1, terms).outcome.state, date(2036, 12, 10)
    state, _, _ = close(state, day_number(on) - 1, on=on)
    made, cuts = postings_made(state), statements_made(state)
    assert int(made["amount_minor"].max()) == int(cuts["interest_minor"].max()) == AMOUNT_MAX
    assert int(made["amount_minor"].sum()) + 100_000 == int(cuts["closing_minor"][-1]) > 100 * AMOUNT_MAX


@pytest.mark.parametrize("count", [1, 2, 30])
def test_there_is_room_for_what_each_command_of_a_batch_posts(count):
    """However many of them close a day."""
    batch = joined([command(Kind.CLOSE_DAY, day=1, rows=1) for _ in range(count)])
    state, results, _ = apply_batch(new_state(1), batch)
    assert np.unique(results["reason"]).tolist() == [Reason.APPROVED]
    assert len(state.postings.rows) >= count * POSTINGS_OF_A_COMMAND
    assert len(state.statements.rows) >= count * POSTINGS_OF_A_COMMAND


def test_statements_that_are_cut_with_one_command_are_told_apart():
    """An account that nobody has touched for a year has twelve, in their order, and the next account its own."""
    bank = bank_of(2)
    bank.clock_us = day_number(BEGINS + timedelta(days=365)) * DAY_US
    bank.close(BEGINS + timedelta(days=364))
    bank.apply()
    agree(bank.outcome, bank.books)
    parts = [int(row["part"]) for account in (0, 1) for row in bank.outcome.statements[account]]
    assert parts == list(range(24))


def test_a_touch_brings_up_what_the_end_of_days_has_posted():
    """A tap finds interest and fees of all that is over; what its own command posts keeps the names it would have."""
    bank = bank_of(1)
    bank.clock_us = day_number(date(2027, 2, 20)) * DAY_US
    bank.buy(0, 700)
    bank.apply()
    own = [row for row in bank.outcome.postings[0] if int(row["sequence"]) == len(bank.commands)]
    assert [(int(row["part"]), int(row["amount_minor"])) for row in own] == [(1_000, 1_000), (1_001, 2_900), (0, 700)]
