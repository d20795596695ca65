"""Row numbers that a search has found, or not."""

from typing import Any

from authz.arrays.compiled import Integer, compiled, inlined
from authz.vocabulary.commands import Records

NO_ROW = -1
"""What a search gives where there is no such row."""


@inlined
def found(row: Integer) -> Any:
    """Whether a search has found a row. The first row is 0."""
    return row >= 0


@compiled
def row_of_sequence(rows: Records, used: Integer, sequence: Integer) -> Integer:
    """The row with a sequence among the first ones, which stand in its order; `NO_ROW` where there is none."""
    low: Integer = 0
    high: Integer = used
    while low < high:
        middle = (low + high) // 2
        if rows[middle]["sequence"] < sequence:
            low = middle + 1
        else:
            high = middle
    return low if low < used and rows[low]["sequence"] == sequence else NO_ROW
