"""The benchmark of reliefs: it relieves all accounts in both ways, and would notice where it did not."""

import pytest

from authz.program.tables import Bucket
from authz.state.billing import General
from benchmarks import reliefs
from benchmarks.billed_accounts import billed_state
from benchmarks.reliefs import Reliever, measured, owing_state, turn


@pytest.mark.parametrize("is_waived", [True, False], ids=["waived", "accrues"])
def test_both_ways_relieve_all_accounts(is_waived, monkeypatch):
    """In several ranges, and in several calls of single commands, with as much put off."""
    monkeypatch.setattr(reliefs, "ROWS_TOGETHER", 100)
    monkeypatch.setattr(reliefs, "COMMANDS_TOGETHER", 64)
    ranges, single = turn(250, is_waived=is_waived)
    assert (ranges.relieved, len(ranges.seconds)) == (250, 3)
    assert (single.relieved, len(single.seconds)) == (250, 4)
    assert ranges.moved_minor == single.moved_minor > 0


def test_accounts_that_were_relieved_are_not_counted_again():
    """Nothing is due later than before."""
    reliever = Reliever(owing_state(100), is_waived=True)
    counts = [each().relieved for each in (reliever.by_ranges, reliever.by_ranges, reliever.one_by_one)]
    assert counts == [100, 0, 0]


def test_an_account_that_owes_nothing_would_be_noticed(monkeypatch):
    """A range passes it over, and then not all were relieved."""

    def with_a_free_account(accounts):
        state = owing_state(accounts)
        state.general[General.OPENING] += state.accounts["posted_minor"][0]
        state.books[0], state.accounts["posted_minor"][0] = 0, 0
        return state

    monkeypatch.setattr(reliefs, "owing_state", with_a_free_account)
    with pytest.raises(AssertionError, match="all accounts are relieved"):
        turn(50, is_waived=True)


def test_accounts_that_would_owe_nothing_are_charged(monkeypatch):
    """All of them owe something, and the general counters know of it."""

    def with_a_free_account(accounts, today):
        state = billed_state(accounts, today)
        state.general[General.OPENING] += state.accounts["posted_minor"][0]
        state.books[0], state.accounts["posted_minor"][0] = 0, 0
        return state

    monkeypatch.setattr(reliefs, "billed_state", with_a_free_account)
    state = owing_state(50)
    assert state.books[0, Bucket.NEW] == state.accounts["posted_minor"][0] > 0
    assert int(state.accounts["posted_minor"].sum()) + int(state.general.sum()) == 0


def test_each_turn_has_its_figures():
    """Both ways, with interest waived and with interest that accrues: seconds above zero."""
    figures = measured(30, 2)
    assert len(figures) == 8
    assert all(len(values) == 2 and min(values) > 0 for values in figures.values())
