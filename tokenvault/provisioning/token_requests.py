"""Token requests: eligibility, decision and outcome. One transaction each."""

from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from tokenvault.cards.cards import Card
from tokenvault.cards.guesses import counting
from tokenvault.devices.devices import Device, check_possession, device_in
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.program.card_program import RequestorKind, TokenRequestor
from tokenvault.program.token_domain import DomainWish
from tokenvault.provisioning.card_sources import CardSource, SourcedCard, find_source
from tokenvault.provisioning.decision import Circumstances, Decision, Outcome, RiskInformation, decide
from tokenvault.provisioning.policies import Policy, check_terms, policy_in
from tokenvault.provisioning.push_provisioning import use_payload
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import ENDED, Change, Initiator, TokenState
from tokenvault.tokens.token_requestors import requestor_in
from tokenvault.tokens.tokens import (
    CRYPTOGRAM_PROFILES,
    AssuranceMethod,
    Token,
    TokenLocation,
    approve,
    change_state,
    record_token,
    token_in,
    token_of,
)
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text

_SEQUENCE_NUMBER = "01"
_DAY_SECONDS = 24 * 3600
_TAP = "contactless"


@dataclass(frozen=True)
class TokenRequest:
    """What is asked for. device_id: None for the token of a merchant on file.

    wish: the domain, at most the requestor's.

    replaces: a token of the same card on another device, which ends when the new one is activated.
    """

    source: CardSource
    token_requestor_id: str
    device_id: str | None = None
    cryptogram_profile: str = "aes"
    location: TokenLocation = TokenLocation.SECURE_ELEMENT
    wish: DomainWish = field(default_factory=DomainWish)
    risk: RiskInformation = field(default_factory=RiskInformation)
    terms_version: str | None = None
    replaces: str | None = None


@dataclass(frozen=True)
class Eligibility:
    """Whether a card could go onto a device, before anybody has asked for it."""

    decision: Decision
    card: Card
    policy: Policy


@dataclass(frozen=True)
class _Asked:
    """A request with everything that it names."""

    sourced: SourcedCard
    device: Device | None
    requestor: TokenRequestor
    policy: Policy
    decision: Decision = field(repr=False)


def check_eligibility(vault: Vault, proven: ProvenKey | None, request: TokenRequest) -> Eligibility:
    """What would become of a request, without asking for it. Raises: as `request_token`."""
    secret = request.source.secret
    # Where nothing can be guessed nothing is counted, and this only reads: it takes no writer's turn.
    with vault.reading() if secret is None else counting(vault, secret) as connection:
        asked = _look_up(vault, connection, proven, request)
    return Eligibility(asked.decision, asked.sourced.card, asked.policy)


def request_token(vault: Vault, proven: ProvenKey | None, request: TokenRequest) -> Token:
    """Decide on a token for a card on a device, and keep the outcome.

    A retry with the same signed payload from the same device gets the token of the first call.
    Raises: NotFound, FieldError; Forbidden if another device's key made this call; Conflict if the card already has a
    live token on this device; TooManyRequests if the caller has guessed too often.
    """
    with counting(vault, request.source.secret) as connection:
        asked = _look_up(vault, connection, proven, request)
        earlier = _token_of_payload(connection, asked)
        if earlier is not None:
            return earlier
        check_terms(asked.policy, request.terms_version)
        _check_no_live_token(connection, asked)
        token = _new_token(vault, asked, request)
        if request.replaces is not None:
            token = replace(token, replaces_id=_replaced(connection, token, request.replaces).id)
        connection.execute(sa.insert(schema.tokens), dict(token.__dict__))
        record_token(vault, connection, EventType.TOKEN_REQUESTED, token, initiator=Initiator.WALLET)
        if asked.sourced.payload is not None:
            use_payload(vault, connection, asked.sourced.payload, token.id)
        return _settled(vault, connection, token, asked)


def _look_up(vault: Vault, connection: sa.Connection, proven: ProvenKey | None, request: TokenRequest) -> _Asked:
    requestor = requestor_in(connection, request.token_requestor_id)
    if request.cryptogram_profile not in CRYPTOGRAM_PROFILES:
        raise FieldError("cryptogram_profile", f"must be one of {', '.join(CRYPTOGRAM_PROFILES)}")
    _check_location(request, requestor)
    device = None
    if request.device_id is not None:
        device = device_in(connection, request.device_id)
        if proven is None:
            raise Forbidden(
                "a token for a device must be requested by the device: send its DPoP proof", code="wrong_device"
            )
        check_possession(device, proven)
    sourced = find_source(vault, connection, request.source)
    policy = policy_in(connection)
    seen = _circumstances(vault, connection, sourced, device)
    return _Asked(sourced, device, requestor, policy, decide(request.risk, seen, policy.provisioning))


def _check_location(request: TokenRequest, requestor: TokenRequestor) -> None:
    is_merchant = requestor.kind is RequestorKind.MERCHANT
    if is_merchant != (request.device_id is None):
        wanted = "is left out" if is_merchant else "is required"
        raise FieldError("device_id", f"{wanted}: {requestor.identifier} is a {requestor.kind}")
    if is_merchant != (request.location is TokenLocation.REMOTE):
        raise FieldError("location", "must be remote for merchants, and for them only")
    is_hosted = request.location is TokenLocation.HOST_CARD_EMULATION
    if is_hosted and CRYPTOGRAM_PROFILES[request.cryptogram_profile][1] is None:
        raise FieldError("cryptogram_profile", f"{request.cryptogram_profile} has no limited-use keys")


def _circumstances(
    vault: Vault, connection: sa.Connection, sourced: SourcedCard, device: Device | None
) -> Circumstances:
    table = schema.tokens
    count = sa.select(sa.func.count()).select_from(table)
    live = table.c.state.not_in(ENDED)
    of_card = table.c.card_id == sourced.card.id
    recent = table.c.created_at > vault.now() - _DAY_SECONDS
    return Circumstances(
        card_state=sourced.card.state,
        card_expiry=sourced.card.expiry,
        month=vault.expiry_after(0),
        tokens_on_device=0
        if device is None
        else connection.execute(count.where(live, table.c.device_id == device.id)).scalar_one(),
        tokens_of_card=connection.execute(count.where(live, of_card)).scalar_one(),
        recent_requests=connection.execute(count.where(recent, of_card)).scalar_one(),
        entered_by_hand=sourced.entered_by_hand,
    )


def _token_of_payload(connection: sa.Connection, asked: _Asked) -> Token | None:
    """The token that this payload has already brought onto this device."""
    payload = asked.sourced.payload
    if payload is None or payload.used_for is None or asked.device is None:
        return None
    query = sa.select(schema.tokens).where(
        schema.tokens.c.id == payload.used_for, schema.tokens.c.device_id == asked.device.id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else token_of(row)


def _check_no_live_token(connection: sa.Connection, asked: _Asked) -> None:
    table = schema.tokens
    query = sa.select(table.c.id).where(
        table.c.card_id == asked.sourced.card.id,
        table.c.state.not_in(ENDED),
    )
    if asked.device is None:
        query = query.where(table.c.device_id.is_(None), table.c.token_requestor_id == asked.requestor.identifier)
    else:
        query = query.where(table.c.device_id == asked.device.id)
    live = connection.execute(query).scalar()
    if live is not None:
        where = "at this merchant" if asked.device is None else "on this device"
        raise Conflict(
            f"{to_text(Prefix.TOKEN, live)} already exists for this card {where}", code="token_already_exists"
        )


def _new_token(vault: Vault, asked: _Asked, request: TokenRequest) -> Token:
    version, limited_version, purpose = CRYPTOGRAM_PROFILES[request.cryptogram_profile]
    if request.location is TokenLocation.HOST_CARD_EMULATION and limited_version is not None:
        version = limited_version
    decision, score = asked.decision, request.risk.device_score
    return Token(
        id=vault.new_number(),
        card_id=asked.sourced.card.id,
        device_id=None if asked.device is None else asked.device.id,
        token_requestor_id=asked.requestor.identifier,
        token_pan=None,
        pan_sequence_number=_SEQUENCE_NUMBER,
        expiry=vault.expiry_after(vault.program.token_validity_months),
        location=request.location,
        assurance_method=AssuranceMethod.NO_VERIFICATION,
        cryptogram_version=version.number,
        key_index=vault.keys.current_version(purpose),
        decision=decision.outcome,
        decision_reasons=[str(reason) for reason in decision.reasons],
        votes={str(party): vote.name.lower() for party, vote in decision.votes.items()},
        terms_version=request.terms_version,
        state=TokenState.REQUESTED,
        suspended_by=[],
        replaces_id=None,
        transaction_counter=0,
        limited_use_key=None,
        device_risk=0 if score is None else 6 - score,
        controls=None,
        created_at=vault.now(),
        **asked.requestor.domain.narrowed(_wish(asked, request)).columns(),
    )


def _wish(asked: _Asked, request: TokenRequest) -> DomainWish:
    """The domain that is asked for: for a device the contactless channel alone, unless the request names others."""
    wish = request.wish
    is_tapped = asked.device is not None and _TAP in asked.requestor.domain.channels
    return replace(wish, channels=frozenset({_TAP})) if wish.channels is None and is_tapped else wish


def _replaced(connection: sa.Connection, token: Token, text_id: str) -> Token:
    """The token that a new one will replace. Raises: NotFound, FieldError."""
    old = token_in(connection, text_id)
    if old.card_id != token.card_id or old.token_requestor_id != token.token_requestor_id:
        raise FieldError("replaces", "is not a token of this card and token requestor")
    if old.state in ENDED:
        raise FieldError("replaces", f"is already {old.state}")
    return old


def _settled(vault: Vault, connection: sa.Connection, token: Token, asked: _Asked) -> Token:
    """What the decision makes of a request: declined, waiting for verification, or approved."""
    match asked.decision.outcome:
        case Outcome.DECLINED:
            return change_state(vault, connection, token, Change.DECLINE, Initiator.NETWORK)
        case Outcome.REQUIRE_ADDITIONAL_AUTHENTICATION:
            return token
        case Outcome.APPROVED:
            return approve_and_place(vault, connection, token, asked.sourced.assurance)


def approve_and_place(vault: Vault, connection: sa.Connection, token: Token, assurance: AssuranceMethod) -> Token:
    """Approve a request. A card-on-file token is active at once, because it has no device to be delivered to."""
    approved = approve(vault, connection, token, assurance)
    if approved.device_id is None:
        return change_state(vault, connection, approved, Change.ACTIVATE, Initiator.NETWORK)
    return approved
