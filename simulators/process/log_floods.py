"""Limits floods of one kind of log line: the first are written, then their number."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

_LINES, _SECONDS = 100, 10.0


@dataclass
class _Window:
    """Lines of one kind since some moment."""

    since: float
    lines: int = 0


class FloodSummaries:
    """A structlog processor: so many lines of one kind in so many seconds, and `lines_left_out` for what is beyond.

    clock: seconds that only grow.  later: calls something after so many seconds.
    """

    def __init__(
        self,
        lines: int = _LINES,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], None] | None = None,
    ) -> None:
        self._lines, self._seconds, self._clock = lines, seconds, clock
        self._later = later or _in_a_thread
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def __call__(self, logger: object, _method: str, told: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Let a line through, or leave it out. Raises: structlog.DropEvent."""
        event, now = str(told.get("event", "")), self._clock()
        if event == "lines_left_out":
            return told
        with self._lock:
            window = self._windows.get(event)
            if window is None or now - window.since >= self._seconds:
                window = self._windows[event] = _Window(now)
            window.lines += 1
            if window.lines == self._lines + 1:
                writer = _set_up_as_now(logger)
                self._later(window.since + self._seconds - now, lambda: self._sum_up(writer, event, window))
            if window.lines > self._lines:
                raise structlog.DropEvent
        return told

    def _sum_up(self, writer: structlog.typing.FilteringBoundLogger, event: str, window: _Window) -> None:
        left_out = window.lines - self._lines
        writer.warning("lines_left_out", of=event, count=left_out, seconds=self._seconds)


def _set_up_as_now(logger: object) -> structlog.typing.FilteringBoundLogger:
    """What writes where lines go now: when the flood is summed up, others may have set up logging for themselves."""
    setup = structlog.get_config()
    writer: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        logger, tuple(setup["processors"]), setup["wrapper_class"], setup["context_class"]
    ).bind()
    return writer


def _in_a_thread(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
