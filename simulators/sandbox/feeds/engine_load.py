"""How busy the engine is, so that what can wait leaves it the processor."""

import time
from collections.abc import Callable

from authz.engine import EngineFigures

_MEASURED_SECONDS = 0.2
_UNNOTICED_PER_SECOND = 50
"""With so many commands a second, what can wait gets half of the time."""
_REST_MAX = 19
"""Under any load it gets a twentieth of the time, so that it comes to an end."""


class EngineLoad:
    """Commands a second, measured whenever somebody asks. now: seconds on a clock that never runs backwards."""

    def __init__(self, figures: EngineFigures, now: Callable[[], float] = time.monotonic) -> None:
        self._figures = figures
        self._now = now
        self._measured_at, self._commands = now(), figures.commands
        self._per_second = 0.0

    @property
    def per_second(self) -> float:
        """Commands a second since they were measured before, a fifth of a second ago or longer."""
        elapsed = self._now() - self._measured_at
        if elapsed >= _MEASURED_SECONDS:
            self._per_second = (self._figures.commands - self._commands) / elapsed
            self._measured_at, self._commands = self._now(), self._figures.commands
        return self._per_second

    def rest_after(self, seconds: float) -> float:
        """How long to rest after so much work, seconds: the longer, the more there is to decide."""
        return seconds * min(_REST_MAX, self.per_second / _UNNOTICED_PER_SECOND)
