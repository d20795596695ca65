"""What an issuer does with an account by itself: payments and their return, corrections, waivers, write-offs, days."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.waivers import note_waived, was_waived
from authz.kernel.books.closing import end_days
from authz.kernel.books.counted import count, count_no_longer, find_counted
from authz.kernel.books.ledger import enter, write_posting
from authz.kernel.books.opening import books_today
from authz.kernel.books.taking import NO_BUCKET, count_toward_due, take
from authz.kernel.books.terms import terms_on
from authz.program.tables import Bucket
from authz.program.terms import AMOUNT_MAX
from authz.state.batch_output import POSTINGS_OF_A_COMMAND, POSTINGS_OF_AN_ACCOUNT
from authz.state.billing import BEARING, BUCKETS, NIGHTS, General, Sum
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.commands import Kind, Records
from authz.vocabulary.layouts import PAYMENT, PAYMENT_RETURNED, WAIVER
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason


@compiled
def take_bank_command(state: State, commands: Records, place: Integer, account_row: Integer) -> Integer:
    """Carry out a command about an account that was rolled; returns why it was refused, or `APPROVED`."""
    if not found(account_row):
        return np.int64(Reason.ACCOUNT_NOT_FOUND)
    if state.accounts[account_row]["product"] == 0:
        return np.int64(Reason.ACCOUNT_WITHOUT_PRODUCT)
    kind = np.int64(commands[place]["kind"])
    reason: Integer = np.int64(Reason.APPROVED)
    if kind == Kind.PAYMENT:
        reason = pay(state, account_row, np.int64(commands.view(PAYMENT)[place]["amount_minor"]))
    elif kind == Kind.ADJUST:
        reason = adjust(state, account_row, np.int64(commands.view(PAYMENT)[place]["amount_minor"]))
    elif kind == Kind.PAYMENT_RETURNED:
        reason = return_payment(state, account_row, np.int64(commands.view(PAYMENT_RETURNED)[place]["decision"]))
    elif kind == Kind.WAIVE:
        reason = waive(state, account_row, commands.view(WAIVER)[place])
    else:
        reason = write_off(state, account_row)
    return reason


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
    for bucket in range(BUCKETS):
        enter(state, row, bucket, -state.books[row, bucket], General.LOSSES)
    for bucket in range(BEARING):
        state.books[row, NIGHTS + bucket] = 0
    state.books[row, Sum.DUE] = 0
    state.books[row, Sum.TO_PAY] = 0
    state.books[row, Sum.IN_A_MINIMUM] = 0
    return np.int64(Reason.APPROVED)


@compiled
def close_day(state: State, command: Any, result: Any) -> Integer:
    """End a local day that is over for some rows of accounts. command: DAY_CLOSE.

    It stops early where so much is posted that the buffers are full: the result tells how many rows it came through.
    """
    day, row = np.int64(command["day"]), np.int64(command["first_row"])
    if day >= state.counters[Counter.DAY]:
        return np.int64(Reason.DAY_NOT_OVER)
    if row < 0:
        return np.int64(Reason.UNDEFINED_VALUE)
    end = min(row + np.int64(command["rows"]), state.counters[Counter.ACCOUNTS])
    full = POSTINGS_OF_A_COMMAND - POSTINGS_OF_AN_ACCOUNT
    posted, cut = state.postings.used[0], state.statements.used[0]
    begun = row
    while row < end and state.postings.used[0] - posted < full and state.statements.used[0] - cut < full:
        if 0 < state.accounts[row]["next_event"] <= day:
            end_days(state, row, day)
        row += 1
    result["rows_closed"] = max(row - begun, 0)
    return np.int64(Reason.APPROVED)
