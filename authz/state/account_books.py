"""The books of an account as they stand; read only."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from authz.arrays.hash_index import find_row
from authz.program.tables import Bucket
from authz.state.billing import MISSED_MAX, RELIEF_WAIVES, Sum
from authz.state.tables import Counter, State
from authz.vocabulary.labels import date_of


@dataclass(frozen=True)
class AccountBooks:
    """What an account with a product owes, in minor units, and by when.

    product: its number.  cut_day: that of the account, which may wait until the due has passed.  due_minor: what is
    left of the last minimum.  to_pay_minor: what is left of the last closing balance.  due_day: of both, None where no
    statement was cut or the due has passed.  missed: dues in a row.  next_cut: the day of the next statement, None
    before the first posting.  pending_day: a day that is over and at whose end something is posted that is not in the
    books yet.  relief_until: the day by which something is due again, None where nothing was put off.
    relief_is_waived: whether nights until then bear no interest.  segment: the account's.
    """

    product: int
    cut_day: int
    buckets: dict[Bucket, int]
    due_minor: int
    to_pay_minor: int
    due_day: date | None
    missed: int
    last_cut: date | None
    next_cut: date | None
    pending_day: date | None
    relief_until: date | None = None
    relief_is_waived: bool = False
    segment: int = 0


def account_books(state: State, account_id: int) -> AccountBooks | None:
    """The books of an account, or None where there is no such account, or it has no product."""
    row = find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id))
    if row < 0 or not state.accounts[row]["product"]:
        return None
    account = state.accounts[row].copy()
    product, cut_day = int(account["product"]), int(account["cut_day"])
    if not account["billing"]:
        nothing = dict.fromkeys(Bucket, 0)
        return AccountBooks(product, cut_day, nothing, 0, 0, None, 0, None, None, None, segment=int(account["segment"]))
    place = int(account["billing"]) - 1
    books, billing = state.books[place].copy(), state.billing[place].copy()
    passes, event = int(billing["due_passes"]), int(account["next_event"])
    next_cut = first_on(int(billing["cut_day"]), date_of(int(billing["closed_until"]) + 1))
    if passes and next_cut >= date_of(passes):  # another cut day waits until the due has passed
        next_cut = first_on(cut_day, date_of(passes))
    # What is due by itself is due before the statement that follows, whatever the terms.
    next_of_last = first_on(int(billing["cut_day"]), date_of(int(billing["last_cut"]) + 1))
    in_relief = passes and date_of(int(billing["due_day"])) > next_of_last
    return AccountBooks(
        product=product,
        cut_day=cut_day,
        buckets={bucket: int(books[bucket]) for bucket in Bucket},
        due_minor=int(books[Sum.DUE]),
        to_pay_minor=int(books[Sum.TO_PAY]),
        due_day=date_of(int(billing["due_day"])) if passes else None,
        missed=int(billing["missed"]) & MISSED_MAX,
        last_cut=date_of(int(billing["last_cut"])) if billing["last_cut"] else None,
        next_cut=next_cut,
        pending_day=date_of(event) if 0 < event < state.counters[Counter.DAY] else None,
        relief_until=date_of(int(billing["due_day"])) if in_relief else None,
        relief_is_waived=bool(in_relief and int(billing["missed"]) & RELIEF_WAIVES),
        segment=int(account["segment"]),
    )


def is_returned(state: State, sequence: int) -> bool:
    """Whether a payment was returned. sequence: of the command that it was received with."""
    count = min(int(state.counters[Counter.PAYMENTS]), len(state.payments))  # they may grow while a thread reads
    place = bisect_left(range(count), sequence, key=lambda row: int(state.payments[row]["sequence"]))
    found = place < count and int(state.payments[place]["sequence"]) == sequence
    return bool(found and state.payments[place]["is_returned"])


def first_on(day_of_month: int, day: date) -> date:
    """The first day from one on that has a number in its month. day_of_month: 1 to 28."""
    while day.day != day_of_month:
        day += timedelta(days=1)
    return day
