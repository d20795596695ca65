"""Fair shares of the event loop: a busy connection waits for its next turn and delays no other.

A turn is one iteration of the event loop. Its work is limited by count, not by time: how long a connection waits for
the others depends on how many of them there are, and never on how much one of them sends.
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
    """A connection with more work than fits into one turn."""

    def take_turn(self) -> None:
        """Do one share of the work; if any is left, wait for another turn."""


_COMPANY_TURNS = 64
"""For how many turns after two connections took turns the loop counts as shared: the other may soon send again."""


class Turns:
    """Counts the turns, and calls the connections that wait for the next one, the longest waiting first."""

    def __init__(self) -> None:
        self.number = 0
        self._last: TurnTaker | None = None
        self._company_until = 0
        self._waiting: dict[TurnTaker, None] = {}
        self._is_called = False

    def wait(self, connection: TurnTaker) -> None:
        """Have a connection called in the next turn."""
        self._waiting[connection] = None
        self.count()

    def leave(self, connection: TurnTaker) -> None:
        """Forget a closed connection."""
        self._waiting.pop(connection, None)
        if self._last is connection:
            self._last = None

    def is_shared(self, connection: TurnTaker) -> bool:
        """Whether, beside the connection that takes a share now, another one has taken some recently."""
        if self._last is not connection:
            if self._last is not None:
                self._company_until = self.number + _COMPANY_TURNS
            self._last = connection
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
        for connection in waiting:
            attempted("turn of a connection", connection.take_turn)


class WaitingForRoom:
    """Connections that wait because all together have too many unanswered messages; the longest waiting goes first.

    One that was let in and found no room after all keeps its place; one that was served goes to the end.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._places: dict[TurnTaker, int] = {}
        self._waiting: set[TurnTaker] = set()
        self._in_order: list[tuple[int, TurnTaker]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def wait(self, connection: TurnTaker) -> None:
        """Join the queue, or stay in it."""
        if connection not in self._waiting:
            self._waiting.add(connection)
            heapq.heappush(self._in_order, (self._places.setdefault(connection, next(self._numbers)), connection))

    def first(self) -> TurnTaker:
        """Remove and return the connection that has waited longest. Requires that one waits."""
        while (connection := heapq.heappop(self._in_order)[1]) not in self._waiting:
            pass  # has left
        self._waiting.remove(connection)
        return connection

    def served(self, connection: TurnTaker) -> None:
        """Give up the place of a connection whose messages were taken."""
        self._places.pop(connection, None)

    def leave(self, connection: TurnTaker) -> None:
        """Forget a closed connection."""
        self._waiting.discard(connection)
        self._places.pop(connection, None)


class RoundRobin:
    """Work of many owners: a limited number of pieces in each turn of the loop, one of each owner in rotation.

    pieces_in_a_turn: the limit, for all owners together.
    """

    def __init__(self, pieces_in_a_turn: int) -> None:
        self._pieces_in_a_turn = pieces_in_a_turn
        self._waiting: OrderedDict[Hashable, deque[Work]] = OrderedDict()
        self._is_called = False

    def add(self, owner: Hashable, work: Work) -> None:
        """Queue work; it is done in the coming turn if nothing else waits. What it raises is logged."""
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
            attempted("work of a connection", work)
        if self._waiting:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._take_turn)
