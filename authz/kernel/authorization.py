"""Requests: decided by the checks in their order, and what an approval does to the account."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.calendar import keep_day
from authz.kernel.accounts.conversion import converted
from authz.kernel.accounts.habits import learn, note_decline
from authz.kernel.accounts.holds import available_credit, extend_hold, place_hold
from authz.kernel.accounts.meters import correct_meters, subjects_of
from authz.kernel.accounts.postings import charge, complete, refund
from authz.kernel.accounts.trace_index import enter_trace, is_repeat, new_transaction
from authz.kernel.checks.amounts import (
    check_amount,
    check_available_credit,
    check_currency,
    check_operation,
    check_token_limit,
    check_transaction_limit,
)
from authz.kernel.checks.attribute_values import fill_values
from authz.kernel.checks.card_and_token import (
    check_card_state,
    check_channel,
    check_country,
    check_expiration_date,
    check_merchant,
    check_token,
    check_token_expiry,
    check_token_state,
)
from authz.kernel.checks.cardholder import check_cardholder_verification, check_pin
from authz.kernel.checks.cryptogram import (
    check_cryptogram,
    check_entry_mode,
    check_signed_amount,
    check_signed_circumstances,
    check_signed_currency,
    check_signed_operation,
)
from authz.kernel.checks.findings import Findings
from authz.kernel.checks.forcing import check_simulation
from authz.kernel.checks.limits import check_limits
from authz.kernel.checks.originals import check_original, check_original_amount, check_shared_fields, is_said_again
from authz.kernel.checks.rules import check_rules
from authz.kernel.checks.single_use import (
    check_duplicate,
    check_early_reversal,
    check_limited_use_key,
    check_transaction_counter,
    use_limited_use_key,
    use_transaction_counter,
)
from authz.kernel.message_context import MessageContext, has
from authz.program.tables import NUMBER_RULES
from authz.state.rows import found
from authz.state.tables import MessageClass, State
from authz.vocabulary.commands import CryptogramOutcome, Flag, Kind, Operation, Records
from authz.vocabulary.reasons import LAST_APPROVAL, Reason


@inlined
def card_takes_part(command: Any) -> Any:
    """Whether the card must be there: not for what refers to an earlier message, nor for giving money back.

    Balances are told to nobody without it, whatever the inquiry refers to.
    """
    if np.int64(command["operation"]) == Operation.BALANCE_INQUIRY:
        return True
    refers = has(command["flags"], Flag.HAS_ORIGINAL) or np.int64(command["operation"]) == Operation.REFUND
    return not refers or np.int64(command["cryptogram_outcome"]) != CryptogramOutcome.ABSENT


@inlined
def decide_card(state: State, command: Any, context: MessageContext, findings: Records) -> Integer:
    """Who is asking: the token, its domain and the cryptogram."""
    reason = check_token(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_operation(state, command, context, findings)
    if reason != Reason.APPROVED or not card_takes_part(command):
        return reason
    reason = check_channel(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_merchant(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_country(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_cryptogram(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_entry_mode(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_signed_operation(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_signed_amount(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_signed_currency(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_signed_circumstances(state, command, context, findings)
    return reason


@inlined
def decide_standing(state: State, command: Any, context: MessageContext, findings: Records, by_issuer: bool) -> Integer:
    """Whether the card may pay now. The transaction counter of a valid cryptogram is spent here, whatever follows.

    by_issuer: false in stand-in, which knows the token, but neither the card behind it nor what is simulated.
    A message that came before is a duplicate whatever else could be said of it, and spends nothing.
    """
    reason = check_duplicate(state, command, context, findings)
    if reason == Reason.APPROVED and card_takes_part(command):
        reason = check_transaction_counter(state, command, context, findings)
        if reason == Reason.APPROVED:
            use_transaction_counter(state, command, context)
            reason = check_limited_use_key(state, command, context, findings)
        if reason == Reason.APPROVED:
            use_limited_use_key(state, command, context)
    if reason == Reason.APPROVED and by_issuer:
        reason = check_simulation(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_token_state(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_token_expiry(state, command, context, findings)
    if reason == Reason.APPROVED and card_takes_part(command):
        reason = check_expiration_date(state, command, context, findings)
    if reason == Reason.APPROVED and by_issuer:
        reason = check_card_state(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_pin(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_cardholder_verification(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_early_reversal(state, command, context, findings)
    return reason


@inlined
def decide_money(state: State, command: Any, context: MessageContext, findings: Records) -> Integer:
    """Whether the amount is right and within what the account may spend."""
    refers = has(command["flags"], Flag.HAS_ORIGINAL)
    is_refund = np.int64(command["operation"]) == Operation.REFUND
    reason: Integer = Reason.APPROVED
    if refers or is_refund:
        reason = check_original(state, command, context, findings)
        if reason == Reason.APPROVED:
            reason = check_shared_fields(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_currency(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_amount(state, command, context, findings)
    if reason == Reason.APPROVED and (refers or is_refund):
        reason = check_original_amount(state, command, context, findings)
    if reason != Reason.APPROVED or is_refund:
        return reason
    reason = check_token_limit(state, command, context, findings)
    if reason != Reason.APPROVED:
        return reason
    return check_transaction_limit(state, command, context, findings)


@inlined
def decide_risk(state: State, command: Any, context: MessageContext, findings: Findings, result: Any) -> Integer:
    """Whether limits and rules have something against it. What completes or gives back was asked about before."""
    is_completion = found(context.original_row) and np.int64(command["kind"]) == Kind.FINANCIAL_REQUEST
    if is_completion or np.int64(command["operation"]) == Operation.REFUND:
        return Reason.APPROVED
    keep_day(state.program, findings.today, np.int64(command["time_us"]))
    subjects = subjects_of(state, context.token_row, context.account_row)
    reason: Integer = Reason.APPROVED
    if context.billing_minor > 0:
        reason = check_limits(state, command, context, subjects, findings.limits, findings.today)
    if reason == Reason.APPROVED and state.program.numbers[NUMBER_RULES] > 0:
        fill_values(state, command, context, subjects, findings.values, findings.today)
        reason = check_rules(state, context, findings.values, findings.rules, result)
    return reason


@inlined
def decide_credit(state: State, command: Any, context: MessageContext, findings: Records) -> Integer:
    """Whether the account can bear it, and which kind of approval that makes."""
    if np.int64(command["operation"]) == Operation.REFUND:
        return Reason.APPROVED
    reason = check_available_credit(state, command, context, findings)
    if reason == Reason.APPROVED and np.int64(command["operation"]) == Operation.PURCHASE:
        return Reason.VERIFIED if np.int64(command["amount_minor"]) == 0 else Reason.APPROVED
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
        return
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
        complete(state, row, context.original_row, billing, has(command["flags"], Flag.MORE_FOLLOWS))
    elif reason == Reason.AWAITING_ISSUER:
        place_hold(state, row, billing, np.int64(command["time_us"]))
    elif billing > 0:
        learn(state, command, row, billing)
        if message_class == MessageClass.AUTHORIZATION:
            place_hold(state, row, billing, np.int64(command["time_us"]))
        else:
            charge(state, row, billing)


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
    """What a transaction's answer said in the account's currency.

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
