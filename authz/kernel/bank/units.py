"""What an issuer does with the units of an account: it gives and takes back, and pays for those that are redeemed."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.opening import books_row, books_today
from authz.kernel.ledger.rewards import post_reward
from authz.kernel.units.holdings import balance_of, give, last_day_of, spend, take_back
from authz.program.parts import AMOUNT_MAX
from authz.program.tables import Shortfall
from authz.state.billing import General
from authz.state.tables import Counter, State
from authz.vocabulary.reasons import Reason


@compiled
def give_units(state: State, account_row: Integer, command: Any) -> Integer:
    """Give units to an account, or take some back. command: UNITS_MOVED."""
    amount, unit, today = np.int64(command["amount"]), np.int64(command["unit"]), state.counters[Counter.DAY]
    if amount == 0 or not -AMOUNT_MAX <= amount <= AMOUNT_MAX:
        return np.int64(Reason.INVALID_AMOUNT)
    if state.program.units[unit]["is_there"] == 0:
        return np.int64(Reason.UNIT_NOT_FOUND)
    if amount < 0 and can_be_charged(state.program.units[unit], -amount):
        books_today(state, account_row)
        take_back(state, account_row, unit, -amount, today)
        return np.int64(Reason.APPROVED)
    if amount < 0:
        return np.int64(Reason.INVALID_AMOUNT)
    books_row(state, account_row)
    if give(state, account_row, unit, amount, last_day_of(state, unit, today), today) == 0:
        return np.int64(Reason.TOO_MANY_HOLDINGS)
    return np.int64(Reason.APPROVED)


@inlined
def can_be_charged(unit: Any, amount: Integer) -> Any:
    """Whether so many units can be taken back: where a shortfall is charged, their price can be posted. unit: UNIT."""
    return unit["shortfall"] != Shortfall.CHARGED or amount <= AMOUNT_MAX // np.int64(unit["price"])


@compiled
def redeem(state: State, account_row: Integer, command: Any) -> Integer:
    """Pay an account the price of units that it holds; it is taken as a payment is. command: UNITS_MOVED."""
    amount, unit, today = np.int64(command["amount"]), np.int64(command["unit"]), state.counters[Counter.DAY]
    row = state.program.units[unit]
    if row["is_there"] == 0:
        return np.int64(Reason.UNIT_NOT_FOUND)
    price = np.int64(row["price"])
    if price == 0:
        return np.int64(Reason.NOT_REDEEMABLE)
    if not 0 < amount <= AMOUNT_MAX // price:
        return np.int64(Reason.INVALID_AMOUNT)
    if balance_of(state, account_row, unit) < amount:
        return np.int64(Reason.NOT_ENOUGH_UNITS)
    money, billing_row = amount * price, books_today(state, account_row)
    spend(state, account_row, unit, amount, today)
    post_reward(state, account_row, billing_row, state.counters[Counter.SEQUENCE], money, General.REWARDS)
    return np.int64(Reason.APPROVED)
