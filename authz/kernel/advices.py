"""Advices: decisions made elsewhere, which are applied regardless of available credit."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.accounts.conversion import converted
from authz.kernel.accounts.exception_items import list_as_exception
from authz.kernel.accounts.habits import is_first_hand, learn
from authz.kernel.accounts.holds import place_hold
from authz.kernel.accounts.message_context import MessageContext, has
from authz.kernel.accounts.postings import charge, complete, refund
from authz.kernel.accounts.trace_index import enter_trace, new_transaction
from authz.kernel.authorization import increase
from authz.kernel.checks.findings import Findings
from authz.kernel.checks.originals import followed_row
from authz.kernel.measures.meters import correct_meters
from authz.kernel.passes import decide_for_advice, identify_for_advice
from authz.state.rows import found
from authz.state.tables import State
from authz.state.transaction_flags import MessageClass, TransactionFlag
from authz.vocabulary.commands import Flag, Kind, Operation
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.reasons import LAST_APPROVAL, Reason


@compiled
def decide_advice(state: State, command: Any, context: MessageContext, findings: Findings) -> Integer:
    """All that an advice can be refused for.

    Nobody to charge, nothing done here, another acquirer's message in DE 90, no way to convert, no amount.
    """
    reason = identify_for_advice(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = decide_for_advice(state, command, context, findings)
    return reason


@compiled
def take_advice(state: State, command: Any, context: MessageContext, result: Any) -> None:
    """Apply an advice: hold, post or give back its amount, even beyond the limit."""
    is_financial = np.int64(command["kind"]) == Kind.FINANCIAL_ADVICE
    message_class = MessageClass.FINANCIAL if is_financial else MessageClass.AUTHORIZATION
    row = new_transaction(state, command, context.token_row, message_class)
    enter_trace(state, row, command, context.trace_key, context.first_row)
    entry = state.transactions[row]
    if has(command["flags"], Flag.DECLINED_ELSEWHERE):
        entry["reason"] = Reason.DECLINED_BY_STAND_IN
        return
    if found(context.early_row):
        entry["reason"] = Reason.ALREADY_REVERSED
        return
    if has(command["flags"], Flag.BEYOND_ADVICE_LIMIT):
        list_as_exception(result, ExceptionReason.BEYOND_ADVICE_LIMIT, context.billing_minor)
        return
    settle(state, command, context, row, context.rate, context.billing_minor, result)


@compiled
def take_stood_in(state: State, command: Any, context: MessageContext, result: Any) -> None:
    """Let an advice of what stand-in has answered move the money, less what was reversed since.

    Until now it was worth nothing in the account's currency, so that no meter has counted it yet.
    """
    row = context.same_row
    entry = state.transactions[row]
    if not has(entry["flags"], TransactionFlag.STOOD_IN):
        return
    entry["flags"] = np.int64(entry["flags"]) & ~TransactionFlag.STOOD_IN
    left = np.int64(entry["current_minor"])
    if left == 0:
        return  # it was declined, or reversed since
    source, target = np.int64(entry["currency"]), np.int64(state.accounts[context.account_row]["currency"])
    billing = converted(state.program, left, np.int64(entry["conversion_rate"]), source, target)
    approved = np.int64(entry["approved_minor"])
    settle(state, command, context, row, np.int64(entry["conversion_rate"]), billing, result)
    entry["approved_minor"], entry["current_minor"] = approved, left
    entry["refundable_minor"] = min(np.int64(entry["refundable_minor"]), left)
    correct_meters(state, row, 1)


@compiled
def settle(
    state: State, command: Any, context: MessageContext, row: Integer, rate: Integer, billing: Integer, result: Any
) -> None:
    """Hold, post or give back the amount of an approved advice. billing: its amount, converted at the rate."""
    is_financial = np.int64(command["kind"]) == Kind.FINANCIAL_ADVICE
    entry = state.transactions[row]
    amount = np.int64(command["amount_minor"])
    entry["approved_minor"], entry["current_minor"], entry["billing_minor"] = amount, amount, billing
    entry["conversion_rate"] = rate
    result["approved_minor"], result["billing_minor"] = amount, billing
    original_row = followed_row(state, command, context)
    if not is_financial:
        if np.int64(command["operation"]) == Operation.REFUND or billing == 0:
            return
        if found(original_row) and state.transactions[original_row]["held_minor"] > 0:
            increase(state, row, original_row, amount, billing, np.int64(command["time_us"]))
        else:
            learn(state, command, row, billing, is_first_hand(command))
            place_hold(state, row, billing, np.int64(command["time_us"]))
    elif np.int64(command["operation"]) == Operation.REFUND:
        given = refund(state, row, original_row, billing)
        entry["billing_minor"], result["billing_minor"] = given, given
        if given < billing:
            list_as_exception(result, ExceptionReason.BEYOND_REMAINDER, billing)
    elif (
        found(original_row)
        and np.int64(state.transactions[original_row]["message_class"]) == MessageClass.AUTHORIZATION
    ):
        complete(state, command, row, original_row, billing)
    elif billing > 0:
        learn(state, command, row, billing, is_first_hand(command))
        # What stand-in approved was authorized in the issuer's name; any other advice reports what nobody asked for.
        charge(state, command, row, billing, not has(entry["flags"], TransactionFlag.ADVISED))


@compiled
def reconcile(state: State, command: Any, row: Integer, context: MessageContext, result: Any) -> None:
    """Take over an approval from elsewhere of an authorization that was declined here: stand-in answered for us.

    What was approved there counts, amount and currency.
    """
    entry = state.transactions[row]
    declined_here = np.int64(entry["reason"]) > LAST_APPROVAL and not has(entry["flags"], TransactionFlag.ADVISED)
    approved_there = not has(command["flags"], Flag.DECLINED_ELSEWHERE)
    if not (declined_here and approved_there) or found(context.early_row):
        return
    if np.int64(command["kind"]) != Kind.AUTHORIZATION_ADVICE or context.billing_minor == 0:
        return
    if has(command["flags"], Flag.BEYOND_ADVICE_LIMIT):
        list_as_exception(result, ExceptionReason.BEYOND_ADVICE_LIMIT, context.billing_minor)
        return
    amount = np.int64(command["amount_minor"])
    correct_meters(state, row, -1)
    entry["reason"] = Reason.APPROVED
    entry["approved_minor"], entry["current_minor"], entry["billing_minor"] = amount, amount, context.billing_minor
    entry["currency"], entry["conversion_rate"] = command["currency"], context.rate
    correct_meters(state, row, 1)
    place_hold(state, row, context.billing_minor, np.int64(command["time_us"]))
