"""What account holders pay to their issuer, and what of it comes back."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.counted import count, count_no_longer, find_counted
from authz.kernel.books.opening import books_today
from authz.kernel.ledger.entries import enter, write_posting
from authz.kernel.ledger.taking import NO_BUCKET, take
from authz.kernel.ledger.terms import terms_on
from authz.program.parts import AMOUNT_MAX
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason


@compiled
def pay(state: State, account_row: Integer, amount: Integer) -> Integer:
    """Receive a payment. What it leaves is a credit."""
    if not 0 < amount <= AMOUNT_MAX:
        return np.int64(Reason.INVALID_AMOUNT)
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    write_posting(state, account_row, state.counters[Counter.SEQUENCE], PostingKind.PAYMENT, -amount, today)
    take(state, row, NO_BUCKET, 0, amount, General.PAYMENTS, terms_on(state, account_row, today))
    count(state, account_row, row, state.counters[Counter.SEQUENCE], amount, amount)
    return np.int64(Reason.APPROVED)


@compiled
def return_payment(state: State, account_row: Integer, sequence: Integer) -> Integer:
    """Take a payment back: it is owed without grace, and what it has counted for is due again."""
    found_row = find_counted(state, sequence)
    if not found(found_row) or not is_payment_of(state, found_row, account_row):
        return np.int64(Reason.MISSING_ORIGINAL_AUTHORIZATION)
    payment = state.payments[found_row]
    if payment["is_returned"] != 0:
        return np.int64(Reason.ALREADY_GIVEN_BACK)
    payment["is_returned"] = 1
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    amount = np.int64(payment["amount_minor"])
    write_posting(state, account_row, state.counters[Counter.SEQUENCE], PostingKind.PAYMENT_RETURNED, amount, today)
    enter(state, row, Bucket.CARRIED, amount, General.PAYMENTS)
    count_no_longer(state, row, sequence, amount)
    return np.int64(Reason.APPROVED)


@inlined
def is_payment_of(state: State, row: Integer, account_row: Integer) -> Any:
    """Whether what was given is a payment of an account, and no refund."""
    given = state.payments[row]
    return given["account_row"] == account_row and given["is_refund"] == 0
