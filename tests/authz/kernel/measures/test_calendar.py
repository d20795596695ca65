"""The calendar, against that of the standard library."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from authz.kernel.measures.calendar import DAY_US, first_of_month, keep_day, local_start, start_today, year_and_month
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.program.periods import MONDAY, Begins, Day, Period, new_today
from tests.authz.commands import NOW_US

YEARS = range(1_600, 2_500)
"""More than the 400 years after which the calendar repeats itself."""


@pytest.mark.parametrize("month", range(1, 13))
def test_months_begin_where_they_should(month):
    """Every one of nine hundred years: its first moment is inside, the one before is in the month before."""
    for year in YEARS:
        first = datetime(year, month, 1, tzinfo=UTC)
        before = first - timedelta(days=1)
        moment = round(first.timestamp()) * 1_000_000
        assert first_of_month(year, month) == moment
        assert year_and_month(moment) == (year, month)
        assert year_and_month(moment + DAY_US - 1) == (year, month)
        assert year_and_month(moment - 1) == (before.year, before.month)


SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
IN_A_ZONE = ("Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe")
"""Cairo and Beirut turn their clocks at midnight, Lord Howe by half an hour."""


def programs_day(zone, version=1):
    """A program that lives in a zone."""
    return compiled_program(with_offsets(ProgramDocument(time_zone=zone)), version)


def midnight_before(moment_us, zone):
    """When the local day began, by the standard library."""
    local = datetime.fromtimestamp(moment_us // SECOND_US, ZoneInfo(zone))
    start = local.replace(hour=0, minute=0, second=0, fold=0)
    return round(start.timestamp()) * SECOND_US


@pytest.mark.parametrize("zone", IN_A_ZONE)
def test_days_begin_right_where_clocks_are_turned(zone):
    """At the very moment, a microsecond before it, and at the midnights around it, in either order."""
    program, today = programs_day(zone), new_today()
    turned = [int(each["from_us"]) for each in program.offsets if each["from_us"] > NOW_US][:6]
    assert turned
    for turn in (*turned, int(program.offsets[-1]["from_us"])):
        around = range(midnight_before(turn, zone) - DAY_US, turn + 2 * DAY_US, 3_600_000_000 // 2)
        moments = sorted({turn - 1, turn, turn + 1, *around})
        for moment in (*moments, *reversed(moments)):
            keep_day(program, today, moment)
            assert start_today(today, Period.DAY) == midnight_before(moment, zone), moment
            assert today[Day.FROM_US] <= moment < today[Day.UNTIL_US]


def test_a_new_program_has_days_of_its_own():
    """Its zone counts from the first moment, also within the day that is kept."""
    today = new_today()
    keep_day(programs_day("UTC"), today, NOW_US)
    assert start_today(today, Period.DAY) == midnight_before(NOW_US, "UTC")
    keep_day(programs_day("Europe/Berlin", 2), today, NOW_US)
    assert start_today(today, Period.DAY) == midnight_before(NOW_US, "Europe/Berlin")


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOURS = range(-5 * 365 * 24, 90 * 365 * 24, 1009)
"""Before and after 1970, at every hour of the day in turn."""


@pytest.mark.parametrize(("every", "since"), [(1, 0), (7, MONDAY), (14, MONDAY + 7), (10, 3)])
def test_periods_of_days_begin_where_they_should(every, since):
    """With a day that is a whole number of periods from the one they are counted from, the last one until now."""
    for hours in HOURS:
        local = EPOCH + timedelta(hours=hours)
        start = EPOCH + timedelta(microseconds=int(local_start(Begins.EVERY_DAYS, every, since, hours * HOUR_US)))
        assert start <= local < start + timedelta(days=every)
        assert start == start.replace(hour=0)
        assert ((start - EPOCH).days - since) % every == 0


@pytest.mark.parametrize(
    ("every", "since", "months"),
    [(1, 0, range(1, 13)), (3, 0, (1, 4, 7, 10)), (6, 3, (4, 10)), (12, 0, (1,)), (12, 3, (4,))],
)
def test_periods_of_months_begin_where_they_should(every, since, months):
    """Months, quarters, halves and years, and those of a business year from April: on the first of one of these."""
    for hours in HOURS:
        local = EPOCH + timedelta(hours=hours)
        start = EPOCH + timedelta(microseconds=int(local_start(Begins.EVERY_MONTHS, every, since, hours * HOUR_US)))
        firsts = [datetime(year, month, 1, tzinfo=UTC) for year in (local.year - 1, local.year) for month in months]
        assert start == max(first for first in firsts if first <= local)
