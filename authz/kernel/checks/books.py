"""Checks of the books of an account that has a product: dues that were missed, and how much of its credit is cash."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.conversion import converted
from authz.kernel.accounts.message_context import MessageContext
from authz.kernel.books.shares import share_of
from authz.kernel.books.terms import terms_on
from authz.kernel.checks.findings import Finding
from authz.program.tables import Bucket
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.commands import NO_LIMIT, Kind, Operation
from authz.vocabulary.reasons import Reason


@inlined
def check_account_standing(state: State, command: Any, context: MessageContext) -> Finding:
    """The account must not have missed so many dues in a row that its product's terms block it."""
    account = state.accounts[context.account_row]
    missed: Integer = 0
    bound: Integer = 0
    if account["billing"] != 0:
        missed = np.int64(state.billing[np.int64(account["billing"]) - 1]["missed"])
        terms_row = terms_on(state, context.account_row, state.counters[Counter.DAY])
        bound = np.int64(state.terms[terms_row]["blocks_after_missed"])
    reason = Reason.PAYMENT_OVERDUE if 0 < bound <= missed else Reason.APPROVED
    return missed, bound, reason


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
