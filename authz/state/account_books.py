"""The books of an account as they stand; read only."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from authz.arrays.hash_index import find_row
from authz.program.tables import Bucket
from authz.state.billing import MISSED_MAX, Sum
from authz.state.tables import Counter, State

_DAYS_BEGIN = date(1970, 1, 1)


@dataclass(frozen=True)
class AccountBooks:
    """What an account with a product owes, in minor units, and by when.

    due_minor: what is left of the last minimum.  to_pay_minor: what is left of the last closing balance.  due_day: of
    both, None where no statement was cut or the due has passed.  missed: dues in a row.  next_cut: the day of the next
    statement, None before the first posting.  pending_day: a day that is over and at whose end something is posted that
    is not in the books yet.
    """

    buckets: dict[Bucket, int]
    due_minor: int
    to_pay_minor: int
    due_day: date | None
    missed: int
    last_cut: date | None
    next_cut: date | None
    pending_day: date | None


def account_books(state: State, account_id: int) -> AccountBooks | None:
    """The books of an account, or None where there is no such account, or it has no product."""
    row = find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id))
    if row < 0 or not state.accounts[row]["product"]:
        return None
    account = state.accounts[row].copy()
    if not account["billing"]:
        return AccountBooks(dict.fromkeys(Bucket, 0), 0, 0, None, 0, None, None, None)
    place = int(account["billing"]) - 1
    books, billing = state.books[place].copy(), state.billing[place].copy()
    passes, event = int(billing["due_passes"]), int(account["next_event"])
    # Another cut day waits until the due has passed.
    next_cut = _cut_from(passes, account) if passes else _cut_from(int(billing["closed_until"]) + 1, billing)
    return AccountBooks(
        buckets={bucket: int(books[bucket]) for bucket in Bucket},
        due_minor=int(books[Sum.DUE]),
        to_pay_minor=int(books[Sum.TO_PAY]),
        due_day=_day(int(billing["due_day"])) if passes else None,
        missed=int(billing["missed"]) & MISSED_MAX,
        last_cut=_day(int(billing["last_cut"])) if billing["last_cut"] else None,
        next_cut=next_cut,
        pending_day=_day(event) if 0 < event < state.counters[Counter.DAY] else None,
    )


def is_returned(state: State, sequence: int) -> bool:
    """Whether a payment was returned. sequence: of the command that it was received with."""
    count = int(state.counters[Counter.PAYMENTS])
    place = bisect_left(range(count), sequence, key=lambda row: int(state.payments[row]["sequence"]))
    found = place < count and int(state.payments[place]["sequence"]) == sequence
    return bool(found and state.payments[place]["is_returned"])


def _day(number: int) -> date:
    return _DAYS_BEGIN + timedelta(days=number)


def _cut_from(number: int, row: np.void) -> date:
    """The first day from one on that has the row's cut day in its month."""
    day = _day(number)
    while day.day != row["cut_day"]:
        day += timedelta(days=1)
    return day
