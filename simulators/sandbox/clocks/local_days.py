"""Local days of a program's time zone, as the engine counts them: days since 1970-01-01."""

import numpy as np

from authz.kernel.measures.calendar import DAY_US
from authz.program.tables import Program

_SECOND_US = 1_000_000


def local_day(program: Program, time_us: int) -> int:
    """The local day that a time is in, Unix microseconds."""
    return (time_us + _offset_us(program, time_us)) // DAY_US


def end_of_day(program: Program, day: int) -> int:
    """When a local day ends, Unix microseconds; where clocks are changed at midnight, an hour off at most."""
    local_us = (day + 1) * DAY_US
    return local_us - _offset_us(program, local_us - _offset_us(program, local_us))


def _offset_us(program: Program, time_us: int) -> int:
    """How far local time is ahead of UTC at a time."""
    place = int(np.searchsorted(program.offsets["from_us"], time_us, side="right")) - 1
    return int(program.offsets["seconds"][max(place, 0)]) * _SECOND_US
