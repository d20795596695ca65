"""The sandbox's clock: real time, which tests can set forward or freeze."""

import threading
from collections.abc import Callable

from simulators.sandbox.clocks.watched_clock import WatchedClock


class SandboxClock:
    """Unix seconds. It goes back only together with the whole network, see `return_to`. Safe for threads.

    real: the time that it follows.  changes: how often it was set, for who shows it.
    """

    def __init__(self, real: WatchedClock) -> None:
        self._real = real
        self._ahead = 0.0
        self._frozen_at: float | None = None
        self._lock = threading.Lock()
        self.changes = 0

    def __call__(self) -> float:
        """The sandbox's time."""
        frozen_at = self._frozen_at
        return self._real() + self._ahead if frozen_at is None else frozen_at

    @property
    def real(self) -> Callable[[], float]:
        """The time that it follows: what signatures and proofs by the outside world are dated by."""
        return self._real

    @property
    def refused_leap_seconds(self) -> float:
        """Seconds by which the system clock has leapt, if that leap is refused; otherwise 0."""
        return self._real.refused_leap_seconds

    def accept_system_time(self) -> None:
        """Believe the system's clock although it has leapt."""
        self._real.accept()
        self.changes += 1

    @property
    def is_frozen(self) -> bool:
        """Whether the clock is frozen."""
        return self._frozen_at is not None

    def not_before(self, moment: float) -> None:
        """Go forward to a time; one that has passed changes nothing."""
        with self._lock:
            forward = max(0.0, moment - self())
            self.changes += forward > 0
            if self._frozen_at is not None:
                self._frozen_at += forward
            else:
                self._ahead += forward

    def return_to(self, moment: float, *, is_frozen: bool) -> None:
        """Be as it was at a moment, with a network that is put back to it."""
        with self._lock:
            self._ahead = moment - self._real()
            self._frozen_at = moment if is_frozen else None
            self.changes += 1

    def freeze(self) -> None:
        """Stand still."""
        with self._lock:
            self._frozen_at = self()
            self.changes += 1

    def run(self) -> None:
        """Go on from where it stood."""
        with self._lock:
            if self._frozen_at is not None:
                self._ahead = self._frozen_at - self._real()
                self.changes += 1
                self._frozen_at = None
