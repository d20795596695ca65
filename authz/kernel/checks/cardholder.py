"""Checks of the cardholder: the PIN, and the verification that cash requires."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.message_context import MessageContext, has
from authz.kernel.checks.findings import Finding
from authz.program.tables import NUMBER_CASH, NUMBER_CASH_BACK, CashVerification
from authz.state.tables import State
from authz.vocabulary.commands import CardholderVerification, Flag, Kind, Operation
from authz.vocabulary.reasons import Reason


@inlined
def check_pin(state: State, command: Any, context: MessageContext) -> Finding:
    """A PIN that was entered must be correct, and the PIN must not be locked."""
    flags = np.int64(command["flags"])
    reason = Reason.APPROVED
    if has(flags, Flag.PIN_LOCKED):
        reason = Reason.PIN_TRIES_EXCEEDED
    elif has(flags, Flag.PIN_WRONG):
        reason = Reason.PIN_MISMATCH
    return flags & Flag.PIN_ENTERED, 0, reason


@inlined
def check_cardholder_verification(state: State, command: Any, context: MessageContext) -> Finding:
    """For cash, the cardholder must be verified as the authorization program requires: a withdrawal by PIN, by default.

    A completion asks for no cash of its own: that was verified with the authorization.
    """
    operation, verification = np.int64(command["operation"]), np.int64(command["cardholder_verification"])
    wanted: Integer = CashVerification.NONE
    is_completion = np.int64(command["kind"]) == Kind.FINANCIAL_REQUEST and has(command["flags"], Flag.HAS_ORIGINAL)
    if operation == Operation.CASH and not is_completion:
        wanted = state.program.numbers[NUMBER_CASH]
    elif operation == Operation.PURCHASE_WITH_CASH_BACK and not is_completion:
        wanted = state.program.numbers[NUMBER_CASH_BACK]
    is_verified = (
        wanted == CashVerification.NONE
        or verification == CardholderVerification.PIN
        or (wanted == CashVerification.ANY and verification == CardholderVerification.DEVICE)
    )
    reason = Reason.APPROVED if is_verified else Reason.PIN_REQUIRED
    return verification, wanted, reason
