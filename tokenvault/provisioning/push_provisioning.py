"""Push provisioning: a signed payload from the issuer's app, valid for one token of one card."""

import hashlib
import json
from dataclasses import dataclass

import sqlalchemy as sa
from joserfc import jws
from joserfc.errors import JoseError

from tokenvault.cards.cards import Card, open_card_in
from tokenvault.events import audit
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealed_entry import elliptic_keys
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError

LIFETIME_SECONDS = 900
_ALGORITHM = "ES256"
_TYPE = "tapwright-push+jwt"
_CHARACTERS_MAX = 2048


@dataclass(frozen=True)
class PushPayload:
    """What the issuer's app passes on. payload: compact JWS (RFC 7515).  expires_at: Unix seconds."""

    payload: str
    expires_at: int


@dataclass(frozen=True)
class OpenedPayload:
    """The content of a payload. digest: of its one-time identifier.  used_for: the token of its earlier use."""

    card_id: str
    digest: bytes
    expires_at: int
    used_for: int | None


class ForgedPayload(FieldError):
    """No key of ours has signed it."""


def make_payload(vault: Vault, card_id: str) -> PushPayload:
    """A signed payload for a card, good once and for a quarter of an hour. Raises: NotFound; Conflict if closed."""
    with vault.transaction() as connection:
        return make_payload_in(vault, connection, open_card_in(connection, card_id))


def make_payload_in(vault: Vault, connection: sa.Connection, card: Card) -> PushPayload:
    """A signed payload for a card that is not closed, made as a part of a transaction."""
    key = next(elliptic_keys(vault.keys, KeyPurpose.PUSH_PROVISIONING))
    expires_at = vault.now() + LIFETIME_SECONDS
    claims = {"card_id": card.text_id, "jti": vault.random_bytes(16).hex(), "exp": expires_at}
    header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": key.kid}
    payload = jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[_ALGORITHM])
    audit.write(vault, connection, "push_payload.made", card.text_id)
    return PushPayload(payload, expires_at)


def open_payload(vault: Vault, connection: sa.Connection, payload: str) -> OpenedPayload:
    """Check signature and age, and look whether it was used. Raises: ForgedPayload; FieldError if it is too old."""
    field = "push_payload"
    refusal = ForgedPayload(field, "is not a payload that this vault has signed")
    if len(payload) > _CHARACTERS_MAX:
        raise refusal
    for key in elliptic_keys(vault.keys, KeyPurpose.PUSH_PROVISIONING):
        try:
            signed = jws.deserialize_compact(payload, key, algorithms=[_ALGORITHM])
            claims = json.loads(signed.payload or b"")
            if signed.headers().get("typ") != _TYPE:
                continue
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
            continue
        if claims["exp"] <= vault.now():
            raise FieldError(field, "has expired: request another one from the issuer's app")
        digest = hashlib.sha256(claims["jti"].encode()).digest()
        table = schema.push_payloads
        used_for = connection.execute(sa.select(table.c.token_id).where(table.c.digest == digest)).scalar()
        return OpenedPayload(claims["card_id"], digest, claims["exp"], used_for)
    raise refusal


def use_payload(vault: Vault, connection: sa.Connection, opened: OpenedPayload, token_id: int) -> None:
    """Mark a payload as used for a token; payloads too old to be used again are forgotten.

    Raises: Conflict if it was used for another.
    """
    table = schema.push_payloads
    if opened.used_for is not None:
        raise Conflict("this payload was already used for another token", code="push_payload_used")
    connection.execute(sa.delete(table).where(table.c.expires_at < vault.now()))
    connection.execute(sa.insert(table).values(digest=opened.digest, token_id=token_id, expires_at=opened.expires_at))
