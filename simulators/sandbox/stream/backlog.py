"""Decisions that a listener has not taken yet: so many at most, then the oldest make room, and the gap is told."""

from collections import deque
from dataclasses import dataclass

from authz.journal.records import Durable

ENTRIES_MAX = 500


@dataclass(frozen=True)
class Gap:
    """Decisions that are not told. first, last: the commands between which they were made, both included."""

    first: int
    last: int


@dataclass(frozen=True)
class Decided:
    """A decision that is to be told. at: the command by which it was made.

    alone: that command and its result.  None for an issuer's decision, which changes a row of the history.
    """

    at: int
    alone: Durable | None


class Backlog:
    """The entries of one listener, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Decided] = deque()
        self._gap: Gap | None = None

    def put(self, entry: Decided) -> None:
        """Add one; the oldest is dropped where there is no room."""
        self._entries.append(entry)
        if len(self._entries) > ENTRIES_MAX:
            dropped = self._entries.popleft().at
            self._widen(Gap(dropped, dropped))

    def miss(self, gap: Gap) -> None:
        """Note what could not be looked at; so what waits before it cannot be told in its place either."""
        if self._entries:
            gap = Gap(self._entries[0].at, gap.last)
            self._entries.clear()
        self._widen(gap)

    def _widen(self, gap: Gap) -> None:
        self._gap = gap if self._gap is None else Gap(self._gap.first, gap.last)

    def take(self) -> tuple[Gap | None, list[Decided]]:
        """Everything that waits, and the gap before it, if there is one."""
        taken = self._gap, list(self._entries)
        self._gap = None
        self._entries.clear()
        return taken
