"""Finding transactions by what identifies them on the wire, and entering new ones."""

from typing import Any

import numpy as np

from authz.commands import Flag, Kind
from authz.compiled import Integer, compiled, inlined
from authz.hash_index import add_row, find_row, scrambled
from authz.kernel.meters import remember
from authz.kernel.rows import NO_ROW, found
from authz.tables import Counter, MessageClass, State, TransactionFlag

_MASK_62 = np.uint64((1 << 62) - 1)
_SHIFT_32 = np.uint64(32)
_UNTRACED = np.uint64(1 << 63)


@inlined
def trace_key(token_pan: Integer, acquirer: Integer, stan: Integer, transmitted: Integer) -> Integer:
    """One key of what names a message in DE 90. Rows are compared field by field behind it."""
    mixed = np.uint64(scrambled(np.uint64(token_pan))) ^ np.uint64(acquirer)
    mixed = np.uint64(scrambled(mixed)) ^ (np.uint64(stan) << _SHIFT_32 | np.uint64(transmitted))
    return np.uint64(scrambled(mixed)) & _MASK_62


@inlined
def class_of(kind: Integer) -> Integer:
    """The class of a message's kind: an authorization's, a charge's, or else a reversal's."""
    if kind == Kind.AUTHORIZATION_REQUEST or kind == Kind.AUTHORIZATION_ADVICE:
        return MessageClass.AUTHORIZATION
    if kind == Kind.FINANCIAL_REQUEST or kind == Kind.FINANCIAL_ADVICE:
        return MessageClass.FINANCIAL
    return MessageClass.REVERSAL


@inlined
def _has_trace(row: Any, token_row: Integer, acquirer: Integer, stan: Integer, transmitted: Integer) -> Any:
    return (
        row["token_row"] == token_row
        and row["acquirer"] == acquirer
        and row["stan"] == stan
        and row["transmitted"] == transmitted
    )


@inlined
def find_first(state: State, command: Any) -> Integer:
    """The first transaction whose trace has the same key as the command's, or NO_ROW."""
    key = trace_key(command["token_pan"], command["acquirer"], command["stan"], command["transmitted"])
    return find_row(state.trace_slots, state.transactions["trace_key"], key)


@inlined
def find_same(state: State, command: Any, first_row: Integer, token_row: Integer, message_class: Integer) -> Integer:
    """The transaction that came with the same acquirer, terminal, STAN, RRN, transmission time and class, or NO_ROW.

    first_row: from `find_first`.
    """
    row = first_row
    while found(row):
        entry = state.transactions[row]
        if (
            _has_trace(entry, token_row, command["acquirer"], command["stan"], command["transmitted"])
            and entry["message_class"] == message_class
            and not np.int64(entry["flags"]) & TransactionFlag.TOO_EARLY
            and entry["terminal"] == command["terminal"]
            and entry["retrieval_reference"] == command["retrieval_reference"]
        ):
            return row
        row = np.int64(entry["next_of_trace"]) - 1
    return NO_ROW


@compiled
def find_original(state: State, command: Any, token_row: Integer) -> Integer:
    """The transaction that DE 90 names, or NO_ROW. Of several, the one of the same terminal, else the last."""
    acquirer, stan = command["original_acquirer"], command["original_stan"]
    transmitted = command["original_transmitted"]
    message_class = np.int64(command["original_type"]) // 100
    row: Integer = find_row(
        state.trace_slots, state.transactions["trace_key"], trace_key(command["token_pan"], acquirer, stan, transmitted)
    )
    found_row: Integer = NO_ROW
    while found(row):
        entry = state.transactions[row]
        if _has_trace(entry, token_row, acquirer, stan, transmitted) and entry["message_class"] == message_class:
            found_row = row
            if entry["terminal"] == command["terminal"]:
                return row
        row = np.int64(entry["next_of_trace"]) - 1
    return found_row


@inlined
def find_early_reversal(
    state: State, command: Any, first_row: Integer, token_row: Integer, message_class: Integer
) -> Integer:
    """The reversal that came before the message it reverses, which is this one; or NO_ROW. first_row: `find_first`."""
    row = first_row
    while found(row):
        entry = state.transactions[row]
        if (
            np.int64(entry["flags"]) & TransactionFlag.TOO_EARLY
            and _has_trace(entry, token_row, command["acquirer"], command["stan"], command["transmitted"])
            and entry["message_class"] == message_class
        ):
            return row
        row = np.int64(entry["next_of_trace"]) - 1
    return NO_ROW


@compiled
def find_sequence(state: State, sequence: Integer) -> Integer:
    """The transaction that a decision entered, or NO_ROW. Rows stand in the order of their sequences."""
    low: Integer = 0
    high: Integer = state.counters[Counter.TRANSACTIONS]
    while low < high:
        middle = (low + high) // 2
        if state.transactions[middle]["sequence"] < sequence:
            low = middle + 1
        else:
            high = middle
    is_there = low < state.counters[Counter.TRANSACTIONS] and state.transactions[low]["sequence"] == sequence
    return low if is_there else NO_ROW


@inlined
def new_transaction(state: State, command: Any, token_row: Integer, message_class: Integer) -> Integer:
    """A row for this command's transaction, with what the command itself says."""
    row: Integer = state.counters[Counter.TRANSACTIONS]
    state.counters[Counter.TRANSACTIONS] += 1
    entry = state.transactions[row]
    # Outside of what traces can be, so that nothing finds it by one until `enter_trace`.
    entry["trace_key"] = np.uint64(row) | _UNTRACED
    entry["sequence"] = state.counters[Counter.SEQUENCE]
    entry["time_us"] = command["time_us"]
    entry["amount_minor"] = command["amount_minor"]
    entry["acquirer"] = command["acquirer"]
    entry["terminal"] = command["terminal"]
    entry["merchant_key"] = command["merchant_key"]
    entry["channel"] = command["channel"]
    entry["retrieval_reference"] = command["retrieval_reference"]
    entry["token_row"] = token_row
    entry["account_row"] = state.tokens[token_row]["account_row"]
    entry["merchant_category"] = command["merchant_category"]
    entry["country"] = command["country"]
    entry["currency"] = command["currency"]
    entry["message_class"] = message_class
    entry["operation"] = command["operation"]
    entry["cardholder_verification"] = command["cardholder_verification"]
    if np.int64(command["kind"]) in (Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE):
        entry["flags"] = TransactionFlag.ADVISED
    if message_class == MessageClass.AUTHORIZATION or message_class == MessageClass.FINANCIAL:
        remember(state, row)
    return row


@compiled
def enter_trace(state: State, row: Integer, token_pan: Integer, stan: Integer, transmitted: Integer) -> None:
    """Make a row findable by its trace, behind others with the same key."""
    entry = state.transactions[row]
    key = trace_key(token_pan, entry["acquirer"], stan, transmitted)
    first = find_row(state.trace_slots, state.transactions["trace_key"], key)
    enter_trace_behind(state, row, key, first, stan, transmitted)


@inlined
def enter_trace_behind(
    state: State, row: Integer, key: Integer, first: Integer, stan: Integer, transmitted: Integer
) -> None:
    """The same where the first row with this key (or NO_ROW) is known."""
    entry = state.transactions[row]
    entry["stan"] = stan
    entry["transmitted"] = transmitted
    entry["trace_key"] = key
    if not found(first):
        add_row(state.trace_slots, key, row)
        return
    last = state.transactions[first]
    while last["next_of_trace"] != 0:
        last = state.transactions[np.int64(last["next_of_trace"]) - 1]
    last["next_of_trace"] = row + 1


@inlined
def is_repeat(command: Any) -> Any:
    """Whether the message says that it was sent before (x1x1)."""
    return np.int64(command["flags"]) & Flag.REPEAT != 0
