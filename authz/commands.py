"""Commands and results: fixed-size records, the only things that enter and leave the engine.

A journal of commands is the whole truth, so their layout is a file format: `COMMAND_BYTES` is asserted, and segments
carry a digest of the layout.
"""

import hashlib
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[np.void]
"""A one-dimensional structured array."""


class Kind(IntEnum):
    """What a command asks for."""

    SET_ACCOUNT = 1
    SET_CARD = 2
    SET_TOKEN = 3
    AUTHORIZE = 10
    REVERSE = 11


class Channel(IntEnum):
    """How card data reached the terminal, read from DE 22. A token's domain is a set of these, one bit each."""

    UNKNOWN = 0
    CONTACTLESS = 1
    CONTACT_CHIP = 2
    MAGNETIC_STRIPE = 3
    E_COMMERCE = 4
    QR_CODE = 5
    KEYED = 6


class CryptogramOutcome(IntEnum):
    """What the network found of a cryptogram before the engine was asked."""

    ABSENT = 0
    VALID = 1
    INVALID = 2


class TokenState(IntEnum):
    """A token's state as the engine needs it."""

    INACTIVE = 0
    ACTIVE = 1
    SUSPENDED = 2
    DEACTIVATED = 3


class CardState(IntEnum):
    """A card's state as the engine needs it."""

    ACTIVE = 0
    FROZEN = 1


def record(fields: list[tuple[str, str]]) -> np.dtype[np.void]:
    """An aligned record without a byte between its fields.

    Padding is never copied and never zeroed: with it, equal rows would differ in bytes, and a journal would carry
    whatever memory held before.
    """
    dtype = np.dtype(fields, align=True)
    assert dtype.itemsize == sum(np.dtype(form).itemsize for _, form in fields), "fields leave a gap"
    return dtype


COMMAND = record(
    [
        # every command
        ("time_us", "i8"),  # Unix time, microseconds; the engine's only clock
        ("outbox_sequence", "u8"),  # number of the vault's notice, 0 for anything else
        ("account_id", "u8"),  # whose balances it touches, 0 where the token is unknown
        ("card_id", "u8"),
        ("token_id", "u8"),
        ("token_pan", "u8"),
        # authorizations and reversals
        ("amount_minor", "i8"),  # DE 4
        ("signed_amount_minor", "i8"),  # tag 9F02
        ("acquirer", "u8"),  # DE 32
        ("original_acquirer", "u8"),  # DE 90
        # the vault's notices
        ("limit_minor", "i8"),
        ("transaction_limit_minor", "i8"),
        ("channels", "u4"),  # bit 1 << Channel
        # authorizations and reversals, continued in order of width
        ("stan", "u4"),  # DE 11
        ("transmitted", "u4"),  # DE 7, MMDDhhmmss as a number
        ("original_stan", "u4"),  # DE 90
        ("original_transmitted", "u4"),  # DE 90
        ("retrieval_reference", "S12"),  # DE 37
        ("terminal", "S8"),  # DE 41
        ("merchant", "S15"),  # DE 42
        ("kind", "u1"),
        ("atc", "u2"),  # tag 9F36
        ("currency", "u2"),  # ISO 4217 numeric: DE 49, or an account's
        ("signed_currency", "u2"),  # tag 5F2A
        ("country", "u2"),  # ISO 3166 numeric: tag 9F1A or DE 19
        ("merchant_category", "u2"),  # DE 18
        ("entry_mode", "u2"),  # DE 22
        ("pan_sequence_number", "u2"),  # DE 23
        ("expiry", "u2"),  # YYMM: DE 35 or DE 14, or a token's
        ("state", "u2"),
        ("segment", "u2"),
        ("channel", "u1"),
        ("cryptogram_outcome", "u1"),
        ("cryptogram_version", "u1"),
        ("key_index", "u1"),
    ]
)
COMMAND_BYTES = 176

RESULT = record(
    [
        ("sequence", "i8"),  # the command's number in the journal, from 1
        ("account_id", "u8"),
        ("available_minor", "i8"),  # limit - posted - held after the command
        ("approval_code", "u4"),  # 0..999999, meaningful where approved
        ("reason", "u4"),
    ]
)

LAYOUT_DIGEST = hashlib.sha256(repr(COMMAND.descr).encode()).digest()[:8]

assert COMMAND.itemsize == COMMAND_BYTES, COMMAND.itemsize


def new_commands(count: int) -> Records:
    """So many commands, all zero."""
    return np.zeros(count, COMMAND)


def new_results(count: int) -> Records:
    """Room for the results of so many commands."""
    return np.zeros(count, RESULT)
