"""Forced declines: of the next authorization of a token, card or terminal, and by test amounts."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.message_context import MessageContext
from authz.kernel.checks.findings import Finding
from authz.program.tables import NUMBER_TEST_AMOUNTS
from authz.state.rows import NO_ROW, found
from authz.state.tables import FORCED_MAX, Counter, State
from authz.vocabulary.commands import ForcedScope
from authz.vocabulary.reasons import LAST_APPROVAL, LAST_REASON, Reason

TEST_AMOUNT_BASE = 9_900_000
"""This amount plus the number of a decline reason is declined for that reason, if the program has test amounts. Minor
units."""


@compiled
def force_reason(state: State, command: Any) -> Integer:
    """Store the reason for which a subject's next authorization is declined, in place of an earlier one.

    command: FORCED_REASON.
    """
    scope = np.int64(command["scope"])
    free: Integer = NO_ROW
    for place in range(FORCED_MAX):
        entry = state.forced[place]
        if entry["reason"] == 0:
            free = free if found(free) else place
        elif is_about(entry, scope, command["subject"], command["terminal"]):
            entry["reason"] = 0
            state.counters[Counter.FORCED] -= 1
            free = place
    if command["reason"] == 0:
        return Reason.APPROVED
    if not found(free):
        return Reason.SYSTEM_MALFUNCTION
    entry = state.forced[free]
    entry["subject"], entry["terminal"] = command["subject"], command["terminal"]
    entry["scope"], entry["reason"] = scope, command["reason"]
    state.counters[Counter.FORCED] += 1
    return Reason.APPROVED


@inlined
def is_about(entry: Any, scope: Integer, subject: Integer, terminal: Any) -> Any:
    """Whether a forced reason is about this token, card or terminal."""
    if np.int64(entry["scope"]) != scope:
        return False
    if scope == ForcedScope.TERMINAL:
        return entry["terminal"] == terminal
    return np.int64(entry["subject"]) == np.int64(subject)


@compiled
def forced_place(state: State, command: Any, context: MessageContext) -> Integer:
    """Where the reason stands that is forced on an authorization, or NO_ROW."""
    token = state.tokens[context.token_row]
    card_id = state.cards[token["card_row"]]["card_id"]
    for place in range(FORCED_MAX):
        entry = state.forced[place]
        if entry["reason"] == 0:
            continue
        scope = np.int64(entry["scope"])
        subject = token["token_id"] if scope == ForcedScope.TOKEN else card_id
        if is_about(entry, scope, subject, command["terminal"]):
            return place
    return NO_ROW


@inlined
def check_simulation(state: State, command: Any, context: MessageContext) -> Finding:
    """No decline must be forced: for this token, card or terminal, or by a test amount."""
    reason: Integer = Reason.APPROVED
    if state.counters[Counter.FORCED] > 0:
        place = forced_place(state, command, context)
        if found(place):
            reason = np.int64(state.forced[place]["reason"])
    number = np.int64(command["amount_minor"]) - TEST_AMOUNT_BASE
    is_reason = LAST_APPROVAL < number <= LAST_REASON and number != Reason.AWAITING_ISSUER
    is_test = is_reason and state.program.numbers[NUMBER_TEST_AMOUNTS] != 0
    if reason == Reason.APPROVED and is_test:
        reason = number
    return reason, 0, reason


@compiled
def use_forced_reason(state: State, command: Any, context: MessageContext) -> None:
    """Forget the reason that was forced on an authorization, if any: it counts once."""
    place = forced_place(state, command, context)
    if found(place):
        state.forced[place]["reason"] = 0
        state.counters[Counter.FORCED] -= 1
