"""What an account holds of each unit; read only."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from authz.arrays.hash_index import find_row
from authz.state.tables import Counter, State
from authz.vocabulary.labels import date_of


@dataclass(frozen=True)
class Holding:
    """So many units that can be spent until the same day. until: their last day, None for no end."""

    unit: int
    amount: int
    until: date | None


def account_holdings(state: State, account_id: int) -> list[Holding]:
    """What an account holds, those first that expire first; units that it owes are a holding below 0.

    What has expired is left out, also where the account's days are not closed yet.
    """
    row = int(find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id)))
    today, found = int(state.counters[Counter.DAY]), []
    place = int(state.accounts[row]["holdings"]) - 1 if row >= 0 else -1
    while place >= 0:
        holding = state.holdings[place].copy()
        until = int(holding["until"])
        if holding["amount"] and not 0 < until < today:
            found.append(Holding(int(holding["unit"]), int(holding["amount"]), date_of(until) if until else None))
        place = int(holding["next"]) - 1
    return sorted(found, key=lambda each: (each.unit, each.until or date.max))
