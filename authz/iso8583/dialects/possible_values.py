"""Possible dates, times and codes: one table for the compiled parser and for the codec.

Possible is what the field's standard has room for, whether or not this network serves it: DE 49 = 123 is no currency
today, and may be one tomorrow, so it is for the checks to refuse; 000 will never be one. All digits of DE 22 are
assigned or reserved in ISO 8583:1987, so each of its values is possible.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from authz.iso8583.dialects.fields import FieldSpec
from authz.iso8583.format_errors import (
    BAD_CONTENT,
    IMPOSSIBLE_CODE,
    IMPOSSIBLE_DATE,
    IMPOSSIBLE_TIME,
    FormatError,
)

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""29 February is possible: these dates have no year, or one whose century is not known."""

SIGNS = ("C", "D")
"""Credit and debit, in front of the digits of a field of class x+n."""


@dataclass(frozen=True)
class Numbers:
    """So many digits that are one of some numbers. problem: the kind of format error where they are not."""

    digits: int
    possible: frozenset[int]
    problem: int

    def has(self, text: str) -> bool:
        """Whether some text is one of them."""
        return text.isascii() and text.isdigit() and len(text) == self.digits and int(text) in self.possible


MONTH_AND_DAY = Numbers(
    4,
    frozenset(100 * month + day for month, days in enumerate(_DAYS, 1) for day in range(1, days + 1)),
    IMPOSSIBLE_DATE,
)
YEAR_AND_MONTH = Numbers(
    4, frozenset(100 * year + month for year in range(100) for month in range(1, 13)), IMPOSSIBLE_DATE
)
HOUR_AND_MINUTE = Numbers(
    4, frozenset(100 * hour + minute for hour in range(24) for minute in range(60)), IMPOSSIBLE_TIME
)
SECOND = Numbers(2, frozenset(range(60)), IMPOSSIBLE_TIME)
CURRENCY = Numbers(3, frozenset(range(1, 1_000)), IMPOSSIBLE_CODE)  # ISO 4217
COUNTRY = Numbers(3, frozenset(range(1, 1_000)), IMPOSSIBLE_CODE)  # ISO 3166-1
CATEGORY = Numbers(4, frozenset(range(1, 10_000)), IMPOSSIBLE_CODE)  # ISO 18245
SERVICE_CODE = Numbers(  # ISO/IEC 7813: interchange and technology, authorization processing, services and PIN
    3,
    frozenset(100 * first + 10 * second + third for first in (1, 2, 5, 6, 7, 9) for second in (0, 2, 4) for third in
              range(8)),
    IMPOSSIBLE_CODE,
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where in a field some numbers stand. every: characters from one to the next, where there may be several."""

    field: int
    offset: int
    numbers: Numbers
    every: int = 0


def _transmission(field: int, offset: int) -> tuple[Place, ...]:
    """MMDDhhmmss."""
    return Place(field, offset, MONTH_AND_DAY), *_time(field, offset + 4)


def _time(field: int, offset: int) -> tuple[Place, ...]:
    """hhmmss."""
    return Place(field, offset, HOUR_AND_MINUTE), Place(field, offset + 4, SECOND)


PLACES = (
    *_transmission(7, 0),
    *_time(12, 0),
    Place(13, 0, MONTH_AND_DAY),
    Place(14, 0, YEAR_AND_MONTH),
    Place(15, 0, MONTH_AND_DAY),
    Place(16, 0, MONTH_AND_DAY),
    Place(17, 0, MONTH_AND_DAY),
    Place(18, 0, CATEGORY),
    Place(19, 0, COUNTRY),
    Place(20, 0, COUNTRY),
    Place(21, 0, COUNTRY),
    Place(49, 0, CURRENCY),
    Place(50, 0, CURRENCY),
    Place(51, 0, CURRENCY),
    Place(54, 4, CURRENCY, every=20),
    Place(68, 0, COUNTRY),
    Place(69, 0, COUNTRY),
    Place(73, 2, MONTH_AND_DAY),
    *_transmission(90, 10),
)
"""Every date, time and code of a message, in the order in which they are checked; then comes DE 35."""

TRACK_2, PAN_DIGITS_MIN, PAN_DIGITS_MAX, EXPIRY_DIGITS = 35, 8, 19, 4


def impossible_value(message: Mapping[int, str]) -> FormatError | None:
    """The first value of a message that cannot be, or None. Its compiled twin is in `authz.iso8583.encoding.scan`."""
    for place in PLACES:
        text, digits = message.get(place.field), place.numbers.digits
        if text is None:
            continue
        starts = range(place.offset, len(text) - digits + 1, place.every) if place.every else (place.offset,)
        if not all(place.numbers.has(text[start : start + digits]) for start in starts):
            return FormatError(place.field, place.numbers.problem)
    return _impossible_in_track_2(message[TRACK_2]) if TRACK_2 in message else None


def _impossible_in_track_2(track: str) -> FormatError | None:
    """PAN, separator, expiry, then a service code where there is a digit (ISO/IEC 7813)."""
    pan_length = next((place for place, character in enumerate(track) if character not in "0123456789"), len(track))
    expiry, service_code = track[pan_length + 1 :][:EXPIRY_DIGITS], track[pan_length + 1 + EXPIRY_DIGITS :][:3]
    has_separator = track[pan_length : pan_length + 1] in ("=", "D")
    is_whole = expiry.isascii() and expiry.isdigit() and len(expiry) == EXPIRY_DIGITS
    if not (PAN_DIGITS_MIN <= pan_length <= PAN_DIGITS_MAX and has_separator and is_whole):
        return FormatError(TRACK_2, BAD_CONTENT)
    if not YEAR_AND_MONTH.has(expiry):
        return FormatError(TRACK_2, YEAR_AND_MONTH.problem)
    if service_code[:1] in set("0123456789") and not SERVICE_CODE.has(service_code):
        return FormatError(TRACK_2, SERVICE_CODE.problem)
    return None


def has_own_characters(text: str, spec: FieldSpec) -> bool:
    """Whether a field holds what its class may: digits (n), C or D and digits (x+n), or none that only control (Cc)."""
    if spec.content == "x+n":
        return text[:1] in SIGNS and _are_digits(text[1:])
    if spec.content == "n":
        return _are_digits(text)
    return spec.is_binary or all(unicodedata.category(character) != "Cc" for character in text)


def _are_digits(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit())
