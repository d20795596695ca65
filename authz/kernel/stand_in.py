"""Stand-in processing: the network answers while the issuer is down, by limits of its own, and keeps an advice of it.

The network knows tokens, cryptograms and what it has answered itself. It knows no balance, no card state, no rule. When
the issuer is back, each advice reaches it as a message with `Flag.FORWARDED`, in order and once.
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.accounts.trace_index import class_of, enter_trace, new_transaction
from authz.kernel.authorization import decide_card, decide_standing, is_same_again, proves_something, remembered
from authz.kernel.checks.amounts import (
    check_advised_amount,
    check_amount,
    check_currency,
    check_operation,
    check_token_limit,
)
from authz.kernel.checks.card_and_token import check_token
from authz.kernel.checks.findings import Findings, note
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.originals import (
    check_advised_fields,
    check_original_amount,
    check_shared_fields,
    is_open,
    is_reversal,
)
from authz.kernel.message_context import MessageContext, has
from authz.program.tables import NUMBER_STAND_IN_AMOUNT, NUMBER_STAND_IN_COUNT, NUMBER_STAND_IN_TOTAL
from authz.state.tables import Counter, State, TransactionFlag
from authz.vocabulary.commands import Flag, Kind, Operation, Records
from authz.vocabulary.reasons import LAST_APPROVAL, Reason


@compiled
def switch_issuer(state: State, command: Any) -> Integer:
    """Take note that the issuer is down (state 1) or back (0)."""
    is_down = np.int64(command["state"])
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
        reason = check_token(state, command, context, findings.checks)
        if reason == Reason.APPROVED:
            reason = check_operation(state, command, context, findings.checks)
        if reason == Reason.APPROVED and not is_reversal(command):
            reason = check_advised_fields(state, command, context, findings.checks)
            if reason == Reason.APPROVED:
                reason = check_advised_amount(state, command, context, findings.checks)
        elif reason == Reason.APPROVED and is_open(state, context.original_row):
            reason = check_shared_fields(state, command, context, findings.checks)
            if reason == Reason.APPROVED:
                reason = check_original_amount(state, command, context, findings.checks)
        if reason == Reason.APPROVED:
            result["approved_minor"] = command["amount_minor"]
            store_advice(state, command, kind, reason)
        return reason
    reason = decide_card(state, command, context, findings.checks)
    if reason != Reason.APPROVED:
        return reason
    if is_same_again(state, command, context):
        return remembered(state, context, result)
    reason = decide_stand_in(state, command, context, findings.checks)
    if reason != Reason.DUPLICATE_TRANSMISSION:
        enter_answer(state, command, context, result, reason)
    return reason


@compiled
def decide_stand_in(state: State, command: Any, context: MessageContext, findings: Records) -> Integer:
    """What the network can tell of a token, then its own limits."""
    reason = decide_standing(state, command, context, findings, False)
    if reason == Reason.APPROVED:
        reason = check_currency(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_amount(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_token_limit(state, command, context, findings)
    if reason == Reason.APPROVED:
        reason = check_stand_in(state, command, context, findings)
    if reason == Reason.APPROVED and np.int64(command["amount_minor"]) == 0:
        return Reason.VERIFIED
    return reason


@compiled
def check_stand_in(state: State, command: Any, context: MessageContext, findings: Records) -> Integer:
    """The issuer must be there, or the amount within what stand-in may approve of this token in one outage."""
    numbers, token = state.program.numbers, state.tokens[context.token_row]
    operation = np.int64(command["operation"])
    if (
        operation == Operation.BALANCE_INQUIRY
        or operation == Operation.REFUND
        or has(command["flags"], Flag.HAS_ORIGINAL)
    ):
        return note(findings, Check.STAND_IN, context.billing_minor, 0, Reason.ISSUER_UNAVAILABLE)
    if np.int64(token["outage"]) != state.counters[Counter.OUTAGES]:
        token["outage"] = state.counters[Counter.OUTAGES]
        token["stood_in_minor"], token["stood_in_count"] = 0, 0
    left = numbers[NUMBER_STAND_IN_TOTAL] - np.int64(token["stood_in_minor"])
    bound = min(numbers[NUMBER_STAND_IN_AMOUNT], left)
    if np.int64(token["stood_in_count"]) >= numbers[NUMBER_STAND_IN_COUNT]:
        bound = min(bound, np.int64(0))
    reason = Reason.APPROVED if context.billing_minor <= bound else Reason.DECLINED_BY_STAND_IN
    if reason == Reason.APPROVED:
        token["stood_in_minor"] += context.billing_minor
        token["stood_in_count"] += 1
    return note(findings, Check.STAND_IN, context.billing_minor, bound, reason)


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
    advice["reference"] = place + 1
    flags = (np.int64(command["flags"]) | Flag.FORWARDED) & ~Flag.REPEAT
    advice["flags"] = flags if reason <= LAST_APPROVAL else flags | Flag.DECLINED_ELSEWHERE


@compiled
def is_next_advice(state: State, command: Any) -> Any:
    """Whether a forwarded advice is the one that the issuer has not heard yet; then it is taken for heard."""
    if np.int64(command["reference"]) != state.counters[Counter.FORWARDED_ADVICES] + 1:
        return False
    state.counters[Counter.FORWARDED_ADVICES] += 1
    return True
