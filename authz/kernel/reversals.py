"""Reversals: full, partial, repeated, and received before their original."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.accounts.conversion import SAME_CURRENCY
from authz.kernel.accounts.exception_items import list_as_exception
from authz.kernel.accounts.holds import release_hold
from authz.kernel.accounts.message_context import MessageContext, has
from authz.kernel.accounts.postings import (
    add_refundable,
    asked_back,
    in_account_currency,
    is_increment,
    left_to_give_back,
    left_to_refund,
    note_given_back,
    post,
)
from authz.kernel.accounts.trace_index import enter_early_reversal, enter_trace, new_transaction
from authz.kernel.checks.findings import Findings
from authz.kernel.checks.originals import (
    is_of_its_acquirer,
    remaining_of,
)
from authz.kernel.measures.meters import correct_meters
from authz.kernel.passes import decide_for_reversal, identify_for_reversal
from authz.state.rows import found
from authz.state.tables import State
from authz.state.transaction_flags import MessageClass, TransactionFlag
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason


@compiled
def decide_reversal(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """Decide on a reversal: its original must exist, and the fields of the reversal must match it."""
    reason = identify_for_reversal(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = decide_for_reversal(state, command, context, findings)
    return reason


@compiled
def answer_reversal(state: State, command: Any, context: MessageContext, result: Any, reason: Integer) -> None:
    """Enter a reversal. One that found nothing is remembered against the message it names, should that come later."""
    row = new_transaction(state, command, context.token_row, MessageClass.REVERSAL)
    enter_trace(state, row, command, context.trace_key, context.first_row)
    state.transactions[row]["reason"] = reason
    is_early = reason == Reason.MISSING_ORIGINAL_AUTHORIZATION and not found(context.original_row)
    if is_early and is_of_its_acquirer(command):
        enter_early_reversal(state, command, context.token_row, reason)
    if reason != Reason.APPROVED:
        return
    state.transactions[row]["original"] = context.original_row + 1
    result["approved_minor"] = command["amount_minor"]
    state.transactions[row]["approved_minor"] = command["amount_minor"]
    state.transactions[row]["conversion_rate"] = result["conversion_rate"]
    if not has(state.transactions[context.original_row]["flags"], TransactionFlag.REVERSED):
        result["billing_minor"] = reverse(state, row, context.original_row, remaining_of(command), result)
        state.transactions[row]["billing_minor"] = result["billing_minor"]


@compiled
def reverse(state: State, row: Integer, original_row: Integer, remaining: Integer, result: Any) -> Integer:
    """Undo a transaction but for what remains of it, in its own currency; return how much, in the account's.

    What was completed of an authorization stays: posted, and counted by the meters. A charge is reversed by at most
    its remainder. If an accepted reversal asks for more, the difference is listed as an exception.
    """
    entry = state.transactions[original_row]
    before = np.int64(entry["billing_minor"])
    after = in_account_currency(state, original_row, remaining)
    is_authorization = np.int64(entry["message_class"]) == MessageClass.AUTHORIZATION
    completed: Integer = np.int64(entry["completed_or_disputed_minor"]) if is_authorization else np.int64(0)
    undone = max(before - max(after, completed), np.int64(0))
    adds = is_increment(entry)
    if adds:
        whole = state.transactions[np.int64(entry["original"]) - 1]
        beyond = np.int64(whole["billing_minor"]) - np.int64(whole["completed_or_disputed_minor"])
        undone = min(undone, max(beyond, np.int64(0)))
    if entry["posted_minor"] > 0:
        asked = asked_back(state, original_row, remaining)
        undone = min(asked, left_to_give_back(state, original_row))
        if undone < asked:
            list_as_exception(result, ExceptionReason.BEYOND_REMAINDER, asked)
    amount = np.int64(entry["current_minor"]) - remaining
    correct_meters(state, original_row, -1)
    entry["current_minor"] = remaining
    entry["billing_minor"] = before - undone
    if remaining == 0 and completed == 0:
        entry["flags"] = np.int64(entry["flags"]) | TransactionFlag.REVERSED
    correct_meters(state, original_row, 1)
    if entry["posted_minor"] != 0:
        give_back(state, row, original_row, undone, amount, remaining)
    elif adds:
        increased = np.int64(entry["original"]) - 1
        correct_meters(state, increased, -1)
        state.transactions[increased]["current_minor"] -= amount
        state.transactions[increased]["billing_minor"] -= undone
        correct_meters(state, increased, 1)
        release_hold(state, increased, undone)
    else:
        # A reversal frees only what is held beyond that which remains.
        kept = max(after - completed, np.int64(0))
        release_hold(state, original_row, max(np.int64(entry["held_minor"]) - kept, np.int64(0)))
    return undone


@compiled
def give_back(
    state: State, row: Integer, original_row: Integer, undone: Integer, amount: Integer, remaining: Integer
) -> None:
    """Undo a posting but for what remains of it: a purchase is paid back, a refund taken back.

    undone: in the account's currency.  amount, remaining: what is asked for and what is not, in that of the original.
    """
    entry = state.transactions[original_row]
    was_refund = entry["posted_minor"] < 0
    post(state, row, PostingKind.REVERSAL, undone if was_refund else -undone)
    if not was_refund:
        asked = undone if entry["conversion_rate"] == SAME_CURRENCY else max(amount, np.int64(0))
        add_refundable(state, original_row, -min(asked, left_to_refund(state, original_row)))
        if entry["original"] != 0:
            state.transactions[np.int64(entry["original"]) - 1]["completed_or_disputed_minor"] -= undone
        return
    taken = max(np.int64(entry["refundable_minor"]) - remaining, np.int64(0))
    entry["refundable_minor"] -= taken
    if entry["original"] != 0:
        note_given_back(state, np.int64(entry["original"]) - 1, -undone)
        add_refundable(state, np.int64(entry["original"]) - 1, taken)
