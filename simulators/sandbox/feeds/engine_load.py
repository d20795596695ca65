"""How busy the engine is, so that what can wait leaves it the processor."""

import time
from collections.abc import Callable
from typing import Protocol

_MEASURED_SECONDS = 0.1
_FORGOTTEN_SECONDS = 2.0
"""What was measured longer ago says nothing."""
_UNNOTICED_PER_SECOND = 50
"""With so many commands a second, what can wait gets half of the time."""
_REST_MAX = 99
"""Under any load it gets a hundredth of the time, so that it comes to an end."""


class Counted(Protocol):
    """What counts commands, as the engine's own figures do."""

    @property
    def commands(self) -> int:
        """So many so far."""


class EngineLoad:
    """Commands a second, measured whenever somebody asks. now: seconds on a clock that never runs backwards."""

    def __init__(self, figures: Counted, now: Callable[[], float] = time.monotonic) -> None:
        self._figures = figures
        self._now = now
        self._measured_at, self._commands = now(), figures.commands
        self._per_second = 0.0

    @property
    def per_second(self) -> float:
        """Commands a second since they were measured before, a tenth of a second ago or longer.

        At least half of what was measured then: messages come in bursts, and a load that pauses is soon back.
        """
        elapsed = self._now() - self._measured_at
        if elapsed >= _MEASURED_SECONDS:
            measured = (self._figures.commands - self._commands) / elapsed
            self._per_second = max(measured, self._per_second / 2 if elapsed < _FORGOTTEN_SECONDS else 0.0)
            self._measured_at, self._commands = self._now(), self._figures.commands
        return self._per_second

    def rest_after(self, seconds: float) -> float:
        """How long to rest after so much work, seconds: the longer, the more there is to decide."""
        return seconds * min(_REST_MAX, self.per_second / _UNNOTICED_PER_SECOND)
