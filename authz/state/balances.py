"""What accounts stand at."""

from dataclasses import dataclass

import numpy as np

from authz.arrays.hash_index import find_row
from authz.state.tables import State


@dataclass(frozen=True)
class Balance:
    """What an account stands at, in minor units of currency (ISO 4217 numeric), and the segment that it is in."""

    currency: int
    limit_minor: int
    posted_minor: int
    held_minor: int
    available_minor: int
    segment: int


def balance_in(state: State, account_id: int) -> Balance | None:
    """The balance of one account, or None if there is no such account."""
    row = find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id))
    if row < 0:
        return None
    account = state.accounts[row].copy()
    limit, posted, held = (int(account[name]) for name in ("limit_minor", "posted_minor", "held_minor"))
    return Balance(int(account["currency"]), limit, posted, held, limit - posted - held, int(account["segment"]))
