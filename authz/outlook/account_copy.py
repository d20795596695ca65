"""A state that holds a copy of one account and what the close of a day reads of it, and nothing else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.hash_index import find_row
from authz.program.tables import NUMBER_SEGMENTS
from authz.state.row_layouts import ACTIVITY
from authz.state.stored import with_stored_arrays
from authz.state.tables import COUNTERS, Counter, State
from authz.vocabulary.commands import Records

_COUNTERS = (Counter.TIME_US, Counter.SEQUENCE, Counter.DAY, Counter.DAY_ENDS_US, Counter.TERMS, Counter.EXPIRED_HOUR)


def account_copy(state: State, account_id: int) -> State | None:
    """The copy, or None where there is no such account.

    It has the account with its books, open plans and holdings, all terms, and the day that it is; and its transactions,
    where it is classified by them. The account and its books are rows 0. Take it where nothing is applied meanwhile;
    from then on both states go their own ways.
    """
    row = find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id))
    if row < 0:
        return None
    account = state.accounts[row : row + 1].copy()
    billing_row = int(account["billing"][0]) - 1
    plans = _chained(state.plans, list(_open_plans(state, account_id)))
    counters = np.zeros(COUNTERS, np.int64)
    for counter in _COUNTERS:
        counters[counter] = state.counters[counter]
    transactions = _transactions(state, account[0])
    counters[Counter.ACCOUNTS], counters[Counter.PLANS] = 1, len(plans)
    arrays: dict[str, npt.NDArray[Any]] = {"accounts": account, "plans": plans}
    if len(transactions):
        account["activity"], counters[Counter.ACTIVITIES], counters[Counter.TRANSACTIONS] = 1, 1, len(transactions)
        arrays["transactions"], arrays["activities"] = transactions, np.zeros(1, ACTIVITY)
        arrays["activities"]["first"], arrays["activities"]["last"] = 1, len(transactions)
    if billing_row >= 0:
        account["billing"], counters[Counter.BILLINGS] = 1, 1
        arrays["billing"] = state.billing[billing_row : billing_row + 1].copy()
    holdings = list(_holdings(state, account))
    arrays["holdings"], counters[Counter.HOLDINGS] = _chained(state.holdings, holdings), len(holdings)
    account["holdings"] = 1 if holdings else 0
    arrays["terms"], arrays["terms_of"] = state.terms[: counters[Counter.TERMS]].copy(), state.terms_of.copy()
    return with_stored_arrays(arrays | {"counters": counters}, state.program)


def _transactions(state: State, account: np.void) -> Records:
    """Copies of an account's transactions, each with the next behind it; none where no segment could count them."""
    rows: list[int] = []
    if state.program.numbers[NUMBER_SEGMENTS] and account["activity"]:
        row = int(state.activities[int(account["activity"]) - 1]["first"]) - 1
        while row >= 0:
            rows.append(row)
            row = int(state.transactions[row]["next_of_account"]) - 1
    transactions = state.transactions[rows].copy()
    transactions["account_row"] = 0
    transactions["next_of_account"] = np.arange(2, len(rows) + 2)
    transactions["next_of_account"][len(rows) - 1 :] = 0
    return transactions


def _open_plans(state: State, account_id: int) -> Iterator[int]:
    """The rows of an account's plans that have not ended, in their order."""
    row = int(find_row(state.plan_slots, state.plans["account_id"], np.uint64(account_id)))
    while row >= 0:
        if state.plans[row]["end"] == 0:
            yield row
        row = int(state.plans[row]["next"]) - 1


def _holdings(state: State, account: Records) -> Iterator[int]:
    """The rows of what an account holds. account: its row, ACCOUNT[1]."""
    row = int(account["holdings"][0]) - 1
    while row >= 0:
        yield row
        row = int(state.holdings[row]["next"]) - 1


def _chained(table: Records, rows: list[int]) -> Records:
    """Copies of rows, each with the next behind it."""
    copies = table[rows].copy()
    copies["next"] = np.arange(2, len(rows) + 2)
    copies["next"][len(rows) - 1 :] = 0
    return copies
