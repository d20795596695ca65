"""Card verification values: CVV and its relatives on track, chip and panel, dynamic CVV, and CVC3."""

from tokenvault.emv.ciphers.block_cipher import exclusive_or, single_des_encrypt, tdes_encrypt
from tokenvault.emv.ciphers.decimalization import decimal_digits_first
from tokenvault.emv.ciphers.digits import check_digits
from tokenvault.emv.ciphers.mac import retail_mac
from tokenvault.emv.errors import EmvError, KeyLengthError

CHIP_SERVICE_CODE = "999"
"""In place of the service code for iCVV, the value in a chip's track 2 equivalent data."""
PANEL_SERVICE_CODE = "000"
"""In place of the service code for CVV2, the value that is read out or typed in."""

_INPUT_DIGITS = 32


def card_verification_value(key: bytes, pan: str, expiry: str, service_code: str, digits: int = 3) -> str:
    """CVV over PAN, expiry and service code, 3 digits unless told otherwise.

    key: the pair of card verification keys, 16 bytes, secret.  pan: up to 19 digits.  expiry: 4 digits in the order
    that the scheme takes (YYMM on tracks; Visa's CVV2 takes MMYY).  service_code: 3 digits, `CHIP_SERVICE_CODE` or
    `PANEL_SERVICE_CODE`.
    Raises: KeyLengthError, EmvError.
    Source: Visa's CVV and Mastercard's CVC 1 and 2, as documented for payment HSMs.
    """
    check_digits(pan, "a PAN", 8, 19)
    return _verification_value(key, pan, expiry, service_code, digits)


def dynamic_card_verification_value(card_key: bytes, pan: str, expiry: str, service_code: str, atc: int) -> str:
    """dCVV: a CVV under the card's own key, with the transaction counter in place of the first four PAN digits.

    card_key: derived from the dCVV master key by option A, 16 bytes, secret.  atc: 0..65535, in hexadecimal form.
    Raises: KeyLengthError, EmvError.
    Source: Visa contactless magnetic stripe mode, as documented for payment HSMs.
    """
    check_digits(pan, "a PAN", 8, 19)
    if not 0 <= atc <= 0xFFFF:
        raise EmvError("an ATC is 0 to 65535")
    return _verification_value(card_key, f"{atc:04X}" + pan[4:], expiry, service_code, 3)


def _verification_value(key: bytes, number: str, expiry: str, service_code: str, digits: int) -> str:
    if len(key) != 16:
        raise KeyLengthError(f"a card verification key pair has 16 bytes, not {len(key)}")
    check_digits(expiry, "an expiry", 4, 4)
    check_digits(service_code, "a service code", 3, 3)
    data = bytes.fromhex((number + expiry + service_code).ljust(_INPUT_DIGITS, "0"))
    first = single_des_encrypt(key[:8], data[:8])
    return decimal_digits_first(tdes_encrypt(key, exclusive_or(first, data[8:])), digits)


def cvc3_initialization_vector(card_key: bytes, track: bytes) -> bytes:
    """IVCVC3, 2 bytes: the end of a retail MAC over the static part of a track.

    card_key: derived from the CVC3 master key, 16 bytes, secret.  track: as packed on the card.
    """
    return retail_mac(card_key, track, padding=2)[-2:]


def cvc3(card_key: bytes, initialization_vector: bytes, unpredictable_number: bytes, atc: int) -> str:
    """CVC3 as 5 decimal digits with leading zeros; a track carries as many of its last digits as it has room for.

    card_key: 16 bytes, secret.  initialization_vector: IVCVC3, 2 bytes.  unpredictable_number: 4 bytes.  atc: 0..65535.
    Raises: EmvError.
    Source: M/Chip magnetic stripe mode, as documented for payment HSMs.
    """
    if len(initialization_vector) != 2 or len(unpredictable_number) != 4 or not 0 <= atc <= 0xFFFF:
        raise EmvError("CVC3 takes an IV of 2 bytes, an unpredictable number of 4 bytes and an ATC of 0 to 65535")
    block = initialization_vector + unpredictable_number + atc.to_bytes(2, "big")
    return f"{int.from_bytes(tdes_encrypt(card_key, block)[-2:], 'big'):05d}"
