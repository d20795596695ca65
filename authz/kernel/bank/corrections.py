"""What an issuer corrects: adjustments, fees and interest that it waives, debts that it writes off."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.books.opening import books_today
from authz.kernel.books.plans import write_plans_off
from authz.kernel.ledger.entries import enter, write_posting
from authz.kernel.ledger.taking import NO_BUCKET, count_toward_due, take
from authz.kernel.ledger.terms import terms_on
from authz.kernel.ledger.waivers import note_waived, was_waived
from authz.program.parts import AMOUNT_MAX
from authz.program.tables import Bucket
from authz.state.billing import BEARING, BUCKETS, NIGHTS, General, Sum
from authz.state.tables import Counter, State
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason


@compiled
def adjust(state: State, account_row: Integer, amount: Integer) -> Integer:
    """Correct what is owed: a charge is new, a credit is taken like a payment and counts for what was billed."""
    if amount == 0 or not -AMOUNT_MAX <= amount <= AMOUNT_MAX:
        return np.int64(Reason.INVALID_AMOUNT)
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    write_posting(state, account_row, state.counters[Counter.SEQUENCE], PostingKind.ADJUSTMENT, amount, today)
    if amount > 0:
        enter(state, row, Bucket.NEW, amount, General.ADJUSTMENTS)
    else:
        terms_row = terms_on(state, account_row, today)
        count_toward_due(state, row, take(state, row, NO_BUCKET, 0, -amount, General.ADJUSTMENTS, terms_row))
    return np.int64(Reason.APPROVED)


@compiled
def waive(state: State, account_row: Integer, command: Any) -> Integer:
    """Give a fee or interest back, once. command: WAIVER."""
    amount = np.int64(command["amount_minor"])
    if not 0 < amount <= AMOUNT_MAX:
        return np.int64(Reason.INVALID_AMOUNT)
    decision, part = np.int64(command["decision"]), np.int64(command["part"])
    if was_waived(state, account_row, decision, part):
        return np.int64(Reason.ALREADY_GIVEN_BACK)
    note_waived(state, account_row, decision, part)
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    write_posting(state, account_row, state.counters[Counter.SEQUENCE], PostingKind.WAIVER, -amount, today)
    own: Integer = np.int64(Bucket.FEES)
    if np.int64(command["posting_kind"]) == PostingKind.INTEREST:
        own = np.int64(Bucket.INTEREST)
    terms_row = terms_on(state, account_row, today)
    count_toward_due(state, row, take(state, row, own, 1, amount, General.WAIVERS, terms_row))
    return np.int64(Reason.APPROVED)


@compiled
def write_off(state: State, account_row: Integer) -> Integer:
    """Give up all that is owed."""
    owed = np.int64(state.accounts[account_row]["posted_minor"])
    if owed <= 0:
        return np.int64(Reason.NOTHING_OWED)
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    write_posting(state, account_row, state.counters[Counter.SEQUENCE], PostingKind.WRITE_OFF, -owed, today)
    write_plans_off(state, account_row)
    for bucket in range(BUCKETS):
        enter(state, row, bucket, -state.books[row, bucket], General.LOSSES)
    for bucket in range(BEARING):
        state.books[row, NIGHTS + bucket] = 0
    state.books[row, Sum.DUE] = 0
    state.books[row, Sum.TO_PAY] = 0
    state.books[row, Sum.IN_A_MINIMUM] = 0
    return np.int64(Reason.APPROVED)
