"""Events: changes of accounts, cards, devices and tokens, in commit order."""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.ownership import Owners, hears_of, visible
from tokenvault.events import audit
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

_INSERT = sa.insert(schema.events).returning(schema.events.c.sequence)
_ENDPOINTS = sa.select(*schema.webhook_endpoints.c["id", "event_types"])


@dataclass(frozen=True)
class Event:
    """Something that happened. text_id: its identifier outside.  data: what callers may see of the resource afterwards.

    sequence: its number among the vault's events, 0 for a payment's.  created_at: Unix seconds.
    """

    sequence: int
    text_id: str
    type: EventType
    resource_id: str
    data: dict[str, Any]
    created_at: int


def record(
    vault: Vault,
    connection: sa.Connection,
    event_type: EventType,
    resource_id: str,
    data: dict[str, Any],
    owners: Owners,
    *,
    reason: str = "",
    initiator: str = "",
) -> None:
    """Record an event, for its owners' webhooks, and its entry in the audit trail.

    In the transaction of the change. data: nothing secret.
    """
    told = data | ({"initiator": initiator} if initiator else {}) | ({"reason": reason} if reason else {})
    now = vault.now()
    row = {"id": vault.new_number(), "type": event_type, "resource_id": resource_id, "data": told, "created_at": now}
    sequence = connection.execute(_INSERT, row | asdict(owners)).scalar_one()
    for endpoint in connection.execute(_ENDPOINTS.where(hears_of(owners))).all():
        if not endpoint.event_types or event_type in endpoint.event_types:
            connection.execute(
                sa.insert(schema.webhook_deliveries).values(
                    id=vault.new_number(),
                    endpoint_id=endpoint.id,
                    event_sequence=sequence,
                    state="pending",
                    attempts=0,
                    next_attempt_at=0,
                    created_at=vault.proof_time(),
                )
            )
    details = {"initiator": initiator} if initiator else {}
    audit.write(vault, connection, event_type, resource_id, reason=reason, **details)


def find_event(vault: Vault, text_id: str) -> Event:
    """The event with this identifier. Raises: NotFound."""
    number = to_number(Prefix.EVENT, text_id)
    query = sa.select(schema.events).where(schema.events.c.id == number, visible(schema.events))
    with vault.reading() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no event {text_id}")
    return event_of(row)


def event_of(row: Any) -> Event:
    """An event from its row."""
    text_id = to_text(Prefix.EVENT, row.id)
    return Event(row.sequence, text_id, EventType(row.type), row.resource_id, row.data, row.created_at)


def list_events(
    vault: Vault,
    *,
    limit: int,
    starting_after: str | None = None,
    event_type: EventType | None = None,
    resource_id: str | None = None,
    oldest_first: bool = False,
) -> list[Event]:
    """Events, the newest first unless told otherwise; at most limit, beyond an event where one is named.

    Polling: ``oldest_first`` with the last event that was seen misses none, since they are numbered by commit order.
    Raises: NotFound.
    """
    seen = None if starting_after is None else find_event(vault, starting_after).sequence
    return events_beyond(
        vault, seen, limit=limit, event_type=event_type, resource_id=resource_id, oldest_first=oldest_first
    )


def events_beyond(
    vault: Vault,
    sequence: int | None,
    *,
    limit: int,
    event_type: EventType | None = None,
    resource_id: str | None = None,
    oldest_first: bool = False,
) -> list[Event]:
    """The same beyond a number, whether or not there is an event with it; None for a list from its beginning."""
    number = schema.events.c.sequence
    order = number if oldest_first else number.desc()
    query = sa.select(schema.events).where(visible(schema.events)).order_by(order).limit(limit)
    if sequence is not None:
        query = query.where(number > sequence if oldest_first else number < sequence)
    if event_type is not None:
        query = query.where(schema.events.c.type == event_type)
    if resource_id is not None:
        query = query.where(schema.events.c.resource_id == resource_id)
    with vault.reading() as connection:
        return [event_of(row) for row in connection.execute(query)]


def last_number_until(vault: Vault, seconds: int) -> int:
    """The number of the last event that was recorded not later than that, Unix seconds; 0 for none."""
    number = schema.events.c.sequence
    query = sa.select(number).where(schema.events.c.created_at <= seconds).order_by(number.desc()).limit(1)
    with vault.reading() as connection:
        return connection.execute(query).scalar() or 0


def last_number(vault: Vault) -> int:
    """The number of the last event that was recorded; 0 for none."""
    with vault.reading() as connection:
        return connection.execute(sa.select(sa.func.max(schema.events.c.sequence))).scalar() or 0
