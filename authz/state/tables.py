"""The engine's state: accounts, cards, tokens and transactions as record arrays, each with its index.

No Python object per account: a table is one array, a row one fixed-size record. Tables grow before a batch is applied,
never inside the kernel.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from authz.arrays.hash_index import Slots, capacity_of, key_set, keys_for, rebuilt, slots_for
from authz.arrays.memory import zeros
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.program.tables import RULES_MAX, Program
from authz.vocabulary.commands import COMMAND, Records, record

ACCOUNT = record(
    [
        ("account_id", "u8"),
        ("limit_minor", "i8"),
        ("posted_minor", "i8"),
        ("held_minor", "i8"),
        ("transaction_limit_minor", "i8"),  # `NO_LIMIT` where it has none
        ("activity", "i4"),  # row + 1 of what is known of its use, 0 before the first
        ("currency", "u2"),
        ("segment", "u2"),
    ]
)

CARD = record(
    [("card_id", "u8"), ("account_row", "i4"), ("state", "u4"), ("cells", "i4"), ("cells_version", "u4")],
)

ACTIVITY = record(
    [
        ("mean", "f8"),  # of the amounts of approved purchases
        ("squares", "f8"),  # sum of squared differences from the mean (Welford)
        ("last_us", "i8"),  # time of the last approval
        ("present_us", "i8"),  # time and place of the last approval with the card present
        ("latitude", "i4"),
        ("longitude", "i4"),
        ("first", "i4"),  # row + 1 of the first and last transaction
        ("last", "i4"),
        ("consecutive_declines", "u4"),
        ("cells", "i4"),  # where its meters' cells begin, and for which program they were made
        ("cells_version", "u4"),
        ("count", "u4"),  # of approved purchases, for their mean and spread
    ]
)
"""How an account, or a segment, has been used. Made with its first transaction: most accounts of a bank rest."""

CELL = record([("amount", "i8"), ("count", "i8"), ("tail", "i4"), ("head", "i4")])
"""What a meter shows for one subject.

It has counted the transactions up to head (row + 1), and taken off again those up to tail (row + 1).
"""

TOKEN = record(
    [
        # What every tap asks for: one line of memory, where rows begin on lines.
        ("token_pan", "u8"),
        ("atc_window", "u8"),  # bit n set: counter atc_highest - n was used
        ("verified", "i8"),  # row + 1 of the last approval with its cardholder verified
        ("account_row", "i4"),
        ("card_row", "i4"),
        ("token_created", "u4"),
        ("device_created", "u4"),
        ("cells", "i4"),
        ("cells_version", "u4"),
        ("limited_use_key", "u4"),  # index of the newest, 0 where its phone holds the card key
        ("channels", "u2"),
        ("expiry", "u2"),
        ("atc_highest", "u2"),
        ("state", "u1"),
        ("cryptogram_version", "u1"),
        ("key_index", "u1"),
        ("device_risk", "u1"),
        ("is_restricted", "u1"),  # 1 where merchant, country or amount are part of its domain
        ("spare", "u1"),
        # What its answers and rules tell of it.
        ("token_id", "u8"),
        ("token_requestor", "u8"),
        ("payment_account_reference", "S29"),
        ("spare_2", "u1"),
        ("spare_3", "u2"),
        # What few tokens have, and stand-in's count.
        ("key_until", "u4"),  # Unix seconds
        ("key_uses", "u4"),  # taps left
        ("earlier_key", "u4"),  # the one before it, which the phone may still use
        ("earlier_key_until", "u4"),
        ("earlier_key_uses", "u4"),
        ("stood_in_count", "u4"),
        ("merchant_key", "u8"),  # the only merchant where it may pay, 0 for any
        ("amount_max_minor", "i8"),  # of one transaction, in the account's currency; 0 for any
        ("countries", "i8"),  # where it may pay, see `commands.COUNTRIES_MAX`; 0 for everywhere
        ("stood_in_minor", "i8"),  # what stand-in approved in the outage with that number
        ("outage", "u4"),
        ("spare_4", "u4"),
        ("spare_5", "u8"),
        ("spare_6", "u8"),
    ]
)

TRANSACTION = record(
    [
        # What meters and lists ask of it again and again: so many bytes as a line of memory has.
        ("time_us", "i8"),
        ("billing_minor", "i8"),  # current_minor in the account's currency
        ("merchant_key", "u8"),
        ("token_row", "i4"),
        ("account_row", "i4"),
        ("original", "i4"),  # row + 1 of what it adds to, completes, reverses or refunds; 0 for none
        ("next_of_account", "i4"),  # row + 1 of the account's next transaction
        ("next_of_segment", "i4"),  # row + 1 of the next transaction of the account's segment
        # Of the first with its trace: row + 1 of the last that came, or its own where only reversals that came early
        # are behind it. 0 where it is alone.
        ("last_of_trace", "i4"),
        ("merchant_category", "u2"),
        ("country", "u2"),
        ("currency", "u2"),
        ("message_class", "u2"),  # MessageClass
        ("reason", "u2"),
        ("flags", "u2"),  # TransactionFlag
        ("operation", "u1"),
        ("cardholder_verification", "u1"),
        ("channel", "u1"),
        ("spare", "u1"),
        # The rest.
        ("trace_key", "u8"),
        ("sequence", "i8"),  # the decision's, from 1
        ("amount_minor", "i8"),  # DE 4 as it came
        ("approved_minor", "i8"),  # how much of it was answered as approved
        ("current_minor", "i8"),  # that after increments and reversals
        ("held_minor", "i8"),  # what is still held of it
        # What completions posted of an authorization; what was charged back of a charge, and not presented again.
        ("completed_or_disputed_minor", "i8"),
        ("posted_minor", "i8"),  # what this row itself posted; negative for money given back
        ("given_back_minor", "i8"),  # refunded or charged back of it, in the account's currency
        (
            "refundable_minor",
            "i8",
        ),  # charged, neither reversed nor refunded; what a refund gave; in its own currency
        ("acquirer", "u8"),
        ("terminal", "S8"),
        ("retrieval_reference", "S12"),
        ("stan", "u4"),
        ("transmitted", "u4"),
        ("conversion_rate", "u4"),  # as in DE 10, 0 where nothing was converted
        ("next_to_expire", "i4"),  # row + 1 of the next hold whose time is up in the same hour
        ("expires_hour", "u4"),  # hours since 1970
    ]
)


FORCED = record([("subject", "u8"), ("terminal", "S8"), ("scope", "u4"), ("reason", "u4")])
"""A reason that the next authorization of a subject is declined for. reason: 0 where the row is free."""


class ForcedScope(IntEnum):
    """Whose next authorization is forced."""

    TOKEN = 0
    CARD = 1
    TERMINAL = 2


class MessageClass(IntEnum):
    """What a transaction came as: the second digit of its message type."""

    POSTING = 0  # no message: a chargeback or representment
    AUTHORIZATION = 1
    FINANCIAL = 2
    REVERSAL = 4


class TransactionFlag(IntEnum):
    """What has become of a transaction, one bit each."""

    REVERSED = 1
    EXPIRED = 2
    ADVISED = 4  # decided elsewhere
    TOO_EARLY = 8  # the reversal of a message that had not come
    STOOD_IN = 16  # answered by stand-in; its advice has not reached the issuer


class Counter(IntEnum):
    """What the counters count: rows in use, how far commands have been applied, and the time of the last."""

    ACCOUNTS = 0
    CARDS = 1
    TOKENS = 2
    TRANSACTIONS = 3
    SEQUENCE = 4
    OUTBOX_SEQUENCE = 5
    TIME_US = 6
    EXPIRED_HOUR = 7  # holds up to this hour were looked at
    ACTIVITIES = 8
    SEEN = 9
    CELLS = 10
    FORCED = 11  # how many of them wait
    ISSUER_IS_DOWN = 12  # 1 while stand-in decides
    STORED_ADVICES = 13
    FORWARDED_ADVICES = 14  # so many of them were told to the issuer
    OUTAGES = 15


EXPIRY_HOURS = 1024
"""Holds wait for their hour in a ring of so many; none is held for longer."""

SEGMENTS = 256
FORCED_MAX = 256

_ROWS_PER_COMMAND = 2
"""The most rows that one command adds to one table."""


class State(NamedTuple):
    """Everything that a command can read or change.

    seen: a set of keys, what each account has used, see `habits`.  activities: ACTIVITY, one for each account that was
    used.  segments: ACTIVITY[SEGMENTS].  cells: CELL, a run of them for each subject that has meters.  advices:
    COMMAND, what stand-in has answered.  forced: FORCED[FORCED_MAX].  counters: int64, indexed by `Counter`.
    expiring: int32[EXPIRY_HOURS], row + 1 of the first hold of each hour.  matches: int64[RULES_MAX], how often each
    rule's condition has held.
    """

    accounts: Records
    cards: Records
    tokens: Records
    transactions: Records
    account_slots: Slots
    card_slots: Slots
    token_slots: Slots
    trace_slots: Slots
    seen: npt.NDArray[np.uint64]
    activities: Records
    cells: Records
    segments: Records
    advices: Records
    forced: Records
    counters: npt.NDArray[np.int64]
    expiring: npt.NDArray[np.int32]
    matches: npt.NDArray[np.int64]
    program: Program


_INDEXED = (
    ("accounts", Counter.ACCOUNTS, "account_slots", "account_id", "accounts"),
    ("cards", Counter.CARDS, "card_slots", "card_id", "cards"),
    ("tokens", Counter.TOKENS, "token_slots", "token_pan", "tokens"),
    ("transactions", Counter.TRANSACTIONS, "trace_slots", "trace_key", "traces"),
)
"""Tables with an index: their rows in use, the index, what it is over, and what its room is called in `LONG_ROOM`."""

_COUNTED = {
    **{name: counter for name, counter, _, _, _ in _INDEXED},
    "activities": Counter.ACTIVITIES,
    "cells": Counter.CELLS,
    "advices": Counter.STORED_ADVICES,
}
_WHOLE = ("segments", "forced", "counters", "expiring", "matches")


LONG_ROOM = {
    "accounts": 1 << 20,
    "cards": 1 << 20,
    "tokens": 1 << 20,
    "transactions": 1 << 26,
    "traces": 1 << 22,
    "activities": 1 << 24,
    "cells": 1 << 26,
    "advices": 1 << 20,
    "seen": 1 << 21,
}
"""How many rows and keys an engine has room for from the start, so that it does not pause to grow: addresses, not
memory. Indexes have less of it, since they are written everywhere at once: that of traces grows while the engine works,
see `room_ahead`.
"""


def new_state(capacity: int = 1024, program: Program | None = None) -> State:
    """Empty tables with room for so many rows each, and a program without limits, rules and rates."""
    return State(
        accounts=zeros(capacity, ACCOUNT),
        cards=zeros(capacity, CARD),
        tokens=zeros(capacity, TOKEN),
        transactions=zeros(capacity, TRANSACTION),
        account_slots=slots_for(capacity),
        card_slots=slots_for(capacity),
        token_slots=slots_for(capacity),
        trace_slots=slots_for(capacity),
        seen=keys_for(capacity),
        activities=zeros(capacity, ACTIVITY),
        cells=zeros(capacity, CELL),
        segments=np.zeros(SEGMENTS, ACTIVITY),
        advices=np.zeros(16, COMMAND),
        forced=np.zeros(FORCED_MAX, FORCED),
        counters=np.zeros(len(Counter), np.int64),
        expiring=np.zeros(EXPIRY_HOURS, np.int32),
        matches=np.zeros(RULES_MAX, np.int64),
        program=program or compiled_program(ProgramDocument(), version=0),
    )


def with_room(state: State, commands: int) -> State:
    """The same state with room for so many more commands."""
    cells = int(state.program.cells_of_scope.sum())
    added = dict.fromkeys(LONG_ROOM, _ROWS_PER_COMMAND * commands)
    return _with_added(state, added | {"activities": commands, "cells": cells * commands, "advices": commands})


def with_rows(state: State, rows: dict[str, int]) -> State:
    """The same state with room for just so many more rows in some tables: for a bank that comes as a whole."""
    return _with_added(state, dict.fromkeys(LONG_ROOM, 0) | rows)


def with_long_room(state: State) -> State:
    """The same state with the room that an engine starts with, or half of it where it comes from a checkpoint."""
    return _with_added(state, {name: room // 2 for name, room in LONG_ROOM.items()})


def _with_added(state: State, added: dict[str, int]) -> State:
    """The same state with room for so many more rows in each table and index, and keys seen."""
    changed: dict[str, Any] = {}
    for name, counter in _COUNTED.items():
        table, count = getattr(state, name), int(state.counters[counter])
        if (grown := _grown(table, count, added[name])) is not table:
            changed[name] = grown
    for name, counter, slots, key, room in _INDEXED:
        count = int(state.counters[counter])
        wanted = count + added[room]
        if wanted > capacity_of(getattr(state, slots)):
            table = changed.get(name, getattr(state, name))
            changed[slots] = rebuilt(table[key], count, max(wanted, count + count // 2))
    seen = int(state.counters[Counter.SEEN]) + added["seen"]
    return state._replace(seen=_roomier(state.seen, seen), **changed)


def _roomier(keys: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.uint64]:
    """A set of keys with room for so many: the same one where it has it."""
    return keys if 2 * count <= len(keys) else key_set(keys[keys != 0], 2 * count)


def _grown(table: Records, count: int, added: int) -> Records:
    """A table with room for more rows: the same one where it has it. What has grown once grows by half at least."""
    if count + added <= len(table):
        return table
    grown = zeros(max(count + added, len(table) + len(table) // 2), table.dtype)
    grown[:count] = table[:count]
    return grown


def with_program(state: State, program: Program) -> State:
    """The same state under another program. Meters start anew; what they show follows from the transactions."""
    state.counters[Counter.CELLS] = 0
    state.matches[:] = 0
    return state._replace(program=program)


def stored_arrays(state: State) -> dict[str, npt.NDArray[Any]]:
    """All that a state cannot do without, by name: rows in use, and what was used in order of its keys.

    Two states that answer alike have the same. Indexes, and where a key stands in a set, depend on how they have grown.
    """
    used = {name: getattr(state, name)[: state.counters[counter]] for name, counter in _COUNTED.items()}
    return used | {"seen": np.sort(state.seen[state.seen != 0])} | {name: getattr(state, name) for name in _WHOLE}


STORED_DTYPES: dict[str, np.dtype[Any]] = {
    name: array.dtype for name, array in new_state(16)._asdict().items() if name in (*_COUNTED, "seen", *_WHOLE)
}


def storage_for(name: str, count: int) -> npt.NDArray[Any]:
    """Where so many rows of a stored array can be read into, with room behind them for those of an engine."""
    return zeros(count + (0 if name == "seen" else LONG_ROOM.get(name, 0)), STORED_DTYPES[name])


def with_stored_arrays(arrays: dict[str, npt.NDArray[Any]], program: Program) -> State:
    """The state that these arrays were stored from; one that is not among them is empty.

    Tables may have room behind the rows in use, see `storage_for`, and are then taken as they are.
    """
    state = new_state(16, program)
    if "counters" not in arrays:
        return state
    counters = arrays["counters"]
    changed: dict[str, Any] = {name: arrays[name] for name in _WHOLE if name in arrays}
    for name, counter in _COUNTED.items():
        changed[name] = _grown(arrays.get(name, getattr(state, name)), int(counters[counter]), 1)
    for name, counter, slots, key, room in _INDEXED:
        count = int(counters[counter])
        changed[slots] = rebuilt(changed[name][key], count, min(count + LONG_ROOM[room], len(changed[name])))
    seen = arrays.get("seen", state.seen[:0])
    return state._replace(seen=key_set(seen, max(16, 2 * len(seen))), **changed)


def rows_in_use(state: State) -> dict[str, bytes]:
    """The content of a state as bytes, for comparing two."""
    return {name: array.tobytes() for name, array in stored_arrays(state).items()}
