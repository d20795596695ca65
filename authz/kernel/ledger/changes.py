"""Changes of accounts that are no postings, one by one, for whoever follows the engine."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.state.tables import Counter, State


@inlined
def note_change(state: State, account_row: Integer, kind: Integer, amount: Integer, day: Integer) -> Any:
    """A row for one more change, with the command and the part that name it. kind: ChangeKind.  day: a local day.

    Returns: the row, in which the caller writes what only some kinds have; there it holds zeros.
    """
    rows, place = state.changes.rows, state.changes.used[0]
    state.changes.used[0] += 1
    account, change = state.accounts[account_row], rows[place]
    change["sequence"] = state.counters[Counter.SEQUENCE]
    change["account_id"] = account["account_id"]
    change["amount_minor"] = amount
    change["day"] = day
    change["currency"] = account["currency"]
    change["kind"] = kind
    change["about"], change["until"], change["detail"], change["months"] = 0, 0, 0, 0
    change["part"] = 0
    if place > 0 and rows[place - 1]["sequence"] == change["sequence"]:
        change["part"] = np.int64(rows[place - 1]["part"]) + 1
    return change
