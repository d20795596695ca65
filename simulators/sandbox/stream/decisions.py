"""Decisions in what has become durable: where they are, who may see them, one of them alone."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from authz.history.history_rows import Row, rows_of
from authz.journal.records import Durable
from authz.vocabulary.commands import MESSAGES, Kind
from authz.vocabulary.reasons import Reason
from simulators.sandbox.stream.backlog import Decided

Places = NDArray[np.intp]
"""Places in an array of commands."""


def decided_in(durable: Durable) -> Places:
    """The places of the commands that made a decision; a message that waits for its issuer has made none yet."""
    kinds, results = durable.commands["kind"], durable.results
    own = np.arange(durable.first, durable.first + len(durable.commands))
    is_message = (kinds >= MESSAGES.start) & (kinds < MESSAGES.stop)
    is_new = is_message & (results["sequence"] == own) & (results["reason"] != Reason.AWAITING_ISSUER)
    is_settled = (kinds == Kind.ISSUER_DECISION) & (results["sequence"] != own)
    return np.flatnonzero(is_new | is_settled)


def seen_among(places: Places, durable: Durable, sees: Callable[[int | None], bool]) -> Places:
    """Those of the places whose decision is about an account that somebody sees; `sees` gets None for no account."""
    accounts = durable.results["account_id"][places]
    different, which = np.unique(accounts, return_inverse=True)
    are_seen = np.array([sees(int(account) or None) for account in different], bool)
    seen: Places = places[are_seen[which]]
    return seen


def alone(places: Sequence[int], durable: Durable) -> list[Decided]:
    """The decisions at some places, each without the others that became durable with it."""
    return [_alone(place, durable) for place in places]


def _alone(place: int, durable: Durable) -> Decided:
    command, result = durable.commands[place : place + 1].copy(), durable.results[place : place + 1].copy()
    if command["kind"][0] == Kind.ISSUER_DECISION:
        return Decided(durable.first + place, None)
    # These are no part of a decision's view, and stay behind.
    result["postings"] = result["expiries"] = result["statements"] = result["changes"] = 0
    nothing = durable.postings[:0], durable.expiries[:0], durable.statements[:0], durable.changes[:0]
    made = Durable(durable.first + place, command, result, *nothing)
    return Decided(durable.first + place, made)


def row_of(decision: Durable) -> Row:
    """The row of a decision that is alone, as the history has it."""
    (row,) = rows_of(decision).decided
    return row
