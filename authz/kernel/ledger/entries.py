"""Postings, one by one: what an account owes, its buckets, and the general counters on their other side."""

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.ledger.shares import part_of
from authz.program.tables import Bucket
from authz.state.billing import BEARING, NIGHTS, Sum
from authz.state.tables import Counter, State
from authz.vocabulary.posting_kinds import PARTS_OF_DAYS


@inlined
def write_posting(
    state: State, account_row: Integer, sequence: Integer, kind: Integer, amount: Integer, day: Integer
) -> None:
    """Change an account's posted balance: the only place where it is written. kind: PostingKind.  day: a local day.

    sequence: of the decision that the posting belongs to. What belongs to a day that was over before the command has
    parts of its own, see `PARTS_OF_DAYS`.
    """
    account = state.accounts[account_row]
    account["posted_minor"] += amount
    rows, place = state.postings.rows, state.postings.used[0]
    state.postings.used[0] += 1
    posting = rows[place]
    posting["sequence"] = sequence
    posting["account_id"] = account["account_id"]
    posting["amount_minor"] = amount
    posting["posted_minor"] = account["posted_minor"]
    posting["kind"] = kind
    posting["currency"] = account["currency"]
    posting["day"] = day
    part: Integer = 0 if day == state.counters[Counter.DAY] else PARTS_OF_DAYS
    # The parts of one decision are posted one after the other.
    if place > 0 and rows[place - 1]["sequence"] == sequence:
        before = np.int64(rows[place - 1]["part"])
        if (before >= PARTS_OF_DAYS) == (part == PARTS_OF_DAYS):
            part = before + 1
    posting["part"] = part


@inlined
def enter(state: State, billing_row: Integer, bucket: Integer, amount: Integer, against: Integer) -> None:
    """Add to a bucket what a general counter gives; a negative amount is taken off the bucket. against: `General`."""
    state.books[billing_row, bucket] += amount
    state.general[against] -= amount


@inlined
def charge_to(
    state: State,
    account_row: Integer,
    sequence: Integer,
    kind: Integer,
    bucket: Integer,
    amount: Integer,
    against: Integer,
    day: Integer,
) -> None:
    """Post what the issuer charges by itself: an amount above zero, in one bucket; nothing for zero."""
    if amount > 0:
        write_posting(state, account_row, sequence, kind, amount, day)
        enter(state, np.int64(state.accounts[account_row]["billing"]) - 1, bucket, amount, against)


@inlined
def drop_nights(state: State, billing_row: Integer, bucket: Integer, taken: Integer, terms_row: Integer) -> None:
    """Drop the nights of what is about to leave a bucket, where interest is on what stays unpaid.

    taken: above zero, and at most what there is.
    """
    books = state.books
    if bucket < BEARING and state.terms[terms_row]["keeps_paid_nights"] == 0:
        nights, there = books[billing_row, NIGHTS + bucket], books[billing_row, bucket]
        books[billing_row, NIGHTS + bucket] -= part_of(nights, taken, there)


@inlined
def take_from(
    state: State, billing_row: Integer, bucket: Integer, amount: Integer, against: Integer, terms_row: Integer
) -> Integer:
    """Take as much of an amount off a bucket as there is in it; returns how much.

    Where interest is on what stays unpaid, the share that goes takes its nights along.
    """
    books = state.books
    there = max(books[billing_row, bucket], 0)
    taken: Integer = min(there, amount)
    if taken > 0:
        drop_nights(state, billing_row, bucket, taken, terms_row)
        enter(state, billing_row, bucket, -taken, against)
        if bucket == Bucket.FEES or bucket == Bucket.INTEREST:
            asked = books[billing_row, Sum.IN_A_MINIMUM]
            books[billing_row, Sum.IN_A_MINIMUM] = max(asked - taken, 0)
    return taken
