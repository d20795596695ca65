"""The live cases of an account: those that are open, and those with a pass that can be spent.

They are chained, the newest first, from the account's first case. What is live no more leaves the chain when the
account is referred the next time, so the chain is as long as there are questions open, and not as there have been.
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.arrays.hash_index import find_row
from authz.program.tables import NUMBER_DESK
from authz.state.rows import NO_ROW, found
from authz.state.tables import Counter, State
from authz.vocabulary.cases import CaseDecision, CaseStatus

SECOND_US = 1_000_000


@inlined
def first_case(state: State, account_row: Integer) -> Integer:
    """The row of the first case that an account has had, or `NO_ROW`."""
    return find_row(state.case_slots, state.cases["account_id"], state.accounts[account_row]["account_id"])


@inlined
def expires_at(state: State, case: Any) -> Integer:
    """When a case expires that nobody answers, by the time that its queue has now; Unix microseconds. case: CASE."""
    waits_seconds = state.program.numbers[NUMBER_DESK + np.int64(case["queue"])]
    return np.int64(case["opened_us"]) + np.int64(waits_seconds) * SECOND_US


@inlined
def await_expiry(state: State, expires_us: Integer) -> None:
    """Remember when the next case expires, if that is no later than what is awaited already."""
    earliest_us = state.counters[Counter.CASE_EXPIRES_US]
    state.counters[Counter.CASE_EXPIRES_US] = expires_us if earliest_us == 0 else min(earliest_us, expires_us)


@inlined
def is_open(case: Any) -> Any:
    """Whether a case waits for its answer. case: CASE."""
    return np.int64(case["status"]) == CaseStatus.OPEN


@inlined
def has_pass(case: Any, time_us: Integer) -> Any:
    """Whether a case has a pass that can be spent now. case: CASE."""
    is_approved = np.int64(case["decision"]) == CaseDecision.APPROVE
    return is_approved and case["is_spent"] == 0 and time_us < case["until_us"]


@inlined
def is_about(case: Any, command: Any, billing_minor: Integer) -> Any:
    """Whether a case is about a message: its merchant, and no more than its amount. case: CASE.  command: MESSAGE."""
    is_there = case["merchant_key"] == command["merchant_key"] and case["acquirer"] == command["acquirer"]
    return is_there and billing_minor <= case["amount_minor"]


@compiled
def live_case_about(
    state: State, account_row: Integer, command: Any, billing_minor: Integer, status: Integer
) -> Integer:
    """The newest live case about a message, or `NO_ROW`. status: one that is OPEN, or one ANSWERED, with a pass."""
    first = first_case(state, account_row)
    if not found(first):
        return np.int64(NO_ROW)
    time_us = np.int64(command["time_us"])
    row = np.int64(state.cases[first]["first_live"]) - 1
    while found(row):
        case = state.cases[row]
        is_live = is_open(case) if status == CaseStatus.OPEN else has_pass(case, time_us)
        if is_live and is_about(case, command, billing_minor):
            return row
        row = np.int64(case["next_live"]) - 1
    return np.int64(NO_ROW)


@compiled
def chain(state: State, first: Integer, row: Integer, time_us: Integer) -> None:
    """Put a case in front of the live ones of its account, and leave out what is live no more.

    first: the row of the account's first case.
    """
    head: Integer = row + 1
    last: Integer = row
    older = np.int64(state.cases[first]["first_live"]) - 1
    while found(older):
        following = np.int64(state.cases[older]["next_live"]) - 1
        if is_open(state.cases[older]) or has_pass(state.cases[older], time_us):
            state.cases[last]["next_live"] = older + 1
            last = older
        older = following
    state.cases[last]["next_live"] = 0
    state.cases[first]["first_live"] = head
