"""Which time is believed where the system's clock leaps."""

import pytest
from structlog.testing import capture_logs

from simulators.sandbox.clocks.watched_clock import WatchedClock, seconds_since_boot
from tests.clock import ManualClock

DAY = 86_400.0


@pytest.fixture
def clocks():
    """The system's clock, the steady one, and the one that watches them, which lets 300 s pass."""
    system, steady = ManualClock(), ManualClock(17.0)
    return system, steady, WatchedClock(system, steady, 300.0)


def passes(seconds, *clocks):
    """Time passes for all of them."""
    for clock in clocks:
        clock.advance(seconds)


def test_a_clock_that_passes_evenly_is_followed(clocks):
    """However long nobody looks at it."""
    system, steady, watched = clocks
    passes(30 * DAY, system, steady)
    assert watched() == system.now
    assert watched.refused_leap_seconds == 0


@pytest.mark.parametrize("leap", [300.0, -300.0])
def test_a_leap_within_the_bound_is_followed(clocks, leap):
    """As time servers make them. The next is measured from there."""
    system, _, watched = clocks
    for _ in range(2):
        system.advance(leap)
        assert watched() == system.now


@pytest.mark.parametrize("leap", [8 * DAY, 300.5, -300.5, -8 * DAY])
def test_a_longer_leap_is_refused_until_it_is_over(clocks, leap):
    """The last good time goes on at the steady pace; one line says that, and one that it is over."""
    system, steady, watched = clocks
    good = system.now
    with capture_logs() as logs:
        system.advance(leap)
        assert watched() == good
        passes(10, system, steady)
        assert watched() == good + 10
        assert watched.refused_leap_seconds == leap
        system.advance(-leap + 2)
        assert watched() == good + 12
        assert watched.refused_leap_seconds == 0
    assert [line["event"] for line in logs] == ["system_clock_leap_refused", "system_clock_leap_over"]
    assert logs[0]["log_level"] == "error"
    assert logs[0]["leap_seconds"] == leap


@pytest.mark.parametrize("leap", [8 * DAY, -8 * DAY])
def test_the_operator_accepts_a_leap(clocks, leap):
    """From then on the system's clock is followed."""
    system, steady, watched = clocks
    system.advance(leap)
    watched()
    with capture_logs() as logs:
        watched.accept()
        assert watched() == system.now
        passes(5, system, steady)
        assert watched() == system.now
    assert [line["event"] for line in logs] == ["system_clock_leap_accepted"]


def test_accepting_where_nothing_was_refused_says_nothing(clocks):
    """Nothing changes."""
    system, _, watched = clocks
    with capture_logs() as logs:
        watched.accept()
    assert watched() == system.now
    assert logs == []


def test_time_since_boot_passes():
    """The steady clock of a server."""
    assert 0 < seconds_since_boot() <= seconds_since_boot()
