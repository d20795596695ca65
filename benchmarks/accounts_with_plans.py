"""Instalments, written straight into a state with books: on every tenth account a plan of one purchase.

The plans have 3, 6, 12 or 24 months, and each has had some of its instalments billed. What is left of a plan stood in
what is new, so an account owes as much as without it. Everything follows from the seed.
"""

import numpy as np

from authz.arrays.hash_index import rebuilt
from authz.arrays.memory import zeros
from authz.program.tables import Bucket
from authz.state.billing import PLAN, Sum
from authz.state.tables import Counter, State
from authz.vocabulary.commands import Records
from benchmarks.billed_accounts import CUT_DAYS

EVERY = 10
"""One account in so many has a plan."""

FEE_PPM = 6_000
"""Of the principal, with each instalment."""

_MONTHS = np.array([3, 6, 12, 24])
_DAYS_OF_A_MONTH = 30
_PRINCIPAL_MIN = 1_000
"""Minor units: each instalment and each fee is above zero."""


def with_plans(state: State, today: int, seed: int = 1) -> State:
    """The same state with a plan on every tenth account, as a day begins. 70 bytes more for each plan.

    The few of them that have bought too little since their last statement have none.

    state: as `billed_state` makes it: its accounts have books in their own order, and no plans.
    today: days since 1970-01-01.
    """
    random = np.random.default_rng((seed, EVERY))
    numbers = state.accounts["account_id"].astype(np.int64)
    # Every tenth of those that have the same cut day, so that each day bills its share of the instalments.
    rows = np.flatnonzero((numbers + numbers // CUT_DAYS) % EVERY == 0)
    rows = rows[state.books[rows, Bucket.NEW] >= 2 * _PRINCIPAL_MIN]
    # Plans stand in the order in which they were started, which is not the order of their accounts.
    rows = random.permutation(rows)
    plans = zeros(len(rows), PLAN)
    _write(plans, state, rows, today, random)
    _move_to_plans(state, rows, plans["left_minor"], today)
    state.counters[Counter.PLANS] = len(plans)
    state.counters[Counter.SEQUENCE] = 2 * len(plans)
    return state._replace(plans=plans, plan_slots=rebuilt(plans["account_id"], len(plans), len(plans)))


def _write(plans: Records, state: State, rows: np.ndarray, today: int, random: np.random.Generator) -> None:
    """Half of what is new was the purchase. Its sequence, and then that of its plan, are those of commands before."""
    count = len(rows)
    months = random.choice(_MONTHS, count)
    billed = random.integers(0, months)
    principal = state.books[rows, Bucket.NEW] // 2
    plans["account_id"] = state.accounts["account_id"][rows]
    plans["of"] = plans["charge"] = 2 * np.arange(count) + 1
    plans["sequence"] = plans["of"] + 1
    plans["principal_minor"], plans["left_minor"] = principal, principal - billed * (principal // months)
    plans["fee_ppm"], plans["months"], plans["billed"] = FEE_PPM, months, billed
    plans["started_day"] = np.minimum(state.billing["last_cut"][rows] + 1, today) - _DAYS_OF_A_MONTH * billed


def _move_to_plans(state: State, rows: np.ndarray, left: np.ndarray, today: int) -> None:
    """Move what is left of plans out of what is new, with its nights since the last cut."""
    nights = today - 1 - state.billing["last_cut"][rows].astype(np.int64)
    state.books[rows, Bucket.NEW] -= left
    state.books[rows, Sum.NEW_NIGHTS] -= left * nights
    state.books[rows, Bucket.PLANNED] += left
