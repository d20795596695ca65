"""The engine's state: accounts, cards, tokens and transactions as record arrays, each with its index.

No Python object per account: a table is one array, a row one fixed-size record. Tables grow before a batch is applied,
never inside the kernel.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from authz.commands import Records, record
from authz.hash_index import Slots, rebuilt, slots_for
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.program.tables import Program

ACCOUNT = record(
    [
        ("account_id", "u8"),
        ("limit_minor", "i8"),
        ("posted_minor", "i8"),
        ("held_minor", "i8"),
        ("transaction_limit_minor", "i8"),
        ("currency", "u4"),
        ("segment", "u4"),
    ]
)

CARD = record([("card_id", "u8"), ("account_row", "i4"), ("state", "u4")])

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
        ("merchant", "S15"),
        ("channel", "u1"),
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
        ("spare", "u2"),
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


EXPIRY_HOURS = 1024
"""Holds wait for their hour in a ring of so many; none is held for longer."""

_ROWS_PER_COMMAND = 2
"""The most rows that one command adds to one table."""


class State(NamedTuple):
    """Everything that a command can read or change.

    counters: int64, indexed by `Counter`.  expiring: int32[EXPIRY_HOURS], row + 1 of the first hold of each hour.
    """

    accounts: Records
    cards: Records
    tokens: Records
    transactions: Records
    account_slots: Slots
    card_slots: Slots
    token_slots: Slots
    trace_slots: Slots
    counters: npt.NDArray[np.int64]
    expiring: npt.NDArray[np.int32]
    program: Program


_TABLES = (
    (Counter.ACCOUNTS, ACCOUNT, "account_id"),
    (Counter.CARDS, CARD, "card_id"),
    (Counter.TOKENS, TOKEN, "token_pan"),
    (Counter.TRANSACTIONS, TRANSACTION, "trace_key"),
)


def new_state(capacity: int = 1024) -> State:
    """Empty tables with room for so many rows each, and a program without limits, rules and rates."""
    tables = [np.zeros(capacity, dtype) for _, dtype, _ in _TABLES]
    slots = [slots_for(capacity) for _ in _TABLES]
    counters, expiring = np.zeros(len(Counter), np.int64), np.zeros(EXPIRY_HOURS, np.int32)
    return State._make([*tables, *slots, counters, expiring, compiled_program(ProgramDocument(), version=0)])


def with_room(state: State, commands: int) -> State:
    """The same state with room for so many more commands."""
    tables, slots = list(state[:4]), list(state[4:8])
    added = _ROWS_PER_COMMAND * commands
    for position, (counter, dtype, key) in enumerate(_TABLES):
        count, table = int(state.counters[counter]), tables[position]
        if count + added > len(table):
            capacity = 1 << (count + added).bit_length()
            tables[position] = np.zeros(capacity, dtype)
            tables[position][:count] = table[:count]
            slots[position] = rebuilt(tables[position][key], count, capacity)
    return State._make([*tables, *slots, *state[8:]])


def rows_in_use(state: State) -> dict[str, bytes]:
    """The content of each table and the counters as bytes, for comparing two states."""
    tables = zip(_TABLES, state[:4], strict=True)
    used = {counter.name: table[: state.counters[counter]].tobytes() for (counter, _, _), table in tables}
    return used | {"counters": state.counters.tobytes(), "expiring": state.expiring.tobytes()}
