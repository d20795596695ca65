"""The checks by number and name, in the order in which they run.

Written by `python -m authz.kernel.generation` from `checks/order.py`; not to be changed by hand.
"""

from enum import IntEnum, unique


@unique
class Check(IntEnum):
    """The checks in the order in which they run; an index into findings."""

    TOKEN = 0
    OPERATION = 1
    CHANNEL = 2
    MERCHANT = 3
    COUNTRY = 4
    CRYPTOGRAM = 5
    ENTRY_MODE = 6
    SIGNED_OPERATION = 7
    SIGNED_AMOUNT = 8
    SIGNED_CURRENCY = 9
    SIGNED_CIRCUMSTANCES = 10
    DUPLICATE = 11
    TRANSACTION_COUNTER = 12
    LIMITED_USE_KEY = 13
    SIMULATION = 14
    TOKEN_STATE = 15
    TOKEN_EXPIRY = 16
    EXPIRATION_DATE = 17
    CARD_STATE = 18
    PIN = 19
    CARDHOLDER_VERIFICATION = 20
    EARLY_REVERSAL = 21
    ORIGINAL = 22
    SHARED_FIELDS = 23
    CURRENCY = 24
    AMOUNT = 25
    ORIGINAL_AMOUNT = 26
    TOKEN_LIMIT = 27
    TRANSACTION_LIMIT = 28
    AVAILABLE_CREDIT = 29
    STAND_IN = 30
