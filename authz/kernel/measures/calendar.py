"""Calendar arithmetic on Unix microseconds, in the proleptic Gregorian calendar."""

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.program.periods import Begins, Day, Period, Today
from authz.program.tables import NUMBER_VERSION, Program

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

_SECOND_US = 1_000_000
_DAYS_TO_1970 = 719_468  # from 0000-03-01, where the years of this arithmetic begin
_DAYS_OF_ERA = 146_097  # 400 years

BEGINNING = -(2**62)
"""Before every time that a command can have."""


@inlined
def year_and_month(time_us: Integer) -> tuple[Integer, Integer]:
    """The year and month (1 to 12) that a time is in."""
    days = time_us // DAY_US + _DAYS_TO_1970
    era = days // _DAYS_OF_ERA
    day_of_era = days - era * _DAYS_OF_ERA
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * day_of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    return year_of_era + era * 400 + (1 if month <= 2 else 0), month


@inlined
def month_of(time_us: Integer) -> Integer:
    """The month of a time as YYMM, as cards print it."""
    year, month = year_and_month(time_us)
    return year % 100 * 100 + month


@compiled
def first_of_month(year: Integer, month: Integer) -> Integer:
    """When a month begins, Unix microseconds."""
    march_year = year - 1 if month <= 2 else year
    march_month = month + 9 if month <= 2 else month - 3
    days = 365 * march_year + march_year // 4 - march_year // 100 + march_year // 400 + (153 * march_month + 2) // 5
    return (days - _DAYS_TO_1970) * DAY_US


@compiled
def offset_place(program: Program, time_us: Integer) -> Integer:
    """The place of the program's time-zone offset that holds at a time."""
    low: Integer = 0
    high: Integer = len(program.offsets)
    while high - low > 1:
        middle = (low + high) // 2
        if program.offsets[middle]["from_us"] <= time_us:
            low = middle
        else:
            high = middle
    return low


@compiled
def utc_offset(program: Program, time_us: Integer) -> Integer:
    """How far the program's local time is ahead of UTC at a time, microseconds."""
    return np.int64(program.offsets[offset_place(program, time_us)]["seconds"]) * _SECOND_US


@compiled
def utc_of(program: Program, local_us: Integer, offset_us: Integer) -> Integer:
    """The moment that a local time names; offset_us: the offset of a moment near it."""
    return local_us - utc_offset(program, local_us - offset_us)


@compiled
def last_moment(program: Program, day: Integer) -> Integer:
    """The last microsecond of a local day, Unix time. day: days since 1970-01-01."""
    midnight = (day + 1) * DAY_US
    return utc_of(program, midnight, utc_offset(program, midnight)) - 1


# The table of periods as compiled code reads it.
_BEGINS = np.array([period.begins for period in Period], np.int64)
_EVERY = np.array([period.every for period in Period], np.int64)
_SINCE = np.array([period.since for period in Period], np.int64)
_PERIODS_END = len(Period)


@compiled
def period_start(program: Program, period: Integer, time_us: Integer) -> Integer:
    """When the period that a time is in began, by the program's local time.

    period: any of `Period` but those that begin back from now, which have no beginning of their own.
    Raises: AssertionError for one of these, or a number that is none of them.
    """
    assert Period.TRAILING < period < _PERIODS_END, "there is no such period"
    row = np.int64(period)
    begins = _BEGINS[row]
    if begins == Begins.NEVER or begins == Begins.AT_VERIFICATION:
        return BEGINNING
    offset = utc_offset(program, time_us)
    return utc_of(program, local_start(begins, _EVERY[row], _SINCE[row], time_us + offset), offset)


@compiled
def local_start(begins: Integer, every: Integer, since: Integer, local_us: Integer) -> Integer:
    """When the days or months began that a local time is among, in local time. every and since: see `Period`.

    Raises: AssertionError for what begins neither with a day nor with a month.
    """
    if begins == Begins.EVERY_MONTHS:
        year, month = year_and_month(local_us)
        months = year * 12 + month - 1
        months -= (months - since) % every
        return first_of_month(months // 12, months % 12 + 1)
    assert begins == Begins.EVERY_DAYS, "this period begins nowhere"
    days = local_us // DAY_US
    return (days - (days - since) % every) * DAY_US


_STARTS = len(Day)
_PERIODS = tuple(period for period in Period if period.begins is not Begins.BACK_FROM_NOW)


@inlined
def start_today(today: Today, period: Integer) -> Integer:
    """When a period, but one back from now, has begun. today: see `keep_day`. Raises: AssertionError for others."""
    assert Period.TRAILING < period < _PERIODS_END, "there is no such period"
    return np.int64(today[_STARTS + period])


@inlined
def keep_day(program: Program, today: Today, time_us: Integer) -> None:
    """Set an array to the day of a time, unless it holds that day already."""
    if not (
        today[Day.FROM_US] <= time_us < today[Day.UNTIL_US]
        and today[Day.PROGRAM_VERSION] == program.numbers[NUMBER_VERSION]
    ):
        _work_out_day(program, today, time_us)


@compiled
def _work_out_day(program: Program, today: Today, time_us: Integer) -> None:
    place = offset_place(program, time_us)
    offset = np.int64(program.offsets[place]["seconds"]) * _SECOND_US
    midnight = (time_us + offset) // DAY_US * DAY_US - offset
    today[Day.PROGRAM_VERSION] = program.numbers[NUMBER_VERSION]
    today[Day.FROM_US] = max(midnight, np.int64(program.offsets[place]["from_us"]))
    today[Day.UNTIL_US] = midnight + DAY_US
    if place + 1 < len(program.offsets):
        today[Day.UNTIL_US] = min(today[Day.UNTIL_US], np.int64(program.offsets[place + 1]["from_us"]))
    today[Day.OFFSET_US] = offset
    for period in _PERIODS:
        today[_STARTS + period] = period_start(program, period, time_us)
