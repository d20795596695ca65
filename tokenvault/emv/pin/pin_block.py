"""PIN blocks of ISO 9564-1: the format of a PIN before encryption."""

from collections.abc import Callable

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, aes_decrypt, aes_encrypt, exclusive_or
from tokenvault.emv.ciphers.digits import check_digits
from tokenvault.emv.errors import EmvError

RandomBytes = Callable[[int], bytes]

PIN_DIGITS_MIN, PIN_DIGITS_MAX = 4, 12
_NIBBLES = 16
_PAN_DIGITS = 12
_LETTERS = "ABCDEF"


def encode(block_format: int, pin: str, pan: str | None = None, random_bytes: RandomBytes | None = None) -> bytes:
    """A clear PIN block, 8 bytes, secret.

    block_format: 0, 1, 2 or 3 (format 4 exists only enciphered, see `encipher_format_4`).
    pan: for formats 0 and 3, which bind the PIN to it.  random_bytes: for the fill of formats 1 and 3.
    Raises: EmvError.
    Source: ISO 9564-1, 9.3.
    """
    fields = _pin_field(block_format, pin, random_bytes)
    if block_format in (0, 3):
        return exclusive_or(fields, _pan_field(pan))
    return fields


def decode(block: bytes, pan: str | None = None) -> str:
    """The PIN in a clear PIN block of format 0, 1, 2 or 3; secret.

    Raises: EmvError where the block is none, or not of this PAN.
    """
    if len(block) != _NIBBLES // 2:
        raise EmvError("a PIN block has 8 bytes")
    block_format = block[0] >> 4
    if block_format in (0, 3):
        block = exclusive_or(block, _pan_field(pan))
    text = block.hex().upper()
    fills = {0: "F", 1: "0123456789ABCDEF", 2: "F", 3: _LETTERS}
    if block_format not in fills:
        raise EmvError("is not a PIN block of a known format")
    return _pin_in(text, fills[block_format])


def _pin_in(text: str, fill: str) -> str:
    length = int(text[1], 16)
    pin, rest = text[2 : 2 + length], text[2 + length :]
    if not PIN_DIGITS_MIN <= length <= PIN_DIGITS_MAX or not pin.isdigit() or any(each not in fill for each in rest):
        raise EmvError("is not a PIN block, or belongs to another PAN")
    return pin


def _pin_field(block_format: int, pin: str, random_bytes: RandomBytes | None) -> bytes:
    check_digits(pin, "a PIN", PIN_DIGITS_MIN, PIN_DIGITS_MAX)
    start = f"{block_format:X}{len(pin):X}{pin}"
    missing = _NIBBLES - len(start)
    if block_format in (0, 2):
        return bytes.fromhex(start + "F" * missing)
    if block_format not in (1, 3):
        raise EmvError("a clear PIN block has format 0, 1, 2 or 3")
    if random_bytes is None:
        raise EmvError(f"format {block_format} takes random fill")
    alphabet = "0123456789ABCDEF" if block_format == 1 else _LETTERS
    return bytes.fromhex(start + "".join(_unbiased(alphabet, random_bytes) for _ in range(missing)))


def _unbiased(alphabet: str, random_bytes: RandomBytes) -> str:
    bound = 256 - 256 % len(alphabet)
    while True:
        number = random_bytes(1)[0]
        if number < bound:
            return alphabet[number % len(alphabet)]


def _pan_field(pan: str | None) -> bytes:
    """Four zeros and the twelve rightmost digits of the PAN without its check digit."""
    if pan is None:
        raise EmvError("formats 0 and 3 take the PAN")
    check_digits(pan, "a PAN", 8, 19)
    return bytes.fromhex(pan[:-1][-_PAN_DIGITS:].rjust(_NIBBLES, "0"))


def format_4_pin_field(pin: str, random_bytes: RandomBytes) -> bytes:
    """The plain PIN field of format 4, 16 bytes, secret: control, length, PIN, A as fill, then 8 random bytes."""
    check_digits(pin, "a PIN", PIN_DIGITS_MIN, PIN_DIGITS_MAX)
    return bytes.fromhex(f"4{len(pin):X}{pin}".ljust(_NIBBLES, "A")) + random_bytes(8)


def format_4_pan_field(pan: str) -> bytes:
    """The plain PAN field of format 4, 16 bytes: how many digits it has over twelve, the PAN, zeros."""
    check_digits(pan, "a PAN", 1, 19)
    padded = pan.rjust(_PAN_DIGITS, "0")
    return bytes.fromhex(f"{len(padded) - _PAN_DIGITS:X}{padded}".ljust(2 * _NIBBLES, "0"))


def encipher_format_4(key: bytes, pin: str, pan: str, random_bytes: RandomBytes) -> bytes:
    """A format 4 PIN block, 16 bytes, enciphered under an AES key (ISO 9564-1, 9.4.2).

    Raises: EmvError, KeyLengthError.
    """
    intermediate = aes_encrypt(key, format_4_pin_field(pin, random_bytes))
    return aes_encrypt(key, exclusive_or(intermediate, format_4_pan_field(pan)))


def decipher_format_4(key: bytes, block: bytes, pan: str) -> str:
    """The PIN in an enciphered format 4 block; secret.

    Raises: EmvError where key, block and PAN do not belong together; KeyLengthError.
    """
    if len(block) != AES_BLOCK_BYTES:
        raise EmvError("a format 4 PIN block has 16 bytes")
    intermediate = exclusive_or(aes_decrypt(key, block), format_4_pan_field(pan))
    text = aes_decrypt(key, intermediate)[: _NIBBLES // 2].hex().upper()
    if text[0] != "4":
        raise EmvError("is not a PIN block, or belongs to another PAN")
    return _pin_in(text, "A")
