"""Validates the enumerated values of a command before any table is accessed with them.

The wire and the vault can say no more than there is. A command from elsewhere, or a journal of another version, could.
"""

from collections.abc import Iterable
from enum import IntEnum, unique
from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled, inlined
from authz.program.tables import CATEGORIES, CURRENCY_NUMBERS
from authz.state.tables import SEGMENTS, ForcedScope, MessageClass
from authz.vocabulary.commands import CardholderVerification, Channel, CryptogramOutcome, Flag, Kind, Records
from authz.vocabulary.reasons import DECLINES
from authz.vocabulary.states import CardState, TokenState


@unique
class Field(IntEnum):
    """The field of a command that holds what is not defined, by its name there."""

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


_BYTE = 256

_SIGNATURE = 2
"""A verification that is no longer told from others; journals of earlier versions hold it."""


def _defined(members: Iterable[int]) -> npt.NDArray[np.bool_]:
    """bool[256]: whether a byte is one of these."""
    table = np.zeros(_BYTE, np.bool_)
    table[list(members)] = True
    return table


_KINDS = _defined(Kind)
_OPERATIONS = _defined(range(100))  # two digits; which of them are served is a check's to say
_CHANNELS = _defined(Channel)
_VERIFICATIONS = _defined([*CardholderVerification, _SIGNATURE])
_OUTCOMES = _defined(CryptogramOutcome)
_CARD_STATES = _defined(CardState)
_TOKEN_STATES = _defined(TokenState)
_DECLINES = _defined(DECLINES)
_FORCED_SCOPES = _defined(ForcedScope)
_FLAGS = sum(Flag)
_CHANNEL_BITS = sum(1 << channel for channel in Channel)


@inlined
def undefined_field(command: Any) -> Integer:
    """The first `Field` of a command that holds what is not defined, `Field.NONE` where all is."""
    kind = np.int64(command["kind"])
    if not _KINDS[kind]:
        return Field.KIND
    if Kind.AUTHORIZATION_REQUEST <= kind <= Kind.REVERSAL_ADVICE:
        return _undefined_in_message(command)
    return _undefined_in_notice(command, kind)


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
    if np.int64(command["currency"]) >= CURRENCY_NUMBERS:
        return Field.CURRENCY
    if np.int64(command["merchant_category"]) >= CATEGORIES:
        return Field.MERCHANT_CATEGORY
    if flags & Flag.HAS_ORIGINAL != 0:
        original_class = np.int64(command["original_type"]) // 100
        if original_class != MessageClass.AUTHORIZATION and original_class != MessageClass.FINANCIAL:
            return Field.ORIGINAL_TYPE
    return Field.NONE


@compiled
def _undefined_in_notice(command: Any, kind: Integer) -> Integer:
    """The same of what is no message: what the vault, the issuer's server and simulations say."""
    state, segment = np.int64(command["state"]), np.int64(command["segment"])
    field: Integer = Field.NONE
    if kind == Kind.SET_ACCOUNT:
        if np.int64(command["currency"]) >= CURRENCY_NUMBERS:
            field = Field.CURRENCY
        elif segment >= SEGMENTS:
            field = Field.SEGMENT
    elif kind == Kind.SET_CARD:
        if state >= _BYTE or not _CARD_STATES[state]:
            field = Field.STATE
    elif kind == Kind.SET_TOKEN:
        if state >= _BYTE or not _TOKEN_STATES[state]:
            field = Field.STATE
        elif np.int64(command["channels"]) & ~_CHANNEL_BITS != 0:
            field = Field.CHANNELS
    elif kind == Kind.FORCE_REASON:
        if segment >= _BYTE or not _FORCED_SCOPES[segment]:
            field = Field.SEGMENT
        elif state != 0 and (state >= _BYTE or not _DECLINES[state]):
            field = Field.STATE
    elif kind == Kind.ISSUER_DECISION:
        if state != 0 and (state >= _BYTE or not _DECLINES[state]):
            field = Field.STATE
    elif kind == Kind.SWITCH_ISSUER and state > 1:
        field = Field.STATE
    return field


@compiled
def first_undefined(commands: Records) -> tuple[Integer, Integer]:
    """The place of the first command that holds what is not defined, -1 where none does, and its `Field`."""
    for i in range(len(commands)):
        field = undefined_field(commands[i])
        if field != Field.NONE:
            return i, field
    return -1, np.int64(Field.NONE)


def undefined_value(commands: Records, place: Integer, field: Integer) -> tuple[str, int]:
    """What `first_undefined` has found, in words: the field's name and its value."""
    name = Field(int(field)).name.lower()
    return name, int(commands[place][name])
