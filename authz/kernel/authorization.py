"""Authorization requests: the ordered checks, and the effect of an approval on the account."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.conversion import converted
from authz.kernel.accounts.habits import is_first_hand, learn, note_decline
from authz.kernel.accounts.holds import available_credit, extend_hold, place_hold
from authz.kernel.accounts.message_context import MessageContext, card_takes_part
from authz.kernel.accounts.postings import charge, complete, refund
from authz.kernel.accounts.trace_index import enter_trace, is_repeat, new_transaction
from authz.kernel.cases.referrals import refer, spend_pass
from authz.kernel.checks.originals import is_said_again
from authz.kernel.measures.meters import correct_meters
from authz.state.rows import found
from authz.state.tables import State
from authz.state.transaction_flags import MessageClass
from authz.vocabulary.commands import CryptogramOutcome, Kind, Operation
from authz.vocabulary.reasons import LAST_APPROVAL, Reason


@inlined
def kind_of_approval(command: Any, reason: Integer) -> Integer:
    """The reason of a request that every check has approved: a purchase of nothing is an account verification."""
    is_purchase = np.int64(command["operation"]) == Operation.PURCHASE
    if reason == Reason.APPROVED and is_purchase and np.int64(command["amount_minor"]) == 0:
        return np.int64(Reason.VERIFIED)
    return reason


@inlined
def is_of_a_fresh_tap(command: Any, reason: Integer) -> Any:
    """Whether a request that was decided came with a cryptogram that it has spent.

    Only such a one counts against an account for good: else whoever knows a token PAN could raise the count.
    """
    is_spent_before = reason == Reason.REPLAYED_CRYPTOGRAM or reason == Reason.TRANSACTION_COUNTER_JUMP
    return np.int64(command["cryptogram_outcome"]) == CryptogramOutcome.VALID and not is_spent_before


@inlined
def proves_something(state: State, command: Any, context: MessageContext) -> Any:
    """Whether a request came with its card, or names what its own acquirer has sent before.

    What does neither could be said by anybody who knows a token PAN.
    """
    if card_takes_part(command):
        return True
    return found(context.original_row) and np.uint64(state.transactions[context.original_row]["acquirer"]) == np.uint64(
        command["acquirer"]
    )


@inlined
def answer_request(
    state: State, command: Any, context: MessageContext, result: Any, reason: Integer, is_authentic: Any
) -> None:
    """Enter a decided request; an approval holds, posts or gives back its amount.

    A request that proves nothing, or whose card was not proven, leaves no trace: else anybody could use up the trace of
    one that will come.
    """
    message_class = MessageClass.AUTHORIZATION
    if np.int64(command["kind"]) == Kind.FINANCIAL_REQUEST:
        message_class = MessageClass.FINANCIAL
    row = new_transaction(state, command, context.token_row, message_class)
    if not found(context.same_row) and is_authentic and proves_something(state, command, context):
        enter_trace(state, row, command, context.trace_key, context.first_row)
    entry = state.transactions[row]
    entry["reason"] = reason
    if reason > LAST_APPROVAL and reason != Reason.AWAITING_ISSUER:
        if is_authentic and is_of_a_fresh_tap(command, reason):
            note_decline(state, context.token_row)
        if reason == Reason.REFER_TO_ISSUER:
            refer(state, command, context, result)
        return
    if result["case"] != 0:
        spend_pass(state, np.int64(result["case"]))
    amount: Integer = np.int64(command["amount_minor"])
    billing = context.billing_minor
    if billing > available_credit(state, context.account_row) and reason in (
        Reason.PARTIALLY_APPROVED,
        Reason.AWAITING_ISSUER,
    ):
        amount, billing = part_within(state, command, context)
    entry["approved_minor"], entry["current_minor"], entry["billing_minor"] = amount, amount, billing
    entry["conversion_rate"] = context.rate
    result["approved_minor"], result["billing_minor"] = amount, billing
    if np.int64(command["operation"]) == Operation.REFUND:
        if message_class == MessageClass.FINANCIAL:
            refund(state, row, context.original_row, billing)
        else:
            entry["original"] = context.original_row + 1
    elif found(context.original_row) and message_class == MessageClass.AUTHORIZATION:
        increase(state, row, context.original_row, amount, billing, np.int64(command["time_us"]))
    elif found(context.original_row):
        complete(state, command, row, context.original_row, billing)
    elif reason == Reason.AWAITING_ISSUER:
        place_hold(state, row, billing, np.int64(command["time_us"]))
    elif billing > 0:
        learn(state, command, row, billing, is_first_hand(command))
        if message_class == MessageClass.AUTHORIZATION:
            place_hold(state, row, billing, np.int64(command["time_us"]))
        else:
            charge(state, command, row, billing, True)


@compiled
def part_within(state: State, command: Any, context: MessageContext) -> tuple[Integer, Integer]:
    """The greatest part of an amount that the available credit covers: in its own and in the account's currency.

    It covers one minor unit at least, see `check_available_credit`.
    """
    available = available_credit(state, context.account_row)
    source = np.int64(command["currency"])
    target = np.int64(state.accounts[context.account_row]["currency"])
    low: Integer = 1
    high: Integer = np.int64(command["amount_minor"])
    while high - low > 1:
        middle = (low + high) // 2
        if converted(state.program, middle, context.rate, source, target) <= available:
            low = middle
        else:
            high = middle
    return low, converted(state.program, low, context.rate, source, target)


@compiled
def increase(
    state: State, row: Integer, original_row: Integer, amount: Integer, billing: Integer, time_us: Integer
) -> None:
    """Add an incremental authorization to the hold of its original."""
    original = state.transactions[original_row]
    correct_meters(state, original_row, -1)
    original["current_minor"] += amount
    original["billing_minor"] += billing
    correct_meters(state, original_row, 1)
    state.transactions[row]["original"] = original_row + 1
    extend_hold(state, original_row, billing, time_us)


@inlined
def is_same_again(state: State, command: Any, context: MessageContext) -> Any:
    """Whether a request is one that was answered before: marked as a repeat, and saying the same."""
    if not found(context.same_row) or not is_repeat(command):
        return False
    return is_said_again(command, state.transactions[context.same_row])


@inlined
def answered_billing(state: State, account_row: Integer, entry: Any) -> Integer:
    """The amount of a transaction's answer in the account's currency.

    A reversal and a refund may have given back less than they named; they keep how much that was.
    """
    if np.int64(entry["message_class"]) == MessageClass.REVERSAL:
        return np.int64(entry["billing_minor"])
    is_charge_class = np.int64(entry["message_class"]) == MessageClass.FINANCIAL
    if is_charge_class and np.int64(entry["operation"]) == Operation.REFUND:
        return -np.int64(entry["posted_minor"])
    source, target = np.int64(entry["currency"]), np.int64(state.accounts[account_row]["currency"])
    approved, rate = np.int64(entry["approved_minor"]), np.int64(entry["conversion_rate"])
    return converted(state.program, approved, rate, source, target)


@compiled
def remembered(state: State, context: MessageContext, result: Any) -> Integer:
    """Answer a message that was answered before, from memory: nothing is applied twice."""
    entry = state.transactions[context.same_row]
    result["billing_minor"] = answered_billing(state, context.account_row, entry)
    result["sequence"] = entry["sequence"]
    result["approved_minor"] = entry["approved_minor"]
    result["conversion_rate"] = entry["conversion_rate"]
    return np.int64(entry["reason"])
