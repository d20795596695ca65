"""Lockouts: wrong guesses of secrets are counted by card and by caller, and too many are locked out.

A lock ends by the vault's clock, and a card's also when its issuer says so. A guess at a locked card is answered as a
wrong one, so that nobody learns from the answer whether it was right. PINs keep a count of their own by card
(ISO 9564-1: it ends only when the PIN is set anew), see `cards.pins`; by caller they are counted here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
import structlog

from tokenvault.callers.caller import SYSTEM, current_caller
from tokenvault.cards.cards import card_in, card_numbered, record_card
from tokenvault.events import audit
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import CallerError, TooManyRequests
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text

log = structlog.get_logger()


class Secret(StrEnum):
    """What can be guessed."""

    CARD_DETAILS = "card_details"  # PAN, expiry and CVV2, typed in
    ONE_TIME_CODE = "one_time_code"
    PUSH_PAYLOAD = "push_payload"
    PIN = "pin"
    TOKEN_EXPIRY = "token_expiry"  # noqa: S105 - a name: the expiry of a token that a network asks about


@dataclass(frozen=True)
class Bound:
    """How many wrong guesses within how many seconds are too many; the lock lasts as long."""

    wrong: int
    seconds: int


_DAY, _HOUR = 24 * 3600, 3600

OF_CARD = {
    Secret.CARD_DETAILS: Bound(5, _DAY),
    Secret.ONE_TIME_CODE: Bound(20, _DAY),
    Secret.TOKEN_EXPIRY: Bound(10, _HOUR),
}
"""By card: a push payload that is wrong names none, and a PIN has its own count."""

OF_CALLER = {
    Secret.CARD_DETAILS: Bound(100, _HOUR),
    Secret.ONE_TIME_CODE: Bound(100, _HOUR),
    Secret.PUSH_PAYLOAD: Bound(100, _HOUR),
    Secret.PIN: Bound(1_000, _HOUR),
    Secret.TOKEN_EXPIRY: Bound(1_000, _HOUR),
}
"""By caller: an API key serves many cardholders who mistype, and a network's many more."""


class Refused(Exception):
    """A refusal after which the guess stays counted. error: the caller's error."""

    def __init__(self, error: CallerError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def counting(vault: Vault, secret: Secret | None) -> Iterator[sa.Connection]:
    """A transaction for a guess: `Refused` ends it with what was changed so far kept, and its error is raised then.

    secret: what is guessed at, None where nothing is.
    Raises: TooManyRequests where the caller is locked out.
    """
    refused: CallerError | None = None
    with vault.transaction() as connection:
        if secret is not None:
            _check_caller(vault, connection, secret)
        try:
            yield connection
        except Refused as refusal:
            refused = refusal.error
    if refused is not None:
        raise refused


def holds(vault: Vault, connection: sa.Connection, secret: Secret, card_id: int | None, is_right: bool) -> bool:
    """Whether a guess is taken: it is right, and its card is not locked. A wrong one is counted and audited.

    In a transaction of `counting`.  card_id: the card guessed at, None where no card is meant.
    """
    is_locked = card_id is not None and _locked_until(vault, connection, _of_card(card_id), secret) is not None
    if is_right and not is_locked:
        if card_id is not None:
            _forget(connection, _of_card(card_id), secret)
        return True
    caller = current_caller.get().name
    resource = caller if card_id is None else to_text(Prefix.CARD, card_id)
    audit.write(vault, connection, f"{secret}.wrong", resource)
    if card_id is not None and not is_locked:
        _count_of_card(vault, connection, secret, card_id)
    if caller != SYSTEM and _count(vault, connection, _of_caller(), secret, OF_CALLER[secret]):
        log.warning("guesses_locked", secret=str(secret), resource=caller)
        audit.write(vault, connection, "caller.guesses_locked", caller, reason=str(secret))
    return False


def _count_of_card(vault: Vault, connection: sa.Connection, secret: Secret, card_id: int) -> None:
    bound = OF_CARD.get(secret)
    if bound is None or not _count(vault, connection, _of_card(card_id), secret, bound):
        return
    log.warning("guesses_locked", secret=str(secret), resource=to_text(Prefix.CARD, card_id))
    card = card_numbered(connection, card_id)
    record_card(vault, connection, EventType.CARD_GUESSES_LOCKED, card, reason=str(secret))


def unlock_card(vault: Vault, card_text_id: str) -> None:
    """Forget all wrong guesses at a card's secrets but its PIN, as its issuer. Raises: NotFound."""
    with vault.transaction() as connection:
        card = card_in(connection, card_text_id)
        connection.execute(sa.delete(schema.wrong_guesses).where(schema.wrong_guesses.c.subject == _of_card(card.id)))
        record_card(vault, connection, EventType.CARD_GUESSES_UNLOCKED, card)


def _of_card(card_id: int) -> str:
    return f"card:{card_id}"


def _of_caller() -> str:
    return f"caller:{current_caller.get().counted_as}"


def _row(subject: str, secret: Secret) -> sa.ColumnElement[bool]:
    table = schema.wrong_guesses
    return sa.and_(table.c.subject == subject, table.c.secret == str(secret))


def _check_caller(vault: Vault, connection: sa.Connection, secret: Secret) -> None:
    caller = current_caller.get().name
    until = None if caller == SYSTEM else _locked_until(vault, connection, _of_caller(), secret)
    if until is not None:
        raise TooManyRequests("too many wrong guesses with this API key", until - vault.now())


def _locked_until(vault: Vault, connection: sa.Connection, subject: str, secret: Secret) -> int | None:
    """When a lock ends, Unix seconds; None where there is none."""
    until = connection.execute(sa.select(schema.wrong_guesses.c.locked_until).where(_row(subject, secret))).scalar()
    return until if until is not None and until > vault.now() else None


def _forget(connection: sa.Connection, subject: str, secret: Secret) -> None:
    connection.execute(sa.delete(schema.wrong_guesses).where(_row(subject, secret)))


def _count(vault: Vault, connection: sa.Connection, subject: str, secret: Secret, bound: Bound) -> bool:
    """Count a wrong guess; returns whether that was one too many."""
    table, now = schema.wrong_guesses, vault.now()
    row = connection.execute(sa.select(table.c.wrong, table.c.since).where(_row(subject, secret))).one_or_none()
    wrong, since = (1, now) if row is None or row.since + bound.seconds <= now else (row.wrong + 1, row.since)
    is_too_many = wrong >= bound.wrong
    _forget(connection, subject, secret)
    connection.execute(
        sa.insert(table).values(
            subject=subject,
            secret=str(secret),
            wrong=0 if is_too_many else wrong,
            since=since,
            locked_until=now + bound.seconds if is_too_many else None,
        )
    )
    return is_too_many
