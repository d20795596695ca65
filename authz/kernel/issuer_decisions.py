"""Authorizations that await the real-time decisioning webhook: held, then decided by a command."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.accounts.conversion import converted
from authz.kernel.accounts.habits import learn, note_decline
from authz.kernel.accounts.holds import release_hold
from authz.kernel.accounts.message_context import has
from authz.kernel.accounts.postings import charge
from authz.kernel.accounts.trace_index import find_sequence
from authz.kernel.measures.meters import correct_meters
from authz.state.rows import found
from authz.state.tables import State
from authz.state.transaction_flags import MessageClass, TransactionFlag
from authz.vocabulary.reasons import Reason


@compiled
def take_issuer_decision(state: State, command: Any, result: Any) -> Integer:
    """Settle an authorization that waits.

    command: ISSUER_DECISION. It approves at most what was asked for.
    """
    row = find_sequence(state, np.int64(command["decision"]))
    if not found(row) or np.int64(state.transactions[row]["reason"]) != Reason.AWAITING_ISSUER:
        return Reason.MISSING_ORIGINAL_AUTHORIZATION
    entry = state.transactions[row]
    result["sequence"] = entry["sequence"]
    result["conversion_rate"] = entry["conversion_rate"]
    result["payment_account_reference"] = state.tokens[entry["token_row"]]["payment_account_reference"]
    if has(entry["flags"], TransactionFlag.REVERSED):
        entry["reason"] = Reason.ALREADY_REVERSED
        return Reason.ALREADY_REVERSED
    held = np.int64(entry["held_minor"])
    reason: Integer = np.int64(command["reason"])
    amount = min(np.int64(command["amount_minor"]), np.int64(entry["current_minor"]))
    if reason == Reason.APPROVED and amount <= 0:
        reason = np.int64(Reason.DO_NOT_HONOR)
    if reason != Reason.APPROVED:
        correct_meters(state, row, -1)
        entry["reason"] = reason
        entry["approved_minor"] = entry["current_minor"] = entry["billing_minor"] = 0
        correct_meters(state, row, 1)
        release_hold(state, row, held)
        note_decline(state, np.int64(entry["token_row"]))
        return reason
    source, target = np.int64(entry["currency"]), np.int64(state.accounts[entry["account_row"]]["currency"])
    billing = converted(state.program, amount, np.int64(entry["conversion_rate"]), source, target)
    is_whole = amount == np.int64(entry["amount_minor"])
    correct_meters(state, row, -1)
    entry["reason"] = Reason.APPROVED if is_whole else Reason.PARTIALLY_APPROVED
    entry["approved_minor"] = entry["current_minor"] = amount
    entry["billing_minor"] = billing
    correct_meters(state, row, 1)
    learn(state, command, row, billing, True)
    result["approved_minor"], result["billing_minor"] = amount, billing
    if np.int64(entry["message_class"]) == MessageClass.FINANCIAL:
        release_hold(state, row, held)
        charge(state, command, row, billing, True)
    else:
        kept = max(billing - np.int64(entry["completed_or_disputed_minor"]), np.int64(0))
        release_hold(state, row, max(held - kept, np.int64(0)))
    return np.int64(entry["reason"])
