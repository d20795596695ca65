"""Customers of an issuer: who may apply for a card."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.caller import current_caller
from tokenvault.callers.listing import newest_first
from tokenvault.callers.ownership import Owners, visible
from tokenvault.cards.segments import UNKNOWN_LIFE_STAGE
from tokenvault.customers.credit_decision import Outcome
from tokenvault.customers.identity import IdentityDocument, bureau_score, forced_outcome, identity_digest
from tokenvault.events import events
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

_BORN_SINCE = date(1900, 1, 1)


@dataclass(frozen=True)
class Customer:
    """A customer. reference: the issuer's own name for them, if there is one.  created_at: Unix seconds.

    life_stage: see `cards.segments`.  bureau_score, forced_outcome: what follows from the identity document, which is
    not kept.  tenant: the issuer.
    """

    id: int
    reference: str | None
    birth_date: date
    life_stage: int
    bureau_score: int
    forced_outcome: Outcome | None
    tenant: str
    created_at: int

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.CUSTOMER, self.id)


def register_customer(
    vault: Vault,
    *,
    document: IdentityDocument,
    birth_date: date,
    reference: str | None = None,
    life_stage: int = UNKNOWN_LIFE_STAGE,
) -> Customer:
    """Register a customer of the calling issuer.

    Raises: FieldError; Conflict if the issuer has a customer with this identity document.
    """
    tenant = current_caller.get().tenant
    if not _BORN_SINCE <= birth_date <= today(vault):
        raise FieldError("birth_date", f"must be a day between {_BORN_SINCE} and today")
    customer = Customer(
        id=vault.new_number(),
        reference=reference,
        birth_date=birth_date,
        life_stage=life_stage,
        bureau_score=bureau_score(vault.keys, document),
        forced_outcome=forced_outcome(document),
        tenant=tenant,
        created_at=vault.now(),
    )
    digest = identity_digest(vault.keys, tenant, document)
    with vault.transaction() as connection:
        _check_is_new(connection, tenant, digest)
        row = asdict(customer) | {"birth_date": birth_date.isoformat(), "identity_digest": digest}
        connection.execute(sa.insert(schema.customers).values(**row))
        data = {} if reference is None else {"reference": reference}
        events.record(vault, connection, EventType.CUSTOMER_REGISTERED, customer.text_id, data, Owners(issuer=tenant))
    return customer


def _check_is_new(connection: sa.Connection, tenant: str, digest: bytes) -> None:
    """Raises: Conflict."""
    table = schema.customers
    query = sa.select(table.c.id).where(table.c.tenant == tenant, table.c.identity_digest == digest)
    known = connection.execute(query).scalar()
    if known is not None:
        raise Conflict(f"{to_text(Prefix.CUSTOMER, known)} has this identity document", code="customer_exists")


def today(vault: Vault) -> date:
    """The day that it is, in UTC."""
    return datetime.fromtimestamp(vault.now(), UTC).date()


def find_customer(vault: Vault, text_id: str) -> Customer:
    """The customer with this identifier. Raises: NotFound."""
    with vault.reading() as connection:
        return customer_in(connection, text_id)


def customer_in(connection: sa.Connection, text_id: str) -> Customer:
    """The customer that the caller means by this identifier, read inside a transaction. Raises: NotFound."""
    table = schema.customers
    query = sa.select(table).where(table.c.id == to_number(Prefix.CUSTOMER, text_id), visible(table))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no customer {text_id}")
    return _customer_of(row)


def customer_numbered(connection: sa.Connection, number: int) -> Customer:
    """The customer with this number, which is there, read inside a transaction."""
    table = schema.customers
    return _customer_of(connection.execute(sa.select(table).where(table.c.id == number)).one())


def list_customers(
    vault: Vault, *, limit: int, starting_after: str | None = None, reference: str | None = None
) -> list[Customer]:
    """Customers, the newest first; those with one reference, where it is given. Raises: NotFound."""
    rows = newest_first(
        vault, schema.customers, Prefix.CUSTOMER, limit=limit, starting_after=starting_after, reference=reference
    )
    return [_customer_of(row) for row in rows]


def _customer_of(row: Any) -> Customer:
    values = {name: getattr(row, name) for name in Customer.__dataclass_fields__}
    values["birth_date"] = date.fromisoformat(row.birth_date)
    values["forced_outcome"] = None if row.forced_outcome is None else Outcome(row.forced_outcome)
    return Customer(**values)
