"""The terms of an account as they stand; read only."""

from datetime import date

import numpy as np

from authz.arrays.hash_index import find_row
from authz.state.tables import State
from authz.vocabulary.labels import day_of
from authz.vocabulary.layouts import SEGMENTS


def terms_of_account(state: State, account_id: int, product: int, day: date) -> np.void:
    """The terms of a product that held for an account on a day: a row of `TERMS`, see `authz.kernel.ledger.terms`.

    product: its number, which is that of the account unless it had another on that day.
    """
    account = find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id))
    segment = 0 if account < 0 else int(state.accounts[account]["segment"])
    row = max(int(state.terms_of[product * len(SEGMENTS) + segment]) - 1, 0)
    while state.terms[row]["earlier"] != 0 and state.terms[row]["from_day"] > day_of(day):
        row = int(state.terms[row]["earlier"]) - 1
    terms: np.void = state.terms[row].copy()
    return terms
