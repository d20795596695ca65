"""Results of a load: latencies in total and per second, answers by kind, and punctuality of the sender."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from simulators.load.latency import LatencyHistogram
from simulators.load.traffic import Sort

_MICROSECONDS = 1e6


@dataclass
class Tally:
    """Counts of one or more generators. Only what was due after the warm-up is counted.

    began: when the counted part began (seconds of the sender's clock).  interval: seconds of each of intervals.
    answers: int64[sorts, 2], not approved and approved.  cpu_seconds: of the generators.
    """

    began: float
    interval: float = 1.0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    lag: LatencyHistogram = field(default_factory=LatencyHistogram)
    intervals: dict[int, LatencyHistogram] = field(default_factory=dict)
    answers: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(Sort), 2), np.int64))
    sent: int = 0
    lost: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def take(
        self,
        now: float,
        due: npt.NDArray[np.float64],
        sorts: npt.NDArray[np.uint8],
        approved: npt.NDArray[np.bool_],
    ) -> None:
        """Count some answers that have come now."""
        counted = due >= self.began
        if not counted.all():
            due, sorts, approved = due[counted], sorts[counted], approved[counted]
        if not len(due):
            return
        late = ((now - due) * _MICROSECONDS).astype(np.int64)
        self.latency.record(late)
        np.add.at(self.answers, (sorts, approved.astype(np.int64)), 1)
        places = ((due - self.began) // self.interval).astype(np.int64)
        for place in np.unique(places).tolist():
            self.intervals.setdefault(place, LatencyHistogram()).record(late[places == place])

    def note_lag(self, now: float, due: npt.NDArray[np.float64]) -> None:
        """Note that requests went out now, and so by how much after they were due."""
        self.lag.record(((now - due[due >= self.began]) * _MICROSECONDS).astype(np.int64))

    @property
    def answered(self) -> int:
        """How many answers were counted."""
        return self.latency.count

    @property
    def per_second(self) -> float:
        """Answers a second of the counted part."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def unexpected(self) -> int:
        """Answers that were not what their request was meant to get."""
        return sum(int(self.answers[sort, 0 if sort.is_approved else 1]) for sort in Sort if sort is not Sort.PLAIN)

    def by_sort(self) -> dict[str, dict[str, int]]:
        """Answers approved and not, of each sort that there were any of."""
        return {
            sort.name.lower(): {"approved": int(self.answers[sort, 1]), "other": int(self.answers[sort, 0])}
            for sort in Sort
            if self.answers[sort].any()
        }

    def by_interval(self) -> list[dict[str, float]]:
        """Latencies second by second, or by what the interval is: microseconds; at: seconds."""
        return [
            {"at": place * self.interval, "count": each.count, **each.percentiles(), "max": each.highest}
            for place, each in sorted(self.intervals.items())
        ]

    def as_json(self) -> dict[str, Any]:
        """Figures and histograms, all times in microseconds."""
        return {
            "answered": self.answered,
            "per_second": self.per_second,
            "seconds": self.seconds,
            "sent": self.sent,
            "lost": self.lost,
            "unexpected": self.unexpected,
            "generator_cpu_seconds": self.cpu_seconds,
            "latency_us": {"mean": self.latency.mean, **self.latency.percentiles(), "max": self.latency.highest},
            "sent_late_us": {**self.lag.percentiles(), "max": self.lag.highest},
            "answers": self.by_sort(),
            "intervals": self.by_interval(),
            "histogram": self.latency.as_json(),
        }


def summed(tallies: Iterable[Tally]) -> Tally:
    """One tally of several generators that ran side by side."""
    several = list(tallies)
    whole = Tally(min(each.began for each in several), several[0].interval)
    for each in several:
        whole.latency.add(each.latency)
        whole.lag.add(each.lag)
        for place, histogram in each.intervals.items():
            whole.intervals.setdefault(place, LatencyHistogram()).add(histogram)
        whole.answers += each.answers
        whole.sent += each.sent
        whole.lost += each.lost
        whole.seconds = max(whole.seconds, each.seconds)
        whole.cpu_seconds += each.cpu_seconds
    return whole
