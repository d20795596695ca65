"""Days as numbers: those of Python's calendar, for as long as two bytes count them."""

from datetime import date, timedelta

import numpy as np
import pytest

from authz.arrays.compiled import compiled
from authz.kernel.books.days import day_of_month, next_cut

EPOCH = date(1970, 1, 1)
SIXTY_YEARS = range((date(2026, 1, 1) - EPOCH).days, (date(2086, 1, 1) - EPOCH).days)


@compiled
def find_days_of_month(days, found):
    """`day_of_month` of each day."""
    for place in range(len(days)):
        found[place] = day_of_month(days[place])


@compiled
def find_next_cuts(days, cut_day, found):
    """`next_cut` of each day."""
    for place in range(len(days)):
        found[place] = next_cut(days[place], cut_day)


def test_the_day_of_a_month_is_that_of_the_calendar():
    """All days of 60 years; the first and the last that two bytes hold, 2000 (a leap year) and 2100 (none)."""
    days = np.array([*SIXTY_YEARS, 0, *range(11_000, 11_400), *range(47_450, 47_900), 65_535], np.int64)
    found = np.zeros(len(days), np.int64)
    find_days_of_month(days, found)
    assert found.tolist() == [(EPOCH + timedelta(days=day)).day for day in days.tolist()]


@pytest.mark.parametrize("cut_day", [1, 2, 5, 15, 27, 28])
def test_the_next_cut_is_found_on_the_calendar(cut_day):
    """The first day from each of 60 years on that has the number, and the day itself if it has."""
    expected, found = [], None
    for day in reversed(range(SIXTY_YEARS.start, SIXTY_YEARS.stop + 31)):
        found = day if (EPOCH + timedelta(days=day)).day == cut_day else found
        if day < SIXTY_YEARS.stop:
            expected.append(found)
    days = np.array(SIXTY_YEARS, np.int64)
    cuts = np.zeros(len(days), np.int64)
    find_next_cuts(days, np.int64(cut_day), cuts)
    assert cuts.tolist() == expected[::-1]
