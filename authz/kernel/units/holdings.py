"""What accounts hold of each unit: given, spent, taken back and expired, which together is always the balance.

Units that can be spent until the same day are one holding, and those that can be spent for the shortest time are spent
first. What an account owes of a unit is a holding without an end whose amount is below 0; then it holds nothing of it.
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.ledger.changes import note_change
from authz.kernel.ledger.entries import charge_to
from authz.program.tables import Bucket, Shortfall
from authz.state.billing import DUE_DAY_MAX, HOLDINGS_MAX, General
from authz.state.rows import NO_ROW, found
from authz.state.tables import Counter, State
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.posting_kinds import PostingKind

_NO_END = DUE_DAY_MAX + 1
"""Behind all days on which units expire."""


@inlined
def first_holding(state: State, account_row: Integer) -> Integer:
    """The row of an account's first holding, or `NO_ROW`."""
    return np.int64(state.accounts[account_row]["holdings"]) - 1


@inlined
def next_holding(holding: Any) -> Integer:
    """The row of the account's next holding, or `NO_ROW`. holding: HOLDING."""
    return np.int64(holding["next"]) - 1


@compiled
def balance_of(state: State, account_row: Integer, unit: Integer) -> Integer:
    """How many of a unit an account holds; below 0 where it owes some."""
    balance: Integer = 0
    row = first_holding(state, account_row)
    while found(row):
        if state.holdings[row]["unit"] == unit:
            balance += np.int64(state.holdings[row]["amount"])
        row = next_holding(state.holdings[row])
    return balance


@inlined
def last_day_of(state: State, unit: Integer, day: Integer) -> Integer:
    """The last day on which units can be spent that are given on a day, 0 for no end."""
    days = np.int64(state.program.units[unit]["expires_days"])
    return min(day + days, DUE_DAY_MAX) if days > 0 else np.int64(0)


@compiled
def give(state: State, account_row: Integer, unit: Integer, amount: Integer, until: Integer, day: Integer) -> Integer:
    """Give units to an account whose books are there; what it owes of them is paid first. Returns how many were given.

    That is none where it holds as many kinds and last days as it can. amount: above 0.  until: the last day on which
    they can be spent, 0 for no end.  day: the local day to which this belongs.
    """
    debt = _holding_until(state, account_row, unit, 0)
    owed: Integer = 0
    if found(debt):
        owed = min(max(-np.int64(state.holdings[debt]["amount"]), np.int64(0)), amount)
    left = amount - owed
    row: Integer = NO_ROW
    if left > 0:
        row = _holding_for(state, account_row, unit, until)
        if not found(row):
            return np.int64(0)
    if owed > 0:
        state.holdings[debt]["amount"] += owed
    if left > 0:
        state.holdings[row]["amount"] += left
        expect_expiry(state, account_row, until)
    _note(state, account_row, ChangeKind.UNITS_GIVEN, unit, amount, until if left > 0 else np.int64(0), day)
    return amount


@compiled
def spend(state: State, account_row: Integer, unit: Integer, amount: Integer, day: Integer) -> None:
    """Spend units that an account holds."""
    _take(state, account_row, unit, amount)
    _note(state, account_row, ChangeKind.UNITS_SPENT, unit, amount, 0, day)


@compiled
def take_back(state: State, account_row: Integer, unit: Integer, amount: Integer, day: Integer) -> None:
    """Take units back from an account whose books are there; what it has spent of them is a debt, or is charged.

    amount: above 0; where a shortfall is charged, no more than can be posted.
    """
    row = state.program.units[unit]
    missing = amount - _take(state, account_row, unit, amount)
    taken: Integer = amount
    if missing > 0 and row["shortfall"] == Shortfall.CHARGED:
        taken = amount - missing
        charged = missing * np.int64(row["price"])
        sequence = state.counters[Counter.SEQUENCE]
        charge_to(state, account_row, sequence, PostingKind.REWARD_CLAWBACK, Bucket.NEW, charged, General.REWARDS, day)
    elif missing > 0:
        debt = _holding_for(state, account_row, unit, 0)
        if found(debt):
            state.holdings[debt]["amount"] -= missing
        else:
            taken = amount - missing
    if taken > 0:
        _note(state, account_row, ChangeKind.UNITS_TAKEN_BACK, unit, taken, 0, day)


@compiled
def expire(state: State, account_row: Integer, day: Integer) -> None:
    """End what can be spent for the last time on a day that is over."""
    row = first_holding(state, account_row)
    while found(row):
        holding = state.holdings[row]
        if 0 < holding["until"] <= day and holding["amount"] > 0:
            amount, unit = np.int64(holding["amount"]), np.int64(holding["unit"])
            holding["amount"] = 0
            _note(state, account_row, ChangeKind.UNITS_EXPIRED, unit, amount, 0, day)
        row = next_holding(holding)


@compiled
def next_expiry(state: State, account_row: Integer) -> Integer:
    """The next day at whose end something expires that an account holds, 0 where nothing does."""
    first: Integer = _NO_END
    row = first_holding(state, account_row)
    while found(row):
        holding = state.holdings[row]
        if holding["until"] > 0 and holding["amount"] > 0:
            first = min(first, np.int64(holding["until"]))
        row = next_holding(holding)
    return first if first < _NO_END else np.int64(0)


@inlined
def expect_expiry(state: State, account_row: Integer, until: Integer) -> None:
    """Let an account be brought to the end of a day at which units expire. until: that day, 0 for none."""
    account = state.accounts[account_row]
    if until > 0 and (account["next_event"] == 0 or until < account["next_event"]):
        account["next_event"] = until


@compiled
def _take(state: State, account_row: Integer, unit: Integer, amount: Integer) -> Integer:
    """Take as many units as there are off an account's holdings, those first that expire first; returns how many."""
    left: Integer = amount
    while left > 0:
        row = _first_to_expire(state, account_row, unit)
        if not found(row):
            break
        part = min(left, np.int64(state.holdings[row]["amount"]))
        state.holdings[row]["amount"] -= part
        left -= part
    return amount - left


@compiled
def _first_to_expire(state: State, account_row: Integer, unit: Integer) -> Integer:
    """The row of what an account holds of a unit for the shortest time, or `NO_ROW`."""
    best: Integer = NO_ROW
    best_until: Integer = _NO_END + 1
    row = first_holding(state, account_row)
    while found(row):
        holding = state.holdings[row]
        until: Integer = np.int64(holding["until"])
        if until == 0:
            until = np.int64(_NO_END)
        if holding["unit"] == unit and holding["amount"] > 0 and until < best_until:
            best, best_until = row, until
        row = next_holding(holding)
    return best


@compiled
def _holding_until(state: State, account_row: Integer, unit: Integer, until: Integer) -> Integer:
    """The row of an account's holding of a unit that ends on a day, or `NO_ROW`. until: 0 for no end."""
    row = first_holding(state, account_row)
    while found(row):
        holding = state.holdings[row]
        if holding["unit"] == unit and holding["until"] == until and holding["amount"] != 0:
            return row
        row = next_holding(holding)
    return np.int64(NO_ROW)


@compiled
def _holding_for(state: State, account_row: Integer, unit: Integer, until: Integer) -> Integer:
    """The same, made where there is none: in a row that is used up, or behind the others; `NO_ROW` if it has too many.

    until: 0 for no end.
    """
    row = _holding_until(state, account_row, unit, until)
    if found(row):
        return row
    count: Integer = 0
    row = first_holding(state, account_row)
    while found(row) and state.holdings[row]["amount"] != 0:
        count += 1
        row = next_holding(state.holdings[row])
    if count == HOLDINGS_MAX:
        return np.int64(NO_ROW)
    if not found(row):
        row = state.counters[Counter.HOLDINGS]
        state.counters[Counter.HOLDINGS] += 1
        state.holdings[row]["next"] = state.accounts[account_row]["holdings"]
        state.accounts[account_row]["holdings"] = row + 1
    state.holdings[row]["unit"], state.holdings[row]["until"] = unit, until
    return np.int64(row)


@inlined
def _note(
    state: State, account_row: Integer, kind: Integer, unit: Integer, amount: Integer, until: Integer, day: Integer
) -> None:
    """Tell of a change of what an account holds. kind: ChangeKind."""
    change = note_change(state, account_row, kind, amount, day)
    change["detail"], change["until"] = unit, until
    change["about"] = balance_of(state, account_row, unit)
