"""Instalment plans that an account holder and the issuer agree on: how they start, and how they end early."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.local_days import day_charged
from authz.kernel.accounts.postings import left_to_give_back, name_of_purchase
from authz.kernel.accounts.trace_index import find_sequence
from authz.kernel.books.counted import count
from authz.kernel.books.early_ends import asked_of_billed, bill_the_rest
from authz.kernel.books.opening import books_today
from authz.kernel.books.plans import add_plan, open_plan, open_plans, was_split
from authz.kernel.ledger.entries import drop_nights
from authz.kernel.ledger.terms import terms_on
from authz.program.parts import AMOUNT_MAX
from authz.program.tables import Bucket
from authz.state.batch_output import PLANS_OPEN_MAX
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.state.transaction_flags import MessageClass
from authz.vocabulary.commands import Operation
from authz.vocabulary.reasons import Reason

_PPM = 1_000_000


@compiled
def start_plan(state: State, account_row: Integer, command: Any) -> Integer:
    """Put a purchase, or a part of the last statement, off into instalments. What is put off is not due.

    command: PLAN_START, with the numbers that were agreed on.
    """
    amount = np.int64(command["amount_minor"])
    if not 0 <= amount <= AMOUNT_MAX:
        return np.int64(Reason.INVALID_AMOUNT)
    if command["fee_ppm"] > _PPM:
        return np.int64(Reason.UNDEFINED_VALUE)
    if open_plans(state, account_row) >= PLANS_OPEN_MAX:
        return np.int64(Reason.TOO_MANY_PLANS)
    if command["decision"] == 0 and not _is_last_statement(state, account_row, np.int64(command["statement_day"])):
        return np.int64(Reason.NOT_THE_LAST_STATEMENT)
    row = np.int64(state.accounts[account_row]["billing"]) - 1
    purchase: Integer = 0
    bucket: Integer = np.int64(Bucket.BILLED)
    left: Integer = np.int64(AMOUNT_MAX)
    if command["decision"] != 0:
        charge_row = find_sequence(state, np.int64(command["decision"]))
        if not found(charge_row) or not _is_charge_of(state, charge_row, account_row):
            return np.int64(Reason.MISSING_ORIGINAL_AUTHORIZATION)
        purchase = name_of_purchase(state, state.transactions[charge_row])
        charged_on = day_charged(state, state.transactions[charge_row])
        if not _is_goods(state.transactions[charge_row]) or was_split(state, account_row, purchase):
            return np.int64(Reason.NOT_SPLITTABLE)
        if found(row) and charged_on <= state.billing[row]["lost_until"]:
            return np.int64(Reason.NOT_SPLITTABLE)
        if found(row) and charged_on > state.billing[row]["last_cut"]:
            bucket = np.int64(Bucket.NEW)
        left = left_to_give_back(state, charge_row)
    there: Integer = np.int64(0)
    if found(row) and bucket == Bucket.NEW:
        there = min(left, state.books[row, bucket])
    elif found(row):
        there = min(left, asked_of_billed(state, account_row, row))
    if there <= 0:
        return np.int64(Reason.NOTHING_OWED)
    if amount > there:
        return np.int64(Reason.EXCEEDS_REMAINDER)
    principal = amount if amount > 0 else there
    _move_to_plan(state, account_row, bucket, principal)
    add_plan(state, account_row, principal, purchase, command)
    return np.int64(Reason.APPROVED)


@inlined
def _is_last_statement(state: State, account_row: Integer, day: Integer) -> Any:
    """Whether an account's last statement is that of a day. day: 0 for whichever it is."""
    row = np.int64(state.accounts[account_row]["billing"]) - 1
    last_cut: Integer = state.billing[row]["last_cut"] if found(row) else np.int64(0)
    return day == 0 or day == last_cut


@inlined
def _is_charge_of(state: State, row: Integer, account_row: Integer) -> Any:
    """Whether a transaction is a charge of an account: no refund, and nothing that a dispute presents again."""
    entry = state.transactions[row]
    is_own = entry["account_row"] == account_row and entry["posted_minor"] > 0
    return is_own and np.int64(entry["message_class"]) != MessageClass.POSTING


@inlined
def _is_goods(charge: Any) -> Any:
    """Whether nothing of a charge is cash, which has a bucket of its own."""
    operation = np.int64(charge["operation"])
    return operation != Operation.CASH and operation != Operation.PURCHASE_WITH_CASH_BACK


@inlined
def _move_to_plan(state: State, account_row: Integer, bucket: Integer, principal: Integer) -> None:
    """Move an amount out of a bucket into instalments. What a statement had asked for counts as a payment does."""
    row = books_today(state, account_row)
    drop_nights(state, row, bucket, principal, terms_on(state, account_row, state.counters[Counter.DAY]))
    state.books[row, bucket] -= principal
    state.books[row, Bucket.PLANNED] += principal
    if bucket == Bucket.BILLED:
        count(state, account_row, row, state.counters[Counter.SEQUENCE], principal, principal)
        state.payments[state.counters[Counter.PAYMENTS] - 1]["is_refund"] = 1


@compiled
def end_plan(state: State, account_row: Integer, command: Any) -> Integer:
    """Bill what is left of a plan at once, with a fee. command: PLAN_END, with the fee that was agreed on."""
    if not 0 <= command["fee_min"] <= AMOUNT_MAX:
        return np.int64(Reason.INVALID_AMOUNT)
    if command["fee_ppm"] > _PPM:
        return np.int64(Reason.UNDEFINED_VALUE)
    plan_row = open_plan(state, account_row, np.int64(command["decision"]))
    if not found(plan_row):
        return np.int64(Reason.MISSING_ORIGINAL_AUTHORIZATION)
    bill_the_rest(state, account_row, books_today(state, account_row), plan_row, command)
    return np.int64(Reason.APPROVED)
