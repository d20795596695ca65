"""Days of a time zone, and when they end."""

from datetime import UTC, date, datetime

import pytest

from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.vocabulary.labels import date_of, day_of
from simulators.sandbox.clocks.local_days import end_of_day, local_day

MICROSECONDS = 1_000_000


def program_of(time_zone):
    """A program whose calendar is that of a time zone."""
    return compiled_program(with_offsets(ProgramDocument.model_validate({"time_zone": time_zone})), 1)


@pytest.mark.parametrize(
    ("time_zone", "day", "end"),
    [
        ("UTC", date(2027, 2, 5), datetime(2027, 2, 6, tzinfo=UTC)),
        ("Asia/Shanghai", date(2027, 2, 5), datetime(2027, 2, 5, 16, tzinfo=UTC)),
        ("America/New_York", date(2028, 2, 29), datetime(2028, 3, 1, 5, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 3, 27), datetime(2027, 3, 27, 23, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 3, 28), datetime(2027, 3, 28, 22, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 10, 31), datetime(2027, 10, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_day_ends_with_the_midnight_of_its_zone(time_zone, day, end):
    """Also where it has 23 or 25 hours: the moment before belongs to it, and that moment to the next."""
    program, end_us = program_of(time_zone), round(end.timestamp()) * MICROSECONDS
    assert end_of_day(program, day_of(day)) == end_us
    assert date_of(local_day(program, end_us - 1)) == day
    assert local_day(program, end_us) == day_of(day) + 1


def test_days_are_counted_from_1970():
    """As the engine counts them."""
    assert (day_of(date(1970, 1, 1)), day_of(date(2026, 11, 24))) == (0, 20_781)
    assert date_of(20_781) == date(2026, 11, 24)
