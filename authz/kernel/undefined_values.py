"""Validates the enumerated values of a command before any table is accessed with them.

The wire and the vault can say no more than there is. A command from elsewhere, or a journal of another version, could.
"""

from collections.abc import Collection
from enum import IntEnum, unique
from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.accounts.message_context import is_message
from authz.state.transaction_flags import MessageClass
from authz.vocabulary import record_fields
from authz.vocabulary.commands import Flag, Kind, Records
from authz.vocabulary.layouts import (
    ACCOUNT,
    CARD,
    CASE_ANSWER,
    FORCED_REASON,
    ISSUER_DECISION,
    ISSUER_SWITCH,
    LAYOUT_OF,
    MESSAGE,
    PLAN_START,
    RELIEF,
    RELIEF_RANGE,
    TOKEN,
    UNITS_MOVED,
    WAIVER,
)


@unique
class Field(IntEnum):
    """The field of a command that holds what is not defined, by its name in the layout of the command's kind."""

    NONE = 0
    KIND = 1
    FLAGS = 2
    OPERATION = 3
    CHANNEL = 4
    CARDHOLDER_VERIFICATION = 5
    CRYPTOGRAM_OUTCOME = 6
    CURRENCY = 7
    MERCHANT_CATEGORY = 8
    ORIGINAL_TYPE = 9
    STATE = 10
    SEGMENT = 11
    CHANNELS = 12
    REASON = 13
    SCOPE = 14
    DECIDER = 15
    IS_DOWN = 16
    PRODUCT = 17
    CUT_DAY = 18
    POSTING_KIND = 19
    MONTHS = 20
    IS_WAIVED = 21
    PLAN_MONTHS = 22
    OF_SEGMENT = 23
    SEGMENT_IS = 24
    LIFE_STAGE = 25
    UNIT = 26
    ANSWER = 27
    ANSWER_REASON = 28


def _described(kind: Kind, name: str) -> record_fields.Field:
    """The field of a kind with a name."""
    return next(field for field in LAYOUT_OF[kind].all_fields if field.name == name)


def _values_defined(kind: Kind, name: str) -> npt.NDArray[np.bool_]:
    """Whether each value that the type of a field can have is defined: bool[256] or bool[65536]."""
    field = _described(kind, name)
    assert isinstance(field.values, Collection), f"{name} is a field of values that can be listed"
    defined = np.zeros(1 << 8 * np.dtype(field.form).itemsize, np.bool_)
    defined[list(field.values)] = True
    return defined


def _bits_defined(kind: Kind, name: str) -> int:
    """The bits that a field of flags may have."""
    values = _described(kind, name).values
    assert isinstance(values, record_fields.Bits), f"{name} is a field of flags"
    return values.mask


_A_MESSAGE = Kind.AUTHORIZATION_REQUEST
_KINDS = _values_defined(_A_MESSAGE, "kind")
_OPERATIONS = _values_defined(_A_MESSAGE, "operation")
_CHANNELS = _values_defined(_A_MESSAGE, "channel")
_VERIFICATIONS = _values_defined(_A_MESSAGE, "cardholder_verification")
_OUTCOMES = _values_defined(_A_MESSAGE, "cryptogram_outcome")
_CURRENCIES = _values_defined(_A_MESSAGE, "currency")
_CATEGORIES = _values_defined(_A_MESSAGE, "merchant_category")
_FLAGS = _bits_defined(_A_MESSAGE, "flags")
_CHANNEL_BITS = _bits_defined(Kind.SET_TOKEN, "channels")
_SEGMENTS = _values_defined(Kind.SET_ACCOUNT, "segment")
_PRODUCTS = _values_defined(Kind.SET_ACCOUNT, "product")
_CUT_DAYS = _values_defined(Kind.SET_ACCOUNT, "cut_day")
_SEGMENT_IS = _values_defined(Kind.SET_ACCOUNT, "segment_is")
_LIFE_STAGES = _values_defined(Kind.SET_ACCOUNT, "life_stage")
_PLAN_MONTHS = _values_defined(Kind.START_PLAN, "plan_months")
_RELIEF_MONTHS = _values_defined(Kind.RELIEVE, "months")
_IS_WAIVED = _values_defined(Kind.RELIEVE, "is_waived")
_OF_SEGMENT = _values_defined(Kind.RELIEVE_RANGE, "of_segment")
_UNITS = _values_defined(Kind.GIVE_UNITS, "unit")
_WAIVABLE = _values_defined(Kind.WAIVE, "posting_kind")
_CARD_STATES = _values_defined(Kind.SET_CARD, "state")
_TOKEN_STATES = _values_defined(Kind.SET_TOKEN, "state")
_SCOPES = _values_defined(Kind.FORCE_REASON, "scope")
_REASONS = _values_defined(Kind.FORCE_REASON, "reason")
_DECIDERS = _values_defined(Kind.ISSUER_DECISION, "decider")
_IS_DOWN = _values_defined(Kind.SWITCH_ISSUER, "is_down")
_ANSWERS = _values_defined(Kind.ANSWER_CASE, "answer")
_ANSWER_REASONS = _values_defined(Kind.ANSWER_CASE, "answer_reason")


@inlined
def undefined_field(commands: Records, place: Integer) -> Integer:
    """The first `Field` of a command that holds what is not defined, `Field.NONE` where all is."""
    kind = np.int64(commands[place]["kind"])
    if not _KINDS[kind]:
        return Field.KIND
    if is_message(kind):
        return _undefined_in_message(commands.view(MESSAGE)[place])
    return _undefined_in_notice(commands, place, kind)


@inlined
def _undefined_in_message(command: Any) -> Integer:
    flags = np.int64(command["flags"])
    if flags & ~_FLAGS != 0:
        return Field.FLAGS
    if not _OPERATIONS[command["operation"]]:
        return Field.OPERATION
    if not _CHANNELS[command["channel"]]:
        return Field.CHANNEL
    if not _VERIFICATIONS[command["cardholder_verification"]]:
        return Field.CARDHOLDER_VERIFICATION
    if not _OUTCOMES[command["cryptogram_outcome"]]:
        return Field.CRYPTOGRAM_OUTCOME
    if not _CURRENCIES[command["currency"]]:
        return Field.CURRENCY
    if not _CATEGORIES[command["merchant_category"]]:
        return Field.MERCHANT_CATEGORY
    if flags & Flag.HAS_ORIGINAL != 0:
        original_class = np.int64(command["original_type"]) // 100
        if original_class != MessageClass.AUTHORIZATION and original_class != MessageClass.FINANCIAL:
            return Field.ORIGINAL_TYPE
    return Field.NONE


@compiled
def _undefined_in_notice(commands: Records, place: Integer, kind: Integer) -> Integer:
    """The same for commands that are not messages: those of the vault, the decisioning webhook and simulations."""
    field: Integer = Field.NONE
    if kind == Kind.SET_ACCOUNT:
        account = commands.view(ACCOUNT)[place]
        if not _CURRENCIES[account["currency"]]:
            field = Field.CURRENCY
        elif not _SEGMENTS[account["segment"]]:
            field = Field.SEGMENT
        elif not _PRODUCTS[account["product"]]:
            field = Field.PRODUCT
        elif not _CUT_DAYS[account["cut_day"]] or (account["product"] == 0) != (account["cut_day"] == 0):
            field = Field.CUT_DAY
        elif not _SEGMENT_IS[account["segment_is"]]:
            field = Field.SEGMENT_IS
        elif not _LIFE_STAGES[account["life_stage"]]:
            field = Field.LIFE_STAGE
    elif kind == Kind.SET_CARD:
        if not _CARD_STATES[commands.view(CARD)[place]["state"]]:
            field = Field.STATE
    elif kind == Kind.SET_TOKEN:
        token = commands.view(TOKEN)[place]
        if not _TOKEN_STATES[token["state"]]:
            field = Field.STATE
        elif np.int64(token["channels"]) & ~_CHANNEL_BITS != 0:
            field = Field.CHANNELS
    elif kind == Kind.FORCE_REASON:
        forced = commands.view(FORCED_REASON)[place]
        if not _SCOPES[forced["scope"]]:
            field = Field.SCOPE
        elif not _REASONS[forced["reason"]]:
            field = Field.REASON
    elif kind == Kind.ISSUER_DECISION:
        field = _undefined_in_decision(commands.view(ISSUER_DECISION)[place])
    elif kind == Kind.RELIEVE:
        field = _undefined_in_relief(commands.view(RELIEF)[place])
    elif kind == Kind.RELIEVE_RANGE:
        relief = commands.view(RELIEF_RANGE)[place]
        field = _undefined_in_relief(relief)
        if not _PRODUCTS[relief["product"]]:
            field = Field.PRODUCT
        elif not _OF_SEGMENT[relief["of_segment"]]:
            field = Field.OF_SEGMENT
    elif kind == Kind.START_PLAN:
        if not _PLAN_MONTHS[commands.view(PLAN_START)[place]["plan_months"]]:
            field = Field.PLAN_MONTHS
    elif kind == Kind.WAIVE:
        if not _WAIVABLE[commands.view(WAIVER)[place]["posting_kind"]]:
            field = Field.POSTING_KIND
    elif kind == Kind.GIVE_UNITS or kind == Kind.REDEEM:
        if not _UNITS[commands.view(UNITS_MOVED)[place]["unit"]]:
            field = Field.UNIT
    elif kind == Kind.ANSWER_CASE:
        answer = commands.view(CASE_ANSWER)[place]
        if not _ANSWER_REASONS[answer["answer_reason"]]:
            field = Field.ANSWER_REASON
        elif not _ANSWERS[answer["answer"]]:
            field = Field.ANSWER
    elif kind == Kind.SWITCH_ISSUER and not _IS_DOWN[commands.view(ISSUER_SWITCH)[place]["is_down"]]:
        field = Field.IS_DOWN
    return field


@compiled
def _undefined_in_decision(decision: Any) -> Integer:
    field: Integer = Field.NONE
    if not _REASONS[decision["reason"]]:
        field = Field.REASON
    elif not _DECIDERS[decision["decider"]]:
        field = Field.DECIDER
    elif not _OPERATIONS[decision["operation"]]:
        field = Field.OPERATION
    elif not _CHANNELS[decision["channel"]]:
        field = Field.CHANNEL
    elif not _VERIFICATIONS[decision["cardholder_verification"]]:
        field = Field.CARDHOLDER_VERIFICATION
    elif not _CURRENCIES[decision["currency"]]:
        field = Field.CURRENCY
    elif not _CATEGORIES[decision["merchant_category"]]:
        field = Field.MERCHANT_CATEGORY
    return field


@inlined
def _undefined_in_relief(relief: Any) -> Integer:
    field: Integer = Field.NONE
    if not _IS_WAIVED[relief["is_waived"]]:
        field = Field.IS_WAIVED
    elif not _RELIEF_MONTHS[relief["months"]]:
        field = Field.MONTHS
    return field


@compiled
def first_undefined(commands: Records) -> tuple[Integer, Integer]:
    """The place of the first command that holds what is not defined, -1 where none does, and its `Field`."""
    for i in range(len(commands)):
        field = undefined_field(commands, i)
        if field != Field.NONE:
            return i, field
    return -1, np.int64(Field.NONE)


def undefined_value(commands: Records, place: Integer, field: Integer) -> tuple[str, int]:
    """What `first_undefined` has found, in words: the field's name and its value."""
    name = Field(int(field)).name.lower()
    if field == Field.KIND:
        return name, int(commands[place][name])
    return name, int(commands.view(LAYOUT_OF[Kind(commands[place]["kind"])].dtype)[place][name])
