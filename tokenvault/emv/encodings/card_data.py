"""Data objects that identify a card or prove its holder: what of their values people may be shown."""

from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.pan import PAN_DIGITS_MAX, PAN_DIGITS_MIN, Track2, masked, numbers_in_text

PAN, TRACK2 = "5A", frozenset({"57", "9F6B"})
"""Objects that hold the number of a card."""
HIDDEN = frozenset({"56", "99", "9F1F", "9F20"})
"""Objects that are never shown: track 1 data, PIN data, and discretionary data of both tracks."""
_MERCHANT_IDENTIFIER = "9F16"
"""15 characters, often digits: one in ten would pass for the number of a card."""


def is_card_data(tag: str) -> bool:
    """Whether the octets of such an object must be hidden."""
    return tag == PAN or tag in TRACK2 or tag in HIDDEN


def card_number(tag: str, value: bytes) -> str | None:
    """The number of a card in an object, None where it holds none."""
    if tag != PAN and tag not in TRACK2:
        return None
    digits = value.hex().upper().partition("D")[0].rstrip("F")
    return digits if digits.isdigit() and PAN_DIGITS_MIN <= len(digits) <= PAN_DIGITS_MAX else None


def possible_numbers(tag: str, value: bytes) -> set[str]:
    """What may be the number of a card in any other object: in text, or packed digits that are the whole value."""
    if tag == _MERCHANT_IDENTIFIER:
        return set()
    packed = value.hex().upper().rstrip("F")
    written = [packed if packed.isdigit() else "", value.decode("latin-1"), value.decode("cp1047")]
    return set().union(*map(numbers_in_text, written))


def shown_value(tag: str, value: bytes) -> str:
    """The value of a primitive object in hexadecimal; numbers of cards masked, and what proves the holder left out."""
    text = value.hex().upper()
    if tag == PAN:
        return masked(text.rstrip("F"))
    if tag in TRACK2:
        try:
            track2 = Track2.decode(value)
        except FieldError:
            return "(no track 2)"
        return f"{masked(track2.pan)} expires {track2.expiry}"
    return "(card data)" if tag in HIDDEN and value else text
