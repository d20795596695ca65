"""Verifying PINs without storing them: Visa's PIN verification value and IBM's offset."""

from tokenvault.emv.ciphers.block_cipher import tdes_encrypt
from tokenvault.emv.ciphers.decimalization import by_table, decimal_digits_first
from tokenvault.emv.ciphers.digits import check_digits

_PVV_PAN_DIGITS, _PVV_PIN_DIGITS = 11, 4


def pin_verification_value(key: bytes, key_index: int, pan: str, pin: str) -> str:
    """PVV, 4 digits: over eleven PAN digits, the key index and the first four PIN digits.

    key: the pair of PIN verification keys, 16 bytes, secret.  key_index: 0..9.  pan: 12 to 19 digits.
    Raises: EmvError, KeyLengthError.
    Source: Visa PVV method, as documented for payment HSMs.
    """
    check_digits(pan, "a PAN", 12, 19)
    check_digits(pin, "a PIN", _PVV_PIN_DIGITS, 12)
    check_digits(str(key_index), "a PIN verification key index", 1, 1)
    security_parameter = pan[:-1][-_PVV_PAN_DIGITS:] + str(key_index) + pin[:_PVV_PIN_DIGITS]
    return decimal_digits_first(tdes_encrypt(key, bytes.fromhex(security_parameter)), _PVV_PIN_DIGITS)


def natural_pin(key: bytes, validation_data: str, decimalization_table: str, digits: int = 4) -> str:
    """The PIN that follows from an account number, secret (IBM 3624).

    key: PIN key, 16 or 24 bytes, secret.  validation_data: 16 hexadecimal digits, usually of the PAN.
    decimalization_table: 16 decimal digits.
    """
    check_digits(decimalization_table, "a decimalization table", 16, 16)
    return by_table(tdes_encrypt(key, bytes.fromhex(validation_data)), decimalization_table, digits)


def pin_from_offset(natural: str, offset: str) -> str:
    """The customer's PIN: natural PIN plus offset, digit by digit without carry; secret."""
    return "".join(str((int(a) + int(b)) % 10) for a, b in zip(natural, offset, strict=True))


def offset_of_pin(natural: str, pin: str) -> str:
    """The offset that leads from the natural PIN to the customer's: the inverse of `pin_from_offset`."""
    return "".join(str((int(b) - int(a)) % 10) for a, b in zip(natural, pin, strict=True))
