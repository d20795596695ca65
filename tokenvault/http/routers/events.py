"""``/v1/webhook_endpoints`` and ``/v1/webhook_deliveries``: events by webhook. By polling: `sandbox.http.events`."""

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.events import events, webhooks
from tokenvault.events.payment_deliveries import PaymentLag
from tokenvault.http.fields.fields import Body, Timestamp, View, timestamp
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(prefix="/v1", tags=["events"])
_READERS = [requires(Scope.WALLET, Scope.ISSUER, Scope.NETWORK, Scope.SANDBOX)]

EventId = Annotated[str, Field(description="Identifier of an event.", examples=["evt_04D8J2Q6T0W9P"])]
EndpointId = Annotated[str, Field(description="Identifier of a webhook endpoint.", examples=["whep_01H5W9C3X7R2K"])]
DeliveryId = Annotated[str, Field(description="Identifier of a delivery.", examples=["whdl_02M6S0F4Y8B3N"])]


class EventView(View):
    """Something that happened."""

    id: EventId
    type: EventType = Field(description="Type of the event.", examples=["token.activated"])
    resource_id: str = Field(description="Identifier of the resource.", examples=["tok_05F1V9D8S3KYA"])
    data: dict[str, Any] = Field(
        description="The resource after the change, or the payment as you may see it: see `docs/events.md`.",
        examples=[{"state": "active"}],
    )
    created_at: Timestamp

    @classmethod
    def of(cls, event: events.Event) -> "EventView":
        """Show an event."""
        return cls(
            id=event.text_id,
            type=event.type,
            resource_id=event.resource_id,
            data=event.data,
            created_at=timestamp(event.created_at),
        )


class EndpointRequest(Body):
    """Where events are to be sent."""

    url: str = Field(
        description="URL that events are sent to.",
        examples=["https://wallet.example/webhooks"],
        pattern="^https?://[!-~]+$",
        max_length=2048,
    )
    event_types: list[Annotated[EventType, Field(strict=False)]] = Field(
        [], description="Event types; empty for all.", examples=[["token.suspended"]], max_length=50
    )


class LagView(View):
    """By how much an endpoint is behind the payments. Under load deliveries wait; none is lost."""

    commands: int = Field(description="Commands of the journal whose payments it was not given yet.", examples=[0])
    seconds: float = Field(description="For how long it has been behind.", examples=[0.0])


class PaymentSource(Protocol):
    """What makes deliveries of payments, in the application that serves this router."""

    @property
    def end(self) -> str:
        """Where an endpoint begins that is added now."""

    def lag(self, endpoint_id: int) -> PaymentLag:
        """By how much an endpoint is behind."""


def current_payments(request: Request) -> PaymentSource:
    """What makes deliveries of payments."""
    payments: PaymentSource = request.app.state.payments
    return payments


PaymentsDependency = Annotated[PaymentSource, Depends(current_payments)]


class EndpointView(View):
    """Where events are sent."""

    id: EndpointId
    url: str = Field(description="URL that events are sent to.", examples=["https://wallet.example/webhooks"])
    event_types: list[EventType] = Field(description="Event types; empty for all.", examples=[[]])
    payments_lag: LagView | None = Field(
        description="By how much it is behind the payments; null for one that receives none.",
        examples=[{"commands": 0, "seconds": 0.0}],
    )
    created_at: Timestamp

    @classmethod
    def of(cls, endpoint: webhooks.WebhookEndpoint, payments: PaymentSource) -> "EndpointView":
        """Show an endpoint."""
        lag = None if endpoint.payments_until is None else LagView(**payments.lag(endpoint.id).__dict__)
        return cls(
            id=endpoint.text_id,
            url=endpoint.url,
            event_types=[EventType(each) for each in endpoint.event_types],
            payments_lag=lag,
            created_at=timestamp(endpoint.created_at),
        )


class NewEndpointView(EndpointView):
    """A new endpoint with its secret."""

    secret: str = Field(
        description="Verifies the signatures (Standard Webhooks); shown this once.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )


class DeliveryView(View):
    """One event on its way to one endpoint."""

    id: DeliveryId
    endpoint_id: EndpointId
    event: EventView = Field(description="The event that is delivered.", examples=[{"id": "evt_04D8J2Q6T0W9P"}])
    state: webhooks.DeliveryState = Field(
        description="`pending`, `delivered`, or `dead` after the last attempt.", examples=["delivered"]
    )
    attempts: int = Field(description="Number of attempts.", examples=[1])
    next_attempt_at: Timestamp
    last_outcome: str | None = Field(description="Outcome of the last attempt.", examples=["HTTP 200"])
    created_at: Timestamp

    @classmethod
    def of(cls, delivery: webhooks.Delivery) -> "DeliveryView":
        """Show a delivery."""
        return cls(
            id=delivery.text_id,
            endpoint_id=to_text(Prefix.WEBHOOK_ENDPOINT, delivery.endpoint_id),
            event=EventView.of(delivery.event),
            state=delivery.state,
            attempts=delivery.attempts,
            next_attempt_at=timestamp(delivery.next_attempt_at),
            last_outcome=delivery.last_outcome,
            created_at=timestamp(delivery.created_at),
        )


@router.post("/webhook_endpoints", status_code=201, dependencies=_READERS, responses=problem.responses(409))
def add_endpoint(vault: VaultDependency, payments: PaymentsDependency, body: EndpointRequest) -> NewEndpointView:
    """Add a webhook endpoint, which receives signed events (Standard Webhooks).

    Scope: wallet, issuer, network or sandbox.
    """
    made = webhooks.add_endpoint(vault, body.url, body.event_types, payments_until=payments.end)
    return NewEndpointView(**EndpointView.of(made.endpoint, payments).model_dump(), secret=made.secret)


@router.get("/webhook_endpoints", dependencies=_READERS, responses=problem.responses(404))
def list_endpoints(
    vault: VaultDependency, payments: PaymentsDependency, limit: Limit = 20, starting_after: StartingAfter = None
) -> Page[EndpointView]:
    """List webhook endpoints, the newest first. Scope: wallet, issuer, network or sandbox."""
    rows = webhooks.list_endpoints(vault, limit=limit + 1, starting_after=starting_after)
    return page(rows, limit, lambda endpoint: EndpointView.of(endpoint, payments))


@router.delete(
    "/webhook_endpoints/{endpoint_id}", status_code=204, dependencies=_READERS, responses=problem.responses(404)
)
def remove_endpoint(vault: VaultDependency, endpoint_id: EndpointId) -> None:
    """Remove a webhook endpoint. Scope: wallet, issuer, network or sandbox."""
    webhooks.remove_endpoint(vault, endpoint_id)


@router.get("/webhook_deliveries", dependencies=_READERS, responses=problem.responses(404))
def list_deliveries(
    vault: VaultDependency,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
    endpoint_id: Annotated[
        str | None, Query(description="Only of this endpoint.", examples=["whep_01H5W9C3X7R2K"])
    ] = None,
    state: Annotated[webhooks.DeliveryState | None, Query(description="Only in this state.", examples=["dead"])] = None,
) -> Page[DeliveryView]:
    """List deliveries, the newest first; `state=dead` is the dead-letter list.

    Scope: wallet, issuer, network or sandbox.
    """
    rows = webhooks.list_deliveries(
        vault, limit=limit + 1, starting_after=starting_after, endpoint_id=endpoint_id, state=state
    )
    return page(rows, limit, DeliveryView.of)


@router.post("/webhook_deliveries/{delivery_id}/replay", dependencies=_READERS, responses=problem.responses(404))
def replay_delivery(vault: VaultDependency, delivery_id: DeliveryId) -> DeliveryView:
    """Send an event again, regardless of the state of its delivery. Scope: wallet, issuer, network or sandbox."""
    return DeliveryView.of(webhooks.replay_delivery(vault, delivery_id))
