"""Limits of stand-in processing: per transaction, and in total during one outage."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.message_context import MessageContext, has
from authz.kernel.checks.findings import Finding
from authz.program.tables import NUMBER_STAND_IN_AMOUNT, NUMBER_STAND_IN_COUNT, NUMBER_STAND_IN_TOTAL
from authz.state.tables import Counter, State
from authz.vocabulary.commands import Flag, Operation
from authz.vocabulary.reasons import Reason


@inlined
def only_the_issuer_knows(command: Any) -> Any:
    """Whether only the issuer can answer a message: it is about the account's balance, or an earlier message."""
    operation = np.int64(command["operation"])
    is_about_the_account = operation == Operation.BALANCE_INQUIRY or operation == Operation.REFUND
    return is_about_the_account or has(command["flags"], Flag.HAS_ORIGINAL)


@inlined
def stood_in_this_outage(state: State, token: Any) -> tuple[Integer, Integer]:
    """How much stand-in has approved of a token since the issuer went down, and how often."""
    if np.int64(token["outage"]) != state.counters[Counter.OUTAGES]:
        return np.int64(0), np.int64(0)
    return np.int64(token["stood_in_minor"]), np.int64(token["stood_in_count"])


@compiled
def check_stand_in(state: State, command: Any, context: MessageContext) -> Finding:
    """The amount must be within what stand-in processing may approve for this token during one outage."""
    if only_the_issuer_knows(command):
        return context.billing_minor, np.int64(0), np.int64(Reason.ISSUER_UNAVAILABLE)
    numbers = state.program.numbers
    amount, count = stood_in_this_outage(state, state.tokens[context.token_row])
    bound: Integer = min(numbers[NUMBER_STAND_IN_AMOUNT], numbers[NUMBER_STAND_IN_TOTAL] - amount)
    if count >= numbers[NUMBER_STAND_IN_COUNT]:
        bound = min(bound, np.int64(0))
    reason = Reason.APPROVED if context.billing_minor <= bound else Reason.DECLINED_BY_STAND_IN
    return context.billing_minor, bound, np.int64(reason)


@inlined
def use_stand_in(state: State, command: Any, context: MessageContext) -> None:
    """Count what stand-in approves of a token in this outage."""
    token = state.tokens[context.token_row]
    amount, count = stood_in_this_outage(state, token)
    token["outage"] = state.counters[Counter.OUTAGES]
    token["stood_in_minor"], token["stood_in_count"] = amount + context.billing_minor, count + 1
