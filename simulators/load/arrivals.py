"""The schedule of requests, which does not wait for answers (open loop)."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

HOURS = (14, 8, 5, 4, 4, 7, 18, 38, 52, 58, 66, 84, 100, 92, 76, 72, 80, 96, 104, 92, 70, 50, 34, 22)
"""How busy the hours of a day are at the till, local time: quiet at night, a peak at noon and one after work."""


class Shape(StrEnum):
    """How arrivals are spread."""

    FIXED = "fixed"  # evenly
    POISSON = "poisson"  # independent of each other, as those of many customers are
    DAY = "day"  # Poisson, the run being one day from midnight to midnight


def arrivals(
    shape: Shape, per_second: float, begin: float, end: float, whole: float, random: np.random.Generator
) -> npt.NDArray[np.float64]:
    """When requests of a part of a run are due, in order, in seconds from the run's beginning.

    per_second: how many, on the average over the run.  begin, end: of the part.  whole: of the run.
    """
    if shape is Shape.FIXED:
        return np.arange(np.ceil(begin * per_second), np.ceil(end * per_second)) / per_second
    if shape is Shape.DAY:
        per_second *= HOURS[hour_of(begin, whole)] * len(HOURS) / sum(HOURS)
    # Given how many arrive in a Poisson process, each arrives at any time alike.
    return np.sort(random.uniform(begin, end, int(random.poisson(per_second * (end - begin)))))


def hour_of(moment: float, whole: float) -> int:
    """The hour of the day that a moment in a run of so many seconds stands for."""
    return min(int(moment / whole * len(HOURS)), len(HOURS) - 1)
