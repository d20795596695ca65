"""Plans that end early: what is left of them is billed at once, and the next statement is the first to ask for it.

Until then it stands in `billed` beside what the last statement has asked for, and the two are told apart by the plans:
what is given back of it counts toward no due, and it is no part of a statement that can be split.
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.counted import count_no_longer, find_counted
from authz.kernel.books.plans import close_plan, first_plan, next_plan
from authz.kernel.ledger.entries import charge_to, take_from
from authz.kernel.ledger.shares import share_of
from authz.program.parts import AMOUNT_MAX
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.account_changes import PlanEnd
from authz.vocabulary.posting_kinds import PostingKind


@compiled
def bill_the_rest(state: State, account_row: Integer, billing_row: Integer, plan_row: Integer, command: Any) -> None:
    """Bill all that is left of a plan at once, with a fee. command: PLAN_END.

    What it has put off of a statement, with no cut since, is due again; else no statement has asked for it.
    """
    plan, today, sequence = state.plans[plan_row], state.counters[Counter.DAY], state.counters[Counter.SEQUENCE]
    left, name = np.int64(plan["left_minor"]), np.int64(plan["sequence"])
    state.books[billing_row, Bucket.PLANNED] -= left
    state.books[billing_row, Bucket.BILLED] += left
    fee = min(max(share_of(left, np.int64(command["fee_ppm"])), np.int64(command["fee_min"])), AMOUNT_MAX)
    charge_to(state, account_row, sequence, PostingKind.PLAN_FEE, Bucket.FEES, fee, General.FEES, today)
    close_plan(state, account_row, plan_row, PlanEnd.EARLY, left, today)
    plan["ended_day"] = today
    if plan["started_day"] > state.billing[billing_row]["last_cut"] and found(find_counted(state, name)):
        count_no_longer(state, billing_row, name, left)
    else:
        plan["left_minor"] = left


@inlined
def _is_unasked(state: State, billing_row: Integer, plan_row: Integer) -> Any:
    """Whether a plan has ended early after the last statement, so that none has asked for what was left."""
    plan = state.plans[plan_row]
    return plan["end"] == PlanEnd.EARLY and plan["ended_day"] > state.billing[billing_row]["last_cut"]


@compiled
def asked_of_billed(state: State, account_row: Integer, billing_row: Integer) -> Integer:
    """How much of what is billed the last statement has asked for."""
    unasked: Integer = 0
    row = first_plan(state, account_row)
    while found(row):
        if _is_unasked(state, billing_row, row):
            unasked += np.int64(state.plans[row]["left_minor"])
        row = next_plan(state.plans[row])
    billed = np.int64(state.books[billing_row, Bucket.BILLED])
    return max(billed - unasked, np.int64(0))


@compiled
def take_back_unasked(
    state: State, account_row: Integer, billing_row: Integer, purchase: Integer, amount: Integer, terms_row: Integer
) -> Integer:
    """Take what is given back of a purchase off what its plan left unasked; returns how much was taken.

    That is in `billed`, or has been carried since. purchase: the sequence that names it.
    """
    row = first_plan(state, account_row)
    while found(row):
        if state.plans[row]["of"] == purchase and _is_unasked(state, billing_row, row):
            plan, account = state.plans[row], state.billing[billing_row]
            wanted = min(amount, np.int64(plan["left_minor"]))
            taken = take_from(state, billing_row, Bucket.BILLED, wanted, General.NETWORK, terms_row)
            if account["lost_until"] == account["last_cut"]:
                rest = wanted - taken
                taken += take_from(state, billing_row, Bucket.CARRIED, rest, General.NETWORK, terms_row)
            plan["left_minor"] -= taken
            return taken
        row = next_plan(state.plans[row])
    return np.int64(0)
