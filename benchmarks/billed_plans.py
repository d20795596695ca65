"""Instalment plans, written straight into a state of accounts with books: one for some of the accounts."""

import numpy as np

from authz.arrays.hash_index import rebuilt
from authz.program.tables import Bucket
from authz.state.billing import PLAN, General
from authz.state.tables import Counter, State

MONTHS, FEE_PPM = 12, 6_000
_INSTALMENT_MAX = 50_000


def with_plans(state: State, *, every: int, seed: int = 1) -> State:
    """The same state, in which one account of so many pays a purchase in twelve instalments. 56 bytes for each plan.

    Some have just begun, and of others all but the last instalment are billed.
    """
    random = np.random.default_rng((seed, every))
    rows = np.arange(0, int(state.counters[Counter.ACCOUNTS]), every)
    plans = np.zeros(len(rows), PLAN)
    plans["account_id"] = state.accounts["account_id"][rows]
    plans["sequence"] = plans["of"] = np.arange(1, len(rows) + 1)
    instalment, billed = random.integers(100, _INSTALMENT_MAX, len(rows)), random.integers(0, MONTHS, len(rows))
    plans["principal_minor"], plans["left_minor"] = instalment * MONTHS, instalment * (MONTHS - billed)
    plans["months"], plans["billed"], plans["fee_ppm"] = MONTHS, billed, FEE_PPM
    books = state.accounts["billing"][rows] - 1
    state.books[books, Bucket.PLANNED] += plans["left_minor"]
    state.accounts["posted_minor"][rows] += plans["left_minor"]
    state.general[General.OPENING] -= int(plans["left_minor"].sum())
    state.counters[Counter.PLANS] = len(rows)
    return state._replace(plans=plans, plan_slots=rebuilt(plans["account_id"], len(rows), len(rows)))
