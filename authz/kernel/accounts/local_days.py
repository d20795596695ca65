"""Local days: the program's calendar day of each command, and of what was charged before."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.measures.calendar import DAY_US, utc_of, utc_offset
from authz.state.billing import LAST_DAY
from authz.state.tables import Counter, State

_SAME_DAY = 2
"""What `days_to_charge` is where the local day is that of UTC. Local days are at most one behind; 0 is unknown."""

_DAYS_MAX = 255


@inlined
def pass_day(state: State, time_us: Integer) -> None:
    """Begin the local day that a time is in, unless it has begun. A local day never comes again.

    A program with another time zone holds from the next local midnight.
    """
    if time_us >= state.counters[Counter.DAY_ENDS_US]:
        _begin_day(state, time_us)


@compiled
def _begin_day(state: State, time_us: Integer) -> None:
    offset = utc_offset(state.program, time_us)
    day = (time_us + offset) // DAY_US
    state.counters[Counter.DAY] = max(min(day, LAST_DAY), state.counters[Counter.DAY])
    # A day that is made longer by a change of the clocks ends with the later of its two midnights.
    state.counters[Counter.DAY_ENDS_US] = max(utc_of(state.program, (day + 1) * DAY_US, offset), time_us + 1)


@inlined
def note_day_charged(state: State, entry: Any) -> None:
    """Remember that a purchase, or an authorization that is completed, is charged today: the last time counts.

    It is kept as days behind the UTC day of the message, which no program with another time zone moves.
    """
    days = state.counters[Counter.DAY] - np.int64(entry["time_us"]) // DAY_US
    entry["days_to_charge"] = min(max(days + _SAME_DAY, 1), _DAYS_MAX)


@inlined
def day_charged(state: State, entry: Any) -> Integer:
    """The local day on which a purchase was charged; of one by an earlier version, that of its message."""
    time_us, days = np.int64(entry["time_us"]), np.int64(entry["days_to_charge"])
    if days == 0:
        return (time_us + utc_offset(state.program, time_us)) // DAY_US
    return time_us // DAY_US + days - _SAME_DAY
