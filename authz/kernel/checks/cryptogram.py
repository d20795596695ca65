"""Checks of the cryptogram: that it is valid, and that the message agrees with the signed data."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.message_context import MessageContext, has
from authz.kernel.checks.findings import Finding
from authz.state.tables import State
from authz.vocabulary.commands import Channel, CryptogramOutcome, Flag
from authz.vocabulary.reasons import Reason

CIRCUMSTANCES = int(
    Flag.SIGNED_FOR_OTHER_CASH | Flag.SIGNED_ON_ANOTHER_DAY | Flag.SIGNED_IN_ANOTHER_COUNTRY | Flag.SENT_AT_ANOTHER_TIME
)
"""The flags for differences between the signed data, the fields of the message and the network's clock."""

_SIGNED_FOR = int(Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE)


@inlined
def check_cryptogram(state: State, command: Any, context: MessageContext) -> Finding:
    """There must be a valid cryptogram of the token's own cryptogram version."""
    token = state.tokens[context.token_row]
    outcome = np.int64(command["cryptogram_outcome"])
    same_version = command["cryptogram_version"] == token["cryptogram_version"]
    same_key = command["key_index"] == token["key_index"]
    reason = Reason.APPROVED
    if outcome == CryptogramOutcome.ABSENT:
        reason = Reason.MISSING_CRYPTOGRAM
    elif not (outcome == CryptogramOutcome.VALID and same_version and same_key):
        reason = Reason.INVALID_CRYPTOGRAM
    return outcome, CryptogramOutcome.VALID, reason


@inlined
def check_entry_mode(state: State, command: Any, context: MessageContext) -> Finding:
    """The entry mode that the phone signed (contactless, in-app, QR code) must agree with DE 22."""
    channel = np.int64(command["channel"])
    signed_for = np.int64(command["flags"]) & _SIGNED_FOR
    fitting: Integer = 0
    if channel == Channel.E_COMMERCE:
        fitting = Flag.SIGNED_FOR_REMOTE
    elif channel == Channel.QR_CODE:
        fitting = Flag.SIGNED_FOR_QR_CODE
    reason = Reason.APPROVED if signed_for == fitting else Reason.WRONG_ENTRY_MODE
    return channel, signed_for, reason


@inlined
def is_left_open(command: Any) -> Any:
    """Whether the phone signed without amount and currency, as it does for a QR code that it shows."""
    nothing = np.int64(command["signed_amount_minor"]) == 0 and np.int64(command["signed_currency"]) == 0
    return nothing and has(command["flags"], Flag.SIGNED_FOR_QR_CODE)


@inlined
def check_signed_operation(state: State, command: Any, context: MessageContext) -> Finding:
    """The transaction type in DE 3 must be the one that the phone signed in tag 9C, unless that is `00`."""
    signed_another = has(command["flags"], Flag.SIGNED_FOR_ANOTHER_OPERATION)
    reason = Reason.CRYPTOGRAM_DATA_MISMATCH if signed_another else Reason.APPROVED
    return np.int64(command["operation"]), int(signed_another), reason


@inlined
def check_signed_amount(state: State, command: Any, context: MessageContext) -> Finding:
    """The amount must be the one that the phone signed, unless it signed a QR code without an amount."""
    asked, signed = np.int64(command["amount_minor"]), np.int64(command["signed_amount_minor"])
    reason = Reason.APPROVED if asked == signed or is_left_open(command) else Reason.CRYPTOGRAM_DATA_MISMATCH
    return asked, signed, reason


@inlined
def check_signed_currency(state: State, command: Any, context: MessageContext) -> Finding:
    """The currency must be the one that the phone signed, unless it signed a QR code without a currency."""
    asked, signed = np.int64(command["currency"]), np.int64(command["signed_currency"])
    reason = Reason.APPROVED if asked == signed or is_left_open(command) else Reason.CRYPTOGRAM_DATA_MISMATCH
    return asked, signed, reason


@inlined
def check_signed_circumstances(state: State, command: Any, context: MessageContext) -> Finding:
    """Cash-back, date and country must be those that the phone signed, and DE 7 close to the network's clock.

    They are held against each other, with their tolerances, where the message is read: `iso8583.signed_data`.
    """
    differing = np.int64(command["flags"]) & CIRCUMSTANCES
    reason = Reason.APPROVED
    if differing & Flag.SIGNED_FOR_OTHER_CASH:
        reason = Reason.SIGNED_CASH_MISMATCH
    elif differing & Flag.SIGNED_ON_ANOTHER_DAY:
        reason = Reason.SIGNED_DATE_MISMATCH
    elif differing & Flag.SIGNED_IN_ANOTHER_COUNTRY:
        reason = Reason.SIGNED_COUNTRY_MISMATCH
    elif differing & Flag.SENT_AT_ANOTHER_TIME:
        reason = Reason.TRANSMISSION_TIME_MISMATCH
    return differing, 0, reason
