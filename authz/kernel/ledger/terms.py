"""Which terms hold for an account on a day."""

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.state.tables import State
from authz.vocabulary.layouts import SEGMENTS

_SEGMENTS = len(SEGMENTS)


@inlined
def terms_on(state: State, account_row: Integer, day: Integer) -> Integer:
    """The row of the terms that hold for an account on a local day."""
    account = state.accounts[account_row]
    return terms_of(state, np.int64(account["product"]), np.int64(account["segment"]), day)


@inlined
def terms_of(state: State, product: Integer, segment: Integer, day: Integer) -> Integer:
    """The row of the terms of a product on a local day: those of the program that was in force when the day began.

    The first of a product hold from the day on which they came; before that, and for a product that no program has had,
    the default holds, row 0.
    """
    place = product * _SEGMENTS + segment
    row: Integer = max(np.int64(state.terms_of[place]) - 1, np.int64(0))
    while state.terms[row]["earlier"] != 0 and state.terms[row]["from_day"] > day:
        row = np.int64(state.terms[row]["earlier"]) - 1
    return row
