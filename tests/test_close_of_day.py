"""The benchmark of closing days: what it compares with ends days alike, and what it writes is there."""

import numpy as np
import pytest

from authz.program.tables import Bucket
from authz.state.billing import Sum
from authz.state.tables import Counter
from authz.vocabulary.statements import STATEMENT
from benchmarks import close_of_day
from benchmarks.accounts_with_plans import with_plans
from benchmarks.billed_accounts import billed_state
from benchmarks.close_of_day import FIRST_DAY, Close, Closer, Load, Turns, beside_plans
from benchmarks.closing_in_sql import BankInSql, totals_of


@pytest.mark.parametrize("each_night", [True, False], ids=["all rows each night", "rows in which something ends"])
def test_the_sql_ends_days_as_the_kernel_does(each_night):
    """The same books after two months, of accounts that pay, of those that do not, and of those with a credit."""
    state = billed_state(300, FIRST_DAY)
    for row in range(0, 300, 7):
        credit = 3 * int(state.accounts["posted_minor"][row]) // 2
        state.books[row, Bucket.NEW] -= credit
        state.accounts["posted_minor"][row] -= credit
    in_sql, closer = BankInSql(state, each_night=each_night), Closer(state)
    made = []
    for day in range(FIRST_DAY, FIRST_DAY + 61):
        made.append(closer.close(day))
        in_sql.close_day(day)
    assert sum(close.statements for close in made) == 2 * 300
    statements = [
        sum(getattr(each, name) for each in made) for name in ("statements", "closing_minor", "minimum_minor")
    ]
    postings = [sum(getattr(each, name) for each in made) for name in ("postings", "posted_minor")]
    assert in_sql.totals(FIRST_DAY + 60) == totals_of(state, FIRST_DAY + 60, statements, postings)


def test_statements_of_a_day_are_in_its_file(tmp_path):
    """One row of 64 bytes each, for every account whose statement is cut on that day."""
    closer = Closer(billed_state(100, FIRST_DAY, cut_day=24))
    made = closer.close(FIRST_DAY, tmp_path / "a_day")
    written = np.fromfile(tmp_path / "a_day", STATEMENT)
    assert written["account_id"].tolist() == list(range(1, 101))
    assert int(written["closing_minor"].sum()) == made.closing_minor == int(closer.state.accounts["posted_minor"].sum())


def test_every_tenth_account_has_a_plan_and_owes_as_much_as_without():
    """As many of each cut day; what is left of each plan stands in the bucket of instalments, with no nights."""
    plain, state = billed_state(2_800, FIRST_DAY), with_plans(billed_state(2_800, FIRST_DAY), FIRST_DAY)
    plans = state.plans[: state.counters[Counter.PLANS]]
    rows = plans["account_id"].astype(np.int64) - 1
    assert 270 <= len(plans) == len(set(rows.tolist())) <= 280
    assert np.bincount(state.accounts["cut_day"][rows], minlength=29)[1:].min() >= 8
    assert (state.books[rows, Bucket.PLANNED] == plans["left_minor"]).all()
    assert (plans["left_minor"] > 0).all()
    assert (state.accounts["posted_minor"] == plain.accounts["posted_minor"]).all()
    moved = [Bucket.NEW, Bucket.PLANNED]
    assert (state.books[:, moved].sum(axis=1) == plain.books[:, Bucket.NEW]).all()
    nights = FIRST_DAY - 1 - state.billing["last_cut"].astype(np.int64)
    assert (state.books[:, Sum.NEW_NIGHTS] == state.books[:, Bucket.NEW] * nights).all()


def test_days_with_plans_bill_an_instalment_with_each_statement():
    """In 28 days an account has one statement at most: of two cut days in 28 none has one. The rest is the benchmark's.

    The index finds the plan of each account: an instalment is billed of every one whose statement is cut.
    """
    figures = beside_plans(2_800)
    assert figures["instalments billed"][0] > 250
    assert [len(values) for values in figures.values()] == [28, 28, 1, 1]
    assert figures["28 days with plans / without"][0] > 0


def test_a_plan_that_is_not_found_would_be_noticed(monkeypatch):
    """Without the index no instalment is billed."""

    def without_an_index(state, today):
        made = with_plans(state, today)
        made.plan_slots[:] = 0
        return made

    monkeypatch.setattr(close_of_day, "with_plans", without_an_index)
    with pytest.raises(AssertionError, match="an instalment with each statement"):
        beside_plans(280)


def test_taps_beside_a_close_are_approved_and_timed():
    """Days go on meanwhile; each tap has its time."""
    load = Load(50, 2_000)
    made, turns = Close(), Turns(load.closer)
    times = load.milliseconds(200, lambda: turns.take(made))
    assert (len(times), times.min() > 0, turns.days > 0, made.statements > 0) == (200, True, True, True)
