"""Stored answers, so that a repeated request is carried out only once (``Idempotency-Key``)."""

import hashlib
import hmac
import json
from dataclasses import dataclass, replace

import sqlalchemy as sa

from tokenvault.callers.caller import Caller
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealing import KEPT_ANSWER, keyed_digest, seal, unseal
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import FieldError

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class RequestName:
    """Under which name a request was sent, and what it was; both only as digests, 32 bytes."""

    digest: bytes
    request: bytes


@dataclass(frozen=True)
class KeptAnswer:
    """An answer. Its repr shows no body: it may hold something that is shown only once."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"KeptAnswer({self.status})"

    def replayed(self, header: str) -> "KeptAnswer":
        """The same, saying that it is a repetition."""
        return replace(self, headers=self.headers | {header: "true"})


class KeyReused(FieldError):
    """The key was used for another request."""

    code = "idempotency_key_reused"


def request_name(vault: Vault, caller: Caller, key: str, method: str, path: str, body: bytes) -> RequestName:
    """The name of a request. It is shared by a tenant's keys with the same scopes: two callers cannot get in each
    other's way, and one that goes on with another of its keys gets the same answer.

    body: in its canonical form, so that a client may write the same JSON another way when it tries again.
    """
    request = hashlib.sha256(body).hexdigest()
    return RequestName(
        keyed_digest(vault.keys, KeyPurpose.CODE_DIGEST, caller.tenant, ",".join(sorted(caller.scopes)), key),
        keyed_digest(vault.keys, KeyPurpose.CODE_DIGEST, method, path, request),
    )


def kept_answer(vault: Vault, name: RequestName) -> KeptAnswer | None:
    """The answer that this request got before. Raises: KeyReused if another request was sent under its name."""
    table = schema.idempotent_answers
    with vault.reading() as connection:
        row = connection.execute(
            sa.select(table).where(
                table.c.name_digest == name.digest, table.c.created_at > vault.proof_time() - KEPT_SECONDS
            )
        ).one_or_none()
    if row is None:
        return None
    if not hmac.compare_digest(bytes(row.request_digest), name.request):
        raise KeyReused("Idempotency-Key", "was used for a different request: use a new key")
    told = json.loads(unseal(vault.keys, KEPT_ANSWER, row._mapping))
    return KeptAnswer(row.status, told["headers"], told["body"].encode())


def keep_answer(vault: Vault, connection: sa.Connection, name: RequestName, answer: KeptAnswer) -> None:
    """Keep an answer for a day, in the transaction of what it answers."""
    number = vault.new_number()
    told = json.dumps({"headers": answer.headers, "body": answer.body.decode()}).encode()
    connection.execute(
        sa.insert(schema.idempotent_answers).values(
            id=number,
            name_digest=name.digest,
            request_digest=name.request,
            status=answer.status,
            created_at=vault.proof_time(),
            **seal(vault.keys, KEPT_ANSWER, number, told, vault.random_bytes),
        )
    )


def forget_old_answers(vault: Vault, connection: sa.Connection) -> None:
    """Drop the answers that are kept no longer."""
    table = schema.idempotent_answers
    connection.execute(sa.delete(table).where(table.c.created_at <= vault.proof_time() - KEPT_SECONDS))
