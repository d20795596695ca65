"""Which days DE 7 may name, held against the standard library's calendar."""

from datetime import date, timedelta

import pytest

from authz.iso8583.chip.signed_data import Calendar, DateTolerances, day_number
from tests.clock import ManualClock

DAY_SECONDS = 86_400
EPOCH = date(1970, 1, 1)


def test_days_are_numbered_as_the_calendar_has_them():
    """Every day of the century that a phone can sign."""
    days = range((date(2000, 1, 1) - EPOCH).days, (date(2100, 1, 1) - EPOCH).days)
    dates = [EPOCH + timedelta(day) for day in days]
    assert [day_number(each.year, each.month, each.day) for each in dates] == list(days)


def near(clocks, tolerance_days):
    """Every month and day within so many days of a clock's today, as MMDD."""
    days = [
        EPOCH + timedelta(clock() // DAY_SECONDS + off)
        for clock in clocks
        for off in range(-tolerance_days, tolerance_days + 1)
    ]
    return {day.month * 100 + day.day for day in days}


LEAP_DAY = 229


def noted(calendar):
    """Every month and day that a message may name, as MMDD; only those that every year has."""
    common_year = [date(2027, 1, 1) + timedelta(days) for days in range(365)]
    names = [day.month * 100 + day.day for day in common_year]
    return {name for name in names if calendar.now().sent_well[name]}


@pytest.mark.parametrize("tolerance_days", [0, 1, 7, 40])
@pytest.mark.parametrize("start", ["2026-11-24", "2026-12-30", "2028-02-27", "2027-01-01"])
def test_days_near_every_clock_may_be_named_and_no_others(start, tolerance_days):
    """Over the ends of months and years, and a 29 February that there is."""
    first = ManualClock((date.fromisoformat(start) - EPOCH).days * DAY_SECONDS + 3_600.0)
    second = ManualClock(first.now + 100 * DAY_SECONDS)
    calendar = Calendar(DateTolerances(transmission_days=tolerance_days), (first, second))
    for _ in range(3):
        assert noted(calendar) == near((first, second), tolerance_days) - {LEAP_DAY}
        first.advance(DAY_SECONDS)
        second.advance(30 * DAY_SECONDS)


@pytest.mark.parametrize(("today", "is_near"), [("2028-02-29", True), ("2028-03-01", False), ("2027-03-01", True)])
def test_a_leap_day_of_a_common_year_is_its_1_march(today, is_near):
    """Where there is none, what names it is held to be the next day."""
    clock = ManualClock(float((date.fromisoformat(today) - EPOCH).days * DAY_SECONDS))
    assert Calendar(DateTolerances(transmission_days=0), (clock,)).now().sent_well[LEAP_DAY] == is_near


def test_a_day_is_looked_at_once():
    """What messages of one day are held against is made once."""
    clock = ManualClock()
    calendar = Calendar(DateTolerances(), (clock,))
    before = calendar.now()
    clock.advance(60)
    assert calendar.now() is before
    clock.advance(DAY_SECONDS)
    assert calendar.now() is not before
