"""All listeners of the stream: who they are, and what has become durable while somebody listens.

The engine only leaves references here. Looking at them, choosing and showing is done by tasks and threads of the
stream's own, and by none while nobody listens.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

import structlog

from authz.journal.records import Durable
from simulators.sandbox.stream.backlog import Decided, Gap
from simulators.sandbox.stream.decisions import alone, decided_in, seen_among
from simulators.sandbox.stream.listener import Audience, Listener
from simulators.sandbox.stream.news import News
from simulators.sandbox.stream.places import Places
from simulators.sandbox.stream.topics import Topic
from tokenvault.background.errands import in_thread
from tokenvault.storage.database import DatabaseUnavailable

log = structlog.get_logger()

LISTENERS_MAX = 16
WAITING_COMMANDS_MAX = 65_536
"""Of what has become durable so much is kept until it was looked at; then the oldest is given up, which makes a gap."""
_ROUND_SECONDS = 0.05
"""Rest after a round: what becomes durable meanwhile is looked at together."""
_TICK_SECONDS = 0.25
"""How often lists are looked at, while nothing else wakes a listener."""


class Streams:
    """Belongs to the event loop. now: seconds on a clock that never runs backwards."""

    def __init__(self, news: News, now: Callable[[], float] = time.monotonic) -> None:
        self.news = news
        self._now = now
        self._listeners: list[Listener] = []
        self._waiting: deque[Durable] = deque()
        self._waiting_commands = 0
        self._given_up: Gap | None = None
        self._somebody = asyncio.Event()
        self._woken = asyncio.Event()
        self._is_closed = False

    def listener(self, audience: Audience, resumed: Places | None) -> Listener:
        """A listener, who hears nothing before `join`."""
        return Listener(self.news, audience, resumed, self._now)

    def join(self, listener: Listener, abort: Callable[[], None] | None = None) -> bool:
        """Tell it of everything from now on; returns whether there is room. abort: cuts its connection."""
        if self._is_closed or len(self._listeners) >= LISTENERS_MAX:
            return False
        listener.admitted(self.news.engine.durable_sequence, abort)
        self._listeners.append(listener)
        self._somebody.set()
        return True

    def leave(self, listener: Listener) -> None:
        """It has gone."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        if not self._listeners:
            self._somebody.clear()
            self._waiting.clear()
            self._waiting_commands, self._given_up = 0, None

    def close(self) -> None:
        """End all streams at once, and begin none."""
        self._is_closed = True
        for listener in self._listeners:
            listener.end()

    def follow(self, durable: Durable) -> None:
        """Keep a reference to what has become durable, if somebody listens; see `engine.Follower`."""
        if not self._listeners:
            return
        self._waiting.append(durable)
        self._waiting_commands += len(durable.commands)
        while self._waiting_commands > WAITING_COMMANDS_MAX and len(self._waiting) > 1:
            oldest = self._waiting.popleft()
            self._waiting_commands -= len(oldest.commands)
            self._given_up = Gap(self._given_up.first if self._given_up else oldest.first, oldest.last)
        self._woken.set()

    async def run(self) -> None:
        """Look at what has become durable, and at the lists, until cancelled."""
        looked_at = self._now()
        while True:
            await self._somebody.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, looked_at + _TICK_SECONDS - self._now())):
                    await self._woken.wait()
            await self.look_at_decisions()
            if self._now() - looked_at >= _TICK_SECONDS:
                looked_at = self._now()
                await self.look_at_lists()
            await asyncio.sleep(_ROUND_SECONDS)

    async def look_at_lists(self) -> None:
        """Wake everybody, with how far the lists reach."""
        heads = None
        try:
            heads = await in_thread(self.news.heads)
        except DatabaseUnavailable as error:
            log.warning("stream_not_read", error=str(error))
        for listener in self._listeners:
            listener.wake(heads)

    async def look_at_decisions(self) -> None:
        """Give each listener those of the waiting decisions that it sees and is told."""
        self._woken.clear()
        waiting, given_up = list(self._waiting), self._given_up
        self._waiting.clear()
        self._waiting_commands, self._given_up = 0, None
        listeners = [each for each in self._listeners if Topic.DECISIONS in each.audience.topics]
        for listener in listeners:
            if given_up is not None and given_up.last > listener.live_from:
                listener.backlog.miss(given_up)
        for durable in waiting:
            for listener in listeners:
                await self._offer(durable, listener)
        for listener in self._listeners if waiting or given_up else ():
            listener.wake()

    async def _offer(self, durable: Durable, listener: Listener) -> None:
        if durable.last <= listener.live_from:
            return
        try:
            count, chosen = await in_thread(_chosen, durable, listener, self._now())
        except Exception as error:  # above all where the vault cannot say whose they are
            log.warning("stream_not_read", error=f"{type(error).__name__}: {error}")
            listener.backlog.miss(Gap(durable.first, durable.last))
            return
        listener.decisions_seen += count
        for entry in chosen:
            listener.backlog.put(entry)


def _chosen(durable: Durable, listener: Listener, now: float) -> tuple[int, list[Decided]]:
    """How many decisions a listener sees, and those of them that it is told. Raises: DatabaseUnavailable."""
    seen = seen_among(decided_in(durable), durable, listener.audience.sight.sees_decision)
    return len(seen), alone([int(seen[place]) for place in listener.sampling.chosen(len(seen), now)], durable)
