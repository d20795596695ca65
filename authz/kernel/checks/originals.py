"""Checks of follow-ups: the original must exist, and shared fields must obey `vocabulary.follow_ups`."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.message_context import MessageContext, has, is_reversal
from authz.kernel.accounts.postings import (
    asked_back,
    is_settled,
    left_to_give_back,
    left_to_refund,
    owed_by,
    part_to_refund,
)
from authz.kernel.checks.findings import Finding
from authz.state.rows import NO_ROW, found
from authz.state.tables import State
from authz.state.transaction_flags import MessageClass, TransactionFlag
from authz.vocabulary import follow_ups
from authz.vocabulary.commands import Flag, Kind, Operation
from authz.vocabulary.follow_ups import FollowUp, Rule, SharedField
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

_RULES = np.array([follow_ups.RULES[each] for each in FollowUp], np.int64)
_REASONS = np.array([follow_ups.REFUSED_FOR[each] for each in SharedField], np.int64)
_FIELDS = len(SharedField)
_PERMILLE = 1000

NO_DIFFERENCE = -1


@inlined
def follow_up_of(command: Any) -> Integer:
    """What a message is to the one that it follows."""
    kind = np.int64(command["kind"])
    is_refund = np.int64(command["operation"]) == Operation.REFUND
    if is_reversal(command):
        return FollowUp.PARTIAL_REVERSAL if has(command["flags"], Flag.HAS_REPLACEMENT) else FollowUp.REVERSAL
    if kind == Kind.AUTHORIZATION_ADVICE or kind == Kind.FINANCIAL_ADVICE:
        if is_refund:
            return FollowUp.REFUND_ADVICE
        return FollowUp.INCREMENT_ADVICE if kind == Kind.AUTHORIZATION_ADVICE else FollowUp.COMPLETION_ADVICE
    if is_refund:
        return FollowUp.REFUND_REQUEST
    return FollowUp.INCREMENT if kind == Kind.AUTHORIZATION_REQUEST else FollowUp.COMPLETION_REQUEST


@inlined
def differs(command: Any, original: Any, field: Integer) -> Any:
    """Whether a field of a message is another than its original's. Amounts have a check of their own."""
    if field == SharedField.OPERATION:
        return np.int64(command["operation"]) != np.int64(original["operation"])
    if field == SharedField.ACQUIRER:
        return np.uint64(command["acquirer"]) != np.uint64(original["acquirer"])
    if field == SharedField.TERMINAL:
        return command["terminal"] != original["terminal"]
    if field == SharedField.MERCHANT:
        ours, its = np.uint64(command["merchant_key"]), np.uint64(original["merchant_key"])
        is_left_out = ours == 0 and command["terminal"] == original["terminal"]
        return its != 0 and ours != its and not is_left_out
    return field == SharedField.CURRENCY and np.int64(command["currency"]) != np.int64(original["currency"])


@compiled
def first_difference(command: Any, original: Any, follow_up: Integer) -> Integer:
    """The first field that must equal the original's and does not, or NO_DIFFERENCE."""
    for field in range(_FIELDS):
        if _RULES[follow_up, field] == Rule.EQUAL and differs(command, original, field):
            return field
    return NO_DIFFERENCE


@inlined
def is_open(state: State, row: Integer) -> Any:
    """Whether a transaction was found and approved, so that something can follow it."""
    return found(row) and np.int64(state.transactions[row]["reason"]) <= LAST_APPROVAL


@inlined
def is_of_its_acquirer(command: Any) -> Any:
    """Whether a message that names another in DE 90 comes from who sent that one."""
    return np.uint64(command["acquirer"]) == np.uint64(command["original_acquirer"])


@inlined
def names_another_acquirers_message(command: Any) -> Any:
    """Whether DE 90 names a message that another acquirer has sent."""
    return has(command["flags"], Flag.HAS_ORIGINAL) and not is_of_its_acquirer(command)


@inlined
def original_is_open(state: State, context: MessageContext) -> Any:
    """Whether the original was found and approved."""
    return is_open(state, context.original_row)


@inlined
def can_be_compared(command: Any, context: MessageContext) -> Any:
    """Whether the message has an original to be compared with, or names one that another acquirer has sent."""
    return found(context.original_row) or names_another_acquirers_message(command)


@compiled
def check_original(state: State, command: Any, context: MessageContext) -> Finding:
    """The original must exist, be approved and not reversed; an increment or completion needs its hold."""
    stan = np.int64(command["original_stan"])
    if not found(context.original_row):
        return stan, 0, Reason.MISSING_ORIGINAL_AUTHORIZATION
    original = state.transactions[context.original_row]
    reason = Reason.APPROVED
    decided = np.int64(original["reason"])
    takes_back = is_reversal(command)
    if decided > LAST_APPROVAL and not (takes_back and decided == Reason.AWAITING_ISSUER):
        reason = Reason.MISSING_ORIGINAL_AUTHORIZATION
    elif not takes_back:
        if has(original["flags"], TransactionFlag.REVERSED):
            reason = Reason.ALREADY_REVERSED
        elif np.int64(command["operation"]) != Operation.REFUND:
            if np.int64(original["message_class"]) != MessageClass.AUTHORIZATION:
                reason = Reason.MISSING_ORIGINAL_AUTHORIZATION
            elif original["held_minor"] == 0:
                reason = Reason.AUTHORIZATION_CLOSED
    return stan, np.int64(original["sequence"]), reason


@compiled
def check_shared_fields(state: State, command: Any, context: MessageContext) -> Finding:
    """The fields shared with the original must be equal where the table of follow-ups requires it."""
    follow_up = follow_up_of(command)
    difference = first_difference(command, state.transactions[context.original_row], follow_up)
    reason: Integer = np.int64(Reason.APPROVED)
    if difference != NO_DIFFERENCE:
        reason = _REASONS[difference]
    return difference, follow_up, reason


@inlined
def waits_for_its_completion(state: State, row: Integer, follow_up: Integer) -> Any:
    """Whether an advice completes an authorization whose decisioning webhook has not answered yet."""
    if follow_up != FollowUp.COMPLETION_ADVICE or not found(row):
        return False
    original = state.transactions[row]
    return np.int64(original["reason"]) == Reason.AWAITING_ISSUER and not has(
        original["flags"], TransactionFlag.REVERSED
    )


@inlined
def meant_row(state: State, command: Any, row: Integer) -> Integer:
    """What a message means that names a row, or NO_ROW.

    Whoever names an increment means its authorization: what is completed, added or refunded is the whole. Whoever names
    an authorized refund to carry it out means the purchase that this one names. A reversal means just what it names.
    """
    if not found(row) or is_reversal(command):
        return row
    entry = state.transactions[row]
    is_refund = np.int64(entry["operation"]) == Operation.REFUND
    if np.int64(entry["message_class"]) != MessageClass.AUTHORIZATION:
        return row
    if is_refund and np.int64(command["operation"]) != Operation.REFUND:
        return row
    if entry["original"] != 0:
        return np.int64(entry["original"]) - 1
    return NO_ROW if is_refund and is_open(state, row) else row


@compiled
def followed_row(state: State, command: Any, context: MessageContext) -> Integer:
    """The row that an advice belongs to: found, approved or waiting, and alike where it must be; else NO_ROW."""
    row, follow_up = context.original_row, follow_up_of(command)
    if not is_open(state, row) and not waits_for_its_completion(state, row, follow_up):
        return NO_ROW
    return row if first_difference(command, state.transactions[row], follow_up) == NO_DIFFERENCE else NO_ROW


@inlined
def check_advised_fields(state: State, command: Any, context: MessageContext) -> Finding:
    """An advice must name a message of its own acquirer; other differences are recorded but do not decline it.

    An advice that differs from its original is taken as one that follows nothing, see `followed_row`.
    """
    follow_up = follow_up_of(command)
    if names_another_acquirers_message(command):
        return SharedField.ACQUIRER, follow_up, _REASONS[SharedField.ACQUIRER]
    difference = first_difference(command, state.transactions[context.original_row], follow_up)
    return difference, follow_up, np.int64(Reason.APPROVED)


@compiled
def check_original_amount(state: State, command: Any, context: MessageContext) -> Finding:
    """The amount must equal the original's, or not exceed what remains of it, by the table of follow-ups.

    Equal to the original is what was asked for, and what is left after increments, a partial approval or a reversal.
    """
    original = state.transactions[context.original_row]
    follow_up = follow_up_of(command)
    amount_rule = _RULES[follow_up, SharedField.AMOUNT]
    reason = Reason.APPROVED
    seen: Integer = np.int64(command["amount_minor"])
    bound: Integer = np.int64(original["current_minor"])
    takes_back = is_reversal(command) and not has(original["flags"], TransactionFlag.REVERSED)
    is_charge = original["posted_minor"] > 0
    if takes_back and is_settled(state, context.original_row) and not (is_charge and was_acknowledged(command)):
        reason = Reason.NOTHING_TO_REVERSE
    elif amount_rule == Rule.EQUAL:
        if seen != bound and seen != np.int64(original["amount_minor"]):
            reason = Reason.ORIGINAL_AMOUNT_MISMATCH
    elif amount_rule == Rule.BOUNDED:
        seen, bound = context.billing_minor, amount_left(state, context.original_row, follow_up)
        is_refund = follow_up == FollowUp.REFUND_REQUEST
        if seen > bound:
            reason = Reason.EXCEEDS_REMAINDER if is_refund else Reason.EXCEEDS_AUTHORIZED_AMOUNT
        elif is_refund and np.int64(command["amount_minor"]) > left_to_refund(state, context.original_row):
            reason = Reason.EXCEEDS_REMAINDER
    else:
        bound = np.int64(original["held_minor"])
    if reason == Reason.APPROVED and _RULES[follow_up, SharedField.REPLACEMENT] == Rule.BOUNDED:
        seen = np.int64(command["replacement_minor"])
        if seen > bound and not has(original["flags"], TransactionFlag.REVERSED):
            reason = Reason.ORIGINAL_AMOUNT_MISMATCH
    if reason == Reason.APPROVED and takes_back and is_charge:
        asked = asked_back(state, context.original_row, remaining_of(command))
        left = left_to_give_back(state, context.original_row)
        if asked > left:
            seen, bound = asked, left
            reason = Reason.APPROVED if was_acknowledged(command) else Reason.EXCEEDS_REMAINDER
    return seen, bound, reason


@inlined
def remaining_of(command: Any) -> Integer:
    """The amount of the original that remains after a reversal (its replacement amount), in its own currency."""
    remaining: Integer = 0
    if has(command["flags"], Flag.HAS_REPLACEMENT):
        remaining = np.int64(command["replacement_minor"])
    return remaining


@inlined
def was_acknowledged(command: Any) -> Any:
    """Whether a message can no longer be refused: it is an advice, or stand-in has accepted it in the issuer's place.

    What it says beyond the remainder is not given back, and listed as an exception.
    """
    return np.int64(command["kind"]) == Kind.REVERSAL_ADVICE or has(command["flags"], Flag.FORWARDED)


@inlined
def check_advised_refund(state: State, command: Any, context: MessageContext) -> Finding:
    """The remainder that bounds a refund advice is recorded; the advice is accepted in any case.

    What it says beyond that is listed as an exception item, see `postings.refund`.
    """
    row = followed_row(state, command, context)
    left: Integer = 0
    if found(row):
        left = part_to_refund(state, row, context.rate, np.int64(command["amount_minor"]), context.billing_minor)
        if left == context.billing_minor:
            left = left_to_give_back(state, row)
    else:
        left = owed_by(state, context.account_row)
    return context.billing_minor, left, Reason.APPROVED


@inlined
def amount_left(state: State, row: Integer, follow_up: Integer) -> Integer:
    """How much may still be completed or given back of an original, in the account's currency."""
    if follow_up == FollowUp.REFUND_REQUEST:
        return left_to_give_back(state, row)
    original = state.transactions[row]
    tolerance = np.int64(state.program.categories[original["merchant_category"]]["tolerance_permille"])
    authorized = np.int64(original["billing_minor"])
    return authorized + authorized * tolerance // _PERMILLE - np.int64(original["completed_or_disputed_minor"])


@inlined
def is_said_again(command: Any, entry: Any) -> Any:
    """Whether a request is what it was when it came first."""
    is_equal = first_difference(command, entry, FollowUp.REPEATED_REQUEST) == NO_DIFFERENCE
    return is_equal and np.int64(entry["amount_minor"]) == np.int64(command["amount_minor"])
