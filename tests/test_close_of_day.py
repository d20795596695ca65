"""The benchmark of closing days: what it compares with ends days alike, and what it writes is there."""

import numpy as np
import pytest

from authz.program.tables import Bucket
from authz.vocabulary.statements import STATEMENT
from benchmarks.billed_accounts import billed_state
from benchmarks.close_of_day import FIRST_DAY, Close, Closer, Load, Turns
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


def test_taps_beside_a_close_are_approved_and_timed():
    """Days go on meanwhile; each tap has its time."""
    load = Load(50, 2_000)
    made, turns = Close(), Turns(load.closer)
    times = load.milliseconds(200, lambda: turns.take(made))
    assert (len(times), times.min() > 0, turns.days > 0, made.statements > 0) == (200, True, True, True)
