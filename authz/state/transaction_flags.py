"""What the engine notes of a transaction: as what it came, and what has become of it."""

from enum import IntEnum


class MessageClass(IntEnum):
    """What a transaction came as: the second digit of its message type."""

    POSTING = 0  # no message: a chargeback or representment
    AUTHORIZATION = 1
    FINANCIAL = 2
    REVERSAL = 4


class TransactionFlag(IntEnum):
    """What has become of a transaction, one bit each."""

    REVERSED = 1
    EXPIRED = 2
    ADVISED = 4  # decided elsewhere
    TOO_EARLY = 8  # the reversal of a message that had not come
    STOOD_IN = 16  # answered by stand-in; its advice has not reached the issuer


FEE_PRODUCT_SHIFT = 8
"""From this bit on, the flags of a transaction say by the terms of which product a fee was charged for its cash."""
