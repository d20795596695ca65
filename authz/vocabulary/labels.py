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
