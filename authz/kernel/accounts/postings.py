"""Postings: every change of the amount owed is a posting of its own, so the postings sum up to the balance."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.conversion import SAME_CURRENCY, converted
from authz.kernel.accounts.holds import release_hold
from authz.kernel.accounts.local_days import day_charged, note_day_charged
from authz.kernel.accounts.message_context import has
from authz.kernel.accounts.trace_index import find_sequence, new_row
from authz.kernel.books.card_postings import book_charge, book_refund_taken_back, book_return, give_cash_fee_back
from authz.kernel.ledger.entries import write_posting
from authz.kernel.ledger.waivers import PART_OF_CASH_FEE, note_waived, was_waived
from authz.kernel.offers.grants import follow_with_grants, has_offers_or_grants
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.state.transaction_flags import FEE_PRODUCT_SHIFT, MessageClass
from authz.vocabulary.commands import Flag, Kind, Operation
from authz.vocabulary.posting_kinds import PARTS_OF_DAYS, PostingKind
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

_NO_BOUND = 2**62


@inlined
def post(state: State, row: Integer, kind: Integer, billing: Integer) -> None:
    """Post for a transaction, with a kind, and enter it in the books of an account that has a product.

    kind: PostingKind.  billing: in the account's currency, negative for money given back; nothing is posted for 0.
    """
    if billing == 0:
        return
    entry = state.transactions[row]
    account_row, sequence = np.int64(entry["account_row"]), np.int64(entry["sequence"])
    entry["posted_minor"] += billing
    write_posting(state, account_row, sequence, kind, billing, state.counters[Counter.DAY])
    if state.accounts[account_row]["product"] != 0:
        book(state, row, kind, billing)
        if has_offers_or_grants(state) or state.accounts[account_row]["holdings"] != 0:
            follow_with_grants(state, row, kind, billing, purchase_of(state, entry))


@compiled
def book(state: State, row: Integer, kind: Integer, billing: Integer) -> None:
    """Enter what was posted for a transaction in the books of its account."""
    entry = state.transactions[row]
    account_row, sequence = np.int64(entry["account_row"]), np.int64(entry["sequence"])
    if billing > 0 and kind == PostingKind.REVERSAL:
        refunded = np.int64(state.transactions[np.int64(entry["original"]) - 1]["sequence"])
        book_refund_taken_back(state, account_row, refunded, billing)
    elif billing > 0:
        if book_charge(state, account_row, sequence, kind, billing) > 0:
            product = np.int64(state.accounts[account_row]["product"])
            entry["flags"] = np.int64(entry["flags"]) | product << FEE_PRODUCT_SHIFT
    elif entry["original"] == 0:
        book_return(state, account_row, -billing, state.counters[Counter.DAY], Operation.PURCHASE, sequence, 0)
    else:
        original = state.transactions[np.int64(entry["original"]) - 1]
        operation = np.int64(original["operation"])
        reversible = sequence if kind == PostingKind.REFUND else np.int64(0)
        book_return(
            state,
            account_row,
            -billing,
            day_charged(state, original),
            operation,
            reversible,
            name_of_purchase(state, original),
        )
        is_cash = operation == Operation.CASH
        if kind == PostingKind.REVERSAL and is_cash and original["posted_minor"] == -billing:
            give_fee_back(state, account_row, sequence, original)


@inlined
def purchase_of(state: State, entry: Any) -> Integer:
    """The sequence that names the purchase for which a transaction charges or gives back, 0 for a refund of none."""
    original_row = np.int64(entry["original"]) - 1
    if original_row >= 0 and state.transactions[original_row]["operation"] == Operation.REFUND:
        original_row = np.int64(state.transactions[original_row]["original"]) - 1  # a refund was reversed
        if original_row < 0:
            return np.int64(0)
    elif original_row < 0:
        return np.int64(0) if entry["operation"] == Operation.REFUND else np.int64(entry["sequence"])
    return name_of_purchase(state, state.transactions[original_row])


@inlined
def name_of_purchase(state: State, charge: Any) -> Integer:
    """The sequence that names a purchase: that of the charge, or of the authorization that the charge has completed."""
    if charge["original"] != 0:
        return np.int64(state.transactions[np.int64(charge["original"]) - 1]["sequence"])
    return np.int64(charge["sequence"])


@inlined
def give_fee_back(state: State, account_row: Integer, sequence: Integer, original: Any) -> None:
    """Waive the fee of cash that was reversed as a whole, unless that was done before. original: the cash."""
    product = np.int64(original["flags"]) >> FEE_PRODUCT_SHIFT
    named = np.int64(original["sequence"])
    if product != 0 and not was_waived(state, account_row, named, PART_OF_CASH_FEE):
        note_waived(state, account_row, named, PART_OF_CASH_FEE)
        cash, charged_on = np.int64(original["posted_minor"]), day_charged(state, original)
        give_cash_fee_back(state, account_row, sequence, cash, product, charged_on)


@inlined
def tell_postings(state: State, before: Integer, result: Any) -> None:
    """How many postings were made with a command, and the kind of the first of its own. before: how many there were.

    What the end of a day has posted before it is none of its own.
    """
    result["postings"] = state.postings.used[0] - before
    for place in range(before, state.postings.used[0]):
        if state.postings.rows[place]["part"] < PARTS_OF_DAYS:
            result["posting_kind"] = state.postings.rows[place]["kind"]
            break


@inlined
def tell_original(state: State, before: Integer, result: Any) -> None:
    """Which earlier transaction a command's own is about. before: how many transactions there were before it."""
    entered = state.counters[Counter.TRANSACTIONS]
    if entered > before:
        original_row = np.int64(state.transactions[entered - 1]["original"]) - 1
        if original_row >= 0:
            result["original"] = state.transactions[original_row]["sequence"]


@compiled
def charge(state: State, command: Any, row: Integer, billing: Integer, is_authorized: Any) -> None:
    """Post what a purchase comes to, its cash in a part of its own.

    is_authorized: whether the account's issuer has agreed to it, or it is posted because nobody can refuse it any more.
    """
    entry = state.transactions[row]
    entry["refundable_minor"] = entry["current_minor"]
    note_day_charged(state, entry)
    goods = part_for_goods(state, command, row, billing)
    post(state, row, PostingKind.PURCHASE if is_authorized else PostingKind.FORCE_POST, goods)
    post(state, row, PostingKind.CASH if is_authorized else PostingKind.FORCE_POST_CASH, billing - goods)


@inlined
def part_for_goods(state: State, command: Any, row: Integer, billing: Integer) -> Integer:
    """How much of a charge is for goods and services; the rest is cash.

    Of a purchase with cash-back that was approved in part, the goods come first: a merchant pays out only what is left.
    """
    entry = state.transactions[row]
    operation = np.int64(entry["operation"])
    if operation == Operation.CASH:
        return np.int64(0)
    if operation != Operation.PURCHASE_WITH_CASH_BACK:
        return billing
    goods = max(np.int64(entry["amount_minor"]) - np.int64(command["cash_minor"]), np.int64(0))
    return min(in_account_currency(state, row, goods), billing)


@inlined
def left_to_give_back(state: State, row: Integer) -> Integer:
    """The remainder that every way back shares: what may still be reversed, refunded or charged back of a purchase.

    It is what was charged for it and was not given back. A completion and its authorization are one purchase: what is
    given back of either counts for both. Nothing of a refund can be given back, and no more to an account than it owes:
    a refund that names no purchase has used up a part of one. In the account's currency, never below 0.
    """
    entry = state.transactions[row]
    if np.int64(entry["message_class"]) == MessageClass.AUTHORIZATION:
        charged = np.int64(entry["completed_or_disputed_minor"])
    elif entry["posted_minor"] > 0:
        charged = np.int64(entry["billing_minor"])
    else:
        charged = np.int64(0)
    left = charged - np.int64(entry["given_back_minor"])
    if entry["original"] != 0:
        whole = state.transactions[np.int64(entry["original"]) - 1]
        left = min(left, np.int64(whole["completed_or_disputed_minor"]) - np.int64(whole["given_back_minor"]))
    return max(min(left, left_of_account(state, np.int64(entry["account_row"]))), np.int64(0))


@inlined
def left_to_refund(state: State, row: Integer) -> Integer:
    """The remainder for refunds in the purchase's own currency, which bounds them whatever the rates are by then."""
    entry = state.transactions[row]
    left = np.int64(entry["refundable_minor"])
    if entry["original"] != 0:
        left = min(left, np.int64(state.transactions[np.int64(entry["original"]) - 1]["refundable_minor"]))
    return max(left, np.int64(0))


@inlined
def part_to_refund(state: State, row: Integer, rate: Integer, amount: Integer, billing: Integer) -> Integer:
    """How much of a refund at a rate is within the remainder in both currencies; in the account's."""
    original = state.transactions[row]
    left = left_to_refund(state, row)
    if amount > left:
        kept = np.int64(state.accounts[original["account_row"]]["currency"])
        billing = min(billing, converted(state.program, left, rate, np.int64(original["currency"]), kept))
    return min(billing, left_to_give_back(state, row))


@inlined
def left_of_account(state: State, account_row: Integer) -> Integer:
    """What can be given back to an account, of whatever purchases that are named: what it owes.

    One that has a product may have paid for them meanwhile: then money that is given back is a credit, and only the
    purchase bounds it.
    """
    if state.accounts[account_row]["product"] != 0:
        return np.int64(_NO_BOUND)
    return owed_by(state, account_row)


@inlined
def owed_by(state: State, account_row: Integer) -> Integer:
    """What an account owes, 0 for a credit: as much a refund that names no purchase gives back at most."""
    return max(np.int64(state.accounts[account_row]["posted_minor"]), np.int64(0))


@inlined
def in_account_currency(state: State, row: Integer, amount: Integer) -> Integer:
    """An amount of a transaction's own currency, converted at the rate that it had."""
    entry = state.transactions[row]
    kept = np.int64(state.accounts[entry["account_row"]]["currency"])
    return converted(state.program, amount, np.int64(entry["conversion_rate"]), np.int64(entry["currency"]), kept)


@inlined
def asked_back(state: State, row: Integer, remaining: Integer) -> Integer:
    """How much of a charge its reversal asks for, in the account's currency: all that stands of it but what remains.

    A refund or chargeback does not change what stands, but what is left to give back, see `left_to_give_back`.
    """
    stands = in_account_currency(state, row, np.int64(state.transactions[row]["current_minor"]))
    return max(stands - in_account_currency(state, row, remaining), np.int64(0))


@inlined
def is_increment(entry: Any) -> Any:
    """Whether a transaction added to the hold of an authorization."""
    is_authorization = np.int64(entry["message_class"]) == MessageClass.AUTHORIZATION
    return is_authorization and entry["original"] != 0 and np.int64(entry["operation"]) != Operation.REFUND


@inlined
def is_settled(state: State, row: Integer) -> Any:
    """Whether nothing of a transaction can be undone: all its hold was completed, or all it charged given back."""
    entry = state.transactions[row]
    if np.int64(entry["message_class"]) == MessageClass.AUTHORIZATION:
        holder = state.transactions[np.int64(entry["original"]) - 1] if is_increment(entry) else entry
        return holder["held_minor"] == 0 and holder["completed_or_disputed_minor"] > 0
    return entry["posted_minor"] > 0 and left_to_give_back(state, row) <= 0


@inlined
def note_given_back(state: State, row: Integer, billing: Integer) -> None:
    """Remember at a purchase, and at the authorization that it belongs to, what was refunded or charged back of it."""
    entry = state.transactions[row]
    entry["given_back_minor"] += billing
    if entry["original"] != 0:
        state.transactions[np.int64(entry["original"]) - 1]["given_back_minor"] += billing


@inlined
def add_refundable(state: State, row: Integer, amount: Integer) -> None:
    """Let so much more of a purchase be refunded, in its own currency; a negative amount is less."""
    entry = state.transactions[row]
    entry["refundable_minor"] += amount
    if entry["original"] != 0:
        state.transactions[np.int64(entry["original"]) - 1]["refundable_minor"] += amount


@compiled
def complete(state: State, command: Any, row: Integer, original_row: Integer, billing: Integer) -> None:
    """Post what an authorization was for. Its hold ends, but for what later completions will need.

    A completion that finds nothing held any more, or an authorization that nobody approved, is posted all the same.
    """
    original = state.transactions[original_row]
    state.transactions[row]["original"] = original_row + 1
    original["completed_or_disputed_minor"] += billing
    note_day_charged(state, original)
    original["refundable_minor"] += state.transactions[row]["current_minor"]
    held = np.int64(original["held_minor"])
    is_authorized = held > 0 and np.int64(original["reason"]) <= LAST_APPROVAL
    release_hold(state, original_row, billing if has(command["flags"], Flag.MORE_FOLLOWS) else held)
    charge(state, command, row, billing, is_authorized)


@compiled
def refund(state: State, row: Integer, original_row: Integer, billing: Integer) -> Integer:
    """Give money back, remembered at the purchase where that is known; at most the remainder. Returns how much."""
    entry = state.transactions[row]
    amount: Integer = np.int64(entry["current_minor"])
    if found(original_row):
        billing = part_to_refund(state, original_row, np.int64(entry["conversion_rate"]), amount, billing)
        is_same_currency = entry["conversion_rate"] == SAME_CURRENCY
        amount = min(billing if is_same_currency else amount, left_to_refund(state, original_row))
        entry["original"] = original_row + 1
        note_given_back(state, original_row, billing)
        add_refundable(state, original_row, -amount)
    else:
        billing = min(billing, owed_by(state, np.int64(entry["account_row"])))
    entry["refundable_minor"] = amount
    post(state, row, PostingKind.REFUND, -billing)
    return billing


@compiled
def dispute(state: State, command: Any, result: Any) -> Integer:
    """Charge a posting back, or present one again that was. Amounts in the account's currency."""
    original_row = find_sequence(state, np.int64(command["decision"]))
    if not found(original_row) or state.transactions[original_row]["posted_minor"] <= 0:
        return Reason.MISSING_ORIGINAL_AUTHORIZATION
    if np.int64(state.transactions[original_row]["message_class"]) == MessageClass.POSTING:
        return Reason.MISSING_ORIGINAL_AUTHORIZATION  # a representment: what it presents again is the purchase
    original, amount = state.transactions[original_row], np.int64(command["amount_minor"])
    is_chargeback = np.int64(command["kind"]) == Kind.CHARGEBACK
    disputed = np.int64(original["completed_or_disputed_minor"])
    left = left_to_give_back(state, original_row)
    if amount <= 0:
        return Reason.INVALID_AMOUNT
    if amount > (left if is_chargeback else disputed):
        return Reason.EXCEEDS_REMAINDER
    row = new_row(state, command, np.int64(original["token_row"]), MessageClass.POSTING)
    state.transactions[row]["original"] = original_row + 1
    change = -amount if is_chargeback else amount
    original["completed_or_disputed_minor"] -= change
    note_given_back(state, original_row, -change)
    post(state, row, PostingKind.CHARGEBACK if is_chargeback else PostingKind.REPRESENTMENT, change)
    result["approved_minor"], result["billing_minor"] = amount, amount
    return Reason.APPROVED
