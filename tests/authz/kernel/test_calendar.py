"""The calendar, against that of the standard library."""

from datetime import UTC, datetime, timedelta

import pytest

from authz.kernel.calendar import DAY_US, first_of_month, year_and_month

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
