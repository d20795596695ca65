"""Applications for cards: their states, how they are kept and found. What decides on them: `applying`, `reviewing`."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.ownership import Owners, visible
from tokenvault.customers.customers import customer_numbered
from tokenvault.events import events
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text


class ApplicationState(StrEnum):
    """How far an application is."""

    # One row a state: its name, the event that tells of it, and the states that can follow; none where it is final.
    event: EventType
    following: tuple[str, ...]

    def __new__(cls, name: str, *row: Any) -> "ApplicationState":
        """A row. Raises: ValueError where a part of it is missing."""
        state = str.__new__(cls, name)
        state._value_ = name
        state.event, *following = row
        state.following = tuple(following)
        return state

    SUBMITTED = "submitted", EventType.APPLICATION_SUBMITTED, "approved", "declined", "in_review"
    IN_REVIEW = "in_review", EventType.APPLICATION_REVIEW_STARTED, "approved", "declined", "expired"
    APPROVED = "approved", EventType.APPLICATION_DECIDED
    DECLINED = "declined", EventType.APPLICATION_DECIDED
    EXPIRED = "expired", EventType.APPLICATION_EXPIRED


class Decider(StrEnum):
    """What has ended an application: the decision itself, the issuer's desk, or the time that the desk had."""

    DECISION = "decision"
    DESK = "desk"
    TIME = "time"


@dataclass(frozen=True)
class Application:
    """An application. Times are Unix seconds.

    credit_limit_minor: granted, or in a review what the desk grants without another word; None where it is declined.
    decided_by, decided_at: None while it is in review.  review_until: None where no review was needed.
    """

    id: int
    customer_id: int
    product: int
    cut_day: int | None
    channel: str
    city: str
    state: ApplicationState
    votes: dict[str, str]
    reasons: list[str]
    score: int
    currency: str
    credit_limit_minor: int | None
    decided_by: Decider | None
    decided_at: int | None
    review_until: int | None
    account_id: int | None
    card_id: int | None
    created_at: int

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.APPLICATION, self.id)


def submit(vault: Vault, connection: sa.Connection, application: Application, device_digest: bytes | None) -> None:
    """Keep an application that has just come."""
    connection.execute(sa.insert(schema.applications).values(**application.__dict__, device_digest=device_digest))
    _tell(vault, connection, application)


def move(
    vault: Vault, connection: sa.Connection, application: Application, state: ApplicationState, **changes: Any
) -> Application:
    """Bring an application into a state that can follow its own. changes: of its other fields."""
    assert state in application.state.following, f"{application.state} is not followed by {state}"
    moved = replace(application, state=state, **changes)
    table = schema.applications
    connection.execute(sa.update(table).where(table.c.id == moved.id).values(**moved.__dict__))
    _tell(vault, connection, moved)
    return moved


def _tell(vault: Vault, connection: sa.Connection, application: Application) -> None:
    customer = customer_numbered(connection, application.customer_id)
    data = {
        "customer_id": customer.text_id,
        "product": application.product,
        "state": application.state,
        "reasons": application.reasons,
        "currency": application.currency,
        "credit_limit": application.credit_limit_minor,
        "decided_by": application.decided_by,
        "account_id": text_or_none(Prefix.ACCOUNT, application.account_id),
        "card_id": text_or_none(Prefix.CARD, application.card_id),
    }
    owners = Owners(issuer=customer.tenant)
    events.record(vault, connection, application.state.event, application.text_id, data, owners)


def text_or_none(prefix: Prefix, number: int | None) -> str | None:
    """The identifier outside of what may not be there."""
    return None if number is None else to_text(prefix, number)


def application_in(connection: sa.Connection, text_id: str) -> Application:
    """The application that the caller means by this identifier, read inside a transaction. Raises: NotFound."""
    table = schema.applications
    query = sa.select(table).where(table.c.id == to_number(Prefix.APPLICATION, text_id), visible(table))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no application {text_id}")
    return application_of(row)


def application_of(row: Any) -> Application:
    """An application from its row."""
    values = {each.name: getattr(row, each.name) for each in fields(Application)}
    values["state"] = ApplicationState(row.state)
    values["decided_by"] = None if row.decided_by is None else Decider(row.decided_by)
    return Application(**values)
