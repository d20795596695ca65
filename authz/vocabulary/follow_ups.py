"""Which fields of a follow-up message must equal, or are bounded by, those of the original message.

The kernel's checks and the table in ``docs/authorization.md`` are derived from `RULES`. Where ISO 8583:1987 says that a
field repeats the original's, it must be equal; where payment practice allows a difference, so does the table.
"""

from enum import IntEnum

from authz.vocabulary.reasons import Reason


class FollowUp(IntEnum):
    """Messages that refer to an earlier message, their original."""

    INCREMENT = 0
    COMPLETION_REQUEST = 1
    REFUND_REQUEST = 2
    REVERSAL = 3
    PARTIAL_REVERSAL = 4
    INCREMENT_ADVICE = 5
    COMPLETION_ADVICE = 6
    REFUND_ADVICE = 7
    REPEATED_REQUEST = 8
    TOLD_AGAIN = 9


class SharedField(IntEnum):
    """Fields that the original and its follow-up both carry."""

    TOKEN = 0
    OPERATION = 1
    AMOUNT = 2
    ACQUIRER = 3
    TERMINAL = 4
    MERCHANT = 5
    CURRENCY = 6
    REPLACEMENT = 7


class Rule(IntEnum):
    """How a field of a follow-up must relate to the original's."""

    FREE = 0
    EQUAL = 1
    BOUNDED = 2


_E, _B, _F = Rule.EQUAL, Rule.BOUNDED, Rule.FREE

RULES: dict[FollowUp, tuple[Rule, ...]] = {
    #                            2/35  3   4  32  41  42  49  95
    FollowUp.INCREMENT:          (_E, _E, _F, _E, _F, _E, _E, _F),
    FollowUp.COMPLETION_REQUEST: (_E, _E, _B, _E, _F, _E, _E, _F),
    FollowUp.REFUND_REQUEST:     (_E, _F, _B, _E, _F, _E, _E, _F),
    FollowUp.REVERSAL:           (_E, _F, _E, _E, _E, _E, _E, _F),
    FollowUp.PARTIAL_REVERSAL:   (_E, _F, _E, _E, _E, _E, _E, _B),
    FollowUp.INCREMENT_ADVICE:   (_E, _F, _F, _E, _F, _E, _E, _F),
    FollowUp.COMPLETION_ADVICE:  (_E, _F, _F, _E, _F, _E, _E, _F),
    FollowUp.REFUND_ADVICE:      (_E, _F, _F, _E, _F, _E, _E, _F),
    FollowUp.REPEATED_REQUEST:   (_E, _E, _E, _E, _E, _E, _E, _F),
    FollowUp.TOLD_AGAIN:         (_E, _F, _F, _E, _E, _F, _F, _F),
}  # fmt: skip
"""Rules in the order of `SharedField`. DE 42 is compared where the original carried it; only a message from
the original's own terminal (DE 41) may leave it out.

A request or reversal that breaks a rule is refused. An advice reports money that has moved already, so it is accepted,
but as a transaction of its own: what DE 90 names is not changed. If DE 90 names another acquirer's message, the advice
is refused. A refund or a reversal gives back the remainder at most.
"""

FIELD_NAMES = {
    SharedField.TOKEN: "DE 2/35",
    SharedField.OPERATION: "DE 3",
    SharedField.AMOUNT: "DE 4",
    SharedField.ACQUIRER: "DE 32",
    SharedField.TERMINAL: "DE 41",
    SharedField.MERCHANT: "DE 42",
    SharedField.CURRENCY: "DE 49",
    SharedField.REPLACEMENT: "DE 95",
}

REFUSED_FOR = {
    SharedField.TOKEN: Reason.MISSING_ORIGINAL_AUTHORIZATION,  # searched among the token's own
    SharedField.OPERATION: Reason.ORIGINAL_OPERATION_MISMATCH,
    SharedField.AMOUNT: Reason.ORIGINAL_AMOUNT_MISMATCH,
    SharedField.ACQUIRER: Reason.MISSING_ORIGINAL_AUTHORIZATION,  # nobody learns of another acquirer's
    SharedField.TERMINAL: Reason.ORIGINAL_TERMINAL_MISMATCH,
    SharedField.MERCHANT: Reason.ORIGINAL_MERCHANT_MISMATCH,
    SharedField.CURRENCY: Reason.ORIGINAL_CURRENCY_MISMATCH,
    SharedField.REPLACEMENT: Reason.ORIGINAL_AMOUNT_MISMATCH,
}
"""The reason for refusing a request or reversal whose field breaks its rule. Above a bound of DE 4 the reason is
`exceeds_authorized_amount`, or for a refund `exceeds_remainder`."""

MEANINGS = {
    FollowUp.INCREMENT: "0100 with DE 90: increment",
    FollowUp.COMPLETION_REQUEST: "0200 with DE 90: completion",
    FollowUp.REFUND_REQUEST: "0100, 0200, refund with DE 90",
    FollowUp.REVERSAL: "0400, 0420",
    FollowUp.PARTIAL_REVERSAL: "0400, 0420 with DE 95",
    FollowUp.INCREMENT_ADVICE: "0120 with DE 90",
    FollowUp.COMPLETION_ADVICE: "0220 with DE 90, or with the trace of an authorization",
    FollowUp.REFUND_ADVICE: "0220, refund with DE 90",
    FollowUp.REPEATED_REQUEST: "0101, 0201: repeat of a request",
    FollowUp.TOLD_AGAIN: "0120 with the trace of an authorization; 0121, 0221, 0401, 0421",
}

BOUNDS = {
    (
        FollowUp.COMPLETION_REQUEST,
        SharedField.AMOUNT,
    ): "the authorized amount plus tolerance, less what was completed",
    (FollowUp.REFUND_REQUEST, SharedField.AMOUNT): "the remainder: the amount paid, less what was given back",
    (FollowUp.PARTIAL_REVERSAL, SharedField.REPLACEMENT): "the remaining amount of the original",
}
"""The upper bound of each bounded field."""
