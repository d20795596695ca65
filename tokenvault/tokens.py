"""Tokens: requested for a card on a device, activated, suspended, resumed, deactivated. One transaction each."""

from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from tokenvault import credentials, outbox, provisioning, schema
from tokenvault.cards import card_in, card_numbered
from tokenvault.database import reading
from tokenvault.devices import check_possession, device_in, device_numbered
from tokenvault.emv import key_derivation
from tokenvault.emv.cryptogram_versions import TAPWRIGHT_AES, VSDC_18, CryptogramVersion
from tokenvault.errors import Conflict, FieldError, NotFound
from tokenvault.identifiers import Prefix, to_number, to_text
from tokenvault.keys import KeyPurpose
from tokenvault.lifecycle import Change, Initiator, TokenLife, TokenState, after
from tokenvault.proof_of_possession import ProvenKey
from tokenvault.sealing import credential_info, seal_to_device
from tokenvault.vault import Vault

_PAN_ATTEMPTS = 32
_SEQUENCE_NUMBER = "01"

CRYPTOGRAM_PROFILES: dict[str, tuple[CryptogramVersion, KeyPurpose]] = {
    "aes": (TAPWRIGHT_AES, KeyPurpose.EMV_MASTER_AES),
    "tdes": (VSDC_18, KeyPurpose.EMV_MASTER_TDES),
}
"""What a wallet may ask a token's cryptograms to be made with, and the issuer keys behind each."""
_PROFILE_NAMES = {version.number: name for name, (version, _) in CRYPTOGRAM_PROFILES.items()}


@dataclass(frozen=True)
class Token:
    """A token. token_pan is None where the request was declined; expiry: YYMM; created_at in Unix seconds."""

    id: int
    card_id: int
    device_id: int
    token_requestor_id: str
    token_pan: str | None
    pan_sequence_number: str
    expiry: str
    cryptogram_version: int
    key_index: int
    decision: str
    decision_reasons: list[str]
    state: TokenState
    suspended_by: list[str]
    created_at: int

    def __repr__(self) -> str:
        return f"Token({self.text_id}, {self.state})"

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.TOKEN, self.id)

    @property
    def cryptogram_profile(self) -> str:
        """The name that the wallet asked with."""
        return _PROFILE_NAMES[self.cryptogram_version]

    @property
    def life(self) -> TokenLife:
        """State and suspenders."""
        return TokenLife(self.state, frozenset(Initiator(name) for name in self.suspended_by))


@dataclass(frozen=True)
class Activation:
    """An active token and its credentials, sealed to its device."""

    token: Token
    sealed_credentials: bytes
    info: bytes


def request_token(
    vault: Vault,
    proven: ProvenKey,
    *,
    card_id: str,
    device_id: str,
    token_requestor_id: str,
    cryptogram_profile: str,
) -> Token:
    """Decide on a token for a card on a device, and keep the outcome.

    Raises: NotFound, FieldError; Forbidden if another device's key made this call; Conflict if the card already has a
    live token on this device.
    """
    vault.program.token_requestor(token_requestor_id)
    if cryptogram_profile not in CRYPTOGRAM_PROFILES:
        raise FieldError("cryptogram_profile", f"is one of {', '.join(CRYPTOGRAM_PROFILES)}")
    version, purpose = CRYPTOGRAM_PROFILES[cryptogram_profile]
    with vault.transaction() as connection:
        device = device_in(connection, device_id)
        check_possession(device, proven)
        card = card_in(connection, card_id)
        _check_no_live_token(connection, card.id, device.id)
        decision = provisioning.decide(card, vault.expiry_after(0))
        approved = decision.outcome is provisioning.Outcome.APPROVED
        change = Change.APPROVE if approved else Change.DECLINE
        token = Token(
            id=vault.new_number(),
            card_id=card.id,
            device_id=device.id,
            token_requestor_id=token_requestor_id,
            token_pan=_unused_token_pan(vault, connection) if approved else None,
            pan_sequence_number=_SEQUENCE_NUMBER,
            expiry=vault.expiry_after(vault.program.token_validity_months),
            cryptogram_version=version.number,
            key_index=vault.keys.current_version(purpose),
            decision=decision.outcome,
            decision_reasons=list(decision.reasons),
            state=after(TokenLife(TokenState.REQUESTED), change, Initiator.NETWORK).state,
            suspended_by=[],
            created_at=vault.now(),
        )
        connection.execute(sa.insert(schema.tokens).values(**asdict(token)))
        _notify(vault, connection, token)
    return token


def _check_no_live_token(connection: sa.Connection, card_id: int, device_id: int) -> None:
    query = sa.select(schema.tokens.c.id).where(
        schema.tokens.c.card_id == card_id,
        schema.tokens.c.device_id == device_id,
        schema.tokens.c.state.not_in((TokenState.DEACTIVATED, TokenState.DECLINED)),
    )
    live = connection.execute(query).scalar()
    if live is not None:
        raise Conflict(
            f"{to_text(Prefix.TOKEN, live)} already stands for this card on this device", code="token_already_exists"
        )


def _unused_token_pan(vault: Vault, connection: sa.Connection) -> str:
    for _ in range(_PAN_ATTEMPTS):
        pan = vault.program.token_range.pan(vault.random_below(vault.program.token_range.capacity))
        if connection.execute(sa.select(schema.tokens.c.id).where(schema.tokens.c.token_pan == pan)).first() is None:
            return pan
    raise Conflict("the token PAN range is as good as full", code="pan_range_exhausted")


def activate_token(vault: Vault, proven: ProvenKey, text_id: str) -> Activation:
    """Activate a token and seal its credentials to its device.

    A device that lost the answer may ask again: an active token is sealed to it anew, under a fresh ephemeral key.
    Raises: NotFound; Forbidden for another device; Conflict if the token's state does not allow it.
    """
    with vault.transaction() as connection:
        token = _token_in(connection, text_id)
        device = device_numbered(connection, token.device_id)
        check_possession(device, proven)
        token = _change(vault, connection, token, Change.ACTIVATE, Initiator.WALLET)
        info = credential_info(token.id, device.id)
        plaintext = _credentials(vault, connection, token).encode()
        sealed = seal_to_device(plaintext, device.encryption_key(), info)
    return Activation(token, sealed, info)


def _credentials(vault: Vault, connection: sa.Connection, token: Token) -> credentials.TokenCredentials:
    assert token.token_pan is not None, "only approved tokens are activated"
    version, purpose = CRYPTOGRAM_PROFILES[token.cryptogram_profile]
    issuer_key = vault.keys.key(purpose, token.key_index)
    card_key = key_derivation.card_key(issuer_key, token.token_pan, token.pan_sequence_number, version.option)
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
        issuer_application_data=credentials.token_issuer_data(version, token.key_index).hex().upper(),
        card_key=card_key.hex().upper(),
    )


def change_token(
    vault: Vault, text_id: str, change: Change, initiator: Initiator, proven: ProvenKey | None = None
) -> Token:
    """Suspend, resume or deactivate a token.

    proven: the key that made the call, where a device made it; it must be the token's device.
    Raises: NotFound, Forbidden, Conflict.
    """
    with vault.transaction() as connection:
        token = _token_in(connection, text_id)
        if proven is not None:
            check_possession(device_numbered(connection, token.device_id), proven)
        return _change(vault, connection, token, change, initiator)


def _change(vault: Vault, connection: sa.Connection, token: Token, change: Change, initiator: Initiator) -> Token:
    life = after(token.life, change, initiator)
    if life == token.life:
        return token
    changed = replace(token, state=life.state, suspended_by=sorted(life.suspended_by))
    connection.execute(
        sa.update(schema.tokens)
        .where(schema.tokens.c.id == token.id)
        .values(state=changed.state, suspended_by=changed.suspended_by)
    )
    _notify(vault, connection, changed)
    return changed


def _notify(vault: Vault, connection: sa.Connection, token: Token) -> None:
    """Tell the engine, which knows nothing of tokens that were never issued."""
    if token.token_pan is None:
        return
    card = card_numbered(connection, token.card_id)
    outbox.put(
        connection,
        outbox.TokenNotice(
            token_id=token.id,
            account_id=card.account_id,
            card_id=token.card_id,
            token_pan=token.token_pan,
            expiry=token.expiry,
            state=token.state,
            channels=sorted(vault.program.token_requestor(token.token_requestor_id).channels),
            cryptogram_version=token.cryptogram_version,
            key_index=token.key_index,
            payment_account_reference=card.payment_account_reference,
            token_requestor_id=token.token_requestor_id,
            created_at=token.created_at,
            device_created_at=device_numbered(connection, token.device_id).created_at,
        ),
    )


def find_token(vault: Vault, text_id: str) -> Token:
    """The token with this identifier. Raises: NotFound."""
    with reading(vault.database) as connection:
        return _token_in(connection, text_id)


def _token_in(connection: sa.Connection, text_id: str) -> Token:
    number = to_number(Prefix.TOKEN, text_id)
    row = connection.execute(sa.select(schema.tokens).where(schema.tokens.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no token {text_id}")
    return Token(**{**row._mapping, "state": TokenState(row.state)})
