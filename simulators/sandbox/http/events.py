"""``/v1/events``: what happened in the vault and to payments, in one list, by polling. By webhook: `routers.events`.

The two are logs of their own, each in the order in which things became durable. A page merges them by time, and its
cursor holds a place in each: so a poller misses nothing, even where the history of payments lags behind the vault.
"""

from collections.abc import Sequence
from functools import partial
from heapq import merge
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from authz.history.projection import Projection
from authz.http.surroundings import BareProjectionDependency, ProjectionDependency
from authz.payments.event_ids import event_key, is_of_payment
from authz.payments.event_log import EventQuery, event_named, events_seen
from authz.payments.events import PaymentEvent, Position
from authz.payments.viewers import Viewer
from simulators.sandbox.feeds.event_places import EventPlaces, is_cursor
from simulators.sandbox.feeds.payment_feed import shown, viewer_of
from tokenvault.callers.caller import Scope, current_caller
from tokenvault.events import events
from tokenvault.events.events import Event
from tokenvault.http.fields.paging import Limit
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.http.routers.events import EventId, EventView
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.event_types import PAYMENT_EVENTS, EventType

router = APIRouter(
    prefix="/v1/events",
    tags=["events"],
    dependencies=[requires(Scope.WALLET, Scope.ISSUER, Scope.NETWORK, Scope.SANDBOX)],
    responses=problem.responses(404),
)


class EventPage(BaseModel):
    """One page of events."""

    data: list[EventView] = Field(description="The entries of this page.", examples=[[]])
    has_more: bool = Field(description="Whether there is a further page.", examples=[False])
    next_cursor: str = Field(
        description="`starting_after` of the next page. With `oldest_first`, keep it for the next poll, even if this "
        "page is empty.",
        examples=["cur_MTJ8NTYvMS8w"],
    )


def _viewer() -> Viewer:
    caller = current_caller.get()
    return viewer_of({Scope.SANDBOX} if caller.sees_everything else caller.scopes, caller.tenant)


@router.get("")
def list_events(
    vault: VaultDependency,
    projection: ProjectionDependency,
    limit: Limit = 20,
    starting_after: Annotated[
        str | None,
        Query(
            description="`next_cursor` of the page before, or the identifier of an event.",
            examples=["cur_MTJ8NTYvMS8w"],
            max_length=200,
        ),
    ] = None,
    type: Annotated[EventType | None, Query(description="Only of this type.", examples=["token.activated"])] = None,  # noqa: A002
    resource_id: Annotated[
        str | None, Query(description="Only of this resource.", examples=["tok_05F1V9D8S3KYA"])
    ] = None,
    oldest_first: Annotated[bool, Query(description="Return the oldest first, for polling.", examples=[False])] = False,
) -> EventPage:
    """List events of the vault and of payments. To poll, ask with `oldest_first` and the `next_cursor` of the page
    before. Scope: wallet, issuer, network or sandbox.
    """
    viewer = _viewer()
    places = (
        EventPlaces() if starting_after is None else _places(vault, projection, viewer, starting_after, oldest_first)
    )
    of_vault = (
        []
        if type in PAYMENT_EVENTS
        else events.events_beyond(
            vault,
            places.vault,
            limit=limit + 1,
            event_type=type,
            resource_id=resource_id,
            oldest_first=oldest_first,
        )
    )
    wanted = EventQuery(
        limit + 1,
        after=places.payments if oldest_first else None,
        before=None if oldest_first else places.payments,
        oldest_first=oldest_first,
        type=type,
        resource_id=resource_id,
    )
    has_payments = type is None or type in PAYMENT_EVENTS
    of_payments = projection.asked(partial(events_seen, viewer=viewer, wanted=wanted)) if has_payments else []
    listed = _in_order(of_vault, of_payments, oldest_first)
    entries = listed[:limit]
    return EventPage(
        data=[EventView.of(_shown(entry, viewer)) for entry in entries],
        has_more=len(listed) > limit,
        next_cursor=str(_behind(places if oldest_first else _begun(places, of_vault, of_payments), entries)),
    )


@router.get("/{event_id}")
def read_event(vault: VaultDependency, projection: BareProjectionDependency, event_id: EventId) -> EventView:
    """Read an event. Scope: wallet, issuer, network or sandbox."""
    if not is_of_payment(event_id):
        return EventView.of(events.find_event(vault, event_id))
    viewer = _viewer()
    return EventView.of(_shown(_found(projection, viewer, event_id), viewer))


def _shown(entry: Event | PaymentEvent, viewer: Viewer) -> Event:
    return entry if isinstance(entry, Event) else shown(entry, entry.view_of(viewer))


def _found(projection: Projection, viewer: Viewer, event_id: str) -> PaymentEvent:
    found = projection.asked(partial(event_named, viewer=viewer, key=event_key(event_id)))
    if found is None:
        raise NotFound(f"there is no event {event_id}")
    return found


def _microseconds(entry: Event | PaymentEvent) -> int:
    return entry.created_at * 1_000_000 if isinstance(entry, Event) else entry.time_us


def _in_order(
    of_vault: Sequence[Event], of_payments: Sequence[PaymentEvent], oldest_first: bool
) -> list[Event | PaymentEvent]:
    """Both logs as one by time; the vault's first within a second, for its times are whole seconds."""
    logs: list[Sequence[Event | PaymentEvent]] = [of_vault, of_payments]
    return list(merge(*(logs if oldest_first else reversed(logs)), key=_microseconds, reverse=not oldest_first))


def _begun(places: EventPlaces, of_vault: Sequence[Event], of_payments: Sequence[PaymentEvent]) -> EventPlaces:
    """The places of a list that goes backwards: what comes later is behind its beginning, and no part of it."""
    vault, payments = places.vault, places.payments
    if vault is None:
        vault = of_vault[0].sequence + 1 if of_vault else 1
    if payments is None:
        payments = of_payments[0].position._replace(part=of_payments[0].position.part + 1) if of_payments else None
    return EventPlaces(vault, payments or Position(0))


def _behind(places: EventPlaces, entries: Sequence[Event | PaymentEvent]) -> EventPlaces:
    """The places beyond the last entries of each log."""
    for entry in entries:
        if isinstance(entry, Event):
            places = EventPlaces(entry.sequence, places.payments)
        else:
            places = EventPlaces(places.vault, entry.position)
    return places


def _places(vault: Vault, projection: Projection, viewer: Viewer, text: str, oldest_first: bool) -> EventPlaces:
    """Where a list goes on: at a cursor, or at an event, with the other log at its time. Raises: NotFound."""
    if is_cursor(text):
        return EventPlaces.parse(text)
    if is_of_payment(text):
        payment = _found(projection, viewer, text)
        number = events.last_number_until(vault, payment.time_us // 1_000_000)
        return EventPlaces(number if oldest_first else number + 1, payment.position)
    event = events.find_event(vault, text)
    wanted = EventQuery(1, until_us=_microseconds(event) - 1)
    earlier = projection.asked(partial(events_seen, viewer=viewer, wanted=wanted))
    if not earlier:
        return EventPlaces(event.sequence, Position(0))
    place = earlier[0].position
    return EventPlaces(event.sequence, place if oldest_first else place._replace(part=place.part + 1))
