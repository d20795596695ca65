"""Webhooks of payments: who wants to be told, and deliveries that are made once, with how far they reach.

The engine decides payments and knows what happened; this module keeps what is on its way. How far an endpoint was told
is written in the transaction that makes its deliveries: after a crash both are there, or neither is. Each endpoint has
a position of its own, so that one that is slow delays no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.callers.caller import Scope
from tokenvault.events.events import Event
from tokenvault.events.webhooks import DeliveryState
from tokenvault.storage import schema
from tokenvault.storage.database import writing
from tokenvault.vault import Vault

UNTRIED_MAX = 500
"""So many deliveries of payments wait for their first attempt at an endpoint; what follows stays in the history."""
PENDING_MAX = 10_000
"""So many wait at an endpoint altogether: one that is away for hours does not fill the database."""


@dataclass(frozen=True)
class PaymentListener:
    """An endpoint that wants payments. until: how far it was told of them, in the engine's words.

    event_types: empty for all.  scopes, tenant: as whom it sees them.  room: how many more deliveries it may be given.
    """

    endpoint_id: int
    tenant: str
    scopes: frozenset[Scope]
    event_types: frozenset[str]
    until: str
    room: int

    def wants(self, event_type: str) -> bool:
        """Whether it asked for events of this type."""
        return not self.event_types or event_type in self.event_types


@dataclass(frozen=True)
class PaymentEvent:
    """A payment's event as one endpoint sees it. sequence, part: with its type, what names it."""

    sequence: int
    part: int
    event: Event


@dataclass(frozen=True)
class ToldPayments:
    """What an endpoint is given: the events behind its position, and up to where these are all."""

    listener: PaymentListener
    until: str
    events: Sequence[PaymentEvent]


@dataclass(frozen=True)
class PaymentLag:
    """By how much an endpoint is behind the payments: commands of the journal, and seconds."""

    commands: int = 0
    seconds: float = 0.0


def payment_listeners(vault: Vault) -> list[PaymentListener]:
    """The endpoints that want payments. Raises: DatabaseUnavailable."""
    endpoints, deliveries = schema.webhook_endpoints, schema.webhook_deliveries
    wanting = sa.select(endpoints).where(endpoints.c.payments_until.is_not(None)).order_by(endpoints.c.id)
    waiting = (
        sa.select(
            deliveries.c.endpoint_id,
            sa.func.count().label("pending"),
            sa.func.sum(sa.case((deliveries.c.attempts == 0, 1), else_=0)).label("untried"),
        )
        .where(deliveries.c.state == DeliveryState.PENDING, deliveries.c.payment_sequence.is_not(None))
        .group_by(deliveries.c.endpoint_id)
    )
    with vault.reading() as connection:
        rows = connection.execute(wanting).all()
        counted = {row.endpoint_id: row for row in connection.execute(waiting)} if rows else {}
    return [
        PaymentListener(
            row.id,
            row.tenant,
            frozenset(map(Scope, row.scopes)),
            frozenset(row.event_types),
            row.payments_until,
            _room(counted.get(row.id)),
        )
        for row in rows
    ]


def _room(waiting: "sa.Row[tuple[int, int, int]] | None") -> int:
    if waiting is None:
        return UNTRIED_MAX
    return max(0, min(UNTRIED_MAX - int(waiting.untried), PENDING_MAX - int(waiting.pending)))


def put_payments(vault: Vault, told: Sequence[ToldPayments]) -> None:
    """Make deliveries and note how far they reach, all in one transaction.

    An endpoint that was removed meanwhile, or that somebody else has told, gets nothing.
    Raises: DatabaseUnavailable; nothing is noted then.
    """
    with writing(vault.database) as connection:
        for each in told:
            if _moved(connection, each) and each.events:
                rows = [_row(vault, each.listener, event) for event in each.events]
                connection.execute(sa.insert(schema.webhook_deliveries), rows)


def _moved(connection: sa.Connection, told: ToldPayments) -> bool:
    """Move an endpoint's position; returns whether it was where it was believed to be."""
    table, listener = schema.webhook_endpoints, told.listener
    where = table.c.id == listener.endpoint_id, table.c.payments_until == listener.until
    return connection.execute(sa.update(table).where(*where).values(payments_until=told.until)).rowcount == 1


def _row(vault: Vault, listener: PaymentListener, told: PaymentEvent) -> dict[str, object]:
    event = told.event
    return {
        "id": vault.new_number(),
        "endpoint_id": listener.endpoint_id,
        "payment_sequence": told.sequence,
        "payment_part": told.part,
        "payment_type": event.type,
        "payment_event": {
            "id": event.text_id,
            "resource_id": event.resource_id,
            "data": event.data,
            "created_at": event.created_at,
        },
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_attempt_at": 0,
        "created_at": vault.proof_time(),
    }
