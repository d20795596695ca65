"""The trace index: finds transactions by the fields that identify a message."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.arrays.hash_index import add_row, first_slot, scrambled
from authz.kernel.measures.meters import remember
from authz.state.rows import NO_ROW, found, row_of_sequence
from authz.state.tables import Counter, State
from authz.state.transaction_flags import MessageClass, TransactionFlag
from authz.vocabulary.commands import Flag, Kind

_MASK_62 = np.uint64((1 << 62) - 1)
_SHIFT_32 = np.uint64(32)
_SHIFT_56 = np.uint64(56)
_UNTRACED = np.uint64(1 << 63)
_REAL, _EARLY = np.uint64(1), np.uint64(2)
"""What a key of a terminal is of: messages that came, or reversals that came before the message they reverse."""


@inlined
def trace_key(
    command: Any, token_id: Integer, acquirer: Integer, stan: Integer, transmitted: Integer, message_class: Integer
) -> Integer:
    """One key of what names a message in DE 90, of the token in a command. Rows are compared field by field behind it.

    token_id: of that token by the tables, not by the command: one that came with its token's own notice is not named.

    The token's identifier is no part of any message: who does not know it cannot look for names whose keys collide.
    """
    mixed = np.uint64(scrambled(np.uint64(command["token_pan"]))) ^ np.uint64(token_id)
    mixed = np.uint64(scrambled(mixed)) ^ np.uint64(acquirer)
    named = np.uint64(stan) << _SHIFT_32 | np.uint64(transmitted) | np.uint64(message_class) << _SHIFT_56
    mixed = np.uint64(scrambled(mixed)) ^ named
    return np.uint64(scrambled(mixed)) & _MASK_62


@inlined
def own_key(command: Any, token_id: Integer, message_class: Integer) -> Integer:
    """The key of a message's own trace."""
    return trace_key(command, token_id, command["acquirer"], command["stan"], command["transmitted"], message_class)


@inlined
def key_of(state: State, command: Any, token_row: Integer, message_class: Integer) -> Integer:
    """The same for a message of a token that was found. Making it costs, so it is made once for each message."""
    return own_key(command, np.uint64(state.tokens[token_row]["token_id"]), message_class)


@compiled
def _key_with(key: Integer, text: Any) -> Integer:
    """A key that is also of a terminal, or of a retrieval reference."""
    mixed = np.uint64(key)
    for place in range(len(text)):
        mixed = np.uint64(scrambled(mixed ^ np.uint64(text[place])))
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
def _row_of(
    state: State,
    key: Integer,
    token_row: Integer,
    acquirer: Integer,
    stan: Integer,
    transmitted: Integer,
    message_class: Integer,
) -> Integer:
    """The transaction under a key that has this trace and class, or NO_ROW."""
    slots = state.trace_slots
    position = first_slot(slots, key)
    while slots[position] != 0:
        row = np.int64(slots[position]) - 1
        entry = state.transactions[row]
        if (
            entry["trace_key"] == key
            and entry["token_row"] == token_row
            and entry["acquirer"] == acquirer
            and entry["stan"] == stan
            and entry["transmitted"] == transmitted
            and entry["message_class"] == message_class
        ):
            return row
        position += 1
        if position == len(slots):
            position = 0
    return NO_ROW


@inlined
def _is_early(entry: Any) -> Any:
    return np.int64(entry["flags"]) & TransactionFlag.TOO_EARLY != 0


@compiled
def _row_of_terminal(state: State, first_row: Integer, key: Integer, terminal: Any, kind: Integer) -> Integer:
    """The first transaction of a terminal under the trace of a first row, or NO_ROW. kind: `_REAL` or `_EARLY`.

    key: that of the trace.
    """
    first = state.transactions[first_row]
    if _is_early(first) == (kind == _EARLY) and first["terminal"] == terminal:
        return first_row
    if first["last_of_trace"] == 0:
        return NO_ROW
    row: Integer = _row_of(
        state,
        _key_with(key ^ kind, terminal),
        np.int64(first["token_row"]),
        np.uint64(first["acquirer"]),
        np.int64(first["stan"]),
        np.int64(first["transmitted"]),
        np.int64(first["message_class"]),
    )
    if found(row) and state.transactions[row]["terminal"] != terminal:
        return NO_ROW
    return row


@inlined
def find_first(state: State, command: Any, key: Integer, token_row: Integer, message_class: Integer) -> Integer:
    """The first transaction with the trace of a message, in one class, or NO_ROW. key: of that trace and class."""
    return _row_of(state, key, token_row, command["acquirer"], command["stan"], command["transmitted"], message_class)


@compiled
def _find_same_behind(state: State, command: Any, key: Integer, first_row: Integer, message_class: Integer) -> Integer:
    token_row = np.int64(state.transactions[first_row]["token_row"])
    row: Integer = _row_of_terminal(state, first_row, key, command["terminal"], _REAL)
    if not found(row) or state.transactions[row]["retrieval_reference"] == command["retrieval_reference"]:
        return row
    if state.transactions[first_row]["last_of_trace"] == 0:
        return NO_ROW
    key = _key_with(_key_with(key ^ _REAL, command["terminal"]), command["retrieval_reference"])
    row = _row_of(state, key, token_row, command["acquirer"], command["stan"], command["transmitted"], message_class)
    if not found(row):
        return NO_ROW
    entry = state.transactions[row]
    is_same = (
        entry["terminal"] == command["terminal"] and entry["retrieval_reference"] == command["retrieval_reference"]
    )
    return row if is_same else NO_ROW


@inlined
def find_same(state: State, command: Any, key: Integer, first_row: Integer, message_class: Integer) -> Integer:
    """The transaction that came with the same acquirer, terminal, STAN, RRN, transmission time and class, or NO_ROW.

    first_row: from `find_first`, under that key and of that class.
    """
    return _find_same_behind(state, command, key, first_row, message_class) if found(first_row) else NO_ROW


@inlined
def find_early_reversal(state: State, command: Any, key: Integer, first_row: Integer) -> Integer:
    """The reversal that came from the terminal of a message before that, which is this one; or NO_ROW.

    first_row: from `find_first`, under that key.
    """
    if not found(first_row):
        return NO_ROW
    return _row_of_terminal(state, first_row, key, command["terminal"], _EARLY)


@inlined
def _original_key(state: State, command: Any, token_row: Integer) -> Integer:
    return trace_key(
        command,
        np.uint64(state.tokens[token_row]["token_id"]),
        command["original_acquirer"],
        command["original_stan"],
        command["original_transmitted"],
        np.int64(command["original_type"]) // 100,
    )


@inlined
def _first_of_original(state: State, command: Any, key: Integer, token_row: Integer) -> Integer:
    return _row_of(
        state,
        key,
        token_row,
        command["original_acquirer"],
        command["original_stan"],
        command["original_transmitted"],
        np.int64(command["original_type"]) // 100,
    )


@compiled
def find_original(state: State, command: Any, token_row: Integer) -> Integer:
    """The transaction that DE 90 names, or NO_ROW. Of several, the one of the same terminal, else the last."""
    key = _original_key(state, command, token_row)
    first_row: Integer = _first_of_original(state, command, key, token_row)
    if not found(first_row):
        return NO_ROW
    row: Integer = _row_of_terminal(state, first_row, key, command["terminal"], _REAL)
    if found(row):
        return row
    last: Integer = np.int64(state.transactions[first_row]["last_of_trace"]) - 1
    if not found(last):
        last = first_row
    return NO_ROW if _is_early(state.transactions[last]) else last


@compiled
def find_sequence(state: State, sequence: Integer) -> Integer:
    """The transaction that a decision entered, or NO_ROW. Rows stand in the order of their sequences."""
    return row_of_sequence(state.transactions, state.counters[Counter.TRANSACTIONS], sequence)


@inlined
def new_row(state: State, command: Any, token_row: Integer, message_class: Integer) -> Integer:
    """A row for the transaction of a command of any kind that has an amount."""
    row: Integer = state.counters[Counter.TRANSACTIONS]
    state.counters[Counter.TRANSACTIONS] += 1
    entry = state.transactions[row]
    # Outside of what traces can be, so that nothing finds it by one until `enter_trace`.
    entry["trace_key"] = np.uint64(row) | _UNTRACED
    entry["sequence"] = state.counters[Counter.SEQUENCE]
    entry["time_us"] = command["time_us"]
    entry["amount_minor"] = command["amount_minor"]
    entry["token_row"] = token_row
    entry["account_row"] = state.tokens[token_row]["account_row"]
    entry["message_class"] = message_class
    return row


@inlined
def new_transaction(state: State, command: Any, token_row: Integer, message_class: Integer) -> Integer:
    """A row for a message's transaction, with the fields of the message."""
    row = new_row(state, command, token_row, message_class)
    entry = state.transactions[row]
    entry["acquirer"] = command["acquirer"]
    entry["terminal"] = command["terminal"]
    entry["merchant_key"] = command["merchant_key"]
    entry["channel"] = command["channel"]
    entry["retrieval_reference"] = command["retrieval_reference"]
    entry["merchant_category"] = command["merchant_category"]
    entry["country"] = command["country"]
    entry["currency"] = command["currency"]
    entry["operation"] = command["operation"]
    entry["cardholder_verification"] = command["cardholder_verification"]
    if np.int64(command["kind"]) in (Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE):
        entry["flags"] = TransactionFlag.ADVISED
    if message_class == MessageClass.AUTHORIZATION or message_class == MessageClass.FINANCIAL:
        remember(state, row)
    return row


@inlined
def enter_trace(state: State, row: Integer, command: Any, key: Integer, first_row: Integer) -> None:
    """Make a row findable by its message's own trace. key: of that.  first_row: from `find_first`, under that key.

    What is named alike is told apart by two more keys, so that nobody looks through what others were named alike: the
    first of a trace is under the key of the trace, the first of each other terminal under one that is of both, the rest
    under one that is also of their retrieval reference.
    """
    entry = state.transactions[row]
    entry["stan"] = command["stan"]
    entry["transmitted"] = command["transmitted"]
    if found(first_row):
        key = _key_behind(state, command, first_row, key)
        state.transactions[first_row]["last_of_trace"] = row + 1
    entry["trace_key"] = key
    add_row(state.trace_slots, key, row)


@compiled
def _key_behind(state: State, command: Any, first_row: Integer, key: Integer) -> Integer:
    """The key of a message that is not the first with its trace."""
    of_terminal = _key_with(key ^ _REAL, command["terminal"])
    if not found(_row_of_terminal(state, first_row, key, command["terminal"], _REAL)):
        return of_terminal
    return _key_with(of_terminal, command["retrieval_reference"])


@compiled
def enter_early_reversal(state: State, command: Any, token_row: Integer, reason: Integer) -> None:
    """Remember against the message that a reversal names, and that has not come, that it was reversed; once."""
    message_class = np.int64(command["original_type"]) // 100
    key = _original_key(state, command, token_row)
    first_row: Integer = _first_of_original(state, command, key, token_row)
    if found(first_row):
        if found(_row_of_terminal(state, first_row, key, command["terminal"], _EARLY)):
            return
        first = state.transactions[first_row]
        if first["last_of_trace"] == 0:
            first["last_of_trace"] = first_row + 1
        key = _key_with(key ^ _EARLY, command["terminal"])
    row = new_transaction(state, command, token_row, message_class)
    entry = state.transactions[row]
    entry["reason"] = reason
    entry["flags"] = TransactionFlag.TOO_EARLY
    entry["acquirer"] = command["original_acquirer"]
    entry["stan"] = command["original_stan"]
    entry["transmitted"] = command["original_transmitted"]
    entry["trace_key"] = key
    add_row(state.trace_slots, key, row)


@inlined
def is_repeat(command: Any) -> Any:
    """Whether the message is marked as a repeat (x1x1)."""
    return np.int64(command["flags"]) & Flag.REPEAT != 0
