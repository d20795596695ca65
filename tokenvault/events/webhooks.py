"""Webhooks (Standard Webhooks): endpoints, the state of deliveries, and replays."""

import base64
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import structlog

from tokenvault.callers.caller import Scope, current_caller
from tokenvault.callers.listing import newest_first
from tokenvault.callers.ownership import visible
from tokenvault.events import audit
from tokenvault.events.events import Event, event_of
from tokenvault.keys.sealing import WEBHOOK_SECRET, seal, unseal
from tokenvault.outgoing.guarded_calls import check_url
from tokenvault.outgoing.webhook_signatures import SECRET_PREFIX, secret_bytes, signed_headers
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, NotFound
from tokenvault.vocabulary.event_types import PAYMENT_EVENTS, EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

log = structlog.get_logger()

_SECRET_BYTES = 24
RETRY_SECONDS = (5, 30, 120, 600, 1800, 7200, 18000, 36000)
"""How long after each failed attempt the next one comes; after the last the delivery is dead."""
ENDPOINTS_MAX = 20
"""More would make every change of a token slow: each event is noted for each of them."""
_OUTCOME_CHARACTERS_MAX = 128


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True)
class WebhookEndpoint:
    """Where events are sent. event_types: empty for all.  created_at: Unix seconds.

    tenant: whose events.  hears_everything: everybody's, for a network or the operator.  scopes: as whom it sees
    payments.  payments_until: how far it was told of payments, in the engine's words; None where it wants none.
    """

    id: int
    url: str
    event_types: list[str]
    tenant: str
    hears_everything: bool
    created_at: int
    scopes: list[str]
    payments_until: str | None

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.WEBHOOK_ENDPOINT, self.id)


@dataclass(frozen=True)
class NewWebhookEndpoint:
    """An endpoint and the secret of its signatures, shown this once."""

    endpoint: WebhookEndpoint
    secret: str

    def __repr__(self) -> str:
        return f"NewWebhookEndpoint({self.endpoint.text_id})"


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one endpoint. next_attempt_at: Unix seconds.  last_outcome: what the last try gave."""

    id: int
    endpoint_id: int
    event: Event
    state: DeliveryState
    attempts: int
    next_attempt_at: int
    last_outcome: str | None
    created_at: int

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.WEBHOOK_DELIVERY, self.id)


@dataclass(frozen=True)
class DueDelivery:
    """What to send now. tenant: whose endpoint it is.  headers: signed.  fault: why it could not be made ready; nothing
    is sent then.
    """

    id: int
    attempts: int
    tenant: str
    url: str
    headers: dict[str, str]
    body: bytes
    fault: str = ""

    def __repr__(self) -> str:
        return f"DueDelivery({to_text(Prefix.WEBHOOK_DELIVERY, self.id)})"


@dataclass(frozen=True)
class Outcome:
    """The result of one attempt. told: its description, in a word or two."""

    delivery: DueDelivery
    delivered: bool
    told: str


def add_endpoint(
    vault: Vault, url: str, event_types: Sequence[EventType], *, payments_until: str | None = None
) -> NewWebhookEndpoint:
    """Have events sent to a URL from now on: those of the caller's tenant, and all to a network or the operator.

    payments_until: the place behind which payments are told, in the engine's words; None where nobody tells of them.
    Raises: FieldError; Conflict if the tenant has too many endpoints.
    """
    check_url("url", url, vault.program.webhook_networks)
    caller, types = current_caller.get(), sorted({str(each) for each in event_types})
    hears_everything = caller.sees_everything or Scope.NETWORK in caller.scopes
    wants_payments = not types or not PAYMENT_EVENTS.isdisjoint(types)
    endpoint = WebhookEndpoint(
        vault.new_number(),
        url,
        types,
        caller.tenant,
        hears_everything,
        vault.proof_time(),
        sorted({Scope.SANDBOX} if caller.sees_everything else caller.scopes),
        payments_until if wants_payments else None,
    )
    secret = SECRET_PREFIX + base64.b64encode(vault.random_bytes(_SECRET_BYTES)).decode()
    with vault.transaction() as connection:
        count = sa.select(sa.func.count()).where(
            schema.webhook_endpoints.c.tenant == endpoint.tenant,
            schema.webhook_endpoints.c.hears_everything == hears_everything,
        )
        if connection.execute(count).scalar_one() >= ENDPOINTS_MAX:
            raise Conflict(f"there are {ENDPOINTS_MAX} endpoints already: remove one", code="too_many_endpoints")
        sealed = seal(vault.keys, WEBHOOK_SECRET, endpoint.id, secret.encode(), vault.random_bytes)
        connection.execute(sa.insert(schema.webhook_endpoints).values(**endpoint.__dict__, **sealed))
        audit.write(vault, connection, "webhook_endpoint.added", endpoint.text_id)
    return NewWebhookEndpoint(endpoint, secret)


def list_endpoints(vault: Vault, *, limit: int, starting_after: str | None = None) -> list[WebhookEndpoint]:
    """Endpoints, the newest first. Raises: NotFound."""
    table, prefix = schema.webhook_endpoints, Prefix.WEBHOOK_ENDPOINT
    rows = newest_first(vault, table, prefix, limit=limit, starting_after=starting_after)
    return [WebhookEndpoint(*(getattr(row, name) for name in WebhookEndpoint.__dataclass_fields__)) for row in rows]


def remove_endpoint(vault: Vault, text_id: str) -> None:
    """Send no more events there; what was on its way is forgotten. Raises: NotFound."""
    table, number = schema.webhook_endpoints, to_number(Prefix.WEBHOOK_ENDPOINT, text_id)
    with vault.transaction() as connection:
        if connection.execute(sa.select(table.c.id).where(table.c.id == number, visible(table))).scalar() is None:
            raise NotFound(f"there is no webhook endpoint {text_id}")
        connection.execute(
            sa.delete(schema.webhook_deliveries).where(schema.webhook_deliveries.c.endpoint_id == number)
        )
        connection.execute(sa.delete(table).where(table.c.id == number))
        audit.write(vault, connection, "webhook_endpoint.removed", text_id)


def list_deliveries(
    vault: Vault,
    *,
    limit: int,
    starting_after: str | None = None,
    endpoint_id: str | None = None,
    state: DeliveryState | None = None,
) -> list[Delivery]:
    """Deliveries, the newest first; of one endpoint or in one state, where one is named. Raises: NotFound."""
    rows = newest_first(
        vault,
        schema.webhook_deliveries,
        Prefix.WEBHOOK_DELIVERY,
        limit=limit,
        starting_after=starting_after,
        endpoint_id=None if endpoint_id is None else to_number(Prefix.WEBHOOK_ENDPOINT, endpoint_id),
        state=state,
    )
    with vault.reading() as connection:
        return _deliveries_of(connection, rows)


def _deliveries_of(connection: sa.Connection, rows: Sequence[Any]) -> list[Delivery]:
    """Deliveries from their rows, with their events."""
    numbers = [row.event_sequence for row in rows if row.event_sequence is not None]
    query = sa.select(schema.events).where(schema.events.c.sequence.in_(numbers))
    told = {row.sequence: event_of(row) for row in connection.execute(query)}
    return [
        _delivery_of(row, payment_event_of(row) if row.event_sequence is None else told[row.event_sequence])
        for row in rows
    ]


def _delivery_of(row: "sa.Row[*tuple[Any, ...]]", event: Event) -> Delivery:
    return Delivery(
        row.id,
        row.endpoint_id,
        event,
        DeliveryState(row.state),
        row.attempts,
        row.next_attempt_at,
        row.last_outcome,
        row.created_at,
    )


def replay_delivery(vault: Vault, text_id: str) -> Delivery:
    """Send an event once more, whatever became of it: it is due now, with all its attempts. Raises: NotFound."""
    table, number = schema.webhook_deliveries, to_number(Prefix.WEBHOOK_DELIVERY, text_id)
    with vault.transaction() as connection:
        query = sa.select(table).where(table.c.id == number)
        changed = connection.execute(
            sa.update(table)
            .where(table.c.id == number, visible(table))
            .values(state=DeliveryState.PENDING, attempts=0, next_attempt_at=vault.proof_time())
        )
        if changed.rowcount == 0:
            raise NotFound(f"there is no webhook delivery {text_id}")
        (replayed,) = _deliveries_of(connection, connection.execute(query).all())
        audit.write(vault, connection, "webhook_delivery.replayed", text_id)
    return replayed


def event_body(event: Event) -> bytes:
    """What a webhook carries: the event as the API shows it, as JSON in UTF-8."""
    moment = datetime.fromtimestamp(event.created_at, UTC).isoformat().replace("+00:00", "Z")
    told = {
        "id": event.text_id,
        "type": event.type,
        "timestamp": moment,
        "resource_id": event.resource_id,
        "data": event.data,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def endpoints_with_due(vault: Vault) -> set[int]:
    """The numbers of the endpoints that something is to be sent to now."""
    deliveries = schema.webhook_deliveries
    query = sa.select(deliveries.c.endpoint_id).where(_is_due(vault.proof_time())).distinct()
    with vault.reading() as connection:
        return set(connection.execute(query).scalars())


def remaining_endpoints(vault: Vault, among: Collection[int]) -> set[int]:
    """Those of some endpoints that have not been removed."""
    query = sa.select(schema.webhook_endpoints.c.id).where(schema.webhook_endpoints.c.id.in_(list(among)))
    with vault.reading() as connection:
        return set(connection.execute(query).scalars())


def _is_due(now: int) -> sa.ColumnElement[bool]:
    deliveries = schema.webhook_deliveries
    return sa.and_(deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_attempt_at <= now)


_LONGEST_DUE_FIRST = (
    schema.webhook_deliveries.c.next_attempt_at,
    sa.nulls_last(schema.webhook_deliveries.c.event_sequence),  # few, while payments are many
    schema.webhook_deliveries.c.payment_sequence,
    schema.webhook_deliveries.c.payment_type,
    schema.webhook_deliveries.c.payment_part,
)


def due_deliveries(vault: Vault, endpoint_id: int, limit: int) -> list[DueDelivery]:
    """What is to be sent to an endpoint now, the longest due first."""
    deliveries, endpoints, now = schema.webhook_deliveries, schema.webhook_endpoints, vault.proof_time()
    query = (
        sa.select(
            deliveries.c.id.label("delivery_id"),
            *deliveries.c["attempts", "event_sequence", "payment_type", "payment_event"],
            *endpoints.c["id", "tenant", "url", WEBHOOK_SECRET.sealed, WEBHOOK_SECRET.version],
            *schema.events.c["sequence", "type", "resource_id", "data", "created_at"],
            schema.events.c.id.label("event_id"),
        )
        .join(endpoints, deliveries.c.endpoint_id == endpoints.c.id)
        .outerjoin(schema.events, deliveries.c.event_sequence == schema.events.c.sequence)
        .where(deliveries.c.endpoint_id == endpoint_id, _is_due(now))
        .order_by(*_LONGEST_DUE_FIRST)
        .limit(limit)
    )
    with vault.reading() as connection:
        rows = connection.execute(query).all()
    return [_due_delivery(vault, row, now) for row in rows]


def _due_delivery(vault: Vault, row: "sa.Row[*tuple[Any, ...]]", now: int) -> DueDelivery:
    """One delivery, signed. What cannot be made ready is a failed try of its own, and keeps back none behind it."""
    fault = ""
    try:
        event = payment_event_of(row) if row.event_sequence is None else _event_in(row)
        body = event_body(event)
        key = secret_bytes(unseal(vault.keys, WEBHOOK_SECRET, row._mapping).decode())
        headers = signed_headers(key, event.text_id, now, body) | {"content-type": "application/json"}
    except Exception as error:
        log.error("webhook_not_ready", delivery=row.delivery_id, error=type(error).__name__)
        headers, body, fault = {}, b"", f"not ready: {type(error).__name__}"
    return DueDelivery(row.delivery_id, row.attempts, row.tenant, row.url, headers, body, fault)


def _event_in(row: "sa.Row[*tuple[Any, ...]]") -> Event:
    text_id = to_text(Prefix.EVENT, row.event_id)
    return Event(row.sequence, text_id, EventType(row.type), row.resource_id, row.data, row.created_at)


def payment_event_of(row: "sa.Row[*tuple[Any, ...]]") -> Event:
    """A payment's event from the row of its delivery."""
    told = row.payment_event
    return Event(0, told["id"], EventType(row.payment_type), told["resource_id"], told["data"], told["created_at"])


def record_outcomes(vault: Vault, outcomes: Sequence[Outcome]) -> None:
    """Note what tries gave: delivered, to be tried again, or dead after the last."""
    table, now = schema.webhook_deliveries, vault.proof_time()
    with vault.transaction() as connection:
        for outcome in outcomes:
            attempts = outcome.delivery.attempts + 1
            state, next_attempt_at = DeliveryState.DELIVERED, now
            if not outcome.delivered and attempts > len(RETRY_SECONDS):
                state = DeliveryState.DEAD
            elif not outcome.delivered:
                state, next_attempt_at = DeliveryState.PENDING, now + RETRY_SECONDS[attempts - 1]
            connection.execute(
                sa.update(table)
                .where(table.c.id == outcome.delivery.id)
                .values(
                    state=state,
                    attempts=attempts,
                    next_attempt_at=next_attempt_at,
                    last_outcome=outcome.told[:_OUTCOME_CHARACTERS_MAX],
                )
            )
