"""The tags of a payment as somebody gives them: each named with what is wrong with it."""

from collections.abc import Mapping

from tokenvault.emv.cryptograms.cryptogram import INPUT_TAGS
from tokenvault.emv.encodings import tlv
from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS
from tokenvault.emv.errors import TlvError
from tokenvault.vocabulary.errors import FieldError

CRYPTOGRAM, ISSUER_DATA = "9F26", "9F10"
NEEDED = (*INPUT_TAGS, ISSUER_DATA)
"""What the cryptogram covers."""
_BYTES_MAX = 252


def tags_by_name(given: Mapping[str, str], field: str) -> dict[str, bytes]:
    """Tags and their values from hexadecimal. field: that they stand in, for errors. Raises: FieldError."""
    values: dict[str, bytes] = {}
    for name, text in given.items():
        tag = name.upper()
        if not _is_tag(name):
            raise FieldError(field, "has a name that is no tag; tags are hexadecimal, such as 9F36")
        if tag in values:
            raise FieldError(f"{field}.{tag}", "is given twice, in upper and in lower case")
        values[tag] = _octets(text, f"{field}.{tag}")
    return _checked(values, field)


def tags_of_chip_data(chip_data: str, field: str) -> dict[str, bytes]:
    """The tags of DE 55 on its outermost level, as the network takes them. field: for errors. Raises: FieldError."""
    try:
        objects = tlv.decode(bytes.fromhex(chip_data))
    except ValueError as error:
        why = str(error) if isinstance(error, TlvError) else "is not hexadecimal"
        raise FieldError(field, why) from None
    values: dict[str, bytes] = {}
    for tag, value in objects:
        if isinstance(value, bytes):
            if tag in values:
                raise FieldError(f"{field}.{tag}", "is there twice")
            values[tag] = value
    return _checked(values, field)


def _is_tag(name: str) -> bool:
    """Whether a text is one tag in hexadecimal (EMV Book 3, annex B1)."""
    try:
        tag, _ = tlv.read_tag(bytes.fromhex(name))
    except ValueError:
        return False
    return tag == name.upper()


def _octets(text: str, place: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        raise FieldError(place, "is not hexadecimal") from None
    if len(value) > _BYTES_MAX:
        raise FieldError(place, f"has at most {_BYTES_MAX} bytes")
    return value


def _checked(values: dict[str, bytes], field: str) -> dict[str, bytes]:
    for tag in NEEDED:
        if tag not in values:
            raise FieldError(f"{field}.{tag}", f"is missing: the cryptogram covers it ({DATA_ELEMENTS[tag].name})")
    for tag in (*INPUT_TAGS, CRYPTOGRAM):
        length = DATA_ELEMENTS[tag].length_bytes
        if tag in values and length is not None and len(values[tag]) != length:
            raise FieldError(
                f"{field}.{tag}", f"has {length} bytes ({DATA_ELEMENTS[tag].name}), not {len(values[tag])}"
            )
    return values
