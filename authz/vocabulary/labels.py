"""External names of numeric values."""

from authz.vocabulary.commands import Operation
from tokenvault.reference_data.currencies import CURRENCY_BY_NUMBER


def operation_name(number: int) -> str:
    """An operation in words, or its two digits."""
    return Operation(number).name.lower() if number in set(Operation) else f"{number:02d}"


def currency_code(number: int) -> str:
    """A currency's alphabetic code, or its three digits."""
    known = CURRENCY_BY_NUMBER.get(number)
    return known.code if known else f"{number:03d}"


def field_text(value: bytes) -> str:
    """A text field of a message, such as DE 41 or DE 42, without the blanks that fill it up."""
    return value.decode("ascii", "replace").strip()
