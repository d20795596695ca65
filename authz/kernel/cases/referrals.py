"""Referred messages: each opens a case, unless one about it is open, and a pass lets the next one through."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.arrays.hash_index import add_row
from authz.kernel.accounts.message_context import MessageContext
from authz.kernel.books.relief import is_in_relief
from authz.kernel.cases.live_cases import await_expiry, chain, expires_at, first_case, live_case_about
from authz.kernel.ledger.changes import note_change
from authz.state.rows import found, row_of_sequence
from authz.state.tables import Counter, State
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.cases import FIRST_IN_QUEUE, CaseStatus


@compiled
def meets_pass(state: State, command: Any, context: MessageContext, result: Any) -> bool:
    """Whether there is a pass for a message that a rule refers; if so, the result names its case.

    One pass is enough for all rules that refer the message.
    """
    if result["case"] == 0:
        row = live_case_about(state, context.account_row, command, context.billing_minor, CaseStatus.ANSWERED)
        if found(row):
            result["case"] = state.cases[row]["sequence"]
    return bool(result["case"] != 0)


@compiled
def spend_pass(state: State, sequence: Integer) -> None:
    """A message was approved with the pass of a case, which is spent. sequence: the case's."""
    row = row_of_sequence(state.cases, state.counters[Counter.CASES], sequence)
    state.cases[row]["is_spent"] = 1


@compiled
def refer(state: State, command: Any, context: MessageContext, result: Any) -> None:
    """Open a case about a message that was referred, or point to one about it that is open. command: MESSAGE."""
    row = live_case_about(state, context.account_row, command, context.billing_minor, CaseStatus.OPEN)
    if not found(row):
        row = _open_case(state, command, context)
    result["case"] = state.cases[row]["sequence"]


@compiled
def _open_case(state: State, command: Any, context: MessageContext) -> Integer:
    """Enter a case in the queue of the desk that serves the account's segment; returns its row."""
    row: Integer = state.counters[Counter.CASES]
    state.counters[Counter.CASES] += 1
    account, case = state.accounts[context.account_row], state.cases[row]
    queue, time_us = np.int64(state.program.queues[account["segment"]]), np.int64(command["time_us"])
    case["account_id"], case["sequence"] = account["account_id"], state.counters[Counter.SEQUENCE]
    case["merchant_key"], case["acquirer"] = command["merchant_key"], command["acquirer"]
    case["amount_minor"], case["opened_us"], case["queue"] = context.billing_minor, time_us, queue
    first: Integer = first_case(state, context.account_row)
    if not found(first):
        first = row
        add_row(state.case_slots, account["account_id"], row)
    chain(state, first, row, time_us)
    await_expiry(state, expires_at(state, case))
    change = note_change(
        state, context.account_row, ChangeKind.CASE_OPENED, context.billing_minor, state.counters[Counter.DAY]
    )
    billing_row = np.int64(account["billing"]) - 1
    goes_first = found(billing_row) and is_in_relief(state.billing[billing_row])
    change["about"], change["detail"] = case["sequence"], queue + (FIRST_IN_QUEUE if goes_first else 0)
    return np.int64(row)
