"""External names of numeric values."""

from datetime import date, timedelta

from authz.vocabulary.commands import Operation
from tokenvault.reference_data.currencies import CURRENCY_BY_NUMBER

_DAYS_BEGIN = date(1970, 1, 1)


def date_of(day: int) -> date:
    """The date of a local day. day: days since 1970-01-01."""
    return _DAYS_BEGIN + timedelta(days=day)


def day_of(written: date) -> int:
    """The local day of a date: days since 1970-01-01."""
    return (written - _DAYS_BEGIN).days


def day_text(day: int) -> str:
    """A local day as ISO 8601. day: days since 1970-01-01."""
    return date_of(day).isoformat()


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
