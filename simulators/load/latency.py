"""Latencies as a high dynamic range histogram: every value to three digits, in a fixed amount of memory."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_LINEAR_BITS = 11
_LINEAR = 1 << _LINEAR_BITS
_HALF = _LINEAR // 2
_DOUBLINGS = 16
BUCKETS = _LINEAR + _DOUBLINGS * _HALF
"""Microseconds one by one up to 2,047; then each doubling in 1,024 steps, up to 134 seconds."""

PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99)


def bucket_of(microseconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bucket that each value falls into."""
    values = np.clip(microseconds, 0, None)
    doubling = np.maximum(np.frexp(values.astype(np.float64))[1] - _LINEAR_BITS, 0).astype(np.int64)
    buckets: npt.NDArray[np.int64] = np.minimum(doubling * _HALF + (values >> doubling), BUCKETS - 1)
    return buckets


def highest_of(bucket: int) -> int:
    """The highest value that falls into a bucket, microseconds."""
    if bucket < _LINEAR:
        return bucket
    doubling = (bucket - _HALF) // _HALF
    return ((bucket - doubling * _HALF + 1) << doubling) - 1


class LatencyHistogram:
    """Counts of latencies. Values are microseconds; a percentile is at most 0.1 % too high, never too low."""

    def __init__(self) -> None:
        self.counts = np.zeros(BUCKETS, np.int64)
        self.highest = 0

    def record(self, microseconds: npt.NDArray[np.int64]) -> None:
        """Add values."""
        if len(microseconds):
            self.counts += np.bincount(bucket_of(microseconds), minlength=BUCKETS)
            self.highest = max(self.highest, int(microseconds.max()))

    def add(self, other: "LatencyHistogram") -> None:
        """Add all values of another histogram."""
        self.counts += other.counts
        self.highest = max(self.highest, other.highest)

    @property
    def count(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Their mean, microseconds; 0 where there are none."""
        places = np.flatnonzero(self.counts)
        total = sum(highest_of(int(place)) * int(self.counts[place]) for place in places)
        return total / self.count if self.count else 0.0

    def percentile(self, percent: float) -> int:
        """The least value that so many percent of all are not above, microseconds; 0 where there are none."""
        count = self.count
        if not count:
            return 0
        rank = max(1, int(np.ceil(count * percent / 100)))
        place = int(np.searchsorted(np.cumsum(self.counts), rank))
        return min(highest_of(place), self.highest)

    def percentiles(self, wanted: Iterable[float] = PERCENTILES) -> dict[str, int]:
        """Some of them by name: `p99.9`."""
        return {f"p{percent:g}": self.percentile(percent) for percent in wanted}

    def as_json(self) -> dict[str, Any]:
        """Buckets that hold anything, by number, for `from_json`."""
        places = np.flatnonzero(self.counts)
        return {
            "highest": self.highest,
            "counts": {str(place): int(self.counts[place]) for place in places.tolist()},
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "LatencyHistogram":
        """What `as_json` made."""
        made = LatencyHistogram()
        made.highest = int(stored["highest"])
        for place, count in stored["counts"].items():
            made.counts[int(place)] = int(count)
        return made
