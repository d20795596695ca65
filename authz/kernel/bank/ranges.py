"""What an issuer does with a range of accounts: it ends their days, or puts off what is due."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined, prefetch
from authz.kernel.bank.relieving import relieve
from authz.kernel.books.closing import end_days
from authz.kernel.books.opening import roll
from authz.state.batch_output import POSTINGS_OF_A_COMMAND, POSTINGS_OF_AN_ACCOUNT
from authz.state.tables import Counter, State
from authz.vocabulary.layouts import ANY_SEGMENT
from authz.vocabulary.reasons import Reason

_RUN = 64
"""So many accounts are looked at together before their days end."""

_TRANSACTIONS = 4
"""So many of each account's first transactions are asked for: looking further costs more than it saves."""

_LINE_BYTES = 64

_FULL = POSTINGS_OF_A_COMMAND - POSTINGS_OF_AN_ACCOUNT


@compiled
def close_day(state: State, command: Any, result: Any) -> Integer:
    """End a local day that is over for some rows of accounts. command: DAY_CLOSE.

    It stops early where so much is posted that the buffers are full: the result tells how many rows it came through.
    """
    day, row = np.int64(command["day"]), np.int64(command["first_row"])
    if day >= state.counters[Counter.DAY]:
        return np.int64(Reason.DAY_NOT_OVER)
    if row < 0:
        return np.int64(Reason.UNDEFINED_VALUE)
    end = min(row + np.int64(command["rows"]), state.counters[Counter.ACCOUNTS])
    begun, full = row, _places_when_full(state)
    while row < end and not _is_full(state, full):
        if (row - begun) % _RUN == 0:
            _look_ahead(state, row, min(row + _RUN, end), day)
        if 0 < state.accounts[row]["next_event"] <= day:
            end_days(state, row, day)
        row += 1
    result["rows_closed"] = max(row - begun, 0)
    return np.int64(Reason.APPROVED)


@compiled
def _look_ahead(state: State, first_row: Integer, end: Integer, day: Integer) -> None:
    """Ask the memory for what segments count of accounts, of many together: see `prefetching`."""
    if len(state.program.measured) == 0:
        return
    for row in range(first_row, end):
        if _is_counted(state, row, day):
            prefetch(state.activities, np.int64(state.accounts[row]["activity"]) - 1, 0)
    for depth in range(_TRANSACTIONS):
        for row in range(first_row, end):
            if _is_counted(state, row, day):
                ahead = np.int64(state.activities[np.int64(state.accounts[row]["activity"]) - 1]["first"])
                for _ in range(depth):
                    if ahead != 0:
                        ahead = np.int64(state.transactions[ahead - 1]["next_of_account"])
                if ahead != 0:
                    prefetch(state.transactions, ahead - 1, 0)
                    prefetch(state.transactions, ahead - 1, _LINE_BYTES - 1)


@inlined
def _is_counted(state: State, row: Integer, day: Integer) -> Any:
    """Whether the transactions of an account may be counted when a day is closed."""
    account = state.accounts[row]
    return 0 < account["next_event"] <= day and account["activity"] != 0


@compiled
def relieve_range(state: State, command: Any, result: Any) -> Integer:
    """Put off what is due by those of some rows of accounts that owe something. command: RELIEF_RANGE.

    It stops early as `close_day` does.
    """
    row = np.int64(command["first_row"])
    if row < 0:
        return np.int64(Reason.UNDEFINED_VALUE)
    end = min(row + np.int64(command["rows"]), state.counters[Counter.ACCOUNTS])
    begun, full = row, _places_when_full(state)
    relieved: Integer = 0
    while row < end and not _is_full(state, full):
        if _is_meant(state, row, command):
            roll(state, row)  # what its days have charged by their end is owed
            if state.accounts[row]["posted_minor"] > 0 and relieve(state, row, command):
                relieved += 1
        row += 1
    result["rows_closed"] = max(row - begun, 0)
    result["rows_relieved"] = relieved
    return np.int64(Reason.APPROVED)


@inlined
def _is_meant(state: State, row: Integer, command: Any) -> Any:
    """Whether a relief is for an account with its product and segment. command: RELIEF_RANGE."""
    account = state.accounts[row]
    if account["billing"] == 0:
        return False
    of_product = command["product"] == 0 or command["product"] == account["product"]
    return of_product and (command["of_segment"] == ANY_SEGMENT or command["of_segment"] == account["segment"])


@inlined
def _places_when_full(state: State) -> tuple[Integer, Integer, Integer]:
    """From where on in each of the buffers one more account may find no room for what it makes."""
    return state.postings.used[0] + _FULL, state.statements.used[0] + _FULL, state.changes.used[0] + _FULL


@inlined
def _is_full(state: State, full: tuple[Integer, Integer, Integer]) -> Any:
    """Whether one more account may find no room."""
    posted, cut, changed = full
    return state.postings.used[0] >= posted or state.statements.used[0] >= cut or state.changes.used[0] >= changed
