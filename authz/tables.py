"""The engine's state: accounts, cards, tokens and holds as record arrays, each with its index.

No Python object per account: a table is one array, a row one fixed-size record. Tables grow before a batch is applied,
never inside the kernel.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from authz.commands import Records, record
from authz.hash_index import Slots, rebuilt, slots_for

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
        ("account_row", "i4"),
        ("card_row", "i4"),
        ("channels", "u4"),
        ("expiry", "u2"),
        ("atc_highest", "u2"),
        ("state", "u4"),
        ("cryptogram_version", "u2"),
        ("key_index", "u2"),
    ]
)

HOLD = record(
    [
        ("trace_key", "u8"),
        ("token_pan", "u8"),
        ("acquirer", "u8"),
        ("sequence", "i8"),
        ("amount_minor", "i8"),
        ("stan", "u4"),
        ("transmitted", "u4"),
        ("account_row", "i4"),
        ("released", "u4"),
    ]
)


class Counter(IntEnum):
    """What the counters count: rows in use, how far commands have been applied, and the time of the last."""

    ACCOUNTS = 0
    CARDS = 1
    TOKENS = 2
    HOLDS = 3
    SEQUENCE = 4
    OUTBOX_SEQUENCE = 5
    TIME_US = 6


class State(NamedTuple):
    """Everything that a command can read or change. counters: int64, indexed by `Counter`."""

    accounts: Records
    cards: Records
    tokens: Records
    holds: Records
    account_slots: Slots
    card_slots: Slots
    token_slots: Slots
    hold_slots: Slots
    counters: npt.NDArray[np.int64]


_TABLES = (
    (Counter.ACCOUNTS, ACCOUNT, "account_id"),
    (Counter.CARDS, CARD, "card_id"),
    (Counter.TOKENS, TOKEN, "token_pan"),
    (Counter.HOLDS, HOLD, "trace_key"),
)


def new_state(capacity: int = 1024) -> State:
    """Empty tables with room for so many rows each."""
    tables = [np.zeros(capacity, dtype) for _, dtype, _ in _TABLES]
    slots = [slots_for(capacity) for _ in _TABLES]
    return State._make([*tables, *slots, np.zeros(len(Counter), np.int64)])


def with_room(state: State, commands: int) -> State:
    """The same state with room for so many more commands: each adds at most one row to one table."""
    tables, slots = list(state[:4]), list(state[4:8])
    for position, (counter, dtype, key) in enumerate(_TABLES):
        count, table = int(state.counters[counter]), tables[position]
        if count + commands > len(table):
            capacity = 1 << (count + commands).bit_length()
            tables[position] = np.zeros(capacity, dtype)
            tables[position][:count] = table[:count]
            slots[position] = rebuilt(tables[position][key], count, capacity)
    return State._make([*tables, *slots, state.counters])


def rows_in_use(state: State) -> dict[str, bytes]:
    """The content of each table and the counters as bytes, for comparing two states."""
    tables = zip(_TABLES, state[:4], strict=True)
    used = {counter.name: table[: state.counters[counter]].tobytes() for (counter, _, _), table in tables}
    return used | {"counters": state.counters.tobytes()}
