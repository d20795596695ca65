"""Which postings of an account were given back: a fee or interest is waived once."""

from typing import Any

from authz.arrays.compiled import Integer, inlined
from authz.kernel.measures.used import WAIVED, has_used, note_use
from authz.state.tables import State

PART_OF_CASH_FEE = 1
"""Which posting of a withdrawal its fee is: the cash itself is the first."""

_PARTS = 1 << 16
"""More than a command has postings."""


@inlined
def was_waived(state: State, account_row: Integer, sequence: Integer, part: Integer) -> Any:
    """Whether a posting was given back before. sequence, part: what names it."""
    return has_used(state, account_row, WAIVED, sequence * _PARTS + part)


@inlined
def note_waived(state: State, account_row: Integer, sequence: Integer, part: Integer) -> None:
    """Remember that a posting was given back."""
    note_use(state, account_row, WAIVED, sequence * _PARTS + part)
