"""The benchmark of closing days: what it compares with ends days alike, and what it writes is there."""

import numpy as np
import pytest

from authz.program.tables import Bucket
from authz.state.billing import Sum
from authz.state.tables import Counter
from authz.vocabulary.statements import STATEMENT
from benchmarks.billed_accounts import billed_state
from benchmarks.billed_plans import with_plans
from benchmarks.close_of_day import FIRST_DAY, Close, Closer, Load, Turns, beside_plans
from benchmarks.closing_in_sql import BankInSql, totals_of
from benchmarks.reliefs import relieved_by_ranges, relieved_one_by_one


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


def test_plans_of_every_tenth_account_are_billed():
    """One instalment a month, with its fee; books are in balance before and after."""
    state = with_plans(billed_state(100, FIRST_DAY), every=10)
    before, count = state.plans.copy(), int(state.counters[Counter.PLANS])
    assert (count, before["account_id"].tolist()) == (10, list(range(1, 101, 10)))
    closer, fees = Closer(state), 0
    for day in range(FIRST_DAY, FIRST_DAY + 31):
        fees += closer.close(day).postings
    owed = closer.state.accounts["posted_minor"]
    assert int(owed.sum()) + int(closer.state.general.sum()) == 0
    assert (closer.state.books[:, : int(Sum.NEW_NIGHTS)].sum(axis=1) == owed).all()
    billed = closer.state.plans["billed"].astype(int) - before["billed"]
    assert set(billed.tolist()) <= {1, 2}
    assert (closer.state.plans["left_minor"] < before["left_minor"]).all()
    assert fees >= 10


def test_plans_are_compared_with_none(capsys):
    """Both banks close the same days."""
    figures = beside_plans(200)
    assert {len(each) for each in figures.values()} == {28}
    assert "with 20 plans" in capsys.readouterr().out


@pytest.mark.parametrize("relieve", [relieved_by_ranges, relieved_one_by_one])
def test_all_who_owe_are_relieved(relieve):
    """What is due moves by half a year, and what is owed stays."""
    state = billed_state(300, FIRST_DAY)
    owed = state.accounts["posted_minor"].copy()
    assert (owed > 0).all()
    state, seconds, relieved = relieve(state)
    assert (relieved, seconds > 0) == (300, True)
    assert (state.accounts["posted_minor"][:300] == owed).all()
    assert not state.books[:300, Sum.DUE].any()
    assert state.billing["due_day"][:300].min() > FIRST_DAY + 5 * 30


def test_statements_of_a_day_are_in_its_file(tmp_path):
    """One row of 64 bytes each, for every account whose statement is cut on that day."""
    closer = Closer(billed_state(100, FIRST_DAY, cut_day=24))
    made = closer.close(FIRST_DAY, tmp_path / "a_day")
    written = np.fromfile(tmp_path / "a_day", STATEMENT)
    assert written["account_id"].tolist() == list(range(1, 101))
    assert int(written["closing_minor"].sum()) == made.closing_minor == int(closer.state.accounts["posted_minor"].sum())


def test_taps_beside_a_close_are_approved_and_timed():
    """Days go on meanwhile; each tap has its time."""
    load = Load(50, 2_000)
    made, turns = Close(), Turns(load.closer)
    times = load.milliseconds(200, lambda: turns.take(made))
    assert (len(times), times.min() > 0, turns.days > 0, made.statements > 0) == (200, True, True, True)
