"""The engine's state: accounts, cards, tokens and transactions as record arrays, each with its index.

No Python object per account: a table is one array, a row one fixed-size record. Tables grow before a batch is applied,
never inside the kernel.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from authz.commands import Records, record
from authz.hash_index import Slots, key_set, keys_for, rebuilt, slots_for
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.program.tables import RULES_MAX, Program

ACCOUNT = record(
    [
        ("account_id", "u8"),
        ("limit_minor", "i8"),
        ("posted_minor", "i8"),
        ("held_minor", "i8"),
        ("transaction_limit_minor", "i8"),
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
        ("count", "i8"),  # approved purchases, for their mean and spread
        ("mean", "f8"),
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
        ("spare", "u4"),
    ]
)
"""How an account, or a segment, has been used. Made with its first transaction: most accounts of a bank rest."""

CELL = record([("amount", "i8"), ("count", "i8"), ("tail", "i4"), ("head", "i4")])
"""What a meter shows for one subject.

It has counted the transactions up to head (row + 1), and taken off again those up to tail (row + 1).
"""

TOKEN = record(
    [
        ("token_pan", "u8"),
        ("token_id", "u8"),
        ("atc_window", "u8"),  # bit n set: counter atc_highest - n was used
        ("token_requestor", "u8"),
        ("account_row", "i4"),
        ("card_row", "i4"),
        ("channels", "u4"),
        ("token_created", "u4"),
        ("device_created", "u4"),
        ("expiry", "u2"),
        ("atc_highest", "u2"),
        ("state", "u2"),
        ("cryptogram_version", "u2"),
        ("key_index", "u2"),
        ("device_risk", "u2"),
        ("verified", "i8"),  # row + 1 of the last approval with its cardholder verified
        ("cells", "i4"),
        ("cells_version", "u4"),
        ("payment_account_reference", "S29"),
        ("spare_1", "u1"),
        ("spare_2", "u2"),
    ]
)

TRANSACTION = record(
    [
        ("trace_key", "u8"),
        ("sequence", "i8"),  # the decision's, from 1
        ("time_us", "i8"),
        ("amount_minor", "i8"),  # DE 4 as it came
        ("approved_minor", "i8"),  # how much of it was answered as approved
        ("current_minor", "i8"),  # that after increments and reversals
        ("billing_minor", "i8"),  # current_minor in the account's currency
        ("held_minor", "i8"),  # what is still held of it
        ("completed_minor", "i8"),  # what completions posted of it
        ("posted_minor", "i8"),  # what this row itself posted; negative for money given back
        ("refunded_minor", "i8"),
        ("disputed_minor", "i8"),  # charged back and not presented again
        ("acquirer", "u8"),
        ("terminal", "S8"),
        ("merchant_key", "u8"),
        ("retrieval_reference", "S12"),
        ("stan", "u4"),
        ("transmitted", "u4"),
        ("conversion_rate", "u4"),  # as in DE 10, 0 where nothing was converted
        ("token_row", "i4"),
        ("account_row", "i4"),
        ("original", "i4"),  # row + 1 of what it adds to, completes, reverses or refunds; 0 for none
        ("next_of_trace", "i4"),  # row + 1 of the next transaction with this trace key, 0 for none
        ("next_of_account", "i4"),  # row + 1 of the account's next transaction
        ("next_of_segment", "i4"),  # row + 1 of the next transaction of the account's segment
        ("next_to_expire", "i4"),  # row + 1 of the next hold whose time is up in the same hour
        ("expires_hour", "u4"),  # hours since 1970
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
    ]
)


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


EXPIRY_HOURS = 1024
"""Holds wait for their hour in a ring of so many; none is held for longer."""

SEGMENTS = 256

_ROWS_PER_COMMAND = 2
"""The most rows that one command adds to one table."""


class State(NamedTuple):
    """Everything that a command can read or change.

    seen: a set of keys, what each account has used, see `habits`.  activities: ACTIVITY, one for each account that was
    used.  segments: ACTIVITY[SEGMENTS].  cells: CELL, a run of them for each subject that has meters.  counters: int64,
    indexed by `Counter`.  expiring: int32[EXPIRY_HOURS], row + 1 of the first hold of each hour.  matches:
    int64[RULES_MAX], how often each rule's condition has held.
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
    counters: npt.NDArray[np.int64]
    expiring: npt.NDArray[np.int32]
    matches: npt.NDArray[np.int64]
    program: Program


_TABLES = (
    (Counter.ACCOUNTS, ACCOUNT, "account_id"),
    (Counter.CARDS, CARD, "card_id"),
    (Counter.TOKENS, TOKEN, "token_pan"),
    (Counter.TRANSACTIONS, TRANSACTION, "trace_key"),
)
_INDEXED = len(_TABLES)


def new_state(capacity: int = 1024) -> State:
    """Empty tables with room for so many rows each, and a program without limits, rules and rates."""
    return State._make(
        [
            *(np.zeros(capacity, dtype) for _, dtype, _ in _TABLES),
            *(slots_for(capacity) for _ in _TABLES),
            keys_for(capacity),
            np.zeros(capacity, ACTIVITY),
            np.zeros(capacity, CELL),
            np.zeros(SEGMENTS, ACTIVITY),
            np.zeros(len(Counter), np.int64),
            np.zeros(EXPIRY_HOURS, np.int32),
            np.zeros(RULES_MAX, np.int64),
            compiled_program(ProgramDocument(), version=0),
        ]
    )


def with_room(state: State, commands: int) -> State:
    """The same state with room for so many more commands."""
    arrays: list[Any] = list(state)
    tables, slots = arrays[:_INDEXED], arrays[_INDEXED : 2 * _INDEXED]
    for position, (counter, _, key) in enumerate(_TABLES):
        count, table = int(state.counters[counter]), tables[position]
        tables[position] = _grown(table, count, _ROWS_PER_COMMAND * commands)
        if tables[position] is not table:
            slots[position] = rebuilt(tables[position][key], count, len(tables[position]))
    cells, seen = int(state.program.cells_of_scope.sum()), int(state.counters[Counter.SEEN])
    return State._make([*tables, *slots, *arrays[2 * _INDEXED :]])._replace(
        seen=_roomier(state.seen, seen + _ROWS_PER_COMMAND * commands),
        activities=_grown(state.activities, int(state.counters[Counter.ACTIVITIES]), commands),
        cells=_grown(state.cells, int(state.counters[Counter.CELLS]), cells * commands),
    )


def _roomier(keys: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.uint64]:
    """A set of keys with room for so many: the same one where it has it."""
    return keys if 2 * count <= len(keys) else key_set(keys[keys != 0], 2 * count)


def _grown(table: Records, count: int, added: int) -> Records:
    """A table with room for more rows: the same one where it has it."""
    if count + added <= len(table):
        return table
    grown = np.zeros(1 << (count + added).bit_length(), table.dtype)
    grown[:count] = table[:count]
    return grown


def with_program(state: State, program: Program) -> State:
    """The same state under another program. Meters start anew; what they show follows from the transactions."""
    state.counters[Counter.CELLS] = 0
    state.matches[:] = 0
    return state._replace(program=program)


def rows_in_use(state: State) -> dict[str, bytes]:
    """The content of each table and the counters as bytes, for comparing two states."""
    arrays: list[Any] = list(state)
    tables = zip(_TABLES, arrays[:_INDEXED], strict=True)
    used = {counter.name: table[: state.counters[counter]].tobytes() for (counter, _, _), table in tables}
    # Where a key stands in the set depends on how the set has grown.
    used["SEEN"] = np.sort(state.seen[state.seen != 0]).tobytes()
    used["ACTIVITIES"] = state.activities[: state.counters[Counter.ACTIVITIES]].tobytes()
    used["CELLS"] = state.cells[: state.counters[Counter.CELLS]].tobytes()
    whole = ("segments", "counters", "expiring", "matches")
    return used | {name: getattr(state, name).tobytes() for name in whole}
