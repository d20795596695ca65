"""What is given to an account is taken off its buckets in an order, and counts toward what is due."""

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.ledger.entries import enter, take_from
from authz.program.tables import Bucket
from authz.state.billing import Sum
from authz.state.tables import State

PAID_BUCKETS = Bucket.PLANNED
"""So many buckets, the first, are paid: all but the instalments that are not billed yet."""

NO_BUCKET = -1
_LAST_FOUR_BITS = 15


@inlined
def bucket_paid(state: State, terms_row: Integer, place: Integer) -> Integer:
    """The bucket that is paid first (place 0), second, and so on."""
    return np.int64(state.terms[terms_row]["pay_order"]) >> 4 * place & _LAST_FOUR_BITS


@compiled
def take(
    state: State,
    billing_row: Integer,
    own: Integer,
    was_billed: Integer,
    amount: Integer,
    against: Integer,
    terms_row: Integer,
) -> Integer:
    """Take an amount off the buckets: off its own first (or `NO_BUCKET`), then in their order; the rest is a credit.

    was_billed: whether what is taken from its own bucket was on a statement; 1 or 0.
    Returns: how much of the amount was on a statement.
    """
    left: Integer = amount
    billed: Integer = 0
    if own != NO_BUCKET:
        asked = state.books[billing_row, Sum.IN_A_MINIMUM]
        taken = take_from(state, billing_row, own, left, against, terms_row)
        left -= taken
        billed += min(taken, asked) if is_charge(own) else taken * was_billed
    for place in range(PAID_BUCKETS):
        bucket = bucket_paid(state, terms_row, place)
        if bucket != own:
            asked = state.books[billing_row, Sum.IN_A_MINIMUM]
            taken = take_from(state, billing_row, bucket, left, against, terms_row)
            left -= taken
            if is_charge(bucket):
                billed += min(taken, asked)
            elif bucket != Bucket.NEW:
                billed += taken
    enter(state, billing_row, Bucket.NEW, -left, against)
    return billed


@inlined
def is_charge(bucket: Integer) -> bool:
    """Whether a bucket holds interest or fees: on a statement as far as a minimum has asked for them."""
    return bucket == Bucket.INTEREST or bucket == Bucket.FEES


@inlined
def count_toward_due(state: State, billing_row: Integer, amount: Integer) -> tuple[Integer, Integer]:
    """Count an amount toward what is due; returns for how much of the minimum, and of the closing balance."""
    books = state.books
    due, to_pay = min(amount, books[billing_row, Sum.DUE]), min(amount, books[billing_row, Sum.TO_PAY])
    books[billing_row, Sum.DUE] -= due
    books[billing_row, Sum.TO_PAY] -= to_pay
    return due, to_pay
