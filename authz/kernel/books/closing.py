"""The end of local days: nights are counted, a due passes, a statement is cut and the account is classified anew.

Days that end alike end together.
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.classification import classify
from authz.kernel.books.days import next_cut
from authz.kernel.books.plans import bill_instalments
from authz.kernel.books.relief import (
    asks_for_something,
    deserves_relief,
    is_in_relief,
    is_waived,
    missed_dues,
    note_asked_again,
    put_off,
)
from authz.kernel.ledger.entries import charge_to
from authz.kernel.ledger.shares import share_of
from authz.kernel.ledger.taking import PAID_BUCKETS, bucket_paid
from authz.kernel.ledger.terms import terms_on
from authz.kernel.units.holdings import expect_expiry, expire, next_expiry
from authz.program.parts import AMOUNT_MAX
from authz.program.tables import Bucket
from authz.program.terms import DAYS_TO_PAY_MAX
from authz.state.billing import BEARING, MISSED_MAX, NIGHTS, General, Sum
from authz.state.tables import Counter, State
from authz.vocabulary.posting_kinds import PostingKind


@inlined
def count_nights(state: State, billing_row: Integer, until: Integer) -> None:
    """Count what stood in each bucket at the end of each day up to one, with that."""
    account, books = state.billing[billing_row], state.books
    counted: Integer = np.int64(account["closed_until"])
    if is_waived(account):
        counted = max(counted, min(np.int64(account["due_day"]) - 1, until))
    if until > np.int64(account["closed_until"]):
        nights = until - counted
        for bucket in range(BEARING):
            books[billing_row, NIGHTS + bucket] += nights * max(books[billing_row, bucket], 0)
        account["closed_until"] = until


@inlined
def note_next_event(state: State, account_row: Integer) -> None:
    """Remember the next day at whose end more happens than nights are counted."""
    account = state.billing[np.int64(state.accounts[account_row]["billing"]) - 1]
    event = next_cut(np.int64(account["closed_until"]) + 1, np.int64(account["cut_day"]))
    passes = np.int64(account["due_passes"])
    state.accounts[account_row]["next_event"] = passes if passes != 0 and passes < event else event
    expect_expiry(state, account_row, next_expiry(state, account_row))


@compiled
def end_days(state: State, account_row: Integer, until: Integer) -> None:
    """End all local days of an account up to one, with that, on which more happens than nights are counted.

    When this is done makes no difference to the books: each day ends as it would have ended by itself.
    """
    account = state.accounts[account_row]
    billing_row = np.int64(account["billing"]) - 1
    while 0 < account["next_event"] <= until:
        day = np.int64(account["next_event"])
        count_nights(state, billing_row, day)
        terms_row = terms_on(state, account_row, day)
        if day == state.billing[billing_row]["due_passes"]:
            pass_due(state, account_row, billing_row, terms_row, day)
            state.billing[billing_row]["cut_day"] = account["cut_day"]
        if next_cut(day, np.int64(state.billing[billing_row]["cut_day"])) == day:
            cut(state, account_row, billing_row, terms_row, day)
            classify(state, account_row, day)
        expire(state, account_row, day)
        note_next_event(state, account_row)


@inlined
def pass_due(state: State, account_row: Integer, billing_row: Integer, terms_row: Integer, day: Integer) -> None:
    """Grace is lost unless all of the closing balance is paid; the due is missed unless the minimum is."""
    account, books, terms = state.billing[billing_row], state.books, state.terms[terms_row]
    if books[billing_row, Sum.TO_PAY] > terms["tolerance"]:
        interest = books[billing_row, Bucket.INTEREST]
        books[billing_row, Bucket.CARRIED] += books[billing_row, Bucket.BILLED] + interest
        books[billing_row, Sum.CARRIED_NIGHTS] += books[billing_row, Sum.BILLED_NIGHTS]
        asked = books[billing_row, Sum.IN_A_MINIMUM]
        books[billing_row, Sum.IN_A_MINIMUM] = max(asked - interest, 0)
        books[billing_row, Bucket.BILLED] = 0
        books[billing_row, Bucket.INTEREST] = 0
        account["lost_until"] = account["last_cut"]
    books[billing_row, Sum.BILLED_NIGHTS] = 0
    due = books[billing_row, Sum.DUE]
    if due > terms["tolerance"]:
        share = min(share_of(due, np.int64(terms["late_fee_ppm"])), AMOUNT_MAX)
        fee = max(share, np.int64(terms["late_fee_min"]))
        sequence = state.counters[Counter.SEQUENCE]
        charge_to(state, account_row, sequence, PostingKind.LATE_FEE, Bucket.FEES, fee, General.FEES, day)
        account["missed"] = min(missed_dues(account) + 1, MISSED_MAX)
    else:
        books[billing_row, Sum.DUE] = 0
        account["missed"] = 0
    account["due_passes"] = 0


@inlined
def cut(state: State, account_row: Integer, billing_row: Integer, terms_row: Integer, day: Integer) -> None:
    """Charge interest, bill what is new and the instalments, spend a credit, and ask for a minimum.

    In relief nothing is asked for, and no instalment is billed.
    """
    account, books = state.billing[billing_row], state.books
    interest = charge_interest(state, account_row, billing_row, terms_row, day)
    was_in_relief = is_in_relief(account)
    if not was_in_relief and deserves_relief(state, account_row, billing_row, terms_row):
        terms = state.terms[terms_row]
        waives, months = np.int64(terms["relief_waives"]), np.int64(terms["relief_months"])
        put_off(state, account_row, billing_row, terms_row, day, months, waives, day)
    asks = asks_for_something(account, day)
    bill_what_is_new(state, billing_row)
    instalments: Integer = 0
    if asks:
        instalments = bill_instalments(state, account_row, billing_row, day)
    spend_credit(state, billing_row, terms_row)
    closing: Integer = 0
    for bucket in range(PAID_BUCKETS):
        closing += books[billing_row, bucket]
    past_due = books[billing_row, Sum.DUE]
    books[billing_row, Sum.DUE] = 0
    books[billing_row, Sum.TO_PAY] = max(closing, 0)
    if asks:
        ask(state, billing_row, terms_row, day, closing, past_due + instalments, was_in_relief)
    minimum, since = books[billing_row, Sum.DUE], np.int64(account["last_cut"])
    account["last_cut"] = day
    statement = next_statement(state, account_row)
    statement["closing_minor"] = closing
    statement["minimum_minor"] = minimum
    statement["interest_minor"] = interest
    statement["past_due_minor"] = min(past_due, minimum)
    statement["day"] = day
    statement["since"] = since
    statement["due_day"] = account["due_day"]
    statement["missed"] = missed_dues(account)
    if was_in_relief and asks:
        note_asked_again(state, account_row, billing_row, minimum, day)


@inlined
def charge_interest(
    state: State, account_row: Integer, billing_row: Integer, terms_row: Integer, day: Integer
) -> Integer:
    """Charge interest for the nights of what is carried and of cash; returns how much."""
    books = state.books
    nights = books[billing_row, Sum.CARRIED_NIGHTS] + books[billing_row, Sum.CASH_NIGHTS]
    # Compounded at a high rate for years it would outgrow 64 bits.
    interest = min(share_of(nights, np.int64(state.terms[terms_row]["rate_ppm"])), AMOUNT_MAX)
    sequence = state.counters[Counter.SEQUENCE]
    charge_to(state, account_row, sequence, PostingKind.INTEREST, Bucket.INTEREST, interest, General.INTEREST, day)
    books[billing_row, Sum.CARRIED_NIGHTS] = 0
    books[billing_row, Sum.CASH_NIGHTS] = 0
    return interest


@inlined
def bill_what_is_new(state: State, billing_row: Integer) -> None:
    """Move what was bought since the cut before to what is billed, with its nights. A credit stays."""
    books = state.books
    if books[billing_row, Bucket.NEW] > 0:
        books[billing_row, Bucket.BILLED] += books[billing_row, Bucket.NEW]
        books[billing_row, Bucket.NEW] = 0
    books[billing_row, Sum.BILLED_NIGHTS] += books[billing_row, Sum.NEW_NIGHTS]
    books[billing_row, Sum.NEW_NIGHTS] = 0


@inlined
def ask(
    state: State,
    billing_row: Integer,
    terms_row: Integer,
    day: Integer,
    closing: Integer,
    in_full: Integer,
    was_in_relief: Any,
) -> None:
    """Ask for a minimum: what is asked for in full, charges that no minimum has asked for, and a share of the rest.

    in_full: what was missed and the instalments.
    """
    account, books, terms = state.billing[billing_row], state.books, state.terms[terms_row]
    charged = books[billing_row, Bucket.INTEREST] + books[billing_row, Bucket.FEES]
    whole = in_full + max(charged - books[billing_row, Sum.IN_A_MINIMUM], 0)
    books[billing_row, Sum.IN_A_MINIMUM] = charged
    if closing > 0:
        share = share_of(max(closing - whole, 0), np.int64(terms["minimum_ppm"]))
        books[billing_row, Sum.DUE] = min(closing, whole + share)
    # What was put off to this due is due no sooner than was promised, whatever the terms are by now.
    promised = np.int64(account["due_day"]) if was_in_relief else np.int64(0)
    due_day = max(day + np.int64(terms["grace_days"]), promised)
    account["due_day"] = due_day
    account["due_passes"] = min(due_day + np.int64(terms["courtesy_days"]), day + DAYS_TO_PAY_MAX)


@inlined
def spend_credit(state: State, billing_row: Integer, terms_row: Integer) -> None:
    """Spend a credit on what is owed, in the order of payments."""
    books = state.books
    for place in range(PAID_BUCKETS):
        bucket = bucket_paid(state, terms_row, place)
        if bucket != Bucket.NEW:
            spent = min(max(books[billing_row, bucket], 0), max(-books[billing_row, Bucket.NEW], 0))
            books[billing_row, bucket] -= spent
            books[billing_row, Bucket.NEW] += spent


@inlined
def next_statement(state: State, account_row: Integer) -> Any:
    """A row for one more statement of an account, with the command and the part that name it."""
    rows, place = state.statements.rows, state.statements.used[0]
    state.statements.used[0] += 1
    account, statement = state.accounts[account_row], rows[place]
    statement["sequence"] = state.counters[Counter.SEQUENCE]
    statement["account_id"] = account["account_id"]
    statement["currency"] = account["currency"]
    statement["product"] = account["product"]
    statement["segment"] = account["segment"]
    statement["part"] = 0
    if place > 0 and rows[place - 1]["sequence"] == statement["sequence"]:
        statement["part"] = np.int64(rows[place - 1]["part"]) + 1
    return statement
