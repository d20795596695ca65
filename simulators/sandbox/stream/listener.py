"""One listener of the stream: what it has heard, what waits for it, and the bytes that it is sent."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from pydantic import BaseModel, Field

from authz.history.history_rows import Row
from authz.http.sight import Sight
from authz.network.recent_undecided import UndecidedMessage
from authz.payments.events import Position
from authz.payments.viewers import Viewer
from authz.vocabulary.errors import HistoryUnavailable
from simulators.sandbox.stream import server_sent_events
from simulators.sandbox.stream.backlog import Backlog, Decided, Gap
from simulators.sandbox.stream.decisions import row_of
from simulators.sandbox.stream.news import PAGE, FiguresView, News
from simulators.sandbox.stream.places import Places
from simulators.sandbox.stream.sampling import Sampling
from simulators.sandbox.stream.topics import Topic
from simulators.sandbox.traffic.recent_requests import AnsweredRequest
from tokenvault.background.errands import in_thread
from tokenvault.events.events import Event
from tokenvault.provisioning.verification import Message
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vocabulary.identifiers import Prefix, to_text

log = structlog.get_logger()

PULSE_SECONDS = 15.0
"""The longest silence on a stream."""
FIGURES_SECONDS = 0.25
RESUMED_DECISIONS_MAX = 1_000


class GapView(BaseModel):
    """What was not told: all that may be missing is between these two, which are included.

    Decisions are named by their identifiers, HTTP requests and messages that were not decided by their numbers.
    """

    topic: Topic
    from_: str = Field(alias="from")
    to: str


@dataclass(frozen=True)
class Told:
    """A decision that the history tells of. at: the command by which it was made."""

    at: int
    row: Row


@dataclass(frozen=True)
class Views:
    """How things are shown to one listener."""

    decision: Callable[[Row], BaseModel]
    event: Callable[[Event], BaseModel]
    message: Callable[[Message], BaseModel]
    clock: Callable[[], BaseModel]
    request: Callable[[AnsweredRequest], BaseModel]
    undecided: Callable[[UndecidedMessage], BaseModel]


@dataclass(frozen=True)
class Audience:
    """Who listens to what. is_admitted: whether its API key still holds; called in a thread."""

    topics: frozenset[Topic]
    sight: Sight
    viewer: Viewer
    views: Views
    is_admitted: Callable[[], bool]


class Listener:
    """Belongs to the event loop. resumed: how far it had heard before, None for one that begins now.

    now: seconds on a clock that never runs backwards.
    """

    def __init__(self, news: News, audience: Audience, resumed: Places | None, now: Callable[[], float]) -> None:
        self.audience = audience
        self.backlog = Backlog()
        self.sampling = Sampling(now())
        self.decisions_seen = 0
        self._news = news
        self._resumed = resumed
        self._now = now
        self._places = self._heads = resumed or Places()
        self._told = 0
        self._live_from = 0
        self._clock_changes = -1
        self._figures: FiguresView | None = None
        self._figures_at = -math.inf
        self._sent_at = self._admitted_at = now()
        self._woken = asyncio.Event()
        self._is_ended = False
        self._is_sending = False
        self._abort: Callable[[], None] | None = None

    def admitted(self, durable_sequence: int, abort: Callable[[], None] | None) -> None:
        """It is told of everything behind a command from now on. abort: cuts its connection."""
        self._live_from = durable_sequence
        self._abort = abort

    @property
    def live_from(self) -> int:
        """The command behind which decisions are put in its backlog."""
        return self._live_from

    def wake(self, heads: Places | None = None) -> None:
        """There may be something for it. heads: how far the lists reach."""
        self._heads = heads or self._heads
        self._woken.set()

    def end(self) -> None:
        """Send no more. Who does not read what was sent is cut off, for the connection would not end otherwise."""
        self._is_ended = True
        self._woken.set()
        if self._is_sending and self._abort is not None:
            self._abort()

    async def blocks(self) -> AsyncIterator[bytes]:
        """What it is sent, until it ends."""
        blocks = await self._first()
        while not self._is_ended:
            for block in blocks:
                self._is_sending, self._sent_at = True, self._now()
                yield block
                self._is_sending = False
                if self._is_ended:
                    return
            blocks = await self.next_blocks()
            if not blocks:
                await self._woken_or_due()

    async def next_blocks(self) -> list[bytes]:
        """What there is to send now; nothing where nothing has happened."""
        self._woken.clear()
        blocks = []
        for look in (self._decisions, self._events, self._messages, self._traffic, self._clock_and_figures):
            try:
                blocks += await look()
            except (DatabaseUnavailable, HistoryUnavailable) as error:
                log.warning("stream_not_read", error=str(error))  # its place stays, and it is read later
        if not blocks and self._now() - self._sent_at >= PULSE_SECONDS:
            blocks.append(server_sent_events.pulse(str(self._places)))
        await self._admit()
        return blocks

    async def _admit(self) -> None:
        """End it where its API key has been revoked."""
        if self._now() - self._admitted_at >= PULSE_SECONDS:
            self._admitted_at = self._now()
            with contextlib.suppress(DatabaseUnavailable):
                self._is_ended = self._is_ended or not await in_thread(self.audience.is_admitted)

    async def _woken_or_due(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._sent_at + PULSE_SECONDS - self._now()):
                await self._woken.wait()

    async def _first(self) -> list[bytes]:
        """Where it goes on, and what it has missed."""
        try:
            self._heads = await in_thread(self._news.heads)
        except DatabaseUnavailable as error:
            log.warning("stream_not_read", error=str(error))
            self._is_ended = True  # its client comes back
            return []
        self._places = _heard(_beginning(self._resumed, self._live_from, self._heads), self.audience.topics)
        blocks = [server_sent_events.beginning(str(self._places))]
        if self._resumed is not None and Topic.DECISIONS in self.audience.topics:
            blocks += await self._missed(self._resumed.decisions)
        self._places = replace(self._places, decisions=self._live_from)
        return blocks

    async def _missed(self, after: int) -> list[bytes]:
        """The decisions since it was told the last, from the history; and a gap for those that are too many."""
        until = self._live_from
        if after > until:  # it has listened to another network
            return [self._gap(Gap(1, until))]
        if after == until:
            return []
        whose = self.audience.sight.whose_decisions
        try:
            made = await in_thread(self._news.decisions, after, until, RESUMED_DECISIONS_MAX, whose)
        except HistoryUnavailable:
            return [self._gap(Gap(after + 1, until))]
        blocks = [] if made.missing_until is None else [self._gap(Gap(after + 1, made.missing_until))]
        blocks += await self._shown([Told(row["at"], row) for row in made.rows])
        if made.reached < until:
            blocks.append(self._gap(Gap(max(after, made.reached) + 1, until)))
        return blocks

    async def _decisions(self) -> list[bytes]:
        gap, entries = self.backlog.take()
        blocks = [] if gap is None else [self._gap(gap)]
        return blocks + await self._shown(entries)

    async def _shown(self, entries: Sequence[Decided | Told]) -> list[bytes]:
        """Decisions as they are sent; a gap where nobody can say now whose they are."""
        if not entries:
            return []
        try:
            views = await in_thread(self._views_of, entries)
        except (DatabaseUnavailable, HistoryUnavailable):
            return [self._gap(Gap(entries[0].at, entries[-1].at))]
        self._told += len(views)
        blocks = []
        for at, view in views:
            self._places = replace(self._places, decisions=at)
            blocks.append(self._entry("decision", view))
        self._places = replace(self._places, decisions=entries[-1].at)
        return blocks

    def _views_of(self, entries: Sequence[Decided | Told]) -> list[tuple[int, BaseModel]]:
        """Called in a thread. Raises: DatabaseUnavailable; HistoryUnavailable."""
        sight, views = self.audience.sight, []
        for entry in entries:
            for row in self._rows_of(entry):
                if sight.sees_decision(row["account_id"]):
                    views.append((entry.at, self.audience.views.decision(row)))
        return views

    def _rows_of(self, entry: Decided | Told) -> list[Row]:
        if isinstance(entry, Told):
            return [entry.row]
        if entry.alone is not None:
            return [row_of(entry.alone)]
        return self._news.decisions(entry.at - 1, entry.at, 1, None).rows

    def _gap(self, gap: Gap) -> bytes:
        self._places = replace(self._places, decisions=gap.last)
        first, last = (to_text(Prefix.AUTHORIZATION, sequence) for sequence in (gap.first, gap.last))
        return self._entry("gap", GapView.model_validate({"topic": Topic.DECISIONS, "from": first, "to": last}))

    def _entry(self, event: str, view: BaseModel) -> bytes:
        return server_sent_events.entry(str(self._places), event, view.model_dump_json(by_alias=True))

    async def _events(self) -> list[bytes]:
        heads, places = self._heads, self._places
        has_news = heads.events > places.events or heads.payments > places.payments
        if Topic.EVENTS not in self.audience.topics or not has_news:
            return []
        found, until = await in_thread(self._news.events, places, heads, self.audience.viewer)
        blocks = []
        for event, behind in found:
            self._places = behind
            blocks.append(self._entry("event", self.audience.views.event(event)))
        self._places = until
        return blocks

    async def _messages(self) -> list[bytes]:
        if Topic.MESSAGES not in self.audience.topics or self._heads.messages <= self._places.messages:
            return []
        blocks = []
        for message, behind in await in_thread(self._news.messages, self._places):
            self._places = behind
            blocks.append(self._entry("message", self.audience.views.message(message)))
        return blocks

    async def _traffic(self) -> list[bytes]:
        """HTTP requests and messages that were not decided; both are in memory, and of both only the latest."""
        blocks, views, topics = [], self.audience.views, self.audience.topics
        if Topic.REQUESTS in topics:
            for request in self._news.requests.behind(self._places.requests)[:PAGE]:
                blocks += self._numbers_gap(Topic.REQUESTS, self._places.requests, request.number)
                self._places = replace(self._places, requests=request.number)
                blocks.append(self._entry("request", views.request(request)))
        if Topic.UNDECIDED in topics:
            for message in self._news.undecided.behind(self._places.undecided)[:PAGE]:
                blocks += self._numbers_gap(Topic.UNDECIDED, self._places.undecided, message.number)
                self._places = replace(self._places, undecided=message.number)
                blocks.append(self._entry("undecided_message", views.undecided(message)))
        return blocks

    def _numbers_gap(self, topic: Topic, told: int, number: int) -> list[bytes]:
        """What comes before a number and is no longer kept. told: the last that was told."""
        if number <= told + 1:
            return []
        missing = {"topic": topic, "from": str(told + 1), "to": str(number - 1)}
        return [self._entry("gap", GapView.model_validate(missing))]

    async def _clock_and_figures(self) -> list[bytes]:
        blocks, topics = [], self.audience.topics
        changes = self._news.clock.changes
        if Topic.CLOCK in topics and changes != self._clock_changes:
            self._clock_changes = changes
            blocks.append(self._entry("clock", self.audience.views.clock()))
        if Topic.FIGURES in topics and self._now() - self._figures_at >= FIGURES_SECONDS:
            figures = self._news.figures(self.decisions_seen, self._told)
            if figures != self._figures:
                self._figures, self._figures_at = figures, self._now()
                blocks.append(self._entry("figures", figures))
        return blocks


def _beginning(resumed: Places | None, durable: int, heads: Places) -> Places:
    """Where somebody goes on: where it was, or now; now, too, in a log that does not reach as far as it says.

    durable: the last durable command; the history may not have got there.
    """
    now = replace(heads, decisions=durable, payments=Position.behind(durable))
    if resumed is None:
        return now
    return Places(
        min(resumed.decisions, now.decisions),
        min(resumed.events, now.events),
        min(resumed.payments, now.payments),
        min(resumed.messages, now.messages),
        # These numbers begin anew with the server: whoever has heard more has listened before.
        resumed.requests if resumed.requests <= now.requests else 0,
        resumed.undecided if resumed.undecided <= now.undecided else 0,
    )


def _heard(places: Places, topics: frozenset[Topic]) -> Places:
    """Places without those of logs in memory that somebody does not hear of."""
    return replace(
        places,
        requests=places.requests if Topic.REQUESTS in topics else 0,
        undecided=places.undecided if Topic.UNDECIDED in topics else 0,
    )
