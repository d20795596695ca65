"""The audit trail: who did what, when and why, in a hash chain that reveals every change.

Each entry's digest is an HMAC over the entry and the digest before it, under a key that only the root key opens: who
can write the database still cannot forge an entry, and one that is missing or out of place breaks the chain. That the
newest entries were cut off shows only to somebody who has noted an earlier head, see `verify`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.caller import current_caller
from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.storage import schema
from tokenvault.vault import Vault

_BEFORE_THE_FIRST = bytes(32)
_CHUNK = 5000
_LAST = (
    sa.select(schema.audit_entries.c.sequence, schema.audit_entries.c.digest)
    .order_by(schema.audit_entries.c.sequence.desc())
    .limit(1)
)


class AuditTrailBroken(Exception):
    """An entry was altered, removed or put in between. sequence: where the chain breaks."""

    def __init__(self, sequence: int, why: str) -> None:
        super().__init__(f"the audit trail breaks at entry {sequence}: {why}")
        self.sequence = sequence


@dataclass(frozen=True)
class AuditEntry:
    """One entry. occurred_at: Unix seconds.  actor: name of an API key, or ``system``."""

    sequence: int
    occurred_at: int
    actor: str
    action: str
    resource_id: str
    reason: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Head:
    """Where the trail stands: the number of its newest entry and that entry's digest."""

    sequence: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read what ``str`` wrote. Raises: ValueError."""
        found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
        if found is None:
            raise ValueError("must be NUMBER:DIGEST, as `tapwright audit verify` prints it")
        return cls(int(found[1]), bytes.fromhex(found[2]))


def write(
    vault: Vault, connection: sa.Connection, action: str, resource_id: str, *, reason: str = "", **details: Any
) -> None:
    """Add an entry, in the transaction of the change that it records. details: nothing secret."""
    last = connection.execute(_LAST).one_or_none()
    sequence, digest = (last.sequence, last.digest) if last else (0, _BEFORE_THE_FIRST)
    entry = AuditEntry(sequence + 1, vault.now(), current_caller.get().name, action, resource_id, reason, dict(details))
    row = entry.__dict__ | {"digest": _digest(vault.keys, entry, bytes(digest))}
    connection.execute(sa.insert(schema.audit_entries), row)


def _digest(keys: KeyRing, entry: AuditEntry, before: bytes) -> bytes:
    told = json.dumps(entry.__dict__, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.digest(keys.key(KeyPurpose.AUDIT_TRAIL, 1), before + told.encode("ascii"), hashlib.sha256)


def verify(vault: Vault, noted: Head | None = None) -> Head:
    """Follow the whole chain; returns its head, worth noting outside the database.

    noted: a head from earlier: the trail must still contain it.
    Raises: AuditTrailBroken.
    """
    head = Head(0, _BEFORE_THE_FIRST)
    found_noted = noted is None or noted == head
    for entry, digest in _entries_after(vault, 0):
        if entry.sequence != head.sequence + 1:
            raise AuditTrailBroken(head.sequence + 1, "it is missing")
        if not hmac.compare_digest(_digest(vault.keys, entry, head.digest), digest):
            raise AuditTrailBroken(entry.sequence, "it was altered")
        head = Head(entry.sequence, digest)
        found_noted = found_noted or head == noted
    if noted is not None and not found_noted:
        raise AuditTrailBroken(noted.sequence, "the trail does not contain the head that was recorded earlier")
    return head


def _entries_after(vault: Vault, sequence: int) -> Iterator[tuple[AuditEntry, bytes]]:
    while True:
        query = (
            sa.select(schema.audit_entries)
            .where(schema.audit_entries.c.sequence > sequence)
            .order_by(schema.audit_entries.c.sequence)
            .limit(_CHUNK)
        )
        with vault.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield _entry_of(row), bytes(row.digest)
        if len(rows) < _CHUNK:
            return
        sequence = rows[-1].sequence


def _entry_of(row: Any) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__dataclass_fields__})


def list_entries(
    vault: Vault, *, limit: int, before: int | None = None, resource_id: str | None = None
) -> list[AuditEntry]:
    """Entries, the newest first. before: only those with a smaller number."""
    query = sa.select(schema.audit_entries).order_by(schema.audit_entries.c.sequence.desc()).limit(limit)
    if before is not None:
        query = query.where(schema.audit_entries.c.sequence < before)
    if resource_id is not None:
        query = query.where(schema.audit_entries.c.resource_id == resource_id)
    with vault.reading() as connection:
        return [_entry_of(row) for row in connection.execute(query)]
