"""Postings: every change of what an account owes is a row of its own, so that the rows sum up to the balance."""

from typing import Any

import numpy as np

from authz.commands import Kind
from authz.compiled import Integer, compiled, inlined
from authz.kernel.holds import release_hold
from authz.kernel.traces import find_sequence, new_transaction
from authz.reasons import Reason
from authz.tables import MessageClass, State


@inlined
def post(state: State, row: Integer, billing: Integer) -> None:
    """Charge an account; a negative amount gives money back."""
    entry = state.transactions[row]
    entry["posted_minor"] += billing
    state.accounts[entry["account_row"]]["posted_minor"] += billing


@compiled
def complete(state: State, row: Integer, original_row: Integer, billing: Integer, more_follows: Any) -> None:
    """Post what an authorization was for. Its hold ends, but for what later completions will need."""
    original = state.transactions[original_row]
    state.transactions[row]["original"] = original_row + 1
    original["completed_minor"] += billing
    release_hold(state, original_row, billing if more_follows else np.int64(original["held_minor"]))
    post(state, row, billing)


@compiled
def refund(state: State, row: Integer, original_row: Integer, billing: Integer) -> None:
    """Give money back, remembered at the purchase where that is known."""
    if original_row >= 0:
        state.transactions[row]["original"] = original_row + 1
        state.transactions[original_row]["refunded_minor"] += billing
    post(state, row, -billing)


@compiled
def dispute(state: State, command: Any, result: Any) -> Integer:
    """Charge a posting back, or present one again that was. Amounts in the account's currency."""
    original_row = find_sequence(state, np.int64(command["reference"]))
    if original_row < 0 or state.transactions[original_row]["posted_minor"] <= 0:
        return Reason.MISSING_ORIGINAL_AUTHORIZATION
    original, amount = state.transactions[original_row], np.int64(command["amount_minor"])
    is_chargeback = np.int64(command["kind"]) == Kind.CHARGEBACK
    disputed = np.int64(original["disputed_minor"])
    left = np.int64(original["posted_minor"]) - np.int64(original["refunded_minor"]) - disputed
    if amount <= 0:
        return Reason.INVALID_AMOUNT
    if amount > (left if is_chargeback else disputed):
        return Reason.EXCEEDS_AUTHORIZED_AMOUNT
    row = new_transaction(state, command, np.int64(original["token_row"]), MessageClass.POSTING)
    state.transactions[row]["original"] = original_row + 1
    original["disputed_minor"] += amount if is_chargeback else -amount
    post(state, row, -amount if is_chargeback else amount)
    result["approved_minor"], result["billing_minor"] = amount, amount
    return Reason.APPROVED
