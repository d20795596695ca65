"""The instalment plans of an account as they stand; read only."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date

import numpy as np

from authz.arrays.hash_index import find_row
from authz.state.tables import Counter, State
from authz.vocabulary.account_changes import PlanEnd
from authz.vocabulary.labels import date_of


@dataclass(frozen=True)
class AccountPlan:
    """Instalments of a purchase or of a statement, in minor units of the account's currency.

    sequence: of the command that started it, which names it.  charge: the sequence of the purchase's posting, None for
    a statement.  left_minor: what is neither billed nor given back.  billed: how many instalments were.  fee_ppm: the
    fee of each, of the principal.  end: None while it is open.
    """

    account_id: int
    sequence: int
    charge: int | None
    principal_minor: int
    left_minor: int
    months: int
    billed: int
    fee_ppm: int
    started: date
    end: PlanEnd | None


def account_plans(state: State, account_id: int) -> list[AccountPlan]:
    """All plans that an account has had, the newest first."""
    row = find_row(state.plan_slots, state.plans["account_id"], np.uint64(account_id))
    found: list[AccountPlan] = []
    while row >= 0:
        plan = state.plans[row].copy()
        found.insert(0, _plan(plan))
        row = int(plan["next"]) - 1
    return found


def plan_named(state: State, sequence: int) -> AccountPlan | None:
    """The plan that a command has started, or None where it has started none."""
    count = min(int(state.counters[Counter.PLANS]), len(state.plans))  # they may grow while a thread reads
    row = bisect_left(range(count), sequence, key=lambda each: int(state.plans[each]["sequence"]))
    if row == count or int(state.plans[row]["sequence"]) != sequence:
        return None
    return _plan(state.plans[row].copy())


def _plan(plan: np.void) -> AccountPlan:
    return AccountPlan(
        account_id=int(plan["account_id"]),
        sequence=int(plan["sequence"]),
        charge=int(plan["charge"]) or None,
        principal_minor=int(plan["principal_minor"]),
        left_minor=0 if plan["end"] else int(plan["left_minor"]),
        months=int(plan["months"]),
        billed=int(plan["billed"]),
        fee_ppm=int(plan["fee_ppm"]),
        started=date_of(int(plan["started_day"])),
        end=PlanEnd(int(plan["end"])) if plan["end"] else None,
    )
