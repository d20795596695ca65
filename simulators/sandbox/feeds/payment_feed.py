"""Delivers payments to webhooks: reads their events from the history and makes deliveries of them, each once.

Each endpoint has a place up to which its deliveries exist. It moves in the transaction that makes them, so that a crash
loses and doubles none. What an endpoint cannot take yet stays in the history and is read later: under load endpoints
fall behind, and memory does not grow.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from authz.engine import Engine
from authz.history.projection import Projection
from authz.payments.event_log import events_behind
from authz.payments.events import PaymentEvent, Position
from authz.payments.viewers import View, Viewer
from authz.vocabulary.errors import HistoryUnavailable
from simulators.sandbox.feeds.engine_load import EngineLoad
from tokenvault.background.errands import in_thread
from tokenvault.callers.caller import Scope
from tokenvault.events import payment_deliveries
from tokenvault.events.events import Event
from tokenvault.events.payment_deliveries import PaymentLag, PaymentListener, ToldPayments, payment_listeners
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vault import Vault

log = structlog.get_logger()

_PAUSE_SECONDS = 0.25
_AT_ONCE = 200
"""So many events are read together."""


class PaymentFeed:
    """Makes deliveries until it is cancelled. load: what it leaves the processor to."""

    def __init__(
        self,
        vault: Vault,
        engine: Engine,
        projection: Projection,
        load: EngineLoad,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault = vault
        self._engine = engine
        self._projection = projection
        self._load = load
        self._now = now
        self._places: dict[int, Position] = {}
        self._level_at: dict[int, float] = {}

    @property
    def end(self) -> str:
        """The place behind everything that is durable: where an endpoint begins that is added now."""
        return str(Position.behind(self._engine.durable_sequence))

    def lag(self, endpoint_id: int) -> PaymentLag:
        """By how much an endpoint is behind; nothing for one that wants no payments."""
        place = self._places.get(endpoint_id)
        behind = 0 if place is None else self._engine.durable_sequence - (place.sequence - 1)
        if behind <= 0:
            return PaymentLag()
        return PaymentLag(behind, max(0.0, self._now() - self._level_at[endpoint_id]))

    @property
    def greatest_lag(self) -> PaymentLag:
        """That of the endpoint that is furthest behind."""
        lags = [self.lag(endpoint) for endpoint in tuple(self._places)]
        return max(lags, key=lambda lag: lag.commands, default=PaymentLag())

    async def run(self) -> None:
        """Look for what happened, make deliveries of it, rest."""
        while True:
            begun, has_more = self._now(), False
            try:
                has_more = await in_thread(self.look)
            except (DatabaseUnavailable, HistoryUnavailable) as error:
                log.warning("payments_not_told", error=str(error))
            rest = self._load.rest_after(self._now() - begun)
            await asyncio.sleep(rest if has_more else max(rest, _PAUSE_SECONDS))

    def look(self) -> bool:
        """Make deliveries once; returns whether there is more to be made now. Raises: DatabaseUnavailable and
        HistoryUnavailable; what was made by then stays.
        """
        listeners = payment_listeners(self._vault)
        places = {listener.endpoint_id: Position.parse(listener.until) for listener in listeners}
        self._note(places)
        by_place = defaultdict(list)
        for listener in listeners:
            if listener.room:
                by_place[places[listener.endpoint_id]].append(listener)
        has_more = False
        for place, group in by_place.items():
            found, reached = self._projection.asked(partial(events_behind, after=place, limit=_AT_ONCE))
            if reached != place:
                told = [_told(listener, found, reached) for listener in group]
                payment_deliveries.put_payments(self._vault, told)
                places |= {each.listener.endpoint_id: Position.parse(each.until) for each in told}
                self._note(places)
                has_more = has_more or len(found) == _AT_ONCE
        return has_more

    def _note(self, places: dict[int, Position]) -> None:
        """Remember where endpoints stand, and since when each is behind."""
        level, now = Position.behind(self._engine.durable_sequence), self._now()
        self._level_at = {
            endpoint: now if place >= level else self._level_at.get(endpoint, now) for endpoint, place in places.items()
        }
        self._places = places


def _told(listener: PaymentListener, found: list[PaymentEvent], reached: Position) -> ToldPayments:
    """What an endpoint is given of some events: those that it sees and wants, as far as it has room."""
    viewer = viewer_of(listener.scopes, listener.tenant)
    given: list[tuple[Position, payment_deliveries.PaymentEvent]] = []
    for event in found:
        view = event.view_of(viewer)
        if view is View.NOTHING or not listener.wants(event.type):
            continue
        if len(given) == listener.room:
            # This one is left for later, and what follows it.
            return ToldPayments(listener, str(given[-1][0]), [each for _, each in given])
        given.append((event.position, _delivered(event, view)))
    return ToldPayments(listener, str(reached), [each for _, each in given])


def _delivered(event: PaymentEvent, view: View) -> payment_deliveries.PaymentEvent:
    sequence, part, _ = event.key
    return payment_deliveries.PaymentEvent(sequence, part, shown(event, view))


def shown(event: PaymentEvent, view: View) -> Event:
    """A payment's event as the vault's are shown."""
    return Event(0, event.id, event.type, event.resource_id, event.data(view), event.time_us // 1_000_000)


def viewer_of(scopes: Iterable[str], tenant: str) -> Viewer:
    """What a caller with these scopes of its tenant sees of payments."""
    return Viewer(
        everything=Scope.SANDBOX in scopes,
        network=Scope.NETWORK in scopes,
        issuer=tenant if Scope.ISSUER in scopes else None,
        wallet=tenant if Scope.WALLET in scopes else None,
    )
