"""Open-addressing hash index from 64-bit keys to table rows.

The index holds row numbers only (row + 1, 0 for an empty slot); keys are compared in the table itself, so an entry
costs four bytes. Slots are at most two thirds full, and of any number: a bank's index has no more than it needs. A set
of keys with no rows behind it holds the keys themselves, in a power of two of places: one place to look at instead of
two.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled, inlined, prefetch
from authz.arrays.memory import zeros

Slots = npt.NDArray[np.int32]

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT_32, _SHIFT_29, _SHIFT_2 = np.uint64(32), np.uint64(29), np.uint64(2)
_MULTIPLIERS = (np.uint64(0x9E3779B1), np.uint64(0x85EBCA77), np.uint64(0xC2B2AE3D), np.uint64(0x27D4EB2F))
_M0, _M1, _M2, _M3 = _MULTIPLIERS
_HASH_BITS, _HIGH_BITS = 31, 31
_AHEAD = 16
"""How many keys ahead the memory is asked for a slot."""


@inlined
def scrambled(key: Integer) -> Integer:
    """A well-mixed, non-negative 62-bit number from a key.

    Built from 32-bit halves, whose products fit in 64 bits: compiled and interpreted code then agree without relying on
    how either wraps around.
    """
    mixed = ((key & _LOW) * _M0) ^ ((key >> _SHIFT_32) * _M1)
    mixed ^= mixed >> _SHIFT_29
    mixed = ((mixed & _LOW) * _M2) ^ ((mixed >> _SHIFT_32) * _M3)
    mixed ^= mixed >> _SHIFT_32
    return np.int64(mixed >> _SHIFT_2)


@compiled
def text_key(text: npt.NDArray[np.uint8], start: Integer, length: Integer) -> Integer:
    """One well-mixed number from at most 15 characters, padded with blanks."""
    high, low = np.uint64(0), np.uint64(0)
    for position in range(15):
        character = np.uint64(text[start + position]) if position < length else np.uint64(32)
        if position < 8:
            high = high << np.uint64(8) | character
        else:
            low = low << np.uint64(8) | character
    return scrambled(np.uint64(scrambled(high)) ^ low)


@inlined
def first_slot(slots: Slots, key: Integer) -> Integer:
    """The place where the search for a key begins: its high bits, as a part of the whole."""
    return (scrambled(key) >> _HIGH_BITS) * len(slots) >> _HASH_BITS


@inlined
def find_row(slots: Slots, keys: npt.NDArray[np.uint64], key: Integer) -> Integer:
    """The row whose key this is, or -1."""
    position = first_slot(slots, key)
    while slots[position] != 0:
        row = slots[position] - 1
        if keys[row] == key:
            return np.int64(row)
        position += 1
        if position == len(slots):
            position = 0
    return -1


@inlined
def add_row(slots: Slots, key: Integer, row: Integer) -> None:
    """Enter a row under a key that is not in the index yet."""
    position = first_slot(slots, key)
    while slots[position] != 0:
        position += 1
        if position == len(slots):
            position = 0
    slots[position] = row + 1


@compiled
def fill_rows(slots: Slots, keys: npt.NDArray[np.uint64], first: Integer, end: Integer) -> None:
    """Enter rows that are not in the index yet, from first to end."""
    for row in range(first, end):
        if row + _AHEAD < end:
            prefetch(slots, first_slot(slots, keys[row + _AHEAD]), 0)
        add_row(slots, keys[row], row)


@inlined
def holds_key(keys: npt.NDArray[np.uint64], key: Integer) -> Any:
    """Whether a set of keys holds this one. keys: a power of two of places, at most half full, 0 for an empty one."""
    mask = len(keys) - 1
    position = scrambled(key) & mask
    while keys[position] != 0:
        if keys[position] == key:
            return True
        position = (position + 1) & mask
    return False


@inlined
def add_key(keys: npt.NDArray[np.uint64], key: Integer) -> Any:
    """Put a key, which is not 0, into a set; whether it is new."""
    mask = len(keys) - 1
    position = scrambled(key) & mask
    while keys[position] != 0:
        if keys[position] == key:
            return False
        position = (position + 1) & mask
    keys[position] = key
    return True


@compiled
def _add_keys(keys: npt.NDArray[np.uint64], added: npt.NDArray[np.uint64]) -> None:
    for place in range(len(added)):
        add_key(keys, added[place])


def keys_for(capacity: int) -> npt.NDArray[np.uint64]:
    """An empty set with room for so many keys."""
    return zeros(1 << max(4, (2 * capacity - 1).bit_length()), np.uint64, is_sparse=True)


def key_set(keys: npt.NDArray[np.uint64], capacity: int) -> npt.NDArray[np.uint64]:
    """A set of these keys with room for so many."""
    made = keys_for(capacity)
    _add_keys(made, keys)
    return made


def slots_for(capacity: int) -> Slots:
    """Empty slots for so many rows."""
    return zeros(max(16, capacity + capacity // 2 + 1), np.int32, is_sparse=True)


def capacity_of(slots: Slots) -> int:
    """How many rows an index has room for."""
    return len(slots) * 2 // 3


def rebuilt(keys: npt.NDArray[Any], count: int, capacity: int) -> Slots:
    """An index with room for capacity rows over the first count keys."""
    slots = slots_for(capacity)
    fill_rows(slots, keys, 0, count)
    return slots
