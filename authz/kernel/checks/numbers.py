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
    ACCOUNT_STANDING = 19
    PIN = 20
    CARDHOLDER_VERIFICATION = 21
    EARLY_REVERSAL = 22
    ORIGINAL = 23
    SHARED_FIELDS = 24
    CURRENCY = 25
    AMOUNT = 26
    ORIGINAL_AMOUNT = 27
    TOKEN_LIMIT = 28
    TRANSACTION_LIMIT = 29
    AVAILABLE_CREDIT = 30
    CASH_LIMIT = 31
    STAND_IN = 32
