"""Schedules: how many, how spread, and the same from the same seed."""

import numpy as np
import pytest

from simulators.load.arrivals import HOURS, Shape, arrivals, hour_of
from simulators.load.chunks import Schedule


def _whole(shape, per_second, seconds, seed=1):
    random = np.random.default_rng(seed)
    parts = Schedule(shape, per_second, seconds).parts
    return np.concatenate([arrivals(shape, per_second, begin, end, seconds, random) for begin, end in parts])


@pytest.mark.parametrize("shape", list(Shape))
def test_as_many_as_asked_for_in_order(shape):
    """As many as asked for in order."""
    due = _whole(shape, 1_000, 48.0)
    assert len(due) == pytest.approx(48_000, rel=0.03)
    assert (np.diff(due) >= 0).all()
    assert due[0] >= 0
    assert due[-1] < 48.0
    assert (due == _whole(shape, 1_000, 48.0)).all()


def test_fixed_ones_are_evenly_spaced_over_all_parts():
    """Fixed ones are evenly spaced over all parts."""
    assert np.allclose(np.diff(_whole(Shape.FIXED, 250, 10.0)), 1 / 250)


def test_gaps_of_a_poisson_process_spread_as_widely_as_they_are_long():
    """Gaps of a poisson process spread as widely as they are long."""
    gaps = np.diff(_whole(Shape.POISSON, 1_000, 30.0))
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)


def test_a_day_is_as_busy_as_its_hours():
    """A day is as busy as its hours."""
    due = _whole(Shape.DAY, 2_000, 24.0)
    counted = np.bincount(due.astype(int), minlength=24)
    assert np.allclose(counted / counted.sum(), np.array(HOURS) / sum(HOURS), atol=0.004)
    assert [hour_of(moment, 24.0) for moment in (0.0, 12.5, 24.0)] == [0, 12, 23]
