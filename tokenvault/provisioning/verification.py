"""Identification and verification (ID&V) of the cardholder before a token is issued."""

import hmac
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tokenvault.cards.cards import contacts_of
from tokenvault.cards.contact_points import CODE_METHODS, VerificationMethod
from tokenvault.cards.contact_points import masked as masked_contact
from tokenvault.cards.guesses import Refused, Secret, counting, holds
from tokenvault.devices.devices import check_possession, device_numbered
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealing import MESSAGE_TEXT, keyed_digest, seal, unseal
from tokenvault.provisioning.decision import Reason
from tokenvault.provisioning.policies import policy_in
from tokenvault.provisioning.token_requests import approve_and_place
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import Change, Initiator, TokenState
from tokenvault.tokens.tokens import AssuranceMethod, Token, change_state, record_token, token_in
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

CODE_DIGITS = 6

_ASSURANCE = {
    VerificationMethod.TEXT_MESSAGE: AssuranceMethod.INTERACTIVE_ONE_FACTOR,
    VerificationMethod.E_MAIL: AssuranceMethod.INTERACTIVE_ONE_FACTOR,
    VerificationMethod.CALL_CENTRE: AssuranceMethod.INTERACTIVE_ONE_FACTOR,
    VerificationMethod.IN_APP: AssuranceMethod.INTERACTIVE_TWO_FACTORS,
}


class WrongCode(Conflict):
    """The code was wrong; what is left of the attempts was counted down and stays so."""

    code = "wrong_code"


@dataclass(frozen=True)
class OfferedMethod:
    """A way to verify. contact: masked, None where nothing is sent."""

    method: VerificationMethod
    contact: str | None


@dataclass(frozen=True)
class Verification:
    """One that is under way. expires_at: Unix seconds."""

    method: VerificationMethod
    contact: str | None
    expires_at: int
    attempts_left: int
    resends_left: int


@dataclass(frozen=True)
class Message:
    """A simulated text or mail, as the sandbox's inspector shows it. text: holds a one-time code, secret."""

    id: int
    token_id: int
    method: VerificationMethod
    recipient: str
    text: str
    created_at: int

    def __repr__(self) -> str:
        return f"Message({to_text(Prefix.MESSAGE, self.id)})"


def offered_methods(vault: Vault, proven: ProvenKey | None, text_id: str) -> list[OfferedMethod]:
    """How the cardholder of a requested token can be verified. Raises: NotFound, Forbidden, Conflict."""
    with vault.reading() as connection:
        token = _waiting(connection, proven, text_id)
        contacts = contacts_of(vault, connection, token.card_id)
    coded = [
        OfferedMethod(method, masked_contact(method, contacts[method])) for method in CODE_METHODS if method in contacts
    ]
    return [
        *coded,
        OfferedMethod(VerificationMethod.IN_APP, None),
        OfferedMethod(VerificationMethod.CALL_CENTRE, None),
    ]


def _waiting(connection: sa.Connection, proven: ProvenKey | None, text_id: str) -> Token:
    """The token, which must wait for verification and, where it is on a device, be asked for by that device."""
    token = token_in(connection, text_id)
    if token.device_id is not None and proven is not None:
        check_possession(device_numbered(connection, token.device_id), proven)
    if token.state is not TokenState.REQUESTED:
        raise Conflict(f"a token that is {token.state} does not wait for verification", code="token_state_conflict")
    return token


def start_verification(
    vault: Vault, proven: ProvenKey | None, text_id: str, method: VerificationMethod
) -> Verification:
    """Choose a method; where it sends a code, send one. Once more sends another, and the one before is void.

    Raises: NotFound, Forbidden, FieldError; Conflict if no more codes may be sent.
    """
    with vault.transaction() as connection:
        token = _waiting(connection, proven, text_id)
        policy = policy_in(connection).verification
        contact = contacts_of(vault, connection, token.card_id).get(method)
        if method in CODE_METHODS and contact is None:
            raise FieldError("method", "is not available for this card")
        earlier = connection.execute(
            sa.select(schema.verifications).where(schema.verifications.c.token_id == token.id)
        ).one_or_none()
        resends_left, attempts_left = policy.resends, policy.attempts
        if earlier is not None:
            if earlier.resends_left == 0:
                raise Conflict("no more codes can be sent for this token", code="no_resends_left")
            resends_left, attempts_left = earlier.resends_left - 1, earlier.attempts_left
        started = Verification(
            method,
            None if contact is None else masked_contact(method, contact),
            vault.now() + policy.code_seconds,
            attempts_left,
            resends_left,
        )
        _store(vault, connection, token, started, contact)
        record_token(
            vault,
            connection,
            EventType.VERIFICATION_STARTED,
            token,
            initiator=Initiator.CARDHOLDER,
            method=str(method),
        )
    return started


def _store(vault: Vault, connection: sa.Connection, token: Token, started: Verification, contact: str | None) -> None:
    code = f"{vault.random_below(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    connection.execute(sa.delete(schema.verifications).where(schema.verifications.c.token_id == token.id))
    connection.execute(
        sa.insert(schema.verifications).values(
            token_id=token.id,
            method=started.method,
            code_digest=None if contact is None else _digest(vault, token, code),
            expires_at=started.expires_at,
            attempts_left=started.attempts_left,
            resends_left=started.resends_left,
        )
    )
    if contact is not None:
        number = vault.new_number()
        text = f"{code} is your code to add your card to a device. Never tell it to anybody."
        connection.execute(
            sa.insert(schema.messages).values(
                id=number,
                token_id=token.id,
                method=started.method,
                recipient=started.contact,
                created_at=vault.now(),
                **seal(vault.keys, MESSAGE_TEXT, number, text.encode(), vault.random_bytes),
            )
        )


def _digest(vault: Vault, token: Token, code: str) -> bytes:
    return keyed_digest(vault.keys, KeyPurpose.CODE_DIGEST, token.text_id, code)


def complete_verification(vault: Vault, proven: ProvenKey | None, text_id: str, code: str) -> Token:
    """Approve a token by its one-time code. The last wrong attempt declines it.

    A right code of a card that is locked for wrong ones is a wrong one, see `guesses`.

    Raises: NotFound, Forbidden; WrongCode; Conflict if there is no code to complete, or it is too old;
    TooManyRequests if the caller has guessed too often.
    """
    with counting(vault, Secret.ONE_TIME_CODE) as connection:
        token = _waiting(connection, proven, text_id)
        table = schema.verifications
        row = connection.execute(sa.select(table).where(table.c.token_id == token.id)).one_or_none()
        if row is None or row.code_digest is None:
            raise Conflict("no code was sent for this token", code="no_code_sent")
        if row.expires_at <= vault.now():
            raise Conflict("the code has expired: request another one", code="code_expired")
        is_right = hmac.compare_digest(bytes(row.code_digest), _digest(vault, token, code))
        if holds(vault, connection, Secret.ONE_TIME_CODE, token.card_id, is_right):
            return _verified(vault, connection, token, VerificationMethod(row.method))
        left = row.attempts_left - 1
        connection.execute(sa.update(table).where(table.c.token_id == token.id).values(attempts_left=left))
        record_token(
            vault, connection, EventType.VERIFICATION_FAILED, token, initiator=Initiator.CARDHOLDER, attempts_left=left
        )
        if left == 0:
            _give_up(vault, connection, token)
        end = "the request is declined" if left == 0 else f"{left} attempts are left"
        raise Refused(WrongCode(f"the code is wrong; {end}"))


def _give_up(vault: Vault, connection: sa.Connection, token: Token) -> None:
    connection.execute(sa.delete(schema.verifications).where(schema.verifications.c.token_id == token.id))
    reasons = [*token.decision_reasons, str(Reason.VERIFICATION_FAILED)]
    change_state(vault, connection, token, Change.DECLINE, Initiator.ISSUER, decision_reasons=reasons)


def _verified(vault: Vault, connection: sa.Connection, token: Token, method: VerificationMethod) -> Token:
    connection.execute(sa.delete(schema.verifications).where(schema.verifications.c.token_id == token.id))
    record_token(
        vault,
        connection,
        EventType.VERIFICATION_COMPLETED,
        token,
        initiator=Initiator.CARDHOLDER,
        method=str(method),
    )
    return approve_and_place(vault, connection, token, _ASSURANCE[method])


def confirm_verification(vault: Vault, text_id: str, method: VerificationMethod) -> Token:
    """The issuer has verified the cardholder itself, in its app or by its call centre. Raises: NotFound, FieldError,
    Conflict.
    """
    if method in CODE_METHODS:
        raise FieldError("method", "must be in_app or call_centre: the wallet completes verification by code")
    with vault.transaction() as connection:
        return _verified(vault, connection, _waiting(connection, None, text_id), method)


def list_messages(vault: Vault, *, limit: int, token_id: str | None = None) -> list[Message]:
    """The simulated texts and mails, the newest first; for the sandbox's inspector only. Raises: NotFound."""
    table = schema.messages
    query = sa.select(table).order_by(table.c.sequence.desc()).limit(limit)
    if token_id is not None:
        query = query.where(table.c.token_id == to_number(Prefix.TOKEN, token_id))
    with vault.reading() as connection:
        return [_message_of(vault, row) for row in connection.execute(query)]


def messages_behind(vault: Vault, number: int, limit: int) -> list[tuple[int, Message]]:
    """The simulated texts and mails behind one, the oldest first, each with its number."""
    table = schema.messages
    query = sa.select(table).where(table.c.sequence > number).order_by(table.c.sequence).limit(limit)
    with vault.reading() as connection:
        return [(row.sequence, _message_of(vault, row)) for row in connection.execute(query)]


def last_message_number(vault: Vault) -> int:
    """The number of the last simulated text or mail; 0 for none."""
    with vault.reading() as connection:
        return connection.execute(sa.select(sa.func.max(schema.messages.c.sequence))).scalar() or 0


def _message_of(vault: Vault, row: "sa.Row[*tuple[Any, ...]]") -> Message:
    text = unseal(vault.keys, MESSAGE_TEXT, row._mapping).decode()
    return Message(row.id, row.token_id, VerificationMethod(row.method), row.recipient, text, row.created_at)
