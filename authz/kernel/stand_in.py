"""Stand-in processing: answers while the issuer is unavailable, within its own limits, and stores an advice.

The network knows tokens, cryptograms and what it has answered itself. It knows no balance, no card state, no rule. When
the issuer is back, each advice reaches it as a message with `Flag.FORWARDED`, in order and once.
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.accounts.message_context import MessageContext, is_reversal
from authz.kernel.accounts.trace_index import class_of, enter_trace, new_transaction
from authz.kernel.authorization import is_same_again, kind_of_approval, proves_something, remembered
from authz.kernel.checks.findings import Findings
from authz.kernel.passes import (
    decide_for_stand_in,
    decide_for_stored_advice,
    decide_for_stored_reversal,
    identify_for_stand_in,
    identify_for_stored_advice,
    identify_for_stored_reversal,
)
from authz.state.tables import Counter, State
from authz.state.transaction_flags import TransactionFlag
from authz.vocabulary.commands import Flag, Kind
from authz.vocabulary.reasons import LAST_APPROVAL, Reason


@compiled
def switch_issuer(state: State, command: Any) -> Integer:
    """Take note that the issuer is down or back. command: ISSUER_SWITCH."""
    is_down = np.int64(command["is_down"])
    counters = state.counters
    if is_down and not counters[Counter.ISSUER_IS_DOWN]:
        counters[Counter.OUTAGES] += 1
        if counters[Counter.FORWARDED_ADVICES] == counters[Counter.STORED_ADVICES]:
            counters[Counter.STORED_ADVICES] = counters[Counter.FORWARDED_ADVICES] = 0
    counters[Counter.ISSUER_IS_DOWN] = is_down
    return Reason.APPROVED


@compiled
def stand_in(state: State, command: Any, context: MessageContext, result: Any, findings: Findings) -> Integer:
    """Answer a message in the issuer's place.

    What is no request is only passed on, unless it is a reversal that cannot be of what it names, or an advice that
    cannot have its amount.
    """
    kind = np.int64(command["kind"])
    if kind != Kind.AUTHORIZATION_REQUEST and kind != Kind.FINANCIAL_REQUEST:
        if is_reversal(command):
            reason = identify_for_stored_reversal(state, command, context, findings)
            if reason == Reason.APPROVED:
                reason = decide_for_stored_reversal(state, command, context, findings)
        else:
            reason = identify_for_stored_advice(state, command, context, findings)
            if reason == Reason.APPROVED:
                reason = decide_for_stored_advice(state, command, context, findings)
        if reason == Reason.APPROVED:
            result["approved_minor"] = command["amount_minor"]
            store_advice(state, command, kind, reason)
        return reason
    reason = identify_for_stand_in(state, command, context, findings)
    if reason != Reason.APPROVED:
        return reason
    if is_same_again(state, command, context):
        return remembered(state, context, result)
    reason = kind_of_approval(command, decide_for_stand_in(state, command, context, findings))
    if reason != Reason.DUPLICATE_TRANSMISSION:
        enter_answer(state, command, context, result, reason)
    return reason


@compiled
def enter_answer(state: State, command: Any, context: MessageContext, result: Any, reason: Integer) -> None:
    """Enter what stand-in has answered, for repeats and reversals; its money moves when the advice comes."""
    kind = np.int64(command["kind"])
    row = new_transaction(state, command, context.token_row, class_of(kind))
    if proves_something(state, command, context):
        enter_trace(state, row, command, context.trace_key, context.first_row)
    entry = state.transactions[row]
    entry["reason"] = reason
    if reason <= LAST_APPROVAL:
        entry["approved_minor"] = entry["current_minor"] = command["amount_minor"]
        entry["conversion_rate"] = context.rate
        result["approved_minor"], result["billing_minor"] = command["amount_minor"], context.billing_minor
    if reason <= LAST_APPROVAL or reason == Reason.DECLINED_BY_STAND_IN:
        entry["flags"] = TransactionFlag.STOOD_IN
        is_authorization = kind == Kind.AUTHORIZATION_REQUEST
        store_advice(state, command, Kind.AUTHORIZATION_ADVICE if is_authorization else Kind.FINANCIAL_ADVICE, reason)


@compiled
def store_advice(state: State, command: Any, kind: Integer, reason: Integer) -> None:
    """Keep a message for the issuer."""
    place = state.counters[Counter.STORED_ADVICES]
    state.counters[Counter.STORED_ADVICES] += 1
    state.advices[place] = command
    advice = state.advices[place]
    advice["kind"] = kind
    advice["advice_number"] = place + 1
    flags = (np.int64(command["flags"]) | Flag.FORWARDED) & ~Flag.REPEAT
    advice["flags"] = flags if reason <= LAST_APPROVAL else flags | Flag.DECLINED_ELSEWHERE


@compiled
def is_next_advice(state: State, command: Any) -> Any:
    """Whether a forwarded advice is the next one for the issuer; if so, it counts as forwarded."""
    if np.int64(command["advice_number"]) != state.counters[Counter.FORWARDED_ADVICES] + 1:
        return False
    state.counters[Counter.FORWARDED_ADVICES] += 1
    return True
