"""Applications in review: the issuer's desk answers them, or their time passes."""

from dataclasses import replace

import sqlalchemy as sa

from tokenvault.callers.caller import acting_as_the_vault
from tokenvault.callers.listing import newest_first
from tokenvault.customers.applications import (
    Application,
    ApplicationState,
    Decider,
    application_in,
    application_of,
    move,
)
from tokenvault.customers.approval import Decided, approve
from tokenvault.customers.credit_decision import Reason
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict
from tokenvault.vocabulary.identifiers import Prefix, to_number

_AT_ONCE = 100


def approve_in_review(vault: Vault, text_id: str, credit_limit_minor: int | None = None) -> Decided:
    """The desk approves. credit_limit_minor: what it grants; the limit of the score where None.

    Raises: NotFound; FieldError; Conflict if the application is not in review, or is no more.
    """
    with vault.transaction() as connection:
        application = _in_review(vault, connection, text_id)
        if credit_limit_minor is not None:
            application = replace(application, credit_limit_minor=credit_limit_minor)
        return approve(vault, connection, application, Decider.DESK)


def decline_in_review(vault: Vault, text_id: str) -> Decided:
    """The desk declines. Raises: NotFound; Conflict if the application is not in review, or is no more."""
    with vault.transaction() as connection:
        application = _in_review(vault, connection, text_id)
        reasons = [*application.reasons, str(Reason.DESK_DECLINED)]
        declined = _ended(vault, connection, application, ApplicationState.DECLINED, Decider.DESK, reasons)
        return Decided(declined)


def _in_review(vault: Vault, connection: sa.Connection, text_id: str) -> Application:
    """Raises: NotFound; Conflict."""
    application = application_in(connection, text_id)
    state = application.state
    if application.review_until is not None and application.review_until <= vault.now():
        state = ApplicationState.EXPIRED if state is ApplicationState.IN_REVIEW else state
    if state is not ApplicationState.IN_REVIEW:
        raise Conflict(f"{text_id} is {state}: nothing is left to answer", code="application_not_in_review")
    return application


def _ended(
    vault: Vault,
    connection: sa.Connection,
    application: Application,
    state: ApplicationState,
    decider: Decider,
    reasons: list[str],
) -> Application:
    """End a review without an approval."""
    return move(
        vault,
        connection,
        application,
        state,
        reasons=reasons,
        credit_limit_minor=None,
        decided_by=decider,
        decided_at=vault.now(),
    )


def expire_due(vault: Vault) -> int:
    """End all reviews whose time has passed; returns how many. Where there are none, it only reads.

    Whoever looks at applications calls it first, so nobody sees a review that is over; who waits for its event needs
    somebody who calls it now and then.
    """
    ended = 0
    while some := _expire_some(vault):
        ended += some
    return ended


def _expire_some(vault: Vault) -> int:
    table = schema.applications
    is_due = sa.and_(table.c.state == ApplicationState.IN_REVIEW, table.c.review_until <= vault.now())
    query = sa.select(table).where(is_due).order_by(table.c.review_until, table.c.id).limit(_AT_ONCE)
    with vault.reading() as connection:
        if connection.execute(query.limit(1)).first() is None:
            return 0
    with acting_as_the_vault(), vault.transaction() as connection:
        due = [application_of(row) for row in connection.execute(query)]
        for application in due:
            _ended(vault, connection, application, ApplicationState.EXPIRED, Decider.TIME, application.reasons)
    return len(due)


def find_application(vault: Vault, text_id: str) -> Application:
    """The application with this identifier. Raises: NotFound."""
    expire_due(vault)
    with vault.reading() as connection:
        return application_in(connection, text_id)


def list_applications(
    vault: Vault,
    *,
    limit: int,
    starting_after: str | None = None,
    state: ApplicationState | None = None,
    customer_id: str | None = None,
) -> list[Application]:
    """Applications, the newest first; those in one state or of one customer, where they are named. Raises: NotFound."""
    expire_due(vault)
    rows = newest_first(
        vault,
        schema.applications,
        Prefix.APPLICATION,
        limit=limit,
        starting_after=starting_after,
        state=state,
        customer_id=None if customer_id is None else to_number(Prefix.CUSTOMER, customer_id),
    )
    return [application_of(row) for row in rows]
