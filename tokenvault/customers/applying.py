"""Applying for a card: one decision, and for an approval an account and a card at once, all in one transaction."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from tokenvault.cards.products import NO_PRODUCT, cut_day_with
from tokenvault.customers.application_policies import ApplicationPolicy, policy_in
from tokenvault.customers.applications import Application, ApplicationState, Decider, move, submit
from tokenvault.customers.approval import Decided, approve
from tokenvault.customers.credit_decision import (
    Applicant,
    CreditDecision,
    DeviceFacts,
    Outcome,
    age_on,
    decide,
)
from tokenvault.customers.customers import Customer, customer_in, today
from tokenvault.customers.reviewing import expire_due
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealing import keyed_digest
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError
from tokenvault.vocabulary.identifiers import Prefix, to_text

_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class ApplicationRequest:
    """What is applied for. cut_day: of the statements, the first of the month where None.

    channel: a name of the issuer's for where the customer applies, such as `app`.  city: where the customer lives.
    device: the app's own name of the device, which is hashed.
    """

    customer_id: str
    product: int
    channel: str
    city: str
    cut_day: int | None = None
    device: str | None = field(default=None, repr=False)
    device_score: int | None = None
    device_is_compromised: bool = False


def apply(vault: Vault, request: ApplicationRequest) -> Decided:
    """Decide on an application, and keep the outcome; an approval opens the account and issues the card.

    Raises: NotFound; FieldError; Conflict if the desk has not answered the last one for this product yet.
    """
    if request.product == NO_PRODUCT:
        raise FieldError("product", "must be the number of a product")
    expire_due(vault)
    with vault.transaction() as connection:
        customer = customer_in(connection, request.customer_id)
        _check_none_in_review(connection, customer, request.product)
        policy = policy_in(connection, customer.tenant)
        digest = _device_digest(vault, customer, request.device)
        device = DeviceFacts(
            request.device_score, request.device_is_compromised, _recent_applications(vault, connection, digest)
        )
        decision = decide(_applicant(vault, connection, customer, request), device, policy.credit)
        application = _application(vault, customer, request, policy, decision)
        submit(vault, connection, application, digest)
        return _settled(vault, connection, application, decision, policy)


def _application(
    vault: Vault, customer: Customer, request: ApplicationRequest, policy: ApplicationPolicy, decision: CreditDecision
) -> Application:
    return Application(
        id=vault.new_number(),
        customer_id=customer.id,
        product=request.product,
        cut_day=cut_day_with(request.product, request.cut_day),
        channel=request.channel,
        city=request.city,
        state=ApplicationState.SUBMITTED,
        votes={str(party): vote.name.lower() for party, vote in decision.votes.items()},
        reasons=[str(reason) for reason in decision.reasons],
        score=customer.bureau_score,
        currency=policy.currency,
        credit_limit_minor=decision.credit_limit_minor,
        decided_by=None,
        decided_at=None,
        review_until=None,
        account_id=None,
        card_id=None,
        created_at=vault.now(),
    )


def _settled(
    vault: Vault,
    connection: sa.Connection,
    application: Application,
    decision: CreditDecision,
    policy: ApplicationPolicy,
) -> Decided:
    """What the decision makes of an application: approved, declined, or left to the desk."""
    now = vault.now()
    match decision.outcome:
        case Outcome.APPROVED:
            return approve(vault, connection, application, Decider.DECISION)
        case Outcome.DECLINED:
            by = Decider.DECISION
            declined = move(vault, connection, application, ApplicationState.DECLINED, decided_by=by, decided_at=now)
            return Decided(declined)
        case Outcome.IN_REVIEW:
            until = now + policy.review_seconds
            return Decided(move(vault, connection, application, ApplicationState.IN_REVIEW, review_until=until))


def _check_none_in_review(connection: sa.Connection, customer: Customer, product: int) -> None:
    """Raises: Conflict."""
    table = schema.applications
    query = sa.select(table.c.id).where(
        table.c.customer_id == customer.id, table.c.product == product, table.c.state == ApplicationState.IN_REVIEW
    )
    waiting = connection.execute(query).scalar()
    if waiting is not None:
        raise Conflict(f"{to_text(Prefix.APPLICATION, waiting)} is still in review", code="application_in_review")


def _device_digest(vault: Vault, customer: Customer, device: str | None) -> bytes | None:
    if device is None:
        return None
    return keyed_digest(vault.keys, KeyPurpose.IDENTITY_DIGEST, "device", customer.tenant, device)


def _recent_applications(vault: Vault, connection: sa.Connection, digest: bytes | None) -> int:
    """How many applications have come from a device within a day."""
    if digest is None:
        return 0
    table = schema.applications
    recent = table.c.created_at > vault.now() - _DAY_SECONDS
    query = sa.select(sa.func.count()).select_from(table).where(table.c.device_digest == digest, recent)
    return int(connection.execute(query).scalar_one())


def _applicant(vault: Vault, connection: sa.Connection, customer: Customer, request: ApplicationRequest) -> Applicant:
    return Applicant(
        age=age_on(customer.birth_date, today(vault)),
        city=request.city,
        channel=request.channel,
        score=customer.bureau_score,
        forced=customer.forced_outcome,
        has_product=_has_product(connection, customer, request.product),
    )


def _has_product(connection: sa.Connection, customer: Customer, product: int) -> bool:
    """Whether an account that the customer has applied for has this product now."""
    applied, accounts = schema.applications, schema.accounts
    query = (
        sa.select(accounts.c.id)
        .join(applied, applied.c.account_id == accounts.c.id)
        .where(applied.c.customer_id == customer.id, accounts.c.product == product)
    )
    return connection.execute(query.limit(1)).scalar() is not None
