"""The engine's state: accounts, cards, tokens and transactions as record arrays, each with its index.

No Python object per account: a table is one array, a row one fixed-size record. Tables grow before a batch is applied,
never inside the kernel.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from authz.arrays.by_reference import by_reference
from authz.arrays.hash_index import Slots, capacity_of, key_set, keys_for, rebuilt, slots_for
from authz.arrays.memory import zeros
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.program.offers import OFFER_NUMBERS
from authz.program.periods import Today, new_today
from authz.program.tables import RULES_MAX, TERMS, Program
from authz.program.terms import DEFAULT_TERMS
from authz.state.batch_output import (
    Changes,
    Expiries,
    Postings,
    Statements,
    most_made,
    room_for_changes,
    room_for_expiries,
    room_for_postings,
    room_for_statements,
)
from authz.state.billing import (
    BILLING,
    GENERAL_MAX,
    GRANT,
    GRANTS_OF_A_PURCHASE,
    HOLDING,
    HOLDINGS_MAX,
    PAYMENT,
    PLAN,
    books_of,
)
from authz.state.row_layouts import ACCOUNT, ACTIVITY, CARD, CASE, CELL, FORCED, TOKEN, TRANSACTION
from authz.vocabulary.attributes import ATTRIBUTES_MAX
from authz.vocabulary.cases import Queue
from authz.vocabulary.commands import Records
from authz.vocabulary.layouts import ANY_SEGMENT, MESSAGE, PRODUCTS, SEGMENTS


class Counter(IntEnum):
    """What the counters count: rows in use, how far commands have been applied, and the time of the last."""

    ACCOUNTS = 0
    CARDS = 1
    TOKENS = 2
    TRANSACTIONS = 3
    SEQUENCE = 4
    OUTBOX_SEQUENCE = 5
    TIME_US = 6
    EXPIRED_HOUR = 7  # holds up to this hour were released or moved on
    ACTIVITIES = 8
    SEEN = 9
    CELLS = 10
    FORCED = 11  # how many of them wait
    ISSUER_IS_DOWN = 12  # 1 while stand-in decides
    STORED_ADVICES = 13
    FORWARDED_ADVICES = 14  # so many of them were told to the issuer
    OUTAGES = 15
    BILLINGS = 16
    PAYMENTS = 17
    TERMS = 18
    DAY = 19  # the local day of the last command, days since 1970-01-01; it never goes back
    DAY_ENDS_US = 20
    PLANS = 21
    GRANTS = 22
    HOLDINGS = 23
    CASES = 26
    CASES_PASSED = 27  # of each `Queue`, from here on: so many cases, the first, need not be looked at any more
    CASE_EXPIRES_US = 31  # no open case expires earlier; 0 where none is open


COUNTERS = max(Counter) + 1
"""So many places there are for counters."""

EXPIRY_HOURS = 1024
"""Holds wait for their hour in a ring of so many; none is held for longer."""

FORCED_MAX = 256

_ROWS_PER_COMMAND = 2
"""The most rows that one command adds to one table."""


@by_reference
class State(NamedTuple):
    """Everything that a command can read or change.

    seen: a set of keys, what each account has used, see `used`.  activities: ACTIVITY, one for each account that was
    used.  segments: ACTIVITY[SEGMENTS].  cells: CELL, a run of them for each subject that has meters.  advices:
    MESSAGE, what stand-in has answered.  forced: FORCED[FORCED_MAX].  counters: int64, indexed by `Counter`.
    expiring: int32[EXPIRY_HOURS], row + 1 of the first hold of each hour.  matches: int64[RULES_MAX], how often each
    rule's condition has held.

    billing: BILLING, the books of accounts.  books: the same memory as int64[n, 16], see `billing`.  payments: PAYMENT,
    in order of sequence.  general: int64[GENERAL_MAX], indexed by `General`.  terms: TERMS, those that programs have
    brought, in their order.  terms_of: int32[products * segments], product by product, row + 1 of the newest of them.

    plans: PLAN, in order of sequence.  holdings: HOLDING, those of each account chained from its row.
    grants: GRANT, those of a purchase one behind the other.  granted: int64[numbers of offers], to how many purchases
    each was given.  cases: CASE, in order of sequence.

    postings, expiries, statements, changes: made by the batch at hand, see `made_by`.

    asked_values, asked_today: what the conditions of segments are asked with, int64[ATTRIBUTES_MAX] and see `periods`;
    no part of what is stored.
    """

    accounts: Records
    cards: Records
    tokens: Records
    transactions: Records
    account_slots: Slots
    card_slots: Slots
    token_slots: Slots
    trace_slots: Slots
    seen: npt.NDArray[np.uint64]
    activities: Records
    cells: Records
    segments: Records
    advices: Records
    forced: Records
    counters: npt.NDArray[np.int64]
    expiring: npt.NDArray[np.int32]
    matches: npt.NDArray[np.int64]
    billing: Records
    books: npt.NDArray[np.int64]
    payments: Records
    general: npt.NDArray[np.int64]
    plans: Records
    plan_slots: Slots
    holdings: Records
    grants: Records
    grant_slots: Slots
    granted: npt.NDArray[np.int64]
    cases: Records
    case_slots: Slots
    terms: Records
    terms_of: npt.NDArray[np.int32]
    postings: Postings
    expiries: Expiries
    statements: Statements
    changes: Changes
    asked_values: npt.NDArray[np.int64]
    asked_today: Today
    program: Program


INDEXED = (
    ("accounts", Counter.ACCOUNTS, "account_slots", "account_id", "accounts"),
    ("cards", Counter.CARDS, "card_slots", "card_id", "cards"),
    ("tokens", Counter.TOKENS, "token_slots", "token_pan", "tokens"),
    ("transactions", Counter.TRANSACTIONS, "trace_slots", "trace_key", "traces"),
    ("plans", Counter.PLANS, "plan_slots", "account_id", "plans"),
    ("grants", Counter.GRANTS, "grant_slots", "purchase", "grants"),
    ("cases", Counter.CASES, "case_slots", "account_id", "cases"),
)
"""Tables with an index: their rows in use, the index, what it is over, and what its room is called in `LONG_ROOM`.

An account has several plans and cases, and a purchase several grants: the first is entered before the others, and so it
is the one that a search finds.
"""

COUNTED = {
    **{name: counter for name, counter, _, _, _ in INDEXED},
    "activities": Counter.ACTIVITIES,
    "cells": Counter.CELLS,
    "advices": Counter.STORED_ADVICES,
    "billing": Counter.BILLINGS,
    "payments": Counter.PAYMENTS,
    "terms": Counter.TERMS,
    "holdings": Counter.HOLDINGS,
}
WHOLE = ("segments", "forced", "counters", "expiring", "matches", "general", "terms_of", "granted")


LONG_ROOM = {
    "accounts": 1 << 20,
    "cards": 1 << 20,
    "tokens": 1 << 20,
    "transactions": 1 << 26,
    "traces": 1 << 22,
    "activities": 1 << 24,
    "cells": 1 << 26,
    "advices": 1 << 20,
    "billing": 1 << 24,
    "payments": 1 << 24,
    "plans": 1 << 20,
    "holdings": 1 << 24,
    "grants": 1 << 20,
    "cases": 1 << 20,
    "seen": 1 << 21,
}
"""How many rows and keys an engine has room for from the start, so that it does not pause to grow: addresses, not
memory. Indexes have less of it, since they are written everywhere at once: that of traces grows while the engine works,
see `table_growth`.
"""


def new_state(capacity: int = 1024, program: Program | None = None) -> State:
    """Empty tables with room for so many rows each, and a program without limits, rules and rates."""
    billing = zeros(capacity, BILLING)
    state = State(
        accounts=zeros(capacity, ACCOUNT),
        cards=zeros(capacity, CARD),
        tokens=zeros(capacity, TOKEN),
        transactions=zeros(capacity, TRANSACTION),
        account_slots=slots_for(capacity),
        card_slots=slots_for(capacity),
        token_slots=slots_for(capacity),
        trace_slots=slots_for(capacity),
        seen=keys_for(capacity),
        activities=zeros(capacity, ACTIVITY),
        cells=zeros(capacity, CELL),
        segments=np.zeros(len(SEGMENTS), ACTIVITY),
        advices=np.zeros(16, MESSAGE),
        forced=np.zeros(FORCED_MAX, FORCED),
        counters=np.zeros(COUNTERS, np.int64),
        expiring=np.zeros(EXPIRY_HOURS, np.int32),
        matches=np.zeros(RULES_MAX, np.int64),
        billing=billing,
        books=books_of(billing),
        payments=zeros(capacity, PAYMENT),
        general=np.zeros(GENERAL_MAX, np.int64),
        plans=zeros(capacity, PLAN),
        plan_slots=slots_for(capacity),
        holdings=zeros(capacity, HOLDING),
        grants=zeros(capacity, GRANT),
        grant_slots=slots_for(capacity),
        granted=np.zeros(OFFER_NUMBERS.stop, np.int64),
        cases=zeros(capacity, CASE),
        case_slots=slots_for(capacity),
        terms=np.zeros(1, TERMS),
        terms_of=np.zeros(len(PRODUCTS) * len(SEGMENTS), np.int32),
        postings=room_for_postings(most_made(capacity)),
        expiries=room_for_expiries(capacity),
        statements=room_for_statements(most_made(capacity)),
        changes=room_for_changes(most_made(capacity)),
        asked_values=np.zeros(ATTRIBUTES_MAX, np.int64),
        asked_today=new_today(),
        program=program or compiled_program(ProgramDocument(), version=0),
    )
    return with_terms(state, state.program)


def with_room(state: State, commands: int, of_ranges: int = 0) -> State:
    """The same state with room for so many more commands. of_ranges: how many of them are `OF_RANGES`."""
    cells = int(state.program.cells_of_scope.sum())
    added = dict.fromkeys(LONG_ROOM, _ROWS_PER_COMMAND * commands)
    added |= {"activities": commands, "cells": cells * commands, "advices": commands}
    added |= {"holdings": HOLDINGS_MAX * commands, "grants": GRANTS_OF_A_PURCHASE * commands}
    state = _with_added(state, added)
    if len(state.expiries.rows) < len(state.transactions):
        state = state._replace(expiries=room_for_expiries(len(state.transactions)))
    made = most_made(commands, of_ranges) + _cases_open(state)
    if made <= len(state.postings.rows):
        return state
    return state._replace(
        postings=room_for_postings(2 * made),
        statements=room_for_statements(2 * made),
        changes=room_for_changes(2 * made),
    )


def _cases_open(state: State) -> int:
    """How many cases are open, at most: all may expire with one command."""
    passed = state.counters[Counter.CASES_PASSED : Counter.CASES_PASSED + len(Queue)]
    return int(state.counters[Counter.CASES] - passed.min())


def postings_made(state: State) -> Records:
    """POSTING[m]: what the commands of the last batch have posted, in order, as a copy."""
    return state.postings.rows[: state.postings.used[0]].copy()


def expiries_made(state: State) -> Records:
    """EXPIRY[m]: the holds that have ended with the commands of the last batch, in order, as a copy."""
    return state.expiries.rows[: state.expiries.used[0]].copy()


def statements_made(state: State) -> Records:
    """STATEMENT[m]: the statements that were cut with the commands of the last batch, in order, as a copy."""
    return state.statements.rows[: state.statements.used[0]].copy()


def changes_made(state: State) -> Records:
    """ACCOUNT_CHANGE[m]: the changes that came about with the commands of the last batch, in order, as a copy."""
    return state.changes.rows[: state.changes.used[0]].copy()


def made_by(state: State) -> tuple[Records, Records, Records, Records]:
    """What the commands of the last batch have made: postings, expiries, statements and changes of accounts."""
    return postings_made(state), expiries_made(state), statements_made(state), changes_made(state)


def with_rows(state: State, rows: dict[str, int]) -> State:
    """The same state with room for just so many more rows in some tables: for a bank that comes as a whole."""
    return _with_added(state, dict.fromkeys(LONG_ROOM, 0) | rows)


def with_long_room(state: State) -> State:
    """The same state with the room that an engine starts with, or half of it where it comes from a checkpoint."""
    return _with_added(state, {name: room // 2 for name, room in LONG_ROOM.items()})


def _with_added(state: State, added: dict[str, int]) -> State:
    """The same state with room for so many more rows in each table and index, and keys seen."""
    changed: dict[str, Any] = {}
    for name, counter in COUNTED.items():
        table, count = getattr(state, name), int(state.counters[counter])
        if (grown := grown_by(table, count, added.get(name, 0))) is not table:
            changed[name] = grown
    for name, counter, slots, key, room in INDEXED:
        count = int(state.counters[counter])
        wanted = count + added[room]
        if wanted > capacity_of(getattr(state, slots)):
            table = changed.get(name, getattr(state, name))
            changed[slots] = rebuilt(table[key], count, max(wanted, count + count // 2))
    if "billing" in changed:
        changed["books"] = books_of(changed["billing"])
    seen = int(state.counters[Counter.SEEN]) + added["seen"]
    return state._replace(seen=_roomier(state.seen, seen), **changed)


def _roomier(keys: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.uint64]:
    """A set of keys with room for so many: the same one where it has it."""
    return keys if 2 * count <= len(keys) else key_set(keys[keys != 0], 2 * count)


def grown_by(table: Records, count: int, added: int) -> Records:
    """A table with room for more rows: the same one where it has it. What has grown once grows by half at least."""
    if count + added <= len(table):
        return table
    grown = zeros(max(count + added, len(table) + len(table) // 2), table.dtype)
    grown[:count] = table[:count]
    return grown


def with_program(state: State, program: Program) -> State:
    """The same state under another program. Meters start anew; what they show follows from the transactions.

    Its terms hold from the day behind `Counter.DAY`, see `with_terms`.
    """
    state.counters[Counter.CELLS] = 0
    state.matches[:] = 0
    state.counters[Counter.CASE_EXPIRES_US] = min(1, state.counters[Counter.CASES])  # other seconds may hold now
    return with_terms(state, program)._replace(program=program)


def with_terms(state: State, program: Program) -> State:
    """The same state with the terms of a program behind those that it has, where they differ from them.

    They hold from the next local day on; those of a product that had none hold from today, and the default before.
    A thread that reads terms in the state before finds them there as they were: nothing that it finds is written.
    """
    if state.counters[Counter.TERMS] == 0:
        state.terms[0], state.counters[Counter.TERMS] = DEFAULT_TERMS, 1
    state = state._replace(terms_of=state.terms_of.copy())
    for product in np.unique(program.terms["product"][program.terms["product"] != 0]).tolist():
        cells = state.terms_of.reshape(len(PRODUCTS), len(SEGMENTS))[product]
        # Segments whose terms were the same and are the same again share a row.
        pairs = np.stack([cells, _places_of_terms(program, product)])
        for newest, place in np.unique(pairs, axis=1).T.tolist():
            row = program.terms[place]
            if newest > 0 and _says_the_same(state.terms[newest - 1], row):
                continue
            count = int(state.counters[Counter.TERMS])
            state = state._replace(terms=grown_by(state.terms, count, 1))
            state.terms[count] = row
            state.terms[count]["earlier"] = max(newest, 1)
            state.terms[count]["from_day"] = state.counters[Counter.DAY] + (1 if newest > 0 else 0)
            cells[(pairs[0] == newest) & (pairs[1] == place)] = count + 1
            state.counters[Counter.TERMS] = count + 1
    return state


def _places_of_terms(program: Program, product: int) -> npt.NDArray[np.int32]:
    """The row of a program's terms for a product in each segment."""
    places = np.zeros(len(SEGMENTS), np.int32)
    for place in np.flatnonzero(program.terms["product"] == product).tolist():
        segment = int(program.terms[place]["segment"])
        places[slice(None) if segment == ANY_SEGMENT else segment] = place
    return places


def _says_the_same(terms: np.void, other: np.void) -> bool:
    """Whether terms are equal but for since when and in which segments they hold."""
    of_the_row = ("earlier", "from_day", "segment")
    return all(terms[name] == other[name] for name in TERMS.names or () if name not in of_the_row)
