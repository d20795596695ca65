"""A clock that refuses leaps of the system clock until they end or are accepted."""

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()


def seconds_since_boot() -> float:
    """Monotonic time. It continues while the machine sleeps, if the system supports that."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class WatchedClock:
    """Unix seconds. Safe for threads.

    Time is an input: a system clock that is days ahead for a moment would release holds and expire keys for good. A
    clock that leaps against the steady one, either way, by more than the bound is not followed: the last good time goes
    on at the steady one's pace. The leap is over when the clock is back within the bound of it, or when `accept` is
    called. What the clock says at first is believed, so a server that was down for long starts with the true time.

    clock: Unix seconds, as the system has them.  steady: seconds that only pass, from any beginning.
    leap_seconds_max: how far the clock may move against the steady one between two readings.
    """

    def __init__(self, clock: Callable[[], float], steady: Callable[[], float], leap_seconds_max: float) -> None:
        self._clock = clock
        self._steady = steady
        self._leap_seconds_max = leap_seconds_max
        self._lock = threading.Lock()
        self._good = (clock(), steady())
        self._is_refused = False

    def __call__(self) -> float:
        """The good time."""
        return self._watched()[0]

    @property
    def refused_leap_seconds(self) -> float:
        """How far the system's clock is from the good time, where that is refused; 0 where it is believed."""
        return self._watched()[1]

    def accept(self) -> None:
        """Believe the system's clock as it stands."""
        with self._lock:
            accepted = self._read()[1]
            self._good = (self._clock(), self._steady())
            self._is_refused = False
        if accepted:
            log.warning("system_clock_leap_accepted", leap_seconds=round(accepted, 3))

    def _watched(self) -> tuple[float, float]:
        """What `_read` gives, with a line in the log where it has changed whether a leap is refused."""
        good, leap = self._read()
        if (leap != 0) is not self._is_refused:
            self._tell(leap)
        return good, leap

    def _read(self) -> tuple[float, float]:
        """The good time, and the leap that was refused for it, 0 if none was."""
        good_then, steady_then = self._good
        steady, now = self._steady(), self._clock()
        good = good_then + steady - steady_then
        if abs(now - good) > self._leap_seconds_max:
            return good, now - good
        self._good = (now, steady)
        return now, 0.0

    def _tell(self, leap: float) -> None:
        """Say once that a leap is refused, and once that it is over."""
        with self._lock:
            if (leap != 0) is self._is_refused:
                return
            self._is_refused = leap != 0
        if leap:
            log.error(
                "system_clock_leap_refused",
                leap_seconds=round(leap, 3),
                advice="set the system's clock right, or accept its time: POST /v1/simulations/clock"
                ' {"accept_system_time": true}',
            )
        else:
            log.warning("system_clock_leap_over")
