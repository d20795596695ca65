"""Key rotation during operation: a new version at once, and re-sealing of existing data in the background."""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.listing import newest_first
from tokenvault.events import audit
from tokenvault.keys.key_ring import KEY_BYTES, KeyPurpose
from tokenvault.keys.sealing import CARD_PAN, SEALED_COLUMNS, SealedColumn, seal, unseal
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

BATCH_ROWS = 250
"""How many rows are resealed in one transaction: others wait no longer than that takes."""

_SEALS = {column.purpose for column in SEALED_COLUMNS}
_KEEPS_OLD = {
    KeyPurpose.EMV_MASTER_AES,
    KeyPurpose.EMV_MASTER_TDES,
    KeyPurpose.EMV_MASTER_SM4,
    KeyPurpose.CARD_ENTRY,
    KeyPurpose.PUSH_PROVISIONING,
    KeyPurpose.TOKEN_PAN,
}
ROTATABLE = frozenset(_SEALS | _KEEPS_OLD | {KeyPurpose.PAN_LOOKUP})
"""Keys that can be rotated. The others verify what was made before, and would make it worthless."""


class RotationState(StrEnum):
    """Where a rotation stands."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True)
class Rotation:
    """One rotation. version: the new one.  resealed, remaining: rows.  created_at: Unix seconds."""

    id: int
    purpose: KeyPurpose
    version: int
    state: RotationState
    resealed: int
    remaining: int
    created_at: int

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.KEY_ROTATION, self.id)


def start_rotation(vault: Vault, purpose: KeyPurpose) -> Rotation:
    """Make a new version of a key; from now on everything new is sealed by it.

    Raises: FieldError if the key cannot be rotated; Conflict while a rotation of it is running.
    """
    if purpose not in ROTATABLE:
        raise FieldError("purpose", f"must be one of {', '.join(sorted(ROTATABLE))}")
    table = schema.key_rotations
    with vault.transaction() as connection:
        running = sa.select(table.c.id).where(table.c.purpose == purpose, table.c.state == RotationState.RUNNING)
        if connection.execute(running).first() is not None:
            raise Conflict(f"{purpose} is already being rotated", code="rotation_running")
        version = vault.keys.current_version(purpose) + 1
        vault.keys.install(connection, purpose, version, vault.random_bytes(KEY_BYTES[purpose]))
        remaining = _remaining(connection, purpose, version)
        state = RotationState.RUNNING if remaining or purpose not in _KEEPS_OLD else RotationState.DONE
        rotation = Rotation(vault.new_number(), purpose, version, state, 0, remaining, vault.proof_time())
        connection.execute(sa.insert(table).values(**rotation.__dict__))
        audit.write(vault, connection, "key.rotated", f"{purpose} {version}")
    return rotation


def _columns_of(purpose: KeyPurpose) -> list[SealedColumn]:
    return [column for column in SEALED_COLUMNS if column.purpose is purpose]


def _remaining(connection: sa.Connection, purpose: KeyPurpose, version: int) -> int:
    places = [(column.table, column.table.c[column.version]) for column in _columns_of(purpose)]
    if purpose is KeyPurpose.PAN_LOOKUP:
        places = [(schema.cards, schema.cards.c.lookup_key_version)]
    count = sa.func.count()
    return sum(
        connection.execute(sa.select(count).select_from(table).where(held < version)).scalar_one()
        for table, held in places
    )


def reseal_some(vault: Vault) -> bool:
    """Do one batch of what running rotations have left; returns whether there was anything to do.

    A rotation that has nothing left destroys the old versions and is done.
    """
    table = schema.key_rotations
    running = sa.select(table).where(table.c.state == RotationState.RUNNING).order_by(table.c.created_at)
    with vault.reading() as connection:
        if connection.execute(running).first() is None:
            return False
    with vault.transaction() as connection:
        row = connection.execute(running).first()
        if row is None:
            return False
        purpose = KeyPurpose(row.purpose)
        resealed = _reseal(vault, connection, purpose, row.version)
        values: dict[str, Any] = {"resealed": row.resealed + resealed, "remaining": max(row.remaining - resealed, 0)}
        if resealed == 0:
            for version in vault.keys.versions(purpose):
                if version < row.version:
                    vault.keys.remove(connection, purpose, version)
            values |= {"state": RotationState.DONE, "remaining": 0}
            audit.write(vault, connection, "key.rotation_done", f"{purpose} {row.version}", resealed=row.resealed)
        connection.execute(sa.update(table).where(table.c.id == row.id).values(**values))
    return True


def _reseal(vault: Vault, connection: sa.Connection, purpose: KeyPurpose, version: int) -> int:
    if purpose is KeyPurpose.PAN_LOOKUP:
        return _find_anew(vault, connection, version)
    for column in _columns_of(purpose):
        rows = connection.execute(
            sa.select(*column.table.c["id", column.sealed, column.version])
            .where(column.table.c[column.version] < version)
            .limit(BATCH_ROWS)
        ).all()
        for row in rows:
            plaintext = unseal(vault.keys, column, row._mapping)
            sealed = seal(vault.keys, column, row.id, plaintext, vault.random_bytes)
            connection.execute(sa.update(column.table).where(column.table.c.id == row.id).values(**sealed))
        if rows:
            return len(rows)
    return 0


def _find_anew(vault: Vault, connection: sa.Connection, version: int) -> int:
    """Funding PANs by the new lookup key."""
    key = vault.keys.key(KeyPurpose.PAN_LOOKUP, version)
    cards = schema.cards
    rows = connection.execute(
        sa.select(*cards.c["id", CARD_PAN.sealed, CARD_PAN.version])
        .where(cards.c.lookup_key_version < version)
        .limit(BATCH_ROWS)
    ).all()
    for row in rows:
        lookup = hmac.digest(key, unseal(vault.keys, CARD_PAN, row._mapping), hashlib.sha256)
        connection.execute(
            sa.update(cards).where(cards.c.id == row.id).values(pan_lookup=lookup, lookup_key_version=version)
        )
    return len(rows)


def find_rotation(vault: Vault, text_id: str) -> Rotation:
    """The rotation with this identifier, and how far it is. Raises: NotFound."""
    number = to_number(Prefix.KEY_ROTATION, text_id)
    with vault.reading() as connection:
        row = connection.execute(
            sa.select(schema.key_rotations).where(schema.key_rotations.c.id == number)
        ).one_or_none()
    if row is None:
        raise NotFound(f"there is no key rotation {text_id}")
    return _rotation_of(row)


def _rotation_of(row: Any) -> Rotation:
    return Rotation(**{**row._mapping, "purpose": KeyPurpose(row.purpose), "state": RotationState(row.state)})


def list_rotations(vault: Vault, *, limit: int, starting_after: str | None = None) -> list[Rotation]:
    """Rotations, the newest first. Raises: NotFound."""
    table, prefix = schema.key_rotations, Prefix.KEY_ROTATION
    return [_rotation_of(row) for row in newest_first(vault, table, prefix, limit=limit, starting_after=starting_after)]
