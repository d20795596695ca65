"""Rate limits: an in-memory token bucket per name."""

import math
import threading
from collections.abc import Callable, Hashable

from tokenvault.vocabulary.errors import TooManyRequests

_NAMES_MAX = 100_000


class RateLimits:
    """Buckets that hold one second's calls and refill evenly. clock: seconds that only grow. Safe for threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: Hashable, calls_per_second: float) -> None:
        """Count one call. Raises: TooManyRequests, with the seconds to wait."""
        most = max(calls_per_second, 1.0)
        with self._lock:
            now = self._clock()
            left, since = self._buckets.pop(name, (most, now))
            left = min(most, left + (now - since) * calls_per_second)
            if len(self._buckets) >= _NAMES_MAX:
                del self._buckets[next(iter(self._buckets))]
            if left >= 1:
                self._buckets[name] = (left - 1, now)
                return
            self._buckets[name] = (left, now)
        wait = max(1, math.ceil((1 - left) / calls_per_second))
        raise TooManyRequests(f"at most {calls_per_second:g} calls per second are allowed with this API key", wait)
