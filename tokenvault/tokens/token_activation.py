"""Activation of a token, and replenishment of its limited-use keys."""

from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.cards.cards import card_numbered
from tokenvault.devices.devices import Device, check_possession, device_numbered
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.emv.keys import key_derivation
from tokenvault.emv.keys.limited_use_keys import COUNTER_MAX, KeyIndex
from tokenvault.events import outbox
from tokenvault.keys.sealing import credential_info, seal_to_device
from tokenvault.tokens import credentials
from tokenvault.tokens.lifecycle import ENDED, Change, ChangeReason, Initiator, TokenState
from tokenvault.tokens.tokens import Token, change_state, record_token, token_in, update_token
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text


@dataclass(frozen=True)
class Activation:
    """An active token and its credentials, sealed to its device."""

    token: Token
    sealed_credentials: bytes
    info: bytes


def activate_token(vault: Vault, proven: ProvenKey, text_id: str) -> Activation:
    """Activate a token and seal its credentials to its device; the token that it replaces ends.

    A device that lost the answer may ask again: an active token is sealed to it anew, under a fresh ephemeral key.
    Raises: NotFound; Forbidden for another device; Conflict if the token's state does not allow it.
    """
    with vault.transaction() as connection:
        token, device = _token_on_device(connection, proven, text_id)
        token = change_state(vault, connection, token, Change.ACTIVATE, Initiator.WALLET)
        _end_replaced(vault, connection, token)
        return _sealed(vault, connection, token, device)


def _token_on_device(connection: sa.Connection, proven: ProvenKey, text_id: str) -> tuple[Token, Device]:
    token = token_in(connection, text_id)
    if token.device_id is None:
        raise Conflict("a card-on-file token has no device", code="token_state_conflict")
    device = device_numbered(connection, token.device_id)
    check_possession(device, proven)
    return token, device


def _end_replaced(vault: Vault, connection: sa.Connection, token: Token) -> None:
    if token.replaces_id is None:
        return
    old = token_in(connection, to_text(Prefix.TOKEN, token.replaces_id))
    if old.state not in ENDED:
        reason = ChangeReason.DEVICE_REPLACED
        change_state(vault, connection, old, Change.DEACTIVATE, Initiator.WALLET, reason=reason)


def replenish_key(vault: Vault, proven: ProvenKey, text_id: str) -> Activation:
    """Give the phone of a token its next limited-use key; the one before it stays good until it is used up or ends.

    Raises: NotFound, Forbidden; Conflict if the token is not active or its phone holds the card key.
    """
    with vault.transaction() as connection:
        token, device = _token_on_device(connection, proven, text_id)
        if not token.version.uses_limited_keys:
            raise Conflict(
                "this token has a card key in a secure element, so it has no limited-use keys to replenish",
                code="no_limited_keys",
            )
        if token.state is not TokenState.ACTIVE:
            raise Conflict(f"a token that is {token.state} receives no limited-use keys", code="token_state_conflict")
        return _sealed(vault, connection, token, device)


def _sealed(vault: Vault, connection: sa.Connection, token: Token, device: Device) -> Activation:
    limited = None
    if token.version.uses_limited_keys:
        token, limited = _next_key(vault, connection, token)
    info = credential_info(token.id, device.id)
    plaintext = _credentials(vault, connection, token, limited).encode()
    return Activation(token, seal_to_device(plaintext, device.encryption_key(), info), info)


def card_key_of(vault: Vault, token: Token) -> bytes:
    """A token's own key; secret."""
    assert token.token_pan is not None, "only approved tokens have keys"
    issuer_key = vault.keys.key(token.key_purpose, token.key_index)
    return key_derivation.card_key(issuer_key, token.token_pan, token.pan_sequence_number, token.version.option)


def _next_key(vault: Vault, connection: sa.Connection, token: Token) -> tuple[Token, credentials.LimitedUseKey]:
    """Make the next limited-use key: put a notice for the engine, store its number, and return it."""
    policy, now = vault.program.limited_use, vault.now()
    index = _next_index(token, now)
    ends_at = now + policy.lifetime_seconds
    assert token.token_pan is not None, "only approved tokens have keys"
    outbox.put(connection, outbox.LimitedUseKeyNotice(token.token_pan, index, ends_at, policy.uses))
    token = update_token(connection, token, limited_use_key=index)
    record_token(
        vault,
        connection,
        EventType.TOKEN_KEY_REPLENISHED,
        token,
        initiator=Initiator.WALLET,
        key_index=index,
        uses=policy.uses,
    )
    key = token.version.limited_use_key(card_key_of(vault, token), index)
    return token, credentials.LimitedUseKey(index, key.hex().upper(), ends_at, policy.uses, policy.refill_at)


def _next_index(token: Token, now: int) -> str:
    index = KeyIndex.at(now, 0)
    if token.limited_use_key is not None:
        last = KeyIndex.parse(token.limited_use_key)
        if last[:2] == index[:2]:
            if last.counter == COUNTER_MAX:
                raise Conflict("at most 100 limited-use keys per hour are issued to a phone", code="too_many_keys")
            index = KeyIndex.at(now, last.counter + 1)
    return index.text()


def _credentials(
    vault: Vault, connection: sa.Connection, token: Token, limited: credentials.LimitedUseKey | None
) -> credentials.TokenCredentials:
    assert token.token_pan is not None, "only approved tokens have credentials"
    index = None if limited is None else limited.index
    return credentials.TokenCredentials(
        token_id=token.text_id,
        token_pan=token.token_pan,
        pan_sequence_number=token.pan_sequence_number,
        expiry=token.expiry,
        service_code=credentials.SERVICE_CODE,
        payment_account_reference=card_numbered(connection, token.card_id).payment_account_reference,
        token_requestor_id=token.token_requestor_id,
        application_identifier=credentials.APPLICATION_IDENTIFIER,
        application_interchange_profile=credentials.APPLICATION_INTERCHANGE_PROFILE,
        issuer_application_data=credentials.token_issuer_data(token.version, token.key_index, index).hex().upper(),
        card_key=card_key_of(vault, token).hex().upper() if limited is None else None,
        limited_use_key=limited,
    )
