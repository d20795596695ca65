"""``/v1/tokens``: virtual cards, bound to a device or to a merchant."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.http.fields.fields import (
    AmountMinor,
    Body,
    CountryCode,
    CurrencyCode,
    Timestamp,
    TokenId,
    View,
    timestamp,
)
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.fields.token_changes import ReasonField, TokenChange, check_cardholder, speaking_for
from tokenvault.http.fields.token_views import (
    EligibilityView,
    ProductView,
    ProvisioningDecisionView,
    TermsView,
    TokenRequestBody,
    TokenView,
)
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import DeviceProof, OptionalDeviceProof, VaultDependency, requires
from tokenvault.provisioning import token_requests, verification
from tokenvault.provisioning.decision import Outcome
from tokenvault.tokens import file_cryptograms, token_activation, token_changes, tokens
from tokenvault.tokens.lifecycle import Change, ChangeReason, Initiator, TokenState

router = APIRouter(prefix="/v1/tokens", tags=["tokens"])

_ANY = [requires(Scope.WALLET, Scope.ISSUER, Scope.NETWORK)]
_WALLET = [requires(Scope.WALLET)]
MethodField = Annotated[
    VerificationMethod, Field(description="How to verify.", examples=["text_message"], strict=False)
]


class TokenRequest(TokenRequestBody):
    """A request for a token."""

    terms_version: str | None = Field(
        None, description="The terms that the cardholder has accepted.", examples=["2026-01"], max_length=16
    )
    replaces: TokenId | None = Field(
        None,
        description="A token of the same card on another device, which is deactivated when this one is activated.",
        examples=[None],
    )


class ActivationView(View):
    """An active token and its credentials, which only its device can open."""

    token: TokenView = Field(description="The token, now active.", examples=[{"id": "tok_05F1V9D8S3KYA"}])
    sealed_credentials: str = Field(
        description=(
            "base64url of the HPKE message (RFC 9180 base mode; P-256, HKDF-SHA256, AES-128-GCM; empty aad): "
            "encapsulated key (65 bytes), ciphertext, tag (16 bytes). Layout inside: `docs/wallet-integration.md`."
        ),
        examples=["BKTBmlM4YtJ0..."],
    )
    hpke_info: str = Field(
        description="The HPKE `info` that the device must use, as ASCII text.",
        examples=["tapwright token credentials v1|tok_05F1V9D8S3KYA|dev_03TQ8H6W5N2RC"],
    )

    @classmethod
    def of(cls, activation: token_activation.Activation) -> "ActivationView":
        """Show an activation."""
        return cls(
            token=TokenView.of(activation.token),
            sealed_credentials=urlsafe_b64encode(activation.sealed_credentials).rstrip(b"=").decode(),
            hpke_info=activation.info.decode(),
        )


class OfferedMethodView(View):
    """A way to verify the cardholder."""

    method: VerificationMethod = Field(description="The method.", examples=["text_message"])
    contact: str | None = Field(description="Masked; null where nothing is sent.", examples=["+49*********89"])


class OfferedMethods(View):
    """All ways that are open for a card."""

    methods: list[OfferedMethodView] = Field(
        description="The methods in the order in which to offer them.",
        examples=[[{"method": "in_app", "contact": None}]],
    )


class VerificationRequest(Body):
    """Which way."""

    method: MethodField


class VerificationView(View):
    """A verification under way."""

    method: VerificationMethod = Field(description="The method.", examples=["text_message"])
    contact: str | None = Field(description="Masked contact that the code was sent to.", examples=["+49*********89"])
    expires_at: Timestamp
    attempts_left: int = Field(description="Number of wrong codes that declines the request.", examples=[3])
    resends_left: int = Field(description="Number of further codes that can be sent.", examples=[3])


class CodeBody(Body):
    """What the cardholder typed in."""

    code: str = Field(description="The one-time code, six digits.", examples=["123456"], pattern="^[0-9]{6}$")


class CryptogramRequest(Body):
    """One payment of a merchant on file."""

    amount: AmountMinor
    currency: CurrencyCode
    country: CountryCode


class CryptogramView(View):
    """What the merchant sends with the payment."""

    track2: str = Field(
        description="Track 2 equivalent data for DE 35: token PAN, expiry, service code.",
        examples=["9999501012345678D29112010"],
    )
    pan_sequence_number: str = Field(description="DE 23.", examples=["01"])
    electronic_commerce_indicator: str = Field(description="ECI.", examples=["05"])
    chip_data: dict[str, str] = Field(
        description="Tags for DE 55, hexadecimal.", examples=[{"9F26": "0123456789ABCDEF", "9F36": "0001"}]
    )


@router.post("/eligibility", dependencies=_WALLET, responses=problem.responses(404))
def check_eligibility(vault: VaultDependency, proven: OptionalDeviceProof, body: TokenRequestBody) -> EligibilityView:
    """Check the outcome of a request and get the terms and product to show. Nothing is stored. Scope: wallet."""
    found = token_requests.check_eligibility(vault, proven, body.asked())
    return EligibilityView(
        eligible=found.decision.outcome is not Outcome.DECLINED,
        decision=ProvisioningDecisionView.of(found.decision),
        card_last4=found.card.last4,
        terms=TermsView(**found.policy.terms.__dict__),
        product=ProductView.of(found.policy),
    )


@router.post("", status_code=201, dependencies=_WALLET, responses=problem.responses(404, 409))
def request_token(vault: VaultDependency, proven: OptionalDeviceProof, body: TokenRequest) -> TokenView:
    """Request a token for the device that signed this call, or a merchant's card-on-file token. Scope: wallet."""
    asked = replace(body.asked(), terms_version=body.terms_version, replaces=body.replaces)
    return TokenView.of(token_requests.request_token(vault, proven, asked))


@router.get("", dependencies=[requires(Scope.WALLET, Scope.ISSUER)], responses=problem.responses(404))
def list_tokens(
    vault: VaultDependency,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
    card_id: Annotated[str | None, Query(description="Only of this card.", examples=["card_0J9ZP2M7K4B1X"])] = None,
    device_id: Annotated[str | None, Query(description="Only of this device.", examples=["dev_03TQ8H6W5N2RC"])] = None,
    state: Annotated[TokenState | None, Query(description="Only in this state.", examples=["active"])] = None,
) -> Page[TokenView]:
    """List tokens, the newest first. Scope: wallet or issuer."""
    rows = tokens.list_tokens(
        vault, limit=limit + 1, starting_after=starting_after, card_id=card_id, device_id=device_id, state=state
    )
    return page(rows, limit, TokenView.of)


@router.get("/{token_id}", dependencies=[requires(Scope.WALLET, Scope.ISSUER)], responses=problem.responses(404))
def read_token(vault: VaultDependency, token_id: TokenId) -> TokenView:
    """Read a token. Scope: wallet or issuer."""
    return TokenView.of(tokens.find_token(vault, token_id))


@router.get("/{token_id}/verification_methods", dependencies=_WALLET, responses=problem.responses(404, 409))
def list_verification_methods(vault: VaultDependency, proven: OptionalDeviceProof, token_id: TokenId) -> OfferedMethods:
    """List how the cardholder of a requested token can be verified. Scope: wallet."""
    offered = verification.offered_methods(vault, proven, token_id)
    return OfferedMethods(methods=[OfferedMethodView(method=each.method, contact=each.contact) for each in offered])


@router.post("/{token_id}/verification", dependencies=_WALLET, responses=problem.responses(404, 409))
def start_verification(
    vault: VaultDependency, proven: OptionalDeviceProof, token_id: TokenId, body: VerificationRequest
) -> VerificationView:
    """Start verification by a method. Methods with a code send one; repeating sends a new code. Scope: wallet."""
    started = verification.start_verification(vault, proven, token_id, body.method)
    return VerificationView(
        method=started.method,
        contact=started.contact,
        expires_at=timestamp(started.expires_at),
        attempts_left=started.attempts_left,
        resends_left=started.resends_left,
    )


@router.post("/{token_id}/verification/complete", dependencies=_WALLET, responses=problem.responses(404, 409))
def complete_verification(
    vault: VaultDependency, proven: OptionalDeviceProof, token_id: TokenId, body: CodeBody
) -> TokenView:
    """Approve a requested token by its one-time code; the last wrong attempt declines it. Scope: wallet."""
    return TokenView.of(verification.complete_verification(vault, proven, token_id, body.code))


@router.post(
    "/{token_id}/verification/confirm", dependencies=[requires(Scope.ISSUER)], responses=problem.responses(404, 409)
)
def confirm_verification(vault: VaultDependency, token_id: TokenId, body: VerificationRequest) -> TokenView:
    """Confirm that the issuer has verified the cardholder in its app or call centre. Scope: issuer."""
    return TokenView.of(verification.confirm_verification(vault, token_id, body.method))


@router.post("/{token_id}/activate", dependencies=_WALLET, responses=problem.responses(404, 409))
def activate_token(vault: VaultDependency, proven: DeviceProof, token_id: TokenId) -> ActivationView:
    """Activate a token; its device gets the credentials, sealed. May be repeated by that device. Scope: wallet."""
    return ActivationView.of(token_activation.activate_token(vault, proven, token_id))


@router.post("/{token_id}/limited_use_keys", dependencies=_WALLET, responses=problem.responses(404, 409))
def replenish_key(vault: VaultDependency, proven: DeviceProof, token_id: TokenId) -> ActivationView:
    """Replenish the limited-use key of a token in host card emulation. Scope: wallet."""
    return ActivationView.of(token_activation.replenish_key(vault, proven, token_id))


@router.post("/{token_id}/cryptograms", dependencies=_WALLET, responses=problem.responses(404, 409))
def make_cryptogram(vault: VaultDependency, token_id: TokenId, body: CryptogramRequest) -> CryptogramView:
    """Generate the cryptogram for one payment with a card-on-file token. Scope: wallet."""
    made = file_cryptograms.make_cryptogram(
        vault, token_id, amount_minor=body.amount, currency=body.currency, country=body.country
    )
    return CryptogramView(
        track2=made.track2.text(),
        pan_sequence_number=made.pan_sequence_number,
        electronic_commerce_indicator=file_cryptograms.ELECTRONIC_COMMERCE_INDICATOR,
        chip_data={tag: value.hex().upper() for tag, value in made.values.items()},
    )


@router.post(
    "/{token_id}/renew", dependencies=[requires(Scope.WALLET, Scope.ISSUER)], responses=problem.responses(404, 409)
)
def renew_token(vault: VaultDependency, token_id: TokenId) -> TokenView:
    """Give a token a new expiry; its device fetches its credentials by activating again. Scope: wallet or issuer."""
    return TokenView.of(token_changes.renew_token(vault, token_id))


def _changed(
    vault: VaultDependency, proven: ProvenKey | None, token_id: str, change: Change, body: TokenChange
) -> TokenView:
    with speaking_for(body.initiator):
        on_device = tokens.find_token(vault, token_id).device_id is not None
        check_cardholder(body.initiator, proven, on_device=on_device)
        changed = token_changes.change_token(vault, token_id, change, body.initiator, reason=body.reason, proven=proven)
    return TokenView.of(changed)


@router.post("/{token_id}/suspend", dependencies=_ANY, responses=problem.responses(404, 409))
def suspend_token(
    vault: VaultDependency, proven: OptionalDeviceProof, token_id: TokenId, body: TokenChange
) -> TokenView:
    """Suspend a token until every initiator that suspended it has resumed it.

    Scope: wallet, issuer or network, for its own initiators.
    """
    return _changed(vault, proven, token_id, Change.SUSPEND, body)


@router.post("/{token_id}/resume", dependencies=_ANY, responses=problem.responses(404, 409))
def resume_token(
    vault: VaultDependency, proven: OptionalDeviceProof, token_id: TokenId, body: TokenChange
) -> TokenView:
    """Remove the initiator's own suspension. Scope: wallet, issuer or network, for its own initiators."""
    return _changed(vault, proven, token_id, Change.RESUME, body)


@router.post("/{token_id}/deactivate", dependencies=_ANY, responses=problem.responses(404, 409))
def deactivate_token(
    vault: VaultDependency, proven: OptionalDeviceProof, token_id: TokenId, body: TokenChange
) -> TokenView:
    """Deactivate a token for good. Scope: wallet, issuer or network, for its own initiators."""
    return _changed(vault, proven, token_id, Change.DEACTIVATE, body)


@router.delete("/{token_id}", dependencies=_ANY, responses=problem.responses(404, 409))
def delete_token(
    vault: VaultDependency,
    proven: OptionalDeviceProof,
    token_id: TokenId,
    reason: Annotated[ReasonField, Query(description="Why.", examples=["other"])] = ChangeReason.OTHER,
) -> TokenView:
    """Deactivate a token for good, in the short form: as its issuer with an issuer key, else as its wallet or network.

    A proof, where sent, must be its device's. Scope: wallet, issuer or network.
    """
    initiators = {Scope.ISSUER: Initiator.ISSUER, Scope.WALLET: Initiator.WALLET, Scope.NETWORK: Initiator.NETWORK}
    initiator = initiators[tokens.first_that_sees(vault, token_id, initiators)]
    with speaking_for(initiator):
        changed = token_changes.change_token(
            vault, token_id, Change.DEACTIVATE, initiator, reason=reason, proven=proven
        )
    return TokenView.of(changed)
