"""Which of many decisions a listener is told: all while they are few, some of them each second beyond that."""

ALL_UNTIL_PER_SECOND = 40
SAMPLED_PER_SECOND = 20


class Sampling:
    """The sampling for one listener. Times are seconds on a clock that never runs backwards."""

    def __init__(self, now: float) -> None:
        self._began = self._refilled = now
        self._seen = 0
        self._is_on = False
        self._allowed = 0.0

    def chosen(self, count: int, now: float) -> list[int]:
        """The places of those that are told, among so many decisions that have been made since the last call."""
        if now - self._began >= 1:
            self._is_on = self._seen > ALL_UNTIL_PER_SECOND and now - self._began < 2
            self._began, self._seen = now, 0
        self._seen += count
        if not self._is_on and self._seen <= ALL_UNTIL_PER_SECOND:
            return list(range(count))
        if not self._is_on:
            self._is_on, self._allowed, self._refilled = True, float(SAMPLED_PER_SECOND), now
        self._allowed += (now - self._refilled) * SAMPLED_PER_SECOND
        self._allowed, self._refilled = min(self._allowed, SAMPLED_PER_SECOND), now
        told = min(count, int(self._allowed))
        self._allowed -= told
        return [(place + 1) * count // told - 1 for place in range(told)]
