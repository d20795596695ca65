"""Primary account numbers: check digit, ranges, masking, track 2, payment account reference.

Pure functions over text. A full funding PAN must never reach a log, an error or a repr: errors here name what is
wrong, never the number.
"""

import re
from dataclasses import dataclass

from tokenvault.vocabulary.errors import FieldError

PAN_DIGITS_MIN, PAN_DIGITS_MAX = 8, 19
PAR_CHARACTERS = 29
_IN_TEXT = re.compile(r"(?<![0-9])[1-9][0-9]{12,18}(?![0-9])")
"""As long as cards' numbers usually are; what is shorter is mostly something else."""
_PAR = re.compile(r"[0-9A-Z]{29}")


def luhn_check_digit(payload: str) -> str:
    """The digit that makes payload plus digit pass the Luhn test (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, character in enumerate(reversed(payload)):
        digit = int(character)
        if position % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return str(-total % 10)


def is_luhn_valid(pan: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others."""
    return len(pan) > 1 and pan.isascii() and pan.isdigit() and luhn_check_digit(pan[:-1]) == pan[-1]


def numbers_in_text(text: str) -> set[str]:
    """What may be the number of a card in a text: 13 to 19 digits in a row, no zero first, with a valid check digit."""
    return {found for found in _IN_TEXT.findall(text) if is_luhn_valid(found)}


def masked(pan: str) -> str:
    """First six and last four digits, the rest as asterisks; fewer are shown where less than six would stay hidden."""
    shown_first = 6 if len(pan) >= 16 else 0
    shown_last = 4 if len(pan) >= 10 else 0
    hidden = len(pan) - shown_first - shown_last
    return pan[:shown_first] + "*" * hidden + pan[len(pan) - shown_last :]


@dataclass(frozen=True)
class PanRange:
    """All PANs of one length that begin with one prefix, such as a BIN."""

    prefix: str
    digits: int

    def __post_init__(self) -> None:
        if not (self.prefix.isascii() and self.prefix.isdigit()) or self.prefix.startswith("0"):
            raise FieldError("prefix", "must be digits and must not begin with 0")
        if not PAN_DIGITS_MIN <= self.digits <= PAN_DIGITS_MAX or len(self.prefix) > self.digits - 2:
            raise FieldError("digits", f"a PAN has {PAN_DIGITS_MIN} to {PAN_DIGITS_MAX} digits, more than its BIN")

    @property
    def capacity(self) -> int:
        """How many PANs the range holds."""
        return int(10 ** (self.digits - len(self.prefix) - 1))

    def pan(self, index: int) -> str:
        """The index-th PAN of the range, 0 <= index < capacity, with its check digit."""
        if not 0 <= index < self.capacity:
            raise FieldError("index", "is outside the PAN range")
        payload = self.prefix + str(index).rjust(self.digits - len(self.prefix) - 1, "0")
        return payload + luhn_check_digit(payload)

    def overlaps(self, other: "PanRange") -> bool:
        """Whether some PAN could lie in both ranges."""
        same_length = self.digits == other.digits
        return same_length and (self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix))


@dataclass(frozen=True)
class Track2:
    """Track 2 equivalent data (tag 57, DE 35), without sentinels.

    expiry: YYMM.  service_code: 3 digits.  discretionary: digits.
    """

    pan: str
    expiry: str
    service_code: str
    discretionary: str = ""

    def __repr__(self) -> str:
        return f"Track2({masked(self.pan)}, expiry={self.expiry})"

    @classmethod
    def decode(cls, value: bytes) -> "Track2":
        """Read tag 57: packed digits, D as separator, F as filler. Raises: FieldError."""
        text = value.hex().upper()
        return cls.parse(text[:-1] if text.endswith("F") else text)

    @classmethod
    def parse(cls, text: str) -> "Track2":
        """Read the text form of DE 35, with = or D as separator. Raises: FieldError."""
        pan, separator, rest = text.replace("=", "D").partition("D")
        digits_only = pan.isdigit() and rest.isdigit() and text.isascii()
        if not separator or not digits_only or not PAN_DIGITS_MIN <= len(pan) <= PAN_DIGITS_MAX or len(rest) < 7:
            raise FieldError(
                "track2", "must be PAN, separator, YYMM, three-digit service code and discretionary digits"
            )
        return cls(pan, rest[:4], rest[4:7], rest[7:])

    def text(self, separator: str = "D") -> str:
        """The text form, as in DE 35."""
        return f"{self.pan}{separator}{self.expiry}{self.service_code}{self.discretionary}"

    def encode(self) -> bytes:
        """The packed form, as in tag 57, at most 19 bytes. Raises: FieldError."""
        text = self.text()
        packed = bytes.fromhex(text + "F" * (len(text) % 2))
        if len(packed) > 19:
            raise FieldError("track2", "must have at most 19 bytes")
        return packed


def check_payment_account_reference(value: str) -> str:
    """Return a PAR as it came in. Raises: FieldError unless it is 29 upper-case letters and digits (EMVCo PAR)."""
    if not _PAR.fullmatch(value):
        raise FieldError("payment_account_reference", "must have 29 characters, upper-case letters and digits")
    return value
