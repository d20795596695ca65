"""Object ownership: each object belongs to a tenant, and a caller sees only its own (OWASP API1:2023).

A tenant is a name. An API key belongs to one; its scopes say what the key may do, its tenant says with whose objects.
An issuer's tenant owns its customers, with their applications, and its accounts, with their cards; a wallet's tenant
owns its token requestors, with their tokens, and its devices. A token is its wallet's, and its card's issuer sees it
too. Networks see all tokens, the operator (scope `sandbox`) and the vault itself see everything.

Whoever finds something by the name that a caller gave uses `visible`; what is not visible is not there. What the vault
follows on its own, such as a token's card, it finds by number.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.callers.caller import Scope, current_caller
from tokenvault.storage.database import reading
from tokenvault.storage.schema import (
    accounts,
    applications,
    cards,
    customers,
    devices,
    events,
    token_requestors,
    tokens,
    webhook_deliveries,
    webhook_endpoints,
)

Condition = sa.ColumnElement[bool]

_REMEMBERED_MAX = 1_000_000


@dataclass(frozen=True)
class Owners:
    """The tenants that own the subject of an event. None for a role without a tenant."""

    issuer: str | None = None
    wallet: str | None = None


def visible(table: sa.Table) -> Condition:
    """Which rows of a table the caller may see."""
    caller = current_caller.get()
    if caller.sees_everything:
        return sa.true()
    by_scope = _BY_SCOPE.get(table.name, {})
    seen = [condition(caller.tenant) for scope, condition in by_scope.items() if scope in caller.scopes]
    return sa.or_(sa.false(), *seen)


def token_of_own_tenant() -> Condition:
    """Which tokens are the caller's tenant's, of its wallets or of its cards: even an operator sees only those."""
    tenant = current_caller.get().tenant
    return sa.or_(_is_own_token(tenant), _is_token_of_own_card(tenant))


def _is_own_account(tenant: str) -> Condition:
    return accounts.c.tenant == tenant


def _is_own_customer(tenant: str) -> Condition:
    return customers.c.tenant == tenant


def _is_own_application(tenant: str) -> Condition:
    return applications.c.customer_id.in_(sa.select(customers.c.id).where(_is_own_customer(tenant)))


def _is_own_card(tenant: str) -> Condition:
    return cards.c.account_id.in_(sa.select(accounts.c.id).where(_is_own_account(tenant)))


def _is_token_of_own_card(tenant: str) -> Condition:
    return tokens.c.card_id.in_(sa.select(cards.c.id).where(_is_own_card(tenant)))


def _is_own_requestor(tenant: str) -> Condition:
    return token_requestors.c.tenant == tenant


def _is_own_token(tenant: str) -> Condition:
    own = sa.select(token_requestors.c.identifier).where(_is_own_requestor(tenant))
    return tokens.c.token_requestor_id.in_(own)


def _has_token_of_own_card(tenant: str) -> Condition:
    return sa.exists().where(tokens.c.device_id == devices.c.id, _is_token_of_own_card(tenant))


def _is_told(tenant: str) -> Condition:
    return sa.or_(events.c.issuer == tenant, events.c.wallet == tenant)


def _is_own_endpoint(tenant: str) -> Condition:
    return sa.and_(webhook_endpoints.c.tenant == tenant, webhook_endpoints.c.hears_everything.is_(False))


def _is_endpoint_of_network(tenant: str) -> Condition:
    return sa.and_(webhook_endpoints.c.tenant == tenant, webhook_endpoints.c.hears_everything.is_(True))


def _is_delivery_to(is_endpoint: Callable[[str], Condition]) -> Callable[[str], Condition]:
    """Which deliveries go to such endpoints."""

    def is_delivery(tenant: str) -> Condition:
        return webhook_deliveries.c.endpoint_id.in_(sa.select(webhook_endpoints.c.id).where(is_endpoint(tenant)))

    return is_delivery


def _is_any(_tenant: str) -> Condition:
    return sa.true()


_BY_SCOPE: dict[str, dict[Scope, Callable[[str], Condition]]] = {
    accounts.name: {Scope.ISSUER: _is_own_account},
    customers.name: {Scope.ISSUER: _is_own_customer},
    applications.name: {Scope.ISSUER: _is_own_application},
    # A wallet names a card by its identifier only where issuer and wallet are one tenant: an in-house wallet.
    cards.name: {Scope.ISSUER: _is_own_card, Scope.WALLET: _is_own_card},
    devices.name: {
        Scope.WALLET: lambda tenant: devices.c.tenant == tenant,
        Scope.ISSUER: _has_token_of_own_card,
        Scope.NETWORK: _is_any,
    },
    # Who the requestors are is public among issuers, whose cards they hold; a wallet knows its own.
    token_requestors.name: {
        Scope.WALLET: _is_own_requestor,
        Scope.ISSUER: _is_any,
        Scope.NETWORK: _is_any,
    },
    tokens.name: {Scope.WALLET: _is_own_token, Scope.ISSUER: _is_token_of_own_card, Scope.NETWORK: _is_any},
    events.name: {Scope.WALLET: _is_told, Scope.ISSUER: _is_told, Scope.NETWORK: _is_any},
    webhook_endpoints.name: {
        Scope.WALLET: _is_own_endpoint,
        Scope.ISSUER: _is_own_endpoint,
        Scope.NETWORK: _is_endpoint_of_network,
    },
    webhook_deliveries.name: {
        Scope.WALLET: _is_delivery_to(_is_own_endpoint),
        Scope.ISSUER: _is_delivery_to(_is_own_endpoint),
        Scope.NETWORK: _is_delivery_to(_is_endpoint_of_network),
    },
}
"""What each scope sees of each table. A table that is not here is the operator's alone."""


def issuer_of_account(database: sa.Engine, account_id: int) -> str | None:
    """The tenant that owns an account, None where there is none. Raises: DatabaseUnavailable."""
    with reading(database) as connection:
        return connection.execute(sa.select(accounts.c.tenant).where(accounts.c.id == account_id)).scalar()


def wallet_of_token(database: sa.Engine, token_id: int) -> str | None:
    """The tenant whose wallet a token is in, None where there is no such token. Raises: DatabaseUnavailable."""
    query = (
        sa.select(token_requestors.c.tenant)
        .join(tokens, tokens.c.token_requestor_id == token_requestors.c.identifier)
        .where(tokens.c.id == token_id)
    )
    with reading(database) as connection:
        return connection.execute(query).scalar()


class RememberedTenants:
    """The tenants of objects, cached: they never change. What is missing is not cached: it may be made later.

    look_up: finds the tenant of an object by its number, see `issuer_of_account`, `wallet_of_token`.
    """

    def __init__(self, database: sa.Engine, look_up: Callable[[sa.Engine, int], str | None]) -> None:
        self._database = database
        self._look_up = look_up
        self._known: dict[int, str] = {}

    def __call__(self, number: int) -> str | None:
        """The tenant of an object, None where there is no such object. Raises: DatabaseUnavailable."""
        known = self._known.get(number)
        if known is None:
            known = self._look_up(self._database, number)
            if known is not None:
                if len(self._known) >= _REMEMBERED_MAX:
                    self._known.clear()
                self._known[number] = known
        return known


def owners_of_card(connection: sa.Connection, account_id: int) -> Owners:
    """The owners of a card."""
    return Owners(issuer=connection.execute(sa.select(accounts.c.tenant).where(accounts.c.id == account_id)).scalar())


def owners_of_token(connection: sa.Connection, card_id: int, token_requestor_id: str) -> Owners:
    """The owners of a token."""
    query = (
        sa.select(accounts.c.tenant, token_requestors.c.tenant)
        .select_from(cards)
        .join(accounts, cards.c.account_id == accounts.c.id)
        .join(token_requestors, token_requestors.c.identifier == token_requestor_id)
        .where(cards.c.id == card_id)
    )
    issuer, wallet = connection.execute(query).one()
    return Owners(issuer, wallet)


def hears_of(owners: Owners) -> Condition:
    """The condition for webhook endpoints that receive events of these owners."""
    names = [name for name in (owners.issuer, owners.wallet) if name is not None]
    return sa.or_(webhook_endpoints.c.hears_everything, webhook_endpoints.c.tenant.in_(names))
