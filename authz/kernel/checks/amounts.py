"""Checks of operation, currency and amount against the limits of token and account."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.conversion import NO_RATE, converted
from authz.kernel.accounts.holds import available_credit
from authz.kernel.accounts.message_context import MessageContext, has
from authz.kernel.checks.findings import Finding
from authz.kernel.ledger.shares import share_of
from authz.kernel.ledger.terms import terms_on
from authz.program.tables import Bucket
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.commands import NO_LIMIT, Flag, Kind, Operation
from authz.vocabulary.reasons import Reason


@inlined
def check_operation(state: State, command: Any, context: MessageContext) -> Finding:
    """The network must support the transaction type."""
    operation = np.int64(command["operation"])
    served = (
        operation == Operation.PURCHASE
        or operation == Operation.CASH
        or operation == Operation.PURCHASE_WITH_CASH_BACK
        or operation == Operation.REFUND
        or operation == Operation.BALANCE_INQUIRY
    )
    reason = Reason.APPROVED if served else Reason.OPERATION_NOT_SUPPORTED
    return operation, 0, reason


@inlined
def check_currency(state: State, command: Any, context: MessageContext) -> Finding:
    """The currency must be the account's, or one for which the authorization program has a rate."""
    kept = np.int64(state.accounts[context.account_row]["currency"])
    reason = Reason.CURRENCY_NOT_SUPPORTED if context.rate == NO_RATE else Reason.APPROVED
    return np.int64(command["currency"]), kept, reason


@inlined
def check_amount(state: State, command: Any, context: MessageContext) -> Finding:
    """The amount must be possible for the transaction type: zero for an inquiry, else positive and covering cash-back.

    A purchase of zero is an account verification. One with cash in it is a purchase with cash-back, and must say so:
    cash asks for a verified cardholder.
    """
    amount, cash = np.int64(command["amount_minor"]), np.int64(command["cash_minor"])
    operation = np.int64(command["operation"])
    fits: Any = amount > 0
    if operation == Operation.PURCHASE:
        fits = cash == 0 and (amount > 0 or not has(command["flags"], Flag.HAS_ORIGINAL))
    elif operation == Operation.BALANCE_INQUIRY:
        fits = amount == 0
    elif operation == Operation.PURCHASE_WITH_CASH_BACK:
        fits = 0 < cash <= amount
    return amount, cash, Reason.APPROVED if fits else Reason.INVALID_AMOUNT


@inlined
def check_advised_amount(state: State, command: Any, context: MessageContext) -> Finding:
    """The amount of a balance inquiry advice must be zero, because an inquiry moves no money."""
    amount = np.int64(command["amount_minor"])
    fits = np.int64(command["operation"]) != Operation.BALANCE_INQUIRY or amount == 0
    reason = Reason.APPROVED if fits else Reason.INVALID_AMOUNT
    return amount, np.int64(command["cash_minor"]), reason


@inlined
def check_token_limit(state: State, command: Any, context: MessageContext) -> Finding:
    """The amount must not exceed the token's own limit for a single transaction, if it has one."""
    token = state.tokens[context.token_row]
    limit: Integer = 0
    if token["is_restricted"] != 0:
        limit = np.int64(token["amount_max_minor"])
    reason = Reason.EXCEEDS_LIMIT if limit != 0 and context.billing_minor > limit else Reason.APPROVED
    return context.billing_minor, limit, reason


@inlined
def check_transaction_limit(state: State, command: Any, context: MessageContext) -> Finding:
    """The amount, with what it increments, must not exceed the account's limit for one transaction, if any."""
    amount = context.billing_minor
    if found(context.original_row) and np.int64(command["kind"]) == Kind.AUTHORIZATION_REQUEST:
        amount += np.int64(state.transactions[context.original_row]["billing_minor"])
    limit = np.int64(state.accounts[context.account_row]["transaction_limit_minor"])
    reason = Reason.EXCEEDS_LIMIT if limit != NO_LIMIT and amount > limit else Reason.APPROVED
    return amount, limit, reason


@inlined
def smallest_part(state: State, command: Any, context: MessageContext) -> Integer:
    """What one minor unit of the message's currency is worth in the account's, and at least one of those."""
    source = np.int64(command["currency"])
    target = np.int64(state.accounts[context.account_row]["currency"])
    return max(converted(state.program, np.int64(1), context.rate, source, target), np.int64(1))


@inlined
def check_available_credit(state: State, command: Any, context: MessageContext) -> Finding:
    """The available credit must cover the amount, or a part of it if the terminal accepts partial approvals."""
    amount = context.billing_minor
    if found(context.original_row) and np.int64(command["kind"]) == Kind.FINANCIAL_REQUEST:
        amount -= min(amount, np.int64(state.transactions[context.original_row]["held_minor"]))
    available = available_credit(state, context.account_row)
    reason = Reason.APPROVED
    if amount > available and amount > 0:
        takes_part = has(command["flags"], Flag.PARTIAL_APPROVAL) and not found(context.original_row)
        takes_part = takes_part and available >= smallest_part(state, command, context)
        is_purchase = np.int64(command["operation"]) == Operation.PURCHASE
        reason = Reason.PARTIALLY_APPROVED if takes_part and is_purchase else Reason.INSUFFICIENT_FUNDS
    return amount, available, reason


@inlined
def check_cash_limit(state: State, command: Any, context: MessageContext) -> Finding:
    """The cash that the account owes, that is held and that is asked for must be within its share of the limit."""
    account = state.accounts[context.account_row]
    cash = cash_asked(state, command, context)
    if account["product"] == 0 or cash == 0:
        return cash, NO_LIMIT, Reason.APPROVED
    if account["billing"] != 0:
        row = np.int64(account["billing"]) - 1
        cash += max(state.books[row, Bucket.CASH], 0) + np.int64(state.billing[row]["cash_held"])
        if found(context.original_row) and np.int64(command["kind"]) == Kind.FINANCIAL_REQUEST:
            original = state.transactions[context.original_row]
            if np.int64(original["operation"]) == Operation.CASH:
                cash -= np.int64(original["held_minor"])  # it becomes what is asked for
    terms = state.terms[terms_on(state, context.account_row, state.counters[Counter.DAY])]
    limit = share_of(max(np.int64(account["limit_minor"]), np.int64(0)), np.int64(terms["cash_share_ppm"]))
    return cash, limit, Reason.EXCEEDS_LIMIT if cash > limit else Reason.APPROVED


@inlined
def cash_asked(state: State, command: Any, context: MessageContext) -> Integer:
    """How much of what a message asks for is cash, in the account's currency."""
    operation = np.int64(command["operation"])
    if operation == Operation.CASH:
        return context.billing_minor
    if operation != Operation.PURCHASE_WITH_CASH_BACK:
        return np.int64(0)
    source = np.int64(command["currency"])
    target = np.int64(state.accounts[context.account_row]["currency"])
    return converted(state.program, np.int64(command["cash_minor"]), context.rate, source, target)
