"""The current counts of limits for an account, its cards and its tokens; read only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from authz.arrays.hash_index import find_row
from authz.engine import Engine
from authz.kernel.checks.findings import new_findings
from authz.kernel.measures.meters import measured
from authz.program.document import Limit
from authz.program.tables import Scope
from authz.state.tables import State


@dataclass(frozen=True)
class Counted:
    """A limit, and how many approved transactions, and how much, its window holds. In the account's currency.

    card_id and token_id: whose, where the limit is about a card or a token.
    """

    limit: Limit
    count: int
    amount_minor: int
    card_id: int | None = None
    token_id: int | None = None


@dataclass(frozen=True)
class _Subject:
    """Whom a limit is about: the row that its meter looks for, and the identifier."""

    row: int
    card_id: int | None = None
    token_id: int | None = None


def counters_of(engine: Engine, account_id: int, card_ids: Sequence[int], token_pans: Sequence[str]) -> list[Counted]:
    """The counters of every limit over windows that is about the account's segment, in the program's order.

    Call it on the engine's loop.

    card_ids and token_pans: of the account; those that the engine does not know have counted nothing, and are left out.
    """
    state = engine.state
    row = int(find_row(state.account_slots, state.accounts["account_id"], np.uint64(account_id)))
    if row < 0:
        return []
    segment = int(state.accounts[row]["segment"])
    subjects = {
        Scope.SEGMENT: [_Subject(-1)],
        Scope.ACCOUNT: [_Subject(-1)],
        Scope.CARD: list(_cards(state, card_ids)),
        Scope.TOKEN: list(_tokens(state, token_pans)),
    }
    today, counted = new_findings().today, []
    for number, limit in enumerate(engine.document.limits):
        meter = int(state.program.limits[number]["meter"])
        if meter < 0:  # a bound on each transaction counts nothing
            continue
        if limit.where.segments and segment not in limit.where.segments:
            continue
        for subject in subjects[Scope(int(state.program.meters[meter]["scope"]))]:
            count, amount = measured(state, meter, row, subject.row, engine.now_us, today)
            counted.append(Counted(limit, int(count), int(amount), subject.card_id, subject.token_id))
    return counted


def _cards(state: State, card_ids: Sequence[int]) -> Iterator[_Subject]:
    for card_id in card_ids:
        row = int(find_row(state.card_slots, state.cards["card_id"], np.uint64(card_id)))
        if row >= 0:
            yield _Subject(row, card_id=card_id)


def _tokens(state: State, token_pans: Sequence[str]) -> Iterator[_Subject]:
    for token_pan in token_pans:
        row = int(find_row(state.token_slots, state.tokens["token_pan"], np.uint64(int(token_pan))))
        if row >= 0:
            yield _Subject(row, token_id=int(state.tokens[row]["token_id"]))
