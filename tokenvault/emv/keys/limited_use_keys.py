"""Limited-use keys (LUK) for host card emulation: keys for a limited time and number of payments.

The index says when a key was made: YHHHHCC is the last digit of the year, the hour of the year from 0001, and a counter
within the hour. TDES as publicly documented for cloud-based payments; the AES variant is our own, since none is public.
"""

import time
from typing import NamedTuple

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, aes_encrypt, tdes_encrypt
from tokenvault.emv.ciphers.decimalization import decimal_digits_first
from tokenvault.emv.ciphers.digits import check_digits
from tokenvault.emv.errors import EmvError

INDEX_DIGITS = 7
COUNTER_MAX = 99
_HOURS_MAX = 8784


class KeyIndex(NamedTuple):
    """When a key was made. year: last digit.  hour: 1..8784 of the year (UTC).  counter: 0..99 within the hour."""

    year: int
    hour: int
    counter: int

    @classmethod
    def at(cls, seconds: int, counter: int) -> "KeyIndex":
        """The index of the counter-th key made in the hour of this Unix time. Raises: EmvError."""
        if not 0 <= counter <= COUNTER_MAX:
            raise EmvError(f"a key counter is 0 to {COUNTER_MAX}")
        moment = time.gmtime(seconds)
        return cls(moment.tm_year % 10, (moment.tm_yday - 1) * 24 + moment.tm_hour + 1, counter)

    @classmethod
    def parse(cls, text: str) -> "KeyIndex":
        """Read YHHHHCC. Raises: EmvError."""
        check_digits(text, "a key index", INDEX_DIGITS, INDEX_DIGITS)
        index = cls(int(text[0]), int(text[1:5]), int(text[5:]))
        if not 1 <= index.hour <= _HOURS_MAX:
            raise EmvError(f"the hour of a key index is 0001 to {_HOURS_MAX}")
        return index

    def text(self) -> str:
        """YHHHHCC."""
        return f"{self.year}{self.hour:04d}{self.counter:02d}"


def limited_use_key_tdes(card_key: bytes, index: str) -> bytes:
    """A limited-use key, 16 bytes, secret; without parity.

    card_key: derived from the issuer's master key by option A, 16 bytes, secret.  index: YHHHHCC.
    Source: Visa cloud-based payments, as publicly documented (US 2015/0178724 and HSM calculators).
    """
    check_digits(index, "a key index", INDEX_DIGITS, INDEX_DIGITS)
    halves = (bytes.fromhex(f"{half}{index}80000000") for half in (1, 2))
    return tdes_encrypt(card_key, b"".join(halves))


def limited_use_key_aes(card_key: bytes, index: str) -> bytes:
    """A limited-use key of Tapwright's own AES variant, 16 bytes, secret: one block over the index, padded by 80."""
    check_digits(index, "a key index", INDEX_DIGITS, INDEX_DIGITS)
    return aes_encrypt(card_key, bytes.fromhex(f"1{index}80".ljust(2 * AES_BLOCK_BYTES, "0")))[:16]


def magnetic_stripe_value(limited_use_key: bytes, atc: int, device_block: bytes) -> str:
    """The 3-digit verification value of magnetic stripe mode.

    device_block: 8 bytes; the counter takes the place of its first two.
    """
    if len(device_block) != 8 or not 0 <= atc <= 0xFFFF:
        raise EmvError("the value takes a device block of 8 bytes and an ATC of 0 to 65535")
    block = atc.to_bytes(2, "big") + device_block[2:]
    return decimal_digits_first(tdes_encrypt(limited_use_key, block), 3)
