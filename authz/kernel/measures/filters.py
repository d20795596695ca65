"""Filters that select transactions for limits and rules."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.program.tables import Program

_ONE_64 = np.uint64(1)
_LAST_FIVE_BITS = 31


@inlined
def in_set(program: Program, number: Integer, value: Integer) -> Any:
    """Whether a value is in one of the program's sets, which stand in order."""
    low = np.int64(program.set_starts[number])
    high = np.int64(program.set_starts[number + 1])
    while low < high:
        middle = (low + high) // 2
        if program.set_values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < program.set_starts[number + 1] and program.set_values[low] == value


@inlined
def is_about(program: Program, number: Integer, segment: Integer) -> Any:
    """Whether a filter is about the accounts of a segment. number: the filter's.

    It is asked once for an account, and not for each of its transactions: what a meter has counted stays right where an
    account moves to another segment.
    """
    segments = np.int64(program.filters[number]["segments"])
    return segments < 0 or in_set(program, segments, segment)


@inlined
def passes(program: Program, number: Integer, entry: Any, currency: Integer) -> Any:
    """Whether a command or a transaction, of an account that a filter is about, passes it. currency: the account's."""
    rule = program.filters[number]
    if rule["is_open"] != 0:
        return True
    if not np.int64(rule["channels"]) >> np.int64(entry["channel"]) & 1:
        return False
    if not np.int64(rule["operations"]) >> (np.int64(entry["operation"]) & _LAST_FIVE_BITS) & 1:
        return False
    if not np.int64(rule["verifications"]) >> np.int64(entry["cardholder_verification"]) & 1:
        return False
    if rule["currency"] != 0 and np.int64(rule["currency"]) != currency:
        return False
    category = np.int64(entry["merchant_category"])
    group = np.uint64(program.categories[category]["group"])
    if np.uint64(rule["groups"]) >> group & _ONE_64 == 0:
        return False
    if rule["categories"] >= 0 and not in_set(program, np.int64(rule["categories"]), category):
        return False
    if rule["countries"] >= 0 and not in_set(program, np.int64(rule["countries"]), np.int64(entry["country"])):
        return False
    merchants = np.int64(rule["merchants"])
    return merchants < 0 or in_set(program, merchants, np.int64(entry["merchant_key"]))
