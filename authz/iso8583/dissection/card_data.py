"""Fields that identify a card, prove its holder or carry a key: what of their values people may be shown."""

from authz.iso8583.dialects.fields import HEADER
from authz.iso8583.encoding import codec
from authz.iso8583.messages.additional_data import subelements
from tokenvault.vocabulary.pan import PAN_DIGITS_MAX, PAN_DIGITS_MIN, is_luhn_valid, masked, numbers_in_text

PAN, EXTENDED_PAN, TRACK2, TRACK3, TRACK1, PIN, PRIVATE_DATA, MESSAGE_SECURITY_CODE = 2, 34, 35, 36, 45, 52, 48, 96
ACCOUNTS = (102, 103)
"""Account identifications 1 and 2, in which some acquirers send the number of a card."""
KEY_BLOCK = 123
"""A wrapped key, in the answer to a request for one; see `authz.network.dialect_gateway`."""
_HIDDEN = {
    TRACK3: "(track 3)",
    TRACK1: "(track 1)",
    PIN: "(PIN)",
    MESSAGE_SECURITY_CODE: "(message security code)",
    KEY_BLOCK: "(key block)",
}
_PARTLY_SHOWN = (PAN, EXTENDED_PAN, TRACK2)
_OTHER_NUMBERS = frozenset({42, 53, 55, 64, 128})
"""Fields whose digits are those of something else, though one in ten would pass for the number of a card: merchant,
security control information, and authentication codes. DE 55 has numbers in its objects.
"""


def is_card_data(number: int) -> bool:
    """Whether the octets of such a field must be hidden."""
    return number in _HIDDEN or number in _PARTLY_SHOWN


def shown_value(number: int, value: str) -> str:
    """The value of a field; the number of a card masked, and what proves its holder left out."""
    if number in (PAN, EXTENDED_PAN):
        return masked(value)
    if number == TRACK2:
        pan, _, rest = value.replace("D", "=").partition("=")
        return f"{masked(pan)}={rest[:4]}..."
    return _HIDDEN.get(number, value)


def shown_fields(message: codec.Message) -> dict[str, str]:
    """A message's fields by number as they may be shown, no header."""
    return {str(number): shown_value(number, message[number]) for number in sorted(message) if number != HEADER}


def card_numbers(message: codec.Message) -> set[str]:
    """The numbers of cards in a message's fields, those in DE 55 not among them.

    Fields that often hold something else only count where their value is a number of a card with a valid check digit,
    and other text where such a number stands in it, see `numbers_in_text`.
    """
    for_certain = [message.get(PAN, ""), message.get(EXTENDED_PAN, "")]
    for_certain.append(message.get(TRACK2, "").replace("D", "=").partition("=")[0])
    for_certain.append(message.get(TRACK1, "").lstrip("%").lstrip("B").partition("^")[0])
    perhaps = [*subelements(message.get(PRIVATE_DATA, "")).values(), *(message.get(number, "") for number in ACCOUNTS)]
    numbers = {each for each in for_certain if _may_be_number(each)}
    numbers |= {each for each in perhaps if _may_be_number(each) and is_luhn_valid(each)}
    for number, value in message.items():
        if number > 0 and number not in _OTHER_NUMBERS:
            numbers |= numbers_in_text(value)
    return numbers


def _may_be_number(text: str) -> bool:
    return PAN_DIGITS_MIN <= len(text) <= PAN_DIGITS_MAX and text.isascii() and text.isdigit()
