"""Row numbers that a search has found, or not."""

from typing import Any

from authz.arrays.compiled import Integer, inlined

NO_ROW = -1
"""What a search gives where there is no such row."""


@inlined
def found(row: Integer) -> Any:
    """Whether a search has found a row. The first row is 0."""
    return row >= 0
