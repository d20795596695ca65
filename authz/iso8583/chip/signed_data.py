"""Compiled comparison of the data that the phone signed with the message: one flag for each difference.

The engine reads no settings, and no clock but the time of a command. So comparisons with a tolerance are made here,
where the message is read, and enter the journal as flags. DE 19 is not compared: an acquirer may be of another country
than the merchant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from authz.arrays.by_reference import by_reference
from authz.arrays.compiled import Integer, compiled
from authz.iso8583.encoding.scan import Buffer, Places, has_field, number_at
from authz.vocabulary.commands import Flag
from tokenvault.reference_data.countries import number_of_letters

_DAY_SECONDS = 86_400
_LETTERS, _FIRST_LETTER = 26, 0x41
_COUNTRY_AT, _COUNTRY_END = 38, 40
"""Where DE 43 has the country's two letters (ISO 8583:1987: name, city, country)."""

_LAST_MONTH_AND_DAY = 1231


@by_reference
class Circumstances(NamedTuple):
    """What messages are held against. countries: int16[676], ISO 3166-1 numbers by two letters, 0 for none.
    today: int64[n], the days since 1970 that a date may be near.  sent_well: bool[1232], by month and day (MMDD),
    whether DE 7 is near one of them.  signed_days: how far what was signed may be off.
    """

    countries: npt.NDArray[np.int16]
    today: npt.NDArray[np.int64]
    sent_well: npt.NDArray[np.bool_]
    signed_days: int


@dataclass(frozen=True)
class DateTolerances:
    """How many days a date may be off. signed_days: tag 9A, from the clock and from DE 13 or 7.  transmission_days: DE
    7, from the clock.
    """

    signed_days: int = 7
    transmission_days: int = 7


@lru_cache(maxsize=16)
def circumstances(tolerances: DateTolerances, today: tuple[int, ...]) -> Circumstances:
    """The circumstances of a day, made once. today: days since 1970 by each clock; a date near one of them is good."""
    days, sent_well = np.array(today, np.int64), np.zeros(_LAST_MONTH_AND_DAY + 1, np.bool_)
    note_days_near(sent_well, days, tolerances.transmission_days)
    return Circumstances(_COUNTRIES, days, sent_well, tolerances.signed_days)


@dataclass(frozen=True)
class Calendar:
    """The circumstances at any moment. clocks: Unix seconds."""

    tolerances: DateTolerances
    clocks: tuple[Callable[[], float], ...]

    def now(self) -> Circumstances:
        """What a message that is read now is held against."""
        return circumstances(self.tolerances, tuple(int(clock() // _DAY_SECONDS) for clock in self.clocks))


def _countries() -> npt.NDArray[np.int16]:
    table = np.zeros(_LETTERS * _LETTERS, np.int16)
    for place in range(len(table)):
        first, second = divmod(place, _LETTERS)
        table[place] = number_of_letters(chr(_FIRST_LETTER + first) + chr(_FIRST_LETTER + second))
    return table


_COUNTRIES = _countries()


@compiled
def day_number(year: Integer, month: Integer, day: Integer) -> Integer:
    """Days since 1970-01-01 in the Gregorian calendar; 29 February of a common year is its 1 March."""
    from_march = (month + 9) % 12
    if month <= 2:
        year -= 1
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * from_march + 2) // 5 + day - 1 - 719_468


@compiled
def days_from(today: Integer, month_and_day: Integer) -> Integer:
    """How many days lie between a day and the nearest day of a month and day without a year."""
    year = 1970 + today * 400 // 146_097
    month, day = month_and_day // 100, month_and_day % 100
    nearest: Integer = abs(day_number(year, month, day) - today)
    nearest = min(nearest, abs(day_number(year - 1, month, day) - today))
    return int(min(nearest, abs(day_number(year + 1, month, day) - today)))


@compiled
def note_days_near(near: npt.NDArray[np.bool_], today: npt.NDArray[np.int64], tolerance: Integer) -> None:
    """Note of each month and day whether it is at most so many days from any of some days."""
    for month_and_day in range(len(near)):
        for day in today:
            near[month_and_day] |= days_from(day, month_and_day) <= tolerance


@compiled
def acceptor_country(buffer: Buffer, places: Places, countries: npt.NDArray[np.int16]) -> Integer:
    """The ISO 3166-1 number of the country in DE 43, 0 where it names none."""
    if places[43, 1] < _COUNTRY_END:
        return 0
    start = places[43, 0] + _COUNTRY_AT
    first, second = np.int64(buffer[start]) - _FIRST_LETTER, np.int64(buffer[start + 1]) - _FIRST_LETTER
    if not (0 <= first < _LETTERS and 0 <= second < _LETTERS):
        return 0
    return int(countries[first * _LETTERS + second])


@compiled
def days_off(signed_date: Integer, said: Integer, around: Circumstances) -> Integer:
    """Days from a signed date (YYMMDD) to the nearest clock, or to its message's date (MMDD): the greater."""
    signed = day_number(2000 + signed_date // 10_000, signed_date // 100 % 100, signed_date % 100)
    off: Integer = abs(around.today[0] - signed)
    for moment in around.today:
        off = min(off, abs(moment - signed))
    return int(max(off, days_from(signed, said)))


@compiled
def hold_against_message(
    buffer: Buffer, places: Places, command: Any, signed_cash: Integer, signed_country: Integer, around: Circumstances
) -> None:
    """Set the command's flags for signed data that differs from the fields of the message.

    A phone that shows a QR code does not know amount, country and date, and signs zeros. signed_cash: tag 9F03, minor
    units.  signed_country: tag 9F1A, 0 if unknown.
    """
    flags = np.int64(command["flags"])
    knows_nothing = flags & Flag.SIGNED_FOR_QR_CODE != 0 and command["signed_amount_minor"] == 0
    if signed_cash != np.int64(command["cash_minor"]) and not (knows_nothing and signed_cash == 0):
        flags |= Flag.SIGNED_FOR_OTHER_CASH
    accepted_in = acceptor_country(buffer, places, around.countries)
    command["acceptor_country"] = accepted_in
    if accepted_in != 0 and signed_country != 0 and accepted_in != signed_country:
        flags |= Flag.SIGNED_IN_ANOTHER_COUNTRY
    signed_date = np.int64(command["signed_date"])
    if signed_date != 0:
        said: Integer = np.int64(command["transmitted"]) // 1_000_000
        if has_field(places, 13):
            said = number_at(buffer, places[13, 0], 4)
        if days_off(signed_date, said, around) > around.signed_days:
            flags |= Flag.SIGNED_ON_ANOTHER_DAY
    command["flags"] = flags


@compiled
def hold_against_clock(command: Any, around: Circumstances) -> None:
    """Note in the command's flags whether DE 7 is too far from every clock."""
    if not around.sent_well[np.int64(command["transmitted"]) // 1_000_000]:
        command["flags"] = np.int64(command["flags"]) | Flag.SENT_AT_ANOTHER_TIME
