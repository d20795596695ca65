"""What card messages and disputes post to an account with a product, in its buckets."""

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.counted import count, count_no_longer
from authz.kernel.books.early_ends import take_back_unasked
from authz.kernel.books.opening import books_today
from authz.kernel.books.plans import shorten_plan
from authz.kernel.ledger.entries import enter, take_from, write_posting
from authz.kernel.ledger.shares import share_of
from authz.kernel.ledger.taking import count_toward_due, take
from authz.kernel.ledger.terms import terms_of, terms_on
from authz.kernel.units.waiving import charge_fee
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.tables import Counter, State
from authz.vocabulary.commands import Operation
from authz.vocabulary.posting_kinds import PostingKind


@inlined
def cash_fee(state: State, terms_row: Integer, amount: Integer) -> Integer:
    """The fee for so much cash."""
    terms = state.terms[terms_row]
    return max(share_of(amount, np.int64(terms["cash_fee_ppm"])), np.int64(terms["cash_fee_min"]))


@compiled
def book_charge(state: State, account_row: Integer, sequence: Integer, kind: Integer, amount: Integer) -> Integer:
    """Enter what was charged. Cash has a bucket of its own, and a fee; returns the fee."""
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    if kind != PostingKind.CASH and kind != PostingKind.FORCE_POST_CASH:
        enter(state, row, Bucket.NEW, amount, General.NETWORK)
        return np.int64(0)
    enter(state, row, Bucket.CASH, amount, General.NETWORK)
    fee = cash_fee(state, terms_on(state, account_row, today), amount)
    charge_fee(state, account_row, sequence, PostingKind.CASH_FEE, fee, today)
    return fee


@compiled
def book_refund_taken_back(state: State, account_row: Integer, sequence: Integer, amount: Integer) -> None:
    """Enter that a refund was reversed: the amount is new, and what it has counted for is due again.

    sequence: the refund's.
    """
    row = books_today(state, account_row)
    enter(state, row, Bucket.NEW, amount, General.NETWORK)
    count_no_longer(state, row, sequence, amount)


@compiled
def book_return(
    state: State,
    account_row: Integer,
    amount: Integer,
    charged_on: Integer,
    operation: Integer,
    sequence: Integer,
    purchase: Integer,
) -> None:
    """Enter what a merchant or a dispute gives back: first where its own purchase is now, then as a payment is taken.

    Of a purchase with cash-back that is where the goods are, and then its cash. It counts toward the due only for what
    was on a statement: else a tap and its reversal would pay the minimum.
    charged_on: the local day of the purchase.  operation: the purchase's.
    sequence: of a refund, which can be reversed; 0 for what cannot.  purchase: what names the purchase, whose
    instalments it shortens first; 0 where none is named.
    """
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    account = state.billing[row]
    own: Integer = np.int64(Bucket.NEW)
    if operation == Operation.CASH:
        own = np.int64(Bucket.CASH)
    elif charged_on <= account["lost_until"]:
        own = np.int64(Bucket.CARRIED)
    elif charged_on <= account["last_cut"]:
        own = np.int64(Bucket.BILLED)
    was_billed: Integer = 1 if charged_on <= account["last_cut"] else 0
    terms_row = terms_on(state, account_row, today)
    if purchase != 0:
        amount -= shorten_plan(state, account_row, row, purchase, amount)
        amount -= take_back_unasked(state, account_row, row, purchase, amount, terms_row)
    left: Integer = amount
    if operation == Operation.PURCHASE_WITH_CASH_BACK:
        left -= take_from(state, row, own, left, General.NETWORK, terms_row)
        own = np.int64(Bucket.CASH)
    billed = (amount - left) * was_billed + take(state, row, own, was_billed, left, General.NETWORK, terms_row)
    last = state.counters[Counter.PAYMENTS] - 1
    is_next = last < 0 or sequence > state.payments[last]["sequence"]
    if billed > 0 and sequence > 0 and is_next:
        count(state, account_row, row, sequence, amount, billed)
        state.payments[last + 1]["is_refund"] = 1
    else:
        count_toward_due(state, row, billed)


@compiled
def give_cash_fee_back(
    state: State, account_row: Integer, sequence: Integer, cash: Integer, product: Integer, charged_on: Integer
) -> None:
    """Waive the fee of cash that was reversed as a whole: it was not paid out.

    product, charged_on: by the terms of which product, and on which local day, the fee was charged.
    """
    row, today = books_today(state, account_row), state.counters[Counter.DAY]
    segment = np.int64(state.accounts[account_row]["segment"])
    fee = cash_fee(state, terms_of(state, product, segment, charged_on), cash)
    if fee > 0:
        write_posting(state, account_row, sequence, PostingKind.WAIVER, -fee, today)
        billed = take(state, row, Bucket.FEES, 1, fee, General.WAIVERS, terms_on(state, account_row, today))
        count_toward_due(state, row, billed)
