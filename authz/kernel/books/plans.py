"""Instalments: a part of a purchase or a statement is billed with each statement to come, with a fee."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.arrays.hash_index import add_row, find_row
from authz.kernel.ledger.changes import note_change
from authz.kernel.ledger.entries import charge_to, enter
from authz.kernel.ledger.shares import share_of
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.rows import NO_ROW, found
from authz.state.tables import Counter, State
from authz.vocabulary.account_changes import ChangeKind, PlanEnd
from authz.vocabulary.posting_kinds import PostingKind


@inlined
def first_plan(state: State, account_row: Integer) -> Integer:
    """The row of the first plan that an account has had, or `NO_ROW`."""
    return find_row(state.plan_slots, state.plans["account_id"], state.accounts[account_row]["account_id"])


@inlined
def first_if_open(state: State, account_row: Integer) -> Integer:
    """The same, or `NO_ROW` where none of an account's plans is open: the index is looked at for few accounts."""
    row = np.int64(state.accounts[account_row]["billing"]) - 1
    if row < 0 or state.books[row, Bucket.PLANNED] == 0:
        return np.int64(NO_ROW)
    return first_plan(state, account_row)


@inlined
def next_plan(plan: Any) -> Integer:
    """The row of the account's next plan, or `NO_ROW`. plan: PLAN."""
    return np.int64(plan["next"]) - 1


@compiled
def open_plans(state: State, account_row: Integer) -> Integer:
    """How many plans of an account are open."""
    count: Integer = 0
    row = first_if_open(state, account_row)
    while found(row):
        count += 1 if state.plans[row]["end"] == 0 else 0
        row = next_plan(state.plans[row])
    return count


@compiled
def was_split(state: State, account_row: Integer, purchase: Integer) -> bool:
    """Whether a purchase was ever paid in instalments. purchase: the sequence that names it."""
    row = first_plan(state, account_row)
    while found(row):
        if state.plans[row]["of"] == purchase:
            return True
        row = next_plan(state.plans[row])
    return False


@compiled
def add_plan(state: State, account_row: Integer, principal: Integer, purchase: Integer, command: Any) -> None:
    """Enter a plan behind those that its account has. command: PLAN_START.

    purchase: the sequence that names it, 0 for a statement.
    """
    row = state.counters[Counter.PLANS]
    state.counters[Counter.PLANS] += 1
    account_id, today = state.accounts[account_row]["account_id"], state.counters[Counter.DAY]
    plan = state.plans[row]
    plan["account_id"] = account_id
    plan["sequence"] = state.counters[Counter.SEQUENCE]
    plan["of"], plan["charge"] = purchase, command["decision"]
    plan["principal_minor"], plan["left_minor"] = principal, principal
    plan["fee_ppm"], plan["months"] = command["fee_ppm"], command["plan_months"]
    plan["started_day"] = today
    last = first_plan(state, account_row)
    if found(last):
        while state.plans[last]["next"] != 0:
            last = next_plan(state.plans[last])
        state.plans[last]["next"] = row + 1
    else:
        add_row(state.plan_slots, account_id, row)
    change = note_change(state, account_row, ChangeKind.PLAN_STARTED, principal, today)
    change["about"], change["months"] = plan["sequence"], plan["months"]


@compiled
def close_plan(
    state: State, account_row: Integer, plan_row: Integer, end: Integer, amount: Integer, day: Integer
) -> None:
    """Note that a plan has come to its end. end: PlanEnd.  amount: what was not billed before."""
    plan = state.plans[plan_row]
    plan["left_minor"], plan["end"] = 0, end
    change = note_change(state, account_row, ChangeKind.PLAN_ENDED, amount, day)
    change["about"], change["months"], change["detail"] = plan["sequence"], plan["months"], end


@compiled
def bill_instalments(state: State, account_row: Integer, billing_row: Integer, day: Integer) -> Integer:
    """Bill one instalment of each plan, and its fee; returns how much, without fees. The last takes what is left."""
    billed: Integer = 0
    row = first_if_open(state, account_row)
    sequence = state.counters[Counter.SEQUENCE]
    while found(row):
        plan = state.plans[row]
        if plan["end"] == 0:
            principal, number = np.int64(plan["principal_minor"]), np.int64(plan["billed"]) + 1
            left = np.int64(plan["left_minor"])
            part: Integer = left
            if number < plan["months"]:
                part = min(left, principal // np.int64(plan["months"]))
            plan["billed"] = number
            plan["left_minor"] = left - part
            state.books[billing_row, Bucket.PLANNED] -= part
            state.books[billing_row, Bucket.BILLED] += part
            billed += part
            fee = share_of(principal, np.int64(plan["fee_ppm"]))
            charge_to(state, account_row, sequence, PostingKind.PLAN_FEE, Bucket.FEES, fee, General.FEES, day)
            if left == part:
                close_plan(state, account_row, row, PlanEnd.BILLED, 0, day)
        row = next_plan(plan)
    return billed


@compiled
def shorten_plan(
    state: State, account_row: Integer, billing_row: Integer, purchase: Integer, amount: Integer
) -> Integer:
    """Take what is given back of a purchase off its plan, the last instalments first; returns how much was taken.

    purchase: the sequence that names it.
    """
    row = first_if_open(state, account_row)
    while found(row):
        plan = state.plans[row]
        if plan["of"] == purchase and plan["end"] == 0:
            taken = min(amount, np.int64(plan["left_minor"]))
            plan["left_minor"] -= taken
            enter(state, billing_row, Bucket.PLANNED, -taken, General.NETWORK)
            if plan["left_minor"] == 0:
                close_plan(state, account_row, row, PlanEnd.GIVEN_BACK, taken, state.counters[Counter.DAY])
            return taken
        row = next_plan(plan)
    return np.int64(0)


@compiled
def open_plan(state: State, account_row: Integer, sequence: Integer) -> Integer:
    """The row of an account's open plan that a sequence names, or `NO_ROW`."""
    row = first_if_open(state, account_row)
    while found(row) and (state.plans[row]["sequence"] != sequence or state.plans[row]["end"] != 0):
        row = next_plan(state.plans[row])
    return row


@compiled
def write_plans_off(state: State, account_row: Integer) -> None:
    """End all plans of an account whose debt is given up."""
    row = first_if_open(state, account_row)
    while found(row):
        plan = state.plans[row]
        if plan["end"] == 0:
            left = np.int64(plan["left_minor"])
            close_plan(state, account_row, row, PlanEnd.WRITTEN_OFF, left, state.counters[Counter.DAY])
        row = next_plan(plan)
