"""Token requestors: the wallets and merchants that tokens are issued for."""

from typing import Any

import sqlalchemy as sa

from tokenvault.callers.ownership import visible
from tokenvault.events import audit
from tokenvault.program.card_program import TOKEN_SERVICE_PROVIDER_DIGITS, RequestorKind, TokenRequestor
from tokenvault.program.token_domain import TokenDomain
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound
from tokenvault.vocabulary.tenants import DEFAULT_TENANT, check_tenant

_DIGITS = 11
_ATTEMPTS = 32


def install(vault: Vault) -> None:
    """Enter the program's requestors where they are not there yet. Called when a vault is opened."""
    with vault.transaction() as connection:
        known = set(connection.execute(sa.select(schema.token_requestors.c.identifier)).scalars())
        for requestor in vault.program.token_requestors:
            if requestor.identifier not in known:
                _insert(vault, connection, requestor, DEFAULT_TENANT)


def add_requestor(
    vault: Vault, *, name: str, kind: RequestorKind, domain: TokenDomain, tenant: str = DEFAULT_TENANT
) -> TokenRequestor:
    """Register a requestor of a wallet's tenant under a new identifier of this token service provider.

    Raises: FieldError; Conflict if no identifier is free.
    """
    check_tenant(tenant)
    with vault.transaction() as connection:
        requestor = TokenRequestor(_unused_identifier(vault, connection), name, domain, kind)
        _insert(vault, connection, requestor, tenant)
        audit.write(vault, connection, "token_requestor.added", requestor.identifier, name=name, tenant=tenant)
    return requestor


def _unused_identifier(vault: Vault, connection: sa.Connection) -> str:
    free_digits = _DIGITS - TOKEN_SERVICE_PROVIDER_DIGITS
    for _ in range(_ATTEMPTS):
        identifier = f"{vault.program.service_provider_code}{vault.random_below(10**free_digits):0{free_digits}d}"
        if _row(connection, identifier, sa.true()) is None:
            return identifier
    raise Conflict("the token requestor identifiers are almost exhausted", code="identifiers_exhausted")


def _insert(vault: Vault, connection: sa.Connection, requestor: TokenRequestor, tenant: str) -> None:
    connection.execute(
        sa.insert(schema.token_requestors).values(
            identifier=requestor.identifier,
            name=requestor.name,
            kind=requestor.kind,
            tenant=tenant,
            created_at=vault.now(),
            **requestor.domain.columns(),
        )
    )


def _row(connection: sa.Connection, identifier: str, condition: sa.ColumnElement[bool]) -> Any:
    table = schema.token_requestors
    return connection.execute(sa.select(table).where(table.c.identifier == identifier, condition)).one_or_none()


def requestor_of(row: Any) -> TokenRequestor:
    """A requestor from its row."""
    domain = TokenDomain(
        frozenset(row.channels), row.merchant_id, frozenset(row.countries), row.transaction_limit_minor
    )
    return TokenRequestor(row.identifier, row.name, domain, RequestorKind(row.kind))


def requestor_in(connection: sa.Connection, identifier: str) -> TokenRequestor:
    """The requestor that the caller means by this identifier, as a field of a request. Raises: FieldError."""
    row = _row(connection, identifier, visible(schema.token_requestors))
    if row is None:
        raise FieldError("token_requestor_id", "is not registered with this token service")
    return requestor_of(row)


def find_requestor(vault: Vault, identifier: str) -> TokenRequestor:
    """The requestor with this identifier. Raises: NotFound."""
    with vault.reading() as connection:
        row = _row(connection, identifier, visible(schema.token_requestors))
    if row is None:
        raise NotFound("there is no token requestor with this identifier")
    return requestor_of(row)


def list_requestors(vault: Vault) -> list[TokenRequestor]:
    """All that the caller may see, by identifier."""
    table = schema.token_requestors
    query = sa.select(table).where(visible(table)).order_by(table.c.identifier)
    with vault.reading() as connection:
        return [requestor_of(row) for row in connection.execute(query)]
