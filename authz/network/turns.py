"""Fair shares of the event loop: a busy connection waits for its next turn and delays no other.

A turn is one round of the loop. What is done in it is counted, not timed: how long a line waits for others depends on
how many of them there are, never on how much one of them sends.
"""

import asyncio
import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from itertools import count
from typing import Protocol

from tokenvault.background.errands import attempted

Work = Callable[[], None]


class TurnTaker(Protocol):
    """Somebody who has more to do than fits in a turn."""

    def take_turn(self) -> None:
        """Do one share of it; who has still more waits again."""


_COMPANY_TURNS = 64
"""A line that was there so few turns ago is company: it may well have something to say in the next."""


class Turns:
    """Counts the turns, and calls those who wait for the next, in the order in which they began to."""

    def __init__(self) -> None:
        self.number = 0
        self._last: TurnTaker | None = None
        self._company_until = 0
        self._waiting: dict[TurnTaker, None] = {}
        self._is_called = False

    def wait(self, line: TurnTaker) -> None:
        """Give a line its next turn."""
        self._waiting[line] = None
        self.count()

    def leave(self, line: TurnTaker) -> None:
        """It has gone."""
        self._waiting.pop(line, None)
        if self._last is line:
            self._last = None

    def is_shared(self, line: TurnTaker) -> bool:
        """Whether a line that takes a share now is not the only one that has taken some lately."""
        if self._last is not line:
            if self._last is not None:
                self._company_until = self.number + _COMPANY_TURNS
            self._last = line
        return self.number < self._company_until

    def count(self) -> None:
        """Begin another turn when this one has ended."""
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._is_called = False
        self.number += 1
        waiting, self._waiting = self._waiting, {}
        for line in waiting:
            attempted("turn of a line", line.take_turn)


class WaitingForRoom:
    """Those who wait because all of them together have too much under way: who has waited longest goes first.

    Who was let in and found no room after all keeps the place; who was served goes to the end.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._places: dict[TurnTaker, int] = {}
        self._waiting: set[TurnTaker] = set()
        self._in_order: list[tuple[int, TurnTaker]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def wait(self, line: TurnTaker) -> None:
        """Take a place, or go on waiting in it."""
        if line not in self._waiting:
            self._waiting.add(line)
            heapq.heappush(self._in_order, (self._places.setdefault(line, next(self._numbers)), line))

    def first(self) -> TurnTaker:
        """Let in who has waited longest; only where somebody waits."""
        while (line := heapq.heappop(self._in_order)[1]) not in self._waiting:
            pass  # has left
        self._waiting.remove(line)
        return line

    def served(self, line: TurnTaker) -> None:
        """It had what it waited for."""
        self._places.pop(line, None)

    def leave(self, line: TurnTaker) -> None:
        """It has gone."""
        self._waiting.discard(line)
        self._places.pop(line, None)


class RoundRobin:
    """Pieces of work of many owners: so many in each turn of the loop, one of each owner after the other.

    pieces_in_a_turn: of all together.
    """

    def __init__(self, pieces_in_a_turn: int) -> None:
        self._pieces_in_a_turn = pieces_in_a_turn
        self._waiting: OrderedDict[Hashable, deque[Work]] = OrderedDict()
        self._is_called = False

    def add(self, owner: Hashable, work: Work) -> None:
        """Do some work when it is its turn: in this one, where nobody waits. What it raises is logged."""
        self._waiting.setdefault(owner, deque()).append(work)
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._is_called = False
        for _ in range(self._pieces_in_a_turn):
            if not self._waiting:
                return
            owner, pieces = self._waiting.popitem(last=False)
            work = pieces.popleft()
            if pieces:
                self._waiting[owner] = pieces
            attempted("work of a line", work)
        if self._waiting:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._take_turn)
