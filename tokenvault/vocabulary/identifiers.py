"""Identifiers: a positive 63-bit number internally, a prefixed text externally (``acct_06R8C3N5VZQ4T``).

The number is what the engine's tables hold, so no mapping between the two worlds is ever stored.
"""

from collections.abc import Callable
from enum import StrEnum

from tokenvault.vocabulary.errors import NotFound

RandomBytes = Callable[[int], bytes]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_CHARACTERS = 13
_NUMBER_MAX = 2**63 - 1


class Prefix(StrEnum):
    """The kinds of things that have an identifier."""

    CUSTOMER = "cust"
    APPLICATION = "appl"
    ACCOUNT = "acct"
    CARD = "card"
    DEVICE = "dev"
    TOKEN = "tok"  # noqa: S105 - a kind of thing, not a secret
    AUTHORIZATION = "auth"
    TRANSACTION = "txn"
    PAYMENT = "pay"
    PLAN = "plan"
    CASE = "case"
    EVENT = "evt"
    MESSAGE = "msg"
    WEBHOOK_ENDPOINT = "whep"
    WEBHOOK_DELIVERY = "whdl"
    API_KEY = "key"
    KEY_ROTATION = "rot"
    SIMULATED_PHONE = "phone"
    SIMULATED_TERMINAL = "term"
    FRAME = "frame"
    REQUEST = "req"


def new_number(random_bytes: RandomBytes) -> int:
    """A new random number for an identifier, 1 .. 2**63 - 1."""
    return (int.from_bytes(random_bytes(8), "big") & _NUMBER_MAX) or 1


def to_text(prefix: Prefix, number: int) -> str:
    """The outside form of a number: prefix, underscore, 13 characters of base 32."""
    digits = [_ALPHABET[number >> shift & 31] for shift in range(5 * (_CHARACTERS - 1), -1, -5)]
    return f"{prefix}_{''.join(digits)}"


def to_number(prefix: Prefix, text: str) -> int:
    """The number inside an identifier.

    Raises: NotFound, for a text that names nothing. The error does not repeat it: it may be the number of a card.
    """
    kind, _, digits = text.partition("_")
    if kind != prefix or len(digits) != _CHARACTERS or not all(character in _VALUES for character in digits):
        raise NotFound(f"this is not an identifier of the form {prefix}_{'X' * _CHARACTERS}")
    number = 0
    for character in digits:
        number = number << 5 | _VALUES[character]
    if not 0 < number <= _NUMBER_MAX:
        raise NotFound(f"there is no such identifier of the form {prefix}_{'X' * _CHARACTERS}")
    return number
