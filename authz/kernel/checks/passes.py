"""What each pass over a message checks, as data beside the functions that do: for whoever tells of it or tests it."""

from enum import IntEnum, unique

from authz.kernel.checks.numbers import Check
from authz.vocabulary.commands import Kind


@unique
class Pass(IntEnum):
    """How a message is decided on."""

    ISSUER = 0  # a request, by the account
    STAND_IN = 1  # a request while the issuer is down
    ADVICE = 2
    REVERSAL = 3
    PASSED_ON = 4  # an advice or a reversal while the issuer is down


_ISSUER_ALONE = (
    Check.SIMULATION,
    Check.CARD_STATE,
    Check.ORIGINAL,
    Check.SHARED_FIELDS,
    Check.ORIGINAL_AMOUNT,
    Check.TRANSACTION_LIMIT,
    Check.AVAILABLE_CREDIT,
)

CHECKS: dict[Pass, tuple[Check, ...]] = {
    Pass.ISSUER: tuple(check for check in Check if check is not Check.STAND_IN),
    Pass.STAND_IN: tuple(check for check in Check if check not in _ISSUER_ALONE),
    Pass.ADVICE: (
        Check.TOKEN,
        Check.OPERATION,
        Check.SHARED_FIELDS,
        Check.CURRENCY,
        Check.AMOUNT,
        Check.ORIGINAL_AMOUNT,
    ),
    Pass.REVERSAL: (Check.TOKEN, Check.OPERATION, Check.ORIGINAL, Check.SHARED_FIELDS, Check.ORIGINAL_AMOUNT),
    Pass.PASSED_ON: (Check.TOKEN, Check.OPERATION, Check.SHARED_FIELDS, Check.AMOUNT, Check.ORIGINAL_AMOUNT),
}
"""The checks of each pass, in their order. A message may pass some over that do not concern it."""

NOTED = {(Pass.ADVICE, Check.ORIGINAL_AMOUNT)}
"""What a pass looks at and refuses nothing for: what an advice says beyond the remainder is listed as an exception."""

PASS_OF: dict[Kind, Pass] = {
    Kind.AUTHORIZATION_REQUEST: Pass.ISSUER,
    Kind.AUTHORIZATION_ADVICE: Pass.ADVICE,
    Kind.FINANCIAL_REQUEST: Pass.ISSUER,
    Kind.FINANCIAL_ADVICE: Pass.ADVICE,
    Kind.REVERSAL_REQUEST: Pass.REVERSAL,
    Kind.REVERSAL_ADVICE: Pass.REVERSAL,
}
"""The pass of each kind of message while the issuer is there."""
