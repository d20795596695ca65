"""Rules: data that this module interprets, so that a new program needs no compilation."""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.message_context import MessageContext
from authz.kernel.cases.referrals import meets_pass
from authz.kernel.checks.attribute_values import fill_values
from authz.kernel.checks.findings import Findings
from authz.kernel.checks.limits import exceeded_limit
from authz.kernel.measures.calendar import keep_day
from authz.kernel.measures.conditions import Values, holds
from authz.kernel.measures.meters import subjects_of
from authz.program.tables import NUMBER_RULES, Action, Scope
from authz.state.tables import State
from authz.vocabulary.reasons import Reason

NOT_EVALUATED, NO_MATCH, MATCHED, PASSED = 0, 1, 2, 3
"""What became of a rule. PASSED: it refers the message, and there was a pass for that."""


@inlined
def applies(state: State, rule: Any, context: MessageContext) -> Any:
    """Whether a rule is about this program, segment, account, card or token."""
    scope, subject = np.int64(rule["scope"]), rule["applies_to"]
    if scope == Scope.PROGRAM:
        return True
    if scope == Scope.SEGMENT:
        return state.accounts[context.account_row]["segment"] == subject
    if scope == Scope.ACCOUNT:
        return state.accounts[context.account_row]["account_id"] == subject
    if scope == Scope.CARD:
        return state.cards[state.tokens[context.token_row]["card_row"]]["card_id"] == subject
    return state.tokens[context.token_row]["token_id"] == subject


@inlined
def ask_rules(
    state: State,
    command: Any,
    context: MessageContext,
    values: Values,
    outcomes: npt.NDArray[np.uint8],
    result: Any,
) -> Integer:
    """Ask the rules in their order; the first live one that declines, refers or steps up decides.

    A live rule that allows ends the asking of live ones. One that refers decides nothing where there is a pass for the
    message. Shadow rules are asked all the same, and change nothing.
    outcomes: uint8[RULES_MAX], filled.
    """
    reason: Integer = Reason.APPROVED
    is_settled = False
    for number in range(state.program.numbers[NUMBER_RULES]):
        rule = state.program.rules[number]
        is_live = rule["is_live"] != 0
        if (is_live and is_settled) or not applies(state, rule, context):
            continue
        if not holds(state.program, np.int64(rule["first"]), values):
            outcomes[number] = NO_MATCH
            continue
        outcomes[number] = MATCHED
        state.matches[number] += 1
        if not is_live:
            continue
        if np.int64(rule["action"]) == Action.FLAG:
            result["is_flagged"] = 1
        elif np.int64(rule["action"]) == Action.ASK:
            result["is_asked"] = 1
        elif np.int64(rule["action"]) == Action.REFER and meets_pass(state, command, context, result):
            outcomes[number] = PASSED
        else:
            is_settled = True
            reason = np.int64(rule["reason"])
    return reason


@inlined
def check_limits_and_rules(
    state: State, command: Any, context: MessageContext, findings: Findings, result: Any
) -> Integer:
    """No limit and no live rule of the authorization program must decline; each limit and rule has its own finding.

    How often a rule matched is counted here (`State.matches`), since shadow rules count too; no decision looks at it.
    """
    keep_day(state.program, findings.today, np.int64(command["time_us"]))
    segment = np.int64(state.accounts[context.account_row]["segment"])
    subjects = subjects_of(state, context.token_row, context.account_row, segment)
    reason: Integer = Reason.APPROVED
    if context.billing_minor > 0:
        reason = exceeded_limit(state, command, context, subjects, findings.limits, findings.today)
    if reason == Reason.APPROVED and state.program.numbers[NUMBER_RULES] > 0:
        fill_values(state, command, context, subjects, findings.values, findings.today)
        reason = ask_rules(state, command, context, findings.values, findings.rules, result)
    return reason
