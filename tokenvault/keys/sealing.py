"""Sealing of secret data in the database, and of credentials for a device."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.storage import schema
from tokenvault.vocabulary.identifiers import Prefix, RandomBytes, to_text

_NONCE_BYTES = 12
_VERSION_BYTES = 4
_CREDENTIAL_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_CREDENTIAL_INFO = "tapwright token credentials v1"


@dataclass(frozen=True)
class SealedColumn:
    """A column whose values are sealed, and the one beside it that names the version of the key."""

    table: sa.Table
    sealed: str
    version: str
    purpose: KeyPurpose

    def binding(self, row_id: int, version: int) -> bytes:
        """What ties a sealed value to its place."""
        return f"{self.table.name}.{self.sealed}|{row_id}|{version}".encode()


CARD_PAN = SealedColumn(schema.cards, "sealed_pan", "pan_key_version", KeyPurpose.PAN_SEALING)
CARD_CONTACTS = SealedColumn(schema.cards, "sealed_contacts", "contacts_key_version", KeyPurpose.DATA_SEALING)
MESSAGE_TEXT = SealedColumn(schema.messages, "sealed_text", "text_key_version", KeyPurpose.DATA_SEALING)
WEBHOOK_SECRET = SealedColumn(schema.webhook_endpoints, "sealed_secret", "secret_key_version", KeyPurpose.DATA_SEALING)
KEPT_ANSWER = SealedColumn(schema.idempotent_answers, "sealed_answer", "answer_key_version", KeyPurpose.DATA_SEALING)
SEALED_COLUMNS = (CARD_PAN, CARD_CONTACTS, MESSAGE_TEXT, WEBHOOK_SECRET, KEPT_ANSWER)
"""Everything that a new key must reseal."""


def seal(
    keys: KeyRing, column: SealedColumn, row_id: int, plaintext: bytes, random_bytes: RandomBytes
) -> dict[str, Any]:
    """Seal a value for its row: AES-256-GCM, bound to table, column, row and key version.

    Returns: the row's two columns. What is sealed is nonce (12) || ciphertext || tag (16).
    """
    version = keys.current_version(column.purpose)
    sealed = _encrypted(keys.key(column.purpose, version), plaintext, column.binding(row_id, version), random_bytes)
    return {column.sealed: sealed, column.version: version}


def unseal(keys: KeyRing, column: SealedColumn, row: sa.RowMapping) -> bytes:
    """Open a sealed value; secret. row: with id, the sealed column and its version.

    Raises: cryptography.exceptions.InvalidTag if it was altered or belongs to another row.
    """
    sealed, version = row[column.sealed], row[column.version]
    return _decrypted(keys.key(column.purpose, version), sealed, column.binding(row["id"], version))


def seal_elsewhere(keys: KeyRing, binding: str, plaintext: bytes, random_bytes: RandomBytes) -> bytes:
    """Seal what is kept outside the database: version of the key (4) || nonce (12) || ciphertext || tag (16).

    binding: what it is part of, without which it cannot be opened.
    """
    version = keys.current_version(KeyPurpose.DATA_SEALING)
    sealed = _encrypted(keys.key(KeyPurpose.DATA_SEALING, version), plaintext, binding.encode(), random_bytes)
    return version.to_bytes(_VERSION_BYTES, "big") + sealed


def unseal_elsewhere(keys: KeyRing, binding: str, sealed: bytes) -> bytes:
    """Open what `seal_elsewhere` sealed; secret.

    Raises: cryptography.exceptions.InvalidTag if it was altered or is part of something else; KeyUnavailable.
    """
    version = int.from_bytes(sealed[:_VERSION_BYTES], "big")
    return _decrypted(keys.key(KeyPurpose.DATA_SEALING, version), sealed[_VERSION_BYTES:], binding.encode())


def _encrypted(key: bytes, plaintext: bytes, binding: bytes, random_bytes: RandomBytes) -> bytes:
    nonce = random_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, binding)


def _decrypted(key: bytes, sealed: bytes, binding: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], binding)


def funding_pan_lookups(keys: KeyRing, pan: str) -> dict[int, bytes]:
    """The keyed hashes by which a funding PAN is found again: HMAC-SHA-256, 32 bytes, by version of the key.

    A plain hash would not do: all PANs of a BIN can be tried in seconds.
    """
    return {
        version: hmac.digest(keys.key(KeyPurpose.PAN_LOOKUP, version), pan.encode("ascii"), hashlib.sha256)
        for version in keys.versions(KeyPurpose.PAN_LOOKUP)
    }


def new_pan_lookup(keys: KeyRing, pan: str) -> dict[str, Any]:
    """The row's two columns by which a funding PAN is found again, under the newest key."""
    version = keys.current_version(KeyPurpose.PAN_LOOKUP)
    key = keys.key(KeyPurpose.PAN_LOOKUP, version)
    return {
        "pan_lookup": hmac.digest(key, pan.encode("ascii"), hashlib.sha256),
        "lookup_key_version": version,
    }


def keyed_digest(keys: KeyRing, purpose: KeyPurpose, *parts: str) -> bytes:
    """HMAC-SHA-256 over texts, 32 bytes, under the one key of a purpose that is never rotated."""
    message = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.digest(keys.key(purpose, 1), message.encode(), hashlib.sha256)


def credential_info(token_id: int, device_id: int) -> bytes:
    """The HPKE ``info`` of sealed credentials: what a device must name to open them (RFC 9180, 8.1)."""
    parts = (_CREDENTIAL_INFO, to_text(Prefix.TOKEN, token_id), to_text(Prefix.DEVICE, device_id))
    return "|".join(parts).encode("ascii")


def seal_to_device(plaintext: bytes, public_key: ec.EllipticCurvePublicKey, info: bytes) -> bytes:
    """Seal to one device: HPKE base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, empty aad.

    Returns: encapsulated key (65 bytes) || ciphertext || tag (16).
    Source: RFC 9180, 6.1.
    """
    return _CREDENTIAL_SUITE.encrypt(plaintext, public_key, info=info)


def open_on_device(sealed: bytes, private_key: ec.EllipticCurvePrivateKey, info: bytes) -> bytes:
    """What `seal_to_device` sealed; the device's side of it, secret.

    Raises: cryptography.exceptions.InvalidTag for another key, another info or altered bytes.
    """
    return _CREDENTIAL_SUITE.decrypt(sealed, private_key, info=info)
