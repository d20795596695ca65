"""Rows of the engine's tables as checkpoints of earlier versions hold them, and what becomes of them.

Whoever adds or renames a field in `state.row_layouts`, or in the rows that `program.tables` and `state.billing` lay out
and a state keeps, adds here what the row was before: rows are read field by field, and a field that there was not is
zero.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.journal.earlier_layouts import digest_of
from authz.program.tables import TERMS
from authz.state.billing import MISSED_MAX, PLAN
from authz.state.row_layouts import ACCOUNT, TRANSACTION

_BEFORE_SEGMENTS = ("opened_day", "life_stage", "is_pinned", "holdings")
"""What accounts did not have before they were classified by segment."""

_BEFORE_BOOKS = (*_BEFORE_SEGMENTS, "billing", "next_event", "product", "cut_day")
"""What accounts did not have before they had products."""

_ACCOUNT_BEFORE_SEGMENTS = np.dtype([field for field in ACCOUNT.descr if field[0] not in _BEFORE_SEGMENTS])
_ACCOUNT_BEFORE_BOOKS = np.dtype([field for field in ACCOUNT.descr if field[0] not in _BEFORE_BOOKS])
_TRANSACTION_BEFORE_SEGMENTS = np.dtype(
    [
        (field[0], "<u2" if field[0] == "message_class" else field[1])
        for field in TRANSACTION.descr
        if field[0] != "segment"
    ]
)
_TRANSACTION_BEFORE_BOOKS = np.dtype(
    [("spare" if field[0] == "days_to_charge" else field[0], field[1]) for field in _TRANSACTION_BEFORE_SEGMENTS.descr]
)

_BEFORE_RELIEF = ("relief_value", "relief_attribute", "relief_operator", "relief_months", "relief_waives", "spare_2")
"""What terms did not have before what is due could be put off by itself."""

_TERMS_BEFORE_RELIEF = np.dtype([field for field in TERMS.descr if field[0] not in _BEFORE_RELIEF])

_PLAN_BEFORE_EARLY_ENDS = np.dtype(
    [("spare_2" if field[0] == "ended_day" else field[0], field[1]) for field in PLAN.descr]
)

EARLIER_ROWS: dict[str, dict[bytes, np.dtype[Any]]] = {
    "accounts": {
        digest_of(_ACCOUNT_BEFORE_BOOKS): _ACCOUNT_BEFORE_BOOKS,
        digest_of(_ACCOUNT_BEFORE_SEGMENTS): _ACCOUNT_BEFORE_SEGMENTS,
    },
    "plans": {digest_of(_PLAN_BEFORE_EARLY_ENDS): _PLAN_BEFORE_EARLY_ENDS},
    "terms": {digest_of(_TERMS_BEFORE_RELIEF): _TERMS_BEFORE_RELIEF},
    "transactions": {
        digest_of(_TRANSACTION_BEFORE_BOOKS): _TRANSACTION_BEFORE_BOOKS,
        digest_of(_TRANSACTION_BEFORE_SEGMENTS): _TRANSACTION_BEFORE_SEGMENTS,
    },
}
"""By table and digest: the layouts that are converted."""


def take_over(target: npt.NDArray[Any], earlier: npt.NDArray[Any]) -> None:
    """Copy what earlier rows hold into the first of those of this version."""
    for name in set(earlier.dtype.names or ()) & set(target.dtype.names or ()):
        target[name][: len(earlier)] = earlier[name]


def settle(arrays: dict[str, npt.NDArray[Any]], earlier: dict[str, np.dtype[Any]]) -> None:
    """Fill in, in the tables of a whole checkpoint, what an earlier version had elsewhere or counted otherwise.

    arrays: the rows in use and no others, for behind them there are addresses and no memory.
    earlier: by table, the layout of those that were converted.
    """
    if "plans" not in arrays and "billing" in arrays:
        # Before there was relief, missed dues were counted further than the bit that tells now whether it waives.
        np.minimum(arrays["billing"]["missed"], MISSED_MAX, out=arrays["billing"]["missed"])
    if "is_pinned" not in (earlier.get("accounts", ACCOUNT).names or ()):
        accounts = arrays["accounts"]
        accounts["is_pinned"] = accounts["segment"] != 0
    if "segment" not in (earlier.get("transactions", TRANSACTION).names or ()):
        # In whose list a transaction stands was not written down; few accounts have ever moved.
        transactions = arrays["transactions"]
        transactions["segment"] = arrays["accounts"]["segment"][transactions["account_row"]]
