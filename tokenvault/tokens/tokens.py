"""Tokens: their data, lookup, and notification of changes.

How one comes about: `token_requests`; how it changes: `token_changes`; how it gets onto a phone: `token_activation`.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.caller import Scope, acting_as, current_caller
from tokenvault.callers.listing import newest_first
from tokenvault.callers.ownership import owners_of_token, visible
from tokenvault.cards.cards import card_numbered
from tokenvault.devices.devices import check_possession, device_numbered
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.emv.cryptograms.cryptogram_versions import (
    LIMITED_USE_AES,
    LIMITED_USE_TDES,
    TAPWRIGHT_AES,
    TAPWRIGHT_SM4,
    VSDC_18,
    CryptogramVersion,
)
from tokenvault.events import events, outbox
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.program.token_domain import DomainWish, TokenDomain
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import Change, Initiator, LifecycleState, TokenState, after
from tokenvault.tokens.token_pans import unused_token_pan
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import NotFound, Unauthenticated
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text


class TokenLocation(StrEnum):
    """Where a token's keys are kept (EMVCo token location)."""

    SECURE_ELEMENT = "secure_element"
    TRUSTED_EXECUTION_ENVIRONMENT = "trusted_execution_environment"
    HOST_CARD_EMULATION = "host_card_emulation"
    REMOTE = "remote"  # in the vault itself: the token of a merchant on file


class AssuranceMethod(StrEnum):
    """What was done to make sure of the cardholder (EMVCo Payment Tokenisation Framework 2, token assurance method)."""

    NO_VERIFICATION = "00"
    CARD_VERIFICATION = "10"
    INTERACTIVE_ONE_FACTOR = "11"
    INTERACTIVE_TWO_FACTORS = "12"
    RISK_BASED = "13"
    ISSUER_ASSERTED = "14"


CRYPTOGRAM_PROFILES: dict[str, tuple[CryptogramVersion, CryptogramVersion | None, KeyPurpose]] = {
    "aes": (TAPWRIGHT_AES, LIMITED_USE_AES, KeyPurpose.EMV_MASTER_AES),
    "tdes": (VSDC_18, LIMITED_USE_TDES, KeyPurpose.EMV_MASTER_TDES),
    "sm4": (TAPWRIGHT_SM4, None, KeyPurpose.EMV_MASTER_SM4),
}
"""What a wallet may ask cryptograms to be made with: by the card key, by limited-use keys, and the issuer's keys."""
_PROFILE_NAMES = {
    version.number: name for name, (*versions, _) in CRYPTOGRAM_PROFILES.items() for version in versions if version
}
VERSIONS = {version.number: version for *versions, _ in CRYPTOGRAM_PROFILES.values() for version in versions if version}


@dataclass(frozen=True)
class Token:
    """A token.

    device_id: None for the token of a merchant on file.  token_pan: None until the request is approved.
    expiry: YYMM.  votes: the decision input of each party.  replaces_id: the token that this one's activation ends.
    transaction_counter: the last one used, where the vault keeps the key.  limited_use_key: index of the phone's
    newest.  device_risk: 1 (trusted) to 5, 0 where the wallet said nothing.  controls: fields of a `DomainWish` by
    which the cardholder restricts it.  created_at: Unix seconds.
    """

    id: int
    card_id: int
    device_id: int | None
    token_requestor_id: str
    token_pan: str | None
    pan_sequence_number: str
    expiry: str
    location: TokenLocation
    assurance_method: AssuranceMethod
    cryptogram_version: int
    key_index: int
    channels: list[str]
    merchant_id: str | None
    countries: list[str]
    transaction_limit_minor: int | None
    decision: str
    decision_reasons: list[str]
    votes: dict[str, str]
    terms_version: str | None
    state: TokenState
    suspended_by: list[str]
    replaces_id: int | None
    transaction_counter: int
    limited_use_key: str | None
    device_risk: int
    controls: dict[str, Any] | None
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
    def version(self) -> CryptogramVersion:
        """How its cryptograms are made."""
        return VERSIONS[self.cryptogram_version]

    @property
    def key_purpose(self) -> KeyPurpose:
        """Which of the issuer's keys its own comes from."""
        return key_purpose_of(self.cryptogram_version)

    @property
    def lifecycle_state(self) -> LifecycleState:
        """State and suspenders."""
        return LifecycleState(self.state, frozenset(Initiator(name) for name in self.suspended_by))

    @property
    def domain(self) -> TokenDomain:
        """Its domain, as it was granted."""
        return TokenDomain(
            frozenset(self.channels), self.merchant_id, frozenset(self.countries), self.transaction_limit_minor
        )

    @property
    def restrictions(self) -> DomainWish:
        """What its cardholder asks to take away from its domain."""
        return DomainWish.of_columns(self.controls or {})

    @property
    def usable_domain(self) -> TokenDomain:
        """Where it can be used: its domain without what its cardholder has taken away."""
        return self.domain.narrowed(self.restrictions)


def key_purpose_of(cryptogram_version: int) -> KeyPurpose:
    """Which of the issuer's keys stands behind a cryptogram version of ours."""
    return CRYPTOGRAM_PROFILES[_PROFILE_NAMES[cryptogram_version]][2]


EVENTS = {
    Change.APPROVE: EventType.TOKEN_APPROVED,
    Change.DECLINE: EventType.TOKEN_DECLINED,
    Change.ACTIVATE: EventType.TOKEN_ACTIVATED,
    Change.SUSPEND: EventType.TOKEN_SUSPENDED,
    Change.RESUME: EventType.TOKEN_RESUMED,
    Change.DEACTIVATE: EventType.TOKEN_DEACTIVATED,
}


def token_of(row: Any) -> Token:
    """A token from its row."""
    values = {
        "location": TokenLocation(row.location),
        "assurance_method": AssuranceMethod(row.assurance_method),
        "state": TokenState(row.state),
    }
    return Token(**{**row._mapping, **values})


def find_token(vault: Vault, text_id: str) -> Token:
    """The token with this identifier. Raises: NotFound."""
    with vault.reading() as connection:
        return token_in(connection, text_id)


def token_in_hand(vault: Vault, proven: ProvenKey | None, text_id: str) -> Token:
    """The token with this identifier, for whoever has it: its device, which proves that; or the wallet itself, for one
    that has no device.

    Raises: NotFound.  Unauthenticated without a proof, Forbidden with that of another device.
    """
    with vault.reading() as connection:
        return token_in_hand_in(connection, proven, text_id)


def token_in_hand_in(connection: sa.Connection, proven: ProvenKey | None, text_id: str) -> Token:
    """The same, read inside a transaction."""
    token = token_in(connection, text_id)
    if token.device_id is not None:
        if proven is None:
            raise Unauthenticated(
                "this call requires a DPoP proof that is signed with the device's key", code="invalid_dpop_proof"
            )
        check_possession(device_numbered(connection, token.device_id), proven)
    return token


def first_that_sees(vault: Vault, text_id: str, scopes: Iterable[Scope]) -> Scope:
    """The first of some scopes that the caller has and sees a token by. Raises: NotFound."""
    to_number(Prefix.TOKEN, text_id)
    for scope in scopes:
        if scope in current_caller.get().scopes:
            with acting_as(scope), suppress(NotFound):
                find_token(vault, text_id)
                return scope
    raise NotFound(f"there is no token {text_id}")


def token_in(connection: sa.Connection, text_id: str) -> Token:
    """The token that the caller means by this identifier, read inside a transaction. Raises: NotFound."""
    number = to_number(Prefix.TOKEN, text_id)
    query = sa.select(schema.tokens).where(schema.tokens.c.id == number, visible(schema.tokens))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no token {text_id}")
    return token_of(row)


def list_tokens(
    vault: Vault,
    *,
    limit: int,
    starting_after: str | None = None,
    card_id: str | None = None,
    device_id: str | None = None,
    state: TokenState | None = None,
) -> list[Token]:
    """Tokens, the newest first; of one card, device or state, where one is named. Raises: NotFound."""
    rows = newest_first(
        vault,
        schema.tokens,
        Prefix.TOKEN,
        limit=limit,
        starting_after=starting_after,
        card_id=None if card_id is None else to_number(Prefix.CARD, card_id),
        device_id=None if device_id is None else to_number(Prefix.DEVICE, device_id),
        state=state,
    )
    return [token_of(row) for row in rows]


def update_token(connection: sa.Connection, token: Token, **values: Any) -> Token:
    """Store new values of a token."""
    connection.execute(sa.update(schema.tokens).where(schema.tokens.c.id == token.id).values(**values))
    return replace(token, **values)


def change_state(
    vault: Vault,
    connection: sa.Connection,
    token: Token,
    change: Change,
    initiator: Initiator,
    *,
    reason: str = "",
    **values: Any,
) -> Token:
    """Carry out one change of a token's state: store it, put a notice for the engine, record an event.

    A change without effect is not recorded. values: other columns of the token that change with it.
    Raises: Conflict if its state does not allow the change.
    """
    reached = after(token.lifecycle_state, change, initiator)
    if reached == token.lifecycle_state and not values:
        return token
    changed = update_token(connection, token, state=reached.state, suspended_by=sorted(reached.suspended_by), **values)
    notify(connection, changed)
    record_token(vault, connection, EVENTS[change], changed, initiator=initiator, reason=reason)
    return changed


def approve(vault: Vault, connection: sa.Connection, token: Token, assurance: AssuranceMethod) -> Token:
    """Give a requested token its PAN: it is inactive now, and waits for its device. Raises: Conflict."""
    return change_state(
        vault,
        connection,
        token,
        Change.APPROVE,
        Initiator.NETWORK,
        token_pan=unused_token_pan(vault, connection, token.card_id, token.id),
        assurance_method=assurance,
    )


def record_token(
    vault: Vault,
    connection: sa.Connection,
    event_type: EventType,
    token: Token,
    *,
    initiator: str = "",
    reason: str = "",
    **more: Any,
) -> None:
    """Record an event of a token, and its audit entry."""
    data = {
        "card_id": to_text(Prefix.CARD, token.card_id),
        "device_id": None if token.device_id is None else to_text(Prefix.DEVICE, token.device_id),
        "token_requestor_id": token.token_requestor_id,
        "token_last4": token.token_pan[-4:] if token.token_pan else None,
        "expiry": token.expiry,
        "state": token.state,
        "suspended_by": token.suspended_by,
    }
    owners = owners_of_token(connection, token.card_id, token.token_requestor_id)
    events.record(vault, connection, event_type, token.text_id, data | more, owners, initiator=initiator, reason=reason)


def notify(connection: sa.Connection, token: Token) -> None:
    """Put a notice of a token for the engine. A token that has no PAN yet needs none."""
    if token.token_pan is None:
        return
    card = card_numbered(connection, token.card_id)
    created_at = (
        token.created_at if token.device_id is None else device_numbered(connection, token.device_id).created_at
    )
    outbox.put(
        connection,
        outbox.TokenNotice(
            token_id=token.id,
            account_id=card.account_id,
            card_id=token.card_id,
            token_pan=token.token_pan,
            expiry=token.expiry,
            state=token.state,
            cryptogram_version=token.cryptogram_version,
            key_index=token.key_index,
            payment_account_reference=card.payment_account_reference,
            token_requestor_id=token.token_requestor_id,
            created_at=token.created_at,
            device_created_at=created_at,
            device_risk=token.device_risk,
            **token.usable_domain.columns(),
        ),
    )
