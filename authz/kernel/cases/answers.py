"""Cases come to their end: a person answers, or nobody does in time."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.arrays.hash_index import find_row
from authz.kernel.cases.live_cases import SECOND_US, await_expiry, expires_at, is_open
from authz.kernel.ledger.changes import note_change
from authz.state.rows import found, row_of_sequence
from authz.state.tables import Counter, State
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.cases import CaseDecision, CaseStatus, Queue
from authz.vocabulary.reasons import Reason

_QUEUES = len(Queue)
_PASSED = int(Counter.CASES_PASSED)


@compiled
def answer_case(state: State, account_row: Integer, command: Any, result: Any) -> Integer:
    """Answer a case once. An approval is a pass from now on. command: CASE_ANSWER."""
    row = row_of_sequence(state.cases, state.counters[Counter.CASES], np.int64(command["decision"]))
    if not found(account_row) or not found(row) or state.cases[row]["account_id"] != command["account_id"]:
        return np.int64(Reason.MISSING_ORIGINAL_AUTHORIZATION)
    case = state.cases[row]
    if not is_open(case):
        return np.int64(Reason.CASE_CLOSED)
    answer = np.int64(command["answer"])
    case["status"], case["decision"] = CaseStatus.ANSWERED, answer
    if answer == CaseDecision.APPROVE:
        case["until_us"] = np.int64(command["time_us"]) + np.int64(command["valid_seconds"]) * SECOND_US
    result["case"] = case["sequence"]
    change = note_change(
        state, account_row, ChangeKind.CASE_ANSWERED, np.int64(case["amount_minor"]), state.counters[Counter.DAY]
    )
    change["about"], change["detail"] = case["sequence"], answer
    return np.int64(Reason.APPROVED)


@inlined
def expire_cases(state: State, time_us: Integer) -> None:
    """Close the cases that nobody has answered in time. It costs one comparison while none has expired."""
    if 0 < state.counters[Counter.CASE_EXPIRES_US] <= time_us:
        _expire_cases(state, time_us)


@compiled
def _expire_cases(state: State, time_us: Integer) -> None:
    """Go through each queue from its oldest open case on. All that wait in a queue wait equally long: the oldest expire
    first, and the first that has not expired is the next to do so.
    """
    state.counters[Counter.CASE_EXPIRES_US] = 0
    for queue in range(_QUEUES):
        row = state.counters[_PASSED + queue]
        while row < state.counters[Counter.CASES]:
            case = state.cases[row]
            if np.int64(case["queue"]) == queue and is_open(case):
                expires_us = expires_at(state, case)
                if expires_us > time_us:
                    await_expiry(state, expires_us)
                    break
                _expire(state, row)
            row += 1
        state.counters[_PASSED + queue] = row


@compiled
def _expire(state: State, row: Integer) -> None:
    """Close a case that was not answered, and tell of it."""
    case = state.cases[row]
    case["status"] = CaseStatus.EXPIRED
    account_row = find_row(state.account_slots, state.accounts["account_id"], case["account_id"])
    amount = np.int64(case["amount_minor"])
    change = note_change(state, account_row, ChangeKind.CASE_EXPIRED, amount, state.counters[Counter.DAY])
    change["about"] = case["sequence"]
