"""Applies commands in sequence, each according to its kind."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.arrays.hash_index import find_row
from authz.kernel.accounts.conversion import NO_RATE, conversion_rate, converted
from authz.kernel.accounts.exception_items import list_as_exception
from authz.kernel.accounts.holds import available_credit, expire_hold, expire_holds
from authz.kernel.accounts.local_days import pass_day
from authz.kernel.accounts.message_context import MessageContext, has, is_message
from authz.kernel.accounts.postings import dispute, tell_original, tell_postings
from authz.kernel.accounts.trace_index import (
    class_of,
    find_early_reversal,
    find_first,
    find_original,
    find_same,
    find_sequence,
    key_of,
)
from authz.kernel.advices import decide_advice, reconcile, take_advice, take_stood_in
from authz.kernel.authorization import (
    answer_request,
    is_same_again,
    kind_of_approval,
    remembered,
)
from authz.kernel.bank.commands import take_about_range, take_bank_command
from authz.kernel.books.opening import roll
from authz.kernel.cases.answers import answer_case, expire_cases
from authz.kernel.checks.findings import RUN, Findings
from authz.kernel.checks.forcing import force_reason
from authz.kernel.checks.originals import meant_row
from authz.kernel.issuer_decisions import take_issuer_decision
from authz.kernel.notices import take_notice
from authz.kernel.passes import decide_for_issuer, identify_for_issuer
from authz.kernel.prefetching import look_ahead
from authz.kernel.reversals import answer_reversal, decide_reversal
from authz.kernel.stand_in import is_next_advice, stand_in, switch_issuer
from authz.kernel.undefined_values import Field, undefined_field
from authz.program.tables import NUMBER_LIMITS, NUMBER_RULES, NUMBER_VERSION
from authz.state.rows import NO_ROW, found
from authz.state.tables import Counter, State
from authz.state.transaction_flags import MessageClass
from authz.vocabulary.commands import OF_RANGES, Flag, Kind, Operation, Records
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.layouts import CASE_ANSWER, DISPUTE, FORCED_REASON, HOLD, ISSUER_DECISION, ISSUER_SWITCH, MESSAGE
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

_APPROVAL_CODES = 1_000_000
_APPROVAL_CODE_STEP = 741_457
_APPROVAL_CODE_START = 123_457
"""Approval codes (DE 38) of decisions in a row look unlike each other, and repeat only after a million: the step has no
factor in common with their number.
"""


@compiled
def apply(state: State, commands: Records, results: Records, findings: Findings) -> None:
    """Apply commands in order.

    commands: COMMAND[n].  results: RESULT[n], filled.  findings: left with those of the last one.
    What they post is left in `state.postings`, what holds have ended meanwhile in `state.expiries`, what statements
    were cut in `state.statements`, and what else has changed for accounts in `state.changes`.
    The tables must have room for n more commands, see `tables.with_room`.
    """
    state.postings.used[0] = 0
    state.expiries.used[0] = 0
    state.statements.used[0] = 0
    state.changes.used[0] = 0
    for i in range(len(commands)):
        if i % RUN == 0:
            look_ahead(state, commands, i, min(i + RUN, len(commands)), findings.ahead)
        if i == len(commands) - 1:
            clear(state, findings)
        result, kind = results[i], np.int64(commands[i]["kind"])
        state.counters[Counter.SEQUENCE] += 1
        state.counters[Counter.TIME_US] = commands[i]["time_us"]
        pass_day(state, np.int64(commands[i]["time_us"]))
        expired_before = state.expiries.used[0]
        expire_holds(state, np.int64(commands[i]["time_us"]))
        result["sequence"] = state.counters[Counter.SEQUENCE]
        result["time_us"] = commands[i]["time_us"]
        result["day"] = state.counters[Counter.DAY]
        result["program_version"] = state.program.numbers[NUMBER_VERSION]
        posted_before, entered_before = state.postings.used[0], state.counters[Counter.TRANSACTIONS]
        cut_before, changed_before = state.statements.used[0], state.changes.used[0]
        expire_cases(state, np.int64(commands[i]["time_us"]))
        if undefined_field(commands, i) != Field.NONE:
            result["reason"] = Reason.UNDEFINED_VALUE
        elif is_message(kind):
            result["reason"] = take_message(state, commands.view(MESSAGE)[i], result, findings)
        elif kind in OF_RANGES:
            result["reason"] = take_about_range(state, commands, i, result)
        elif Kind.CHARGEBACK <= kind <= Kind.ANSWER_CASE:
            result["reason"] = take_about_account(state, commands, i, result)
        elif kind == Kind.FORCE_REASON:
            result["reason"] = force_reason(state, commands.view(FORCED_REASON)[i])
        elif kind == Kind.SWITCH_ISSUER:
            result["reason"] = switch_issuer(state, commands.view(ISSUER_SWITCH)[i])
        elif kind == Kind.ACTIVATE_PROGRAM or kind == Kind.PASS_TIME:
            result["reason"] = Reason.APPROVED  # the caller has switched the program; the time has passed above
        else:
            result["reason"] = take_notice(state, commands, i)
        tell_postings(state, posted_before, result)
        tell_original(state, entered_before, result)
        result["statements"] = state.statements.used[0] - cut_before
        result["changes"] = state.changes.used[0] - changed_before
        result["expiries"] = state.expiries.used[0] - expired_before
        result["approval_code"] = (
            np.int64(result["sequence"]) * _APPROVAL_CODE_STEP + _APPROVAL_CODE_START
        ) % _APPROVAL_CODES


@compiled
def name_accounts(state: State, commands: Records) -> None:
    """Name token, card and account of each command that comes without: from the token's number, or from the decision
    that it refers to. What is not known keeps 0.
    """
    for i in range(len(commands)):
        if commands[i]["account_id"] != 0:
            continue
        token_row: Integer = find_row(state.token_slots, state.tokens["token_pan"], commands[i]["token_pan"])
        if np.int64(commands[i]["kind"]) in (Kind.CHARGEBACK, Kind.REPRESENTMENT, Kind.EXPIRE_HOLD):
            row = find_sequence(state, np.int64(commands.view(DISPUTE)[i]["decision"]))  # `HOLD` has it there too
            token_row = np.int64(state.transactions[row]["token_row"]) if found(row) else NO_ROW
        if found(token_row):
            token = state.tokens[token_row]
            commands[i]["token_id"] = token["token_id"]
            commands[i]["card_id"] = state.cards[token["card_row"]]["card_id"]
            commands[i]["account_id"] = state.accounts[token["account_row"]]["account_id"]


@inlined
def context_of(state: State, command: Any) -> MessageContext:
    """Find the rows that a message concerns, and convert its amount."""
    token_row = find_row(state.token_slots, state.tokens["token_pan"], command["token_pan"])
    if not found(token_row):
        return MessageContext(NO_ROW, NO_ROW, np.uint64(0), NO_ROW, NO_ROW, NO_ROW, NO_ROW, NO_RATE, 0)
    account_row = np.int64(state.tokens[token_row]["account_row"])
    kind = np.int64(command["kind"])
    message_class = class_of(kind)
    key = key_of(state, command, token_row, message_class)
    first_row = find_first(state, command, key, token_row, message_class)
    same_row = find_same(state, command, key, first_row, message_class)
    early_row: Integer = NO_ROW
    original_row: Integer = NO_ROW
    if has(command["flags"], Flag.HAS_ORIGINAL):
        original_row = find_original(state, command, token_row)
    elif kind == Kind.FINANCIAL_ADVICE:
        its_key = key_of(state, command, token_row, MessageClass.AUTHORIZATION)
        authorized_row = find_first(state, command, its_key, token_row, MessageClass.AUTHORIZATION)
        original_row = find_same(state, command, its_key, authorized_row, MessageClass.AUTHORIZATION)
    original_row = meant_row(state, command, original_row)
    if message_class != MessageClass.REVERSAL:
        early_row = find_early_reversal(state, command, key, first_row)
    currency = np.int64(command["currency"])
    kept = np.int64(state.accounts[account_row]["currency"])
    rate = conversion_rate(state.program, currency, kept)
    billing: Integer = 0
    if rate != NO_RATE:
        billing = converted(state.program, np.int64(command["amount_minor"]), rate, currency, kept)
    return MessageContext(token_row, account_row, key, first_row, same_row, early_row, original_row, rate, billing)


@inlined
def clear(state: State, findings: Findings) -> None:
    """Forget what was found of the command before."""
    findings.checks["reached"][:] = 0
    findings.limits["reached"][: state.program.numbers[NUMBER_LIMITS]] = 0
    findings.rules[: state.program.numbers[NUMBER_RULES]] = 0


@inlined
def take_message(state: State, command: Any, result: Any, findings: Findings) -> Integer:
    """Answer a message, and report the balances that it has changed."""
    context = context_of(state, command)
    if found(context.account_row):
        roll(state, context.account_row)
    posted, held = balances(state, context.account_row)
    reason = answer_message(state, command, context, result, findings)
    tell_balances(state, context.account_row, posted, held, result)
    return reason


@compiled
def take_about_account(state: State, commands: Records, place: Integer, result: Any) -> Integer:
    """Carry out a command about an earlier decision or an account, and report the balances that it has changed."""
    account_row = find_row(state.account_slots, state.accounts["account_id"], commands[place]["account_id"])
    if found(account_row):
        roll(state, account_row)
    posted, held = balances(state, account_row)
    kind = np.int64(commands[place]["kind"])
    reason: Integer = np.int64(Reason.APPROVED)
    if kind == Kind.ISSUER_DECISION:
        reason = take_issuer_decision(state, commands.view(ISSUER_DECISION)[place], result)
    elif kind == Kind.EXPIRE_HOLD:
        reason = expire_hold(state, commands.view(HOLD)[place])
    elif kind == Kind.ANSWER_CASE:
        reason = answer_case(state, account_row, commands.view(CASE_ANSWER)[place], result)
    elif kind <= Kind.REPRESENTMENT:
        reason = dispute(state, commands.view(DISPUTE)[place], result)
    else:
        reason = take_bank_command(state, commands, place, account_row, result)
        if kind in (Kind.PAYMENT_RETURNED, Kind.WAIVE, Kind.START_PLAN, Kind.END_PLAN):
            result["original"] = commands.view(DISPUTE)[place]["decision"]  # all that have it have it there
    tell_balances(state, account_row, posted, held, result)
    return reason


@inlined
def may_ask_issuer(command: Any, context: MessageContext) -> Any:
    """Whether the decisioning webhook can be asked: about money, and about no follow-up of an earlier message."""
    return (
        context.billing_minor > 0
        and not found(context.original_row)
        and np.int64(command["operation"]) not in (Operation.REFUND, Operation.BALANCE_INQUIRY)
    )


@inlined
def balances(state: State, account_row: Integer) -> tuple[Integer, Integer]:
    """What an account owes and what is held of it; nothing where there is no account."""
    if not found(account_row):
        return np.int64(0), np.int64(0)
    account = state.accounts[account_row]
    return np.int64(account["posted_minor"]), np.int64(account["held_minor"])


@inlined
def tell_balances(state: State, account_row: Integer, posted: Integer, held: Integer, result: Any) -> None:
    """What an account stands at now, and by how much that differs from before."""
    if not found(account_row):
        return
    account = state.accounts[account_row]
    result["account_id"] = account["account_id"]
    result["available_minor"] = available_credit(state, account_row)
    result["posted_minor"] = account["posted_minor"]
    result["posted_change_minor"] = np.int64(account["posted_minor"]) - posted
    result["held_change_minor"] = np.int64(account["held_minor"]) - held
    result["billing_currency"] = account["currency"]


@inlined
def answer_message(state: State, command: Any, context: MessageContext, result: Any, findings: Findings) -> Integer:
    """Decide on a message and carry the decision out."""
    kind = np.int64(command["kind"])
    if found(context.token_row):
        result["payment_account_reference"] = state.tokens[context.token_row]["payment_account_reference"]
    result["conversion_rate"] = max(context.rate, 0)
    if has(command["flags"], Flag.FORWARDED):
        if not is_next_advice(state, command):
            return Reason.APPROVED
    elif state.counters[Counter.ISSUER_IS_DOWN] != 0:
        return stand_in(state, command, context, result, findings)
    if kind == Kind.AUTHORIZATION_REQUEST or kind == Kind.FINANCIAL_REQUEST:
        reason = identify_for_issuer(state, command, context, findings)
        is_authentic = reason == Reason.APPROVED
        if is_authentic and is_same_again(state, command, context):
            return remembered(state, context, result)
        if is_authentic:
            reason = kind_of_approval(command, decide_for_issuer(state, command, context, findings, result))
            if reason <= LAST_APPROVAL and result["is_asked"] != 0 and may_ask_issuer(command, context):
                reason = Reason.AWAITING_ISSUER
        if found(context.token_row) and reason != Reason.DUPLICATE_TRANSMISSION:
            answer_request(state, command, context, result, reason, is_authentic)
        return reason
    if kind == Kind.REVERSAL_REQUEST or kind == Kind.REVERSAL_ADVICE:
        if found(context.same_row):
            return remembered(state, context, result)
        reason = decide_reversal(state, command, context, findings)
        if found(context.token_row):
            answer_reversal(state, command, context, result, reason)
        return reason
    reason = decide_advice(state, command, context, findings)
    if reason == Reason.APPROVED and found(context.same_row):
        take_stood_in(state, command, context, result)
        reconcile(state, command, context.same_row, context, result)
        remembered(state, context, result)
    elif reason == Reason.APPROVED:
        take_advice(state, command, context, result)
    elif has(command["flags"], Flag.FORWARDED) and not has(command["flags"], Flag.DECLINED_ELSEWHERE):
        list_as_exception(result, ExceptionReason.REFUSED_BY_ISSUER, context.billing_minor)
    return reason
