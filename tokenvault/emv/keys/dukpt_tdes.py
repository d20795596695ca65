"""DUKPT with TDES (ANSI X9.24-1): a new key for every transaction of a terminal, none of which leads back.

A key serial number (KSN) has 10 bytes; its last 21 bits count transactions.
"""

from enum import Enum

from tokenvault.emv.ciphers.block_cipher import exclusive_or, single_des_encrypt, tdes_encrypt
from tokenvault.emv.errors import EmvError, KeyLengthError

KSN_BYTES = 10
_COUNTER_BITS = 21
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1
_HALF_VARIANT = bytes.fromhex("C0C0C0C000000000" * 2)


class Variant(Enum):
    """What a transaction key is used for: a mask, and whether the result is encrypted once more under itself."""

    PIN = ("00000000000000FF", False)
    MAC_REQUEST = ("000000000000FF00", False)
    MAC_RESPONSE = ("00000000FF000000", False)
    DATA_REQUEST = ("0000000000FF0000", True)
    DATA_RESPONSE = ("000000FF00000000", True)


def initial_key(base_key: bytes, ksn: bytes) -> bytes:
    """The key that a terminal is loaded with, 16 bytes, secret.

    base_key: base derivation key, 16 bytes, secret.  ksn: 10 bytes.
    Raises: KeyLengthError, EmvError.
    """
    if len(base_key) != 16:
        raise KeyLengthError(f"a base derivation key has 16 bytes, not {len(base_key)}")
    serial = (int.from_bytes(_checked(ksn), "big") & ~_COUNTER_MASK).to_bytes(KSN_BYTES, "big")[:8]
    return tdes_encrypt(base_key, serial) + tdes_encrypt(exclusive_or(base_key, _HALF_VARIANT), serial)


def transaction_key(base_key: bytes, ksn: bytes) -> bytes:
    """The key of one transaction before it is varied for a use, 16 bytes, secret."""
    key = initial_key(base_key, ksn)
    counter = int.from_bytes(ksn, "big") & _COUNTER_MASK
    register = int.from_bytes(ksn[2:], "big") & ~_COUNTER_MASK
    for position in range(_COUNTER_BITS - 1, -1, -1):
        if counter >> position & 1:
            register |= 1 << position
            key = _next_key(key, register.to_bytes(8, "big"))
    return key


def _next_key(key: bytes, register: bytes) -> bytes:
    """Non-reversible key generation: both halves from one key and the register."""
    return _half(exclusive_or(key, _HALF_VARIANT), register) + _half(key, register)


def _half(key: bytes, register: bytes) -> bytes:
    left, right = key[:8], key[8:]
    return exclusive_or(single_des_encrypt(left, exclusive_or(register, right)), right)


def working_key(base_key: bytes, ksn: bytes, variant: Variant) -> bytes:
    """The key of one transaction for one use, 16 bytes, secret."""
    mask, is_encrypted = variant.value
    key = exclusive_or(transaction_key(base_key, ksn), bytes.fromhex(mask * 2))
    return tdes_encrypt(key, key) if is_encrypted else key


def _checked(ksn: bytes) -> bytes:
    if len(ksn) != KSN_BYTES:
        raise EmvError(f"a key serial number has {KSN_BYTES} bytes")
    return ksn
