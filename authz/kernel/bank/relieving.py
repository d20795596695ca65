"""Relief that an issuer grants to one account."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.books.closing import note_next_event
from authz.kernel.books.opening import books_today
from authz.kernel.books.relief import put_off
from authz.kernel.ledger.terms import terms_on
from authz.state.tables import Counter, State


@compiled
def relieve(state: State, account_row: Integer, command: Any) -> bool:
    """Put off what is due, from today on: a cut at the end of today is the first to come. command: RELIEF.

    Returns: whether it is due later than before. What is put off as long, or longer, stays as it is.
    """
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    terms_row = terms_on(state, account_row, today)
    months, waives = np.int64(command["months"]), np.int64(command["is_waived"])
    is_later = put_off(state, account_row, row, terms_row, today - 1, months, waives, today)
    note_next_event(state, account_row)
    return is_later
