"""``/v1/tokens``: device-bound virtual cards."""

from base64 import urlsafe_b64encode
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from tokenvault import tokens
from tokenvault.errors import FieldError, Forbidden, Unauthenticated
from tokenvault.http import problem
from tokenvault.http.access import DeviceProof, OptionalDeviceProof, Scope, VaultDependency, requires
from tokenvault.http.fields import (
    Body,
    CardId,
    DeviceId,
    Expiry,
    RequestorId,
    Timestamp,
    TokenId,
    View,
    timestamp,
)
from tokenvault.identifiers import Prefix, to_text
from tokenvault.lifecycle import Change, Initiator, TokenState
from tokenvault.proof_of_possession import ProvenKey
from tokenvault.provisioning import Outcome

router = APIRouter(prefix="/v1/tokens", tags=["tokens"])

Profile = Annotated[
    Literal["aes", "tdes"],
    Field(
        description="Cipher of the token's cryptograms: `aes` (EMV option C) or `tdes` (EMV option A, CVN 18).",
        examples=["aes"],
    ),
]
AnyScope = Annotated[frozenset[Scope], requires(Scope.WALLET, Scope.ISSUER)]


class TokenRequest(Body):
    """Which card on which device, for whom."""

    card_id: CardId
    device_id: DeviceId
    token_requestor_id: RequestorId
    cryptogram_profile: Profile = "aes"


class TokenChange(Body):
    """Who asks for a change."""

    initiator: Initiator = Field(
        description=(
            "On whose behalf: `cardholder` or `wallet` with a wallet key, `issuer` with an issuer key. "
            "`cardholder` takes a DPoP proof by the token's device."
        ),
        examples=["issuer"],
        strict=False,
    )


class DecisionView(View):
    """The provisioning decision."""

    outcome: Outcome = Field(description="Whether the card may go onto the device.", examples=["approved"])
    reasons: list[str] = Field(description="Why not, or why more is asked; empty if approved.", examples=[[]])


class TokenView(View):
    """A token. Its number and key reach only its device, see `/v1/tokens/{id}/activate`."""

    id: TokenId
    card_id: CardId
    device_id: DeviceId
    token_requestor_id: RequestorId
    token_last4: str | None = Field(
        description="Last four digits of the token PAN; null if declined.", examples=["0017"]
    )
    expiry: Expiry
    cryptogram_profile: Profile
    state: TokenState = Field(description="Where the token stands in its life.", examples=["inactive"])
    suspended_by: list[Initiator] = Field(
        description="Who suspended it; each must resume it before it is active again.", examples=[[]]
    )
    decision: DecisionView = Field(
        description="The provisioning decision.", examples=[{"outcome": "approved", "reasons": []}]
    )
    created_at: Timestamp

    @classmethod
    def of(cls, token: tokens.Token) -> "TokenView":
        """Show a token."""
        return cls(
            id=token.text_id,
            card_id=to_text(Prefix.CARD, token.card_id),
            device_id=to_text(Prefix.DEVICE, token.device_id),
            token_requestor_id=token.token_requestor_id,
            token_last4=token.token_pan[-4:] if token.token_pan else None,
            expiry=token.expiry,
            cryptogram_profile="tdes" if token.cryptogram_profile == "tdes" else "aes",
            state=token.state,
            suspended_by=[Initiator(name) for name in token.suspended_by],
            decision=DecisionView(outcome=Outcome(token.decision), reasons=token.decision_reasons),
            created_at=timestamp(token.created_at),
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


def _check_initiator(initiator: Initiator, scopes: frozenset[Scope], proven: ProvenKey | None) -> None:
    """Who may speak for whom."""
    scope = Scope.ISSUER if initiator is Initiator.ISSUER else Scope.WALLET
    if initiator is Initiator.NETWORK:
        raise FieldError("initiator", "is cardholder, wallet or issuer here")
    if scope not in scopes:
        raise Forbidden(f"to act as {initiator} takes an API key with the scope {scope}", code="missing_scope")
    if initiator is Initiator.CARDHOLDER and proven is None:
        raise Unauthenticated("the cardholder acts through the token's device: send its DPoP proof")


@router.post("", status_code=201, dependencies=[requires(Scope.WALLET)], responses=problem.responses(404, 409))
def request_token(vault: VaultDependency, proven: DeviceProof, body: TokenRequest) -> TokenView:
    """Ask for a token for a card on the device that signed this call. Scope: wallet."""
    return TokenView.of(tokens.request_token(vault, proven, **body.model_dump()))


@router.get("/{token_id}", dependencies=[requires(Scope.WALLET, Scope.ISSUER)], responses=problem.responses(404))
def read_token(vault: VaultDependency, token_id: TokenId) -> TokenView:
    """Read a token. Scope: wallet or issuer."""
    return TokenView.of(tokens.find_token(vault, token_id))


@router.post("/{token_id}/activate", dependencies=[requires(Scope.WALLET)], responses=problem.responses(404, 409))
def activate_token(vault: VaultDependency, proven: DeviceProof, token_id: TokenId) -> ActivationView:
    """Activate a token; its device gets the credentials, sealed. May be repeated by that device. Scope: wallet."""
    activation = tokens.activate_token(vault, proven, token_id)
    return ActivationView(
        token=TokenView.of(activation.token),
        sealed_credentials=urlsafe_b64encode(activation.sealed_credentials).rstrip(b"=").decode(),
        hpke_info=activation.info.decode(),
    )


@router.post("/{token_id}/suspend", responses=problem.responses(404, 409))
def suspend_token(
    vault: VaultDependency, scopes: AnyScope, proven: OptionalDeviceProof, token_id: TokenId, body: TokenChange
) -> TokenView:
    """Stop a token from paying until each who suspended it has resumed it. Scope: wallet or issuer."""
    _check_initiator(body.initiator, scopes, proven)
    return TokenView.of(tokens.change_token(vault, token_id, Change.SUSPEND, body.initiator, proven))


@router.post("/{token_id}/resume", responses=problem.responses(404, 409))
def resume_token(
    vault: VaultDependency, scopes: AnyScope, proven: OptionalDeviceProof, token_id: TokenId, body: TokenChange
) -> TokenView:
    """Take back one's own suspension. Scope: wallet or issuer."""
    _check_initiator(body.initiator, scopes, proven)
    return TokenView.of(tokens.change_token(vault, token_id, Change.RESUME, body.initiator, proven))


@router.delete("/{token_id}", responses=problem.responses(404, 409))
def deactivate_token(
    vault: VaultDependency, scopes: AnyScope, proven: OptionalDeviceProof, token_id: TokenId
) -> TokenView:
    """Deactivate a token for good. A proof, where sent, must be its device's. Scope: wallet or issuer."""
    initiator = Initiator.ISSUER if Scope.ISSUER in scopes else Initiator.WALLET
    return TokenView.of(tokens.change_token(vault, token_id, Change.DEACTIVATE, initiator, proven))
