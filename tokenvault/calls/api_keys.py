"""API keys: made, listed, rotated and revoked. Only a keyed digest of each is kept."""

import base64
from dataclasses import dataclass, replace

import sqlalchemy as sa

from tokenvault.callers.caller import Scope
from tokenvault.callers.listing import newest_first
from tokenvault.events import audit
from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.keys.sealing import keyed_digest
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text
from tokenvault.vocabulary.tenants import DEFAULT_TENANT, check_tenant

_PREFIX = "twk_"
_SECRET_BYTES = 24


@dataclass(frozen=True)
class ApiKey:
    """A key as others may see it. tenant: whose objects it works with.

    lineage: the number of the first of those keys that rotation made of each other.
    calls_per_second: None for no limit.  expires_at: Unix seconds, None for never.
    """

    id: int
    name: str
    scopes: list[str]
    tenant: str
    lineage: int
    calls_per_second: int | None
    expires_at: int | None
    created_at: int

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.API_KEY, self.id)


@dataclass(frozen=True)
class NewApiKey:
    """A key that was just made. secret: shown this once."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        return f"NewApiKey({self.key.text_id})"


def digest_of(keys: KeyRing, secret: str) -> bytes:
    """What is kept of an API key, 32 bytes."""
    return keyed_digest(keys, KeyPurpose.API_KEY_DIGEST, secret)


def make_key(
    vault: Vault, *, name: str, scopes: list[Scope], calls_per_second: int | None, tenant: str = DEFAULT_TENANT
) -> NewApiKey:
    """A new key for a tenant. Raises: FieldError."""
    number, now = vault.new_number(), vault.proof_time()
    key = ApiKey(number, name, sorted(map(str, scopes)), check_tenant(tenant), number, calls_per_second, None, now)
    with vault.transaction() as connection:
        secret = _insert(vault, connection, key)
        audit.write(vault, connection, "api_key.made", key.text_id, scopes=key.scopes, tenant=key.tenant)
    return NewApiKey(key, secret)


def _insert(vault: Vault, connection: sa.Connection, key: ApiKey) -> str:
    secret = _PREFIX + base64.urlsafe_b64encode(vault.random_bytes(_SECRET_BYTES)).decode()
    connection.execute(sa.insert(schema.api_keys).values(**key.__dict__, digest=digest_of(vault.keys, secret)))
    return secret


def _key_in(connection: sa.Connection, text_id: str) -> ApiKey:
    columns = schema.api_keys.c[*ApiKey.__dataclass_fields__]
    number = to_number(Prefix.API_KEY, text_id)
    row = connection.execute(sa.select(*columns).where(schema.api_keys.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no API key {text_id}")
    return ApiKey(**row._mapping)


def rotate_key(vault: Vault, text_id: str, grace_seconds: int) -> NewApiKey:
    """A new key like an old one, which works for so long beside it. Raises: NotFound."""
    with vault.transaction() as connection:
        old, now = _key_in(connection, text_id), vault.proof_time()
        ends_at = min(now + grace_seconds, old.expires_at or now + grace_seconds)
        connection.execute(sa.update(schema.api_keys).where(schema.api_keys.c.id == old.id).values(expires_at=ends_at))
        new = replace(old, id=vault.new_number(), expires_at=None, created_at=now)
        secret = _insert(vault, connection, new)
        audit.write(vault, connection, "api_key.rotated", old.text_id, by=new.text_id)
    return NewApiKey(new, secret)


def revoke_key(vault: Vault, text_id: str) -> None:
    """End a key now. Raises: NotFound."""
    with vault.transaction() as connection:
        key = _key_in(connection, text_id)
        connection.execute(sa.delete(schema.api_keys).where(schema.api_keys.c.id == key.id))
        audit.write(vault, connection, "api_key.revoked", key.text_id)


def list_keys(vault: Vault, *, limit: int, starting_after: str | None = None) -> list[ApiKey]:
    """The keys that are kept, the newest first. Raises: NotFound."""
    rows = newest_first(vault, schema.api_keys, Prefix.API_KEY, limit=limit, starting_after=starting_after)
    return [ApiKey(**{name: getattr(row, name) for name in ApiKey.__dataclass_fields__}) for row in rows]


def key_with_secret(vault: Vault, secret: str) -> ApiKey | None:
    """The key that this is, unless it is unknown or over."""
    columns = schema.api_keys.c[*ApiKey.__dataclass_fields__]
    query = sa.select(*columns).where(schema.api_keys.c.digest == digest_of(vault.keys, secret))
    with vault.reading() as connection:
        row = connection.execute(query).one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= vault.proof_time()):
        return None
    return ApiKey(**row._mapping)
