"""What an account has used before: one set of keys for merchants, countries, and postings that were waived."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.arrays.hash_index import add_key, holds_key, scrambled
from authz.state.tables import Counter, State

MERCHANT, COUNTRY, WAIVED = 1, 2, 3
"""Kinds of things that are remembered as used: where an account paid, and which of its postings were waived."""

_KIND_SHIFT = np.uint64(56)
_NOT_ZERO = np.uint64(1 << 62)


@inlined
def seen_key(account_row: Integer, kind: Integer, value: Integer) -> Integer:
    """One number for an account and a thing that it has used."""
    mixed = np.uint64(scrambled(np.uint64(account_row) | np.uint64(kind) << _KIND_SHIFT)) ^ np.uint64(value)
    return np.uint64(scrambled(mixed)) | _NOT_ZERO


@inlined
def has_used(state: State, account_row: Integer, kind: Integer, value: Integer) -> Any:
    """Whether an account has used a merchant or a country before."""
    return holds_key(state.seen, seen_key(account_row, kind, value))


@inlined
def note_use(state: State, account_row: Integer, kind: Integer, value: Integer) -> None:
    """Remember that an account has used a merchant or a country."""
    if add_key(state.seen, seen_key(account_row, kind, value)):
        state.counters[Counter.SEEN] += 1
