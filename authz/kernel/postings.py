"""Postings: every change of what an account owes is a row of its own, so that the rows sum up to the balance."""

from typing import Any

import numpy as np

from authz.commands import Kind
from authz.compiled import Integer, compiled, inlined
from authz.kernel.holds import release_hold
from authz.kernel.rows import found
from authz.kernel.traces import find_sequence, new_transaction
from authz.reasons import Reason
from authz.tables import MessageClass, State


@inlined
def post(state: State, row: Integer, billing: Integer) -> None:
    """Charge an account; a negative amount gives money back."""
    entry = state.transactions[row]
    entry["posted_minor"] += billing
    state.accounts[entry["account_row"]]["posted_minor"] += billing


@inlined
def left_to_give_back(state: State, row: Integer) -> Integer:
    """What was charged for a transaction and has not been reversed, refunded or charged back.

    A completion and its authorization are one purchase: what is given back of either counts for both.
    """
    entry = state.transactions[row]
    given_back = np.int64(entry["refunded_minor"]) + np.int64(entry["disputed_minor"])
    if np.int64(entry["message_class"]) == MessageClass.AUTHORIZATION:
        return np.int64(entry["completed_minor"]) - given_back
    if entry["posted_minor"] <= 0:
        return np.int64(0)
    left = np.int64(entry["billing_minor"]) - given_back
    if entry["original"] != 0:
        whole = state.transactions[np.int64(entry["original"]) - 1]
        of_both = np.int64(whole["completed_minor"]) - np.int64(whole["refunded_minor"])
        left = min(left, of_both - np.int64(whole["disputed_minor"]))
    return left


@inlined
def is_settled(state: State, row: Integer) -> Any:
    """Whether nothing of a transaction can be undone: all its hold was completed, or all it charged given back."""
    entry = state.transactions[row]
    if np.int64(entry["message_class"]) == MessageClass.AUTHORIZATION:
        holder = entry if entry["original"] == 0 else state.transactions[np.int64(entry["original"]) - 1]
        return holder["held_minor"] == 0 and holder["completed_minor"] > 0
    return entry["posted_minor"] > 0 and left_to_give_back(state, row) <= 0


@inlined
def note_refunded(state: State, row: Integer, billing: Integer) -> None:
    """Remember at what was refunded, and at the authorization that it belongs to, what was given back of it."""
    entry = state.transactions[row]
    entry["refunded_minor"] += billing
    if entry["original"] != 0:
        state.transactions[np.int64(entry["original"]) - 1]["refunded_minor"] += billing


@inlined
def note_disputed(state: State, row: Integer, billing: Integer) -> None:
    """The same of what was charged back."""
    entry = state.transactions[row]
    entry["disputed_minor"] += billing
    if entry["original"] != 0:
        state.transactions[np.int64(entry["original"]) - 1]["disputed_minor"] += billing


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
    if found(original_row):
        state.transactions[row]["original"] = original_row + 1
        note_refunded(state, original_row, billing)
    post(state, row, -billing)


@compiled
def dispute(state: State, command: Any, result: Any) -> Integer:
    """Charge a posting back, or present one again that was. Amounts in the account's currency."""
    original_row = find_sequence(state, np.int64(command["reference"]))
    if not found(original_row) or state.transactions[original_row]["posted_minor"] <= 0:
        return Reason.MISSING_ORIGINAL_AUTHORIZATION
    if np.int64(state.transactions[original_row]["message_class"]) == MessageClass.POSTING:
        return Reason.MISSING_ORIGINAL_AUTHORIZATION  # a representment: what it presents again is the purchase
    original, amount = state.transactions[original_row], np.int64(command["amount_minor"])
    is_chargeback = np.int64(command["kind"]) == Kind.CHARGEBACK
    disputed = np.int64(original["disputed_minor"])
    left = left_to_give_back(state, original_row)
    if amount <= 0:
        return Reason.INVALID_AMOUNT
    if amount > (left if is_chargeback else disputed):
        return Reason.EXCEEDS_AUTHORIZED_AMOUNT
    row = new_transaction(state, command, np.int64(original["token_row"]), MessageClass.POSTING)
    state.transactions[row]["original"] = original_row + 1
    note_disputed(state, original_row, amount if is_chargeback else -amount)
    post(state, row, -amount if is_chargeback else amount)
    result["approved_minor"], result["billing_minor"] = amount, amount
    return Reason.APPROVED
