"""An account's books: opened with its first posting, and brought to today before anything changes in them."""

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.closing import count_nights, end_days, note_next_event
from authz.kernel.ledger.entries import enter
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.tables import Counter, State


@inlined
def roll(state: State, account_row: Integer) -> None:
    """Bring an account to today: end the days that are over and on which something happens.

    It costs one comparison where there are none.
    """
    if 0 < state.accounts[account_row]["next_event"] < state.counters[Counter.DAY]:
        end_days(state, account_row, state.counters[Counter.DAY] - 1)


@compiled
def books_today(state: State, account_row: Integer) -> Integer:
    """The row of an account's books, with all nights up to yesterday's counted; it is made where there is none.

    The account has a product, and was rolled.
    """
    row: Integer = books_row(state, account_row)
    count_nights(state, row, state.counters[Counter.DAY] - 1)
    return row


@compiled
def books_row(state: State, account_row: Integer) -> Integer:
    """The row of an account's books as they stand; it is made where there is none. The account has a product.

    A hold may end before its account is rolled: what nights are counted then would not be those of their own days.
    """
    account = state.accounts[account_row]
    if account["billing"] != 0:
        return np.int64(account["billing"]) - 1
    row = state.counters[Counter.BILLINGS]
    state.counters[Counter.BILLINGS] += 1
    account["billing"] = row + 1
    state.billing[row]["closed_until"] = state.counters[Counter.DAY] - 1
    state.billing[row]["cut_day"] = account["cut_day"]
    note_next_event(state, account_row)
    return np.int64(row)


@compiled
def join_product(state: State, account_row: Integer, product: Integer, cut_day: Integer) -> None:
    """Give an account a product, or another one, and the day of its statement.

    What it owes when it gets its first becomes new. Another day of the month holds when no due is open. An account
    keeps its books: one without a product cannot have had one before.
    """
    account = state.accounts[account_row]
    had_none = account["product"] == 0
    account["product"] = product
    account["cut_day"] = cut_day
    if had_none and account["posted_minor"] != 0:
        row = books_today(state, account_row)
        enter(state, row, Bucket.NEW, np.int64(account["posted_minor"]), General.OPENING)
    elif account["billing"] != 0:
        row = books_today(state, account_row)
        if state.billing[row]["due_passes"] == 0:
            state.billing[row]["cut_day"] = cut_day
            note_next_event(state, account_row)
