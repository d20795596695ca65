"""A state that holds a copy of one account and what the close of a day reads of it, and nothing else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.hash_index import find_row
from authz.state.stored import with_stored_arrays
from authz.state.tables import Counter, State
from authz.vocabulary.commands import Records

_COUNTERS = (Counter.TIME_US, Counter.SEQUENCE, Counter.DAY, Counter.DAY_ENDS_US, Counter.TERMS, Counter.EXPIRED_HOUR)


def account_copy(state: State, account_id: int) -> State | None:
    """The copy, or None where there is no such account.

    It has the account with its books and open plans, all terms, and the day that it is. The account and its books are
    rows 0. Take it where nothing is applied meanwhile; from then on both states go their own ways.
    """
    row = find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id))
    if row < 0:
        return None
    account = state.accounts[row : row + 1].copy()
    billing_row = int(account["billing"][0]) - 1
    plans = _chained(state, list(_open_plans(state, account_id)))
    counters = np.zeros(len(Counter), np.int64)
    for counter in _COUNTERS:
        counters[counter] = state.counters[counter]
    counters[Counter.ACCOUNTS], counters[Counter.PLANS] = 1, len(plans)
    arrays: dict[str, npt.NDArray[Any]] = {"accounts": account, "plans": plans}
    if billing_row >= 0:
        account["billing"], counters[Counter.BILLINGS] = 1, 1
        arrays["billing"] = state.billing[billing_row : billing_row + 1].copy()
    arrays["terms"], arrays["terms_of"] = state.terms[: counters[Counter.TERMS]].copy(), state.terms_of.copy()
    return with_stored_arrays(arrays | {"counters": counters}, state.program)


def _open_plans(state: State, account_id: int) -> Iterator[int]:
    """The rows of an account's plans that have not ended, in their order."""
    row = int(find_row(state.plan_slots, state.plans["account_id"], np.uint64(account_id)))
    while row >= 0:
        if state.plans[row]["end"] == 0:
            yield row
        row = int(state.plans[row]["next"]) - 1


def _chained(state: State, rows: list[int]) -> Records:
    """Copies of plans, each with the next behind it."""
    plans = state.plans[rows].copy()
    plans["next"] = np.arange(2, len(rows) + 2)
    plans["next"][len(rows) - 1 :] = 0
    return plans
