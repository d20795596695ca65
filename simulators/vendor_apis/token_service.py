"""Mock API of a network's token service, after public documentation (Mastercard's MDES Digital Enablement API).

Digitize, verify, activate, suspend, resume, delete; notifications are in `token_notifications`. What differs, because
it is the sandbox's: API keys in place of OAuth 1.0a signatures; a card named by `panUniqueReference` (a card's
identifier) or sealed as a JWE of this API in `encryptedData`; a device is named by `paymentAppInstanceId` (a device's
identifier) and signs the call (DPoP); and `provision`, which hands a device its sealed credentials, where the original
pushes them.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from authz.vocabulary.states import TokenState as EngineTokenState
from tokenvault.callers.caller import Scope
from tokenvault.cards.cards import card_numbered
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.http.fields.token_changes import check_cardholder
from tokenvault.http.protocol.access import DeviceProof, OptionalDeviceProof, VaultDependency, requires
from tokenvault.provisioning import policies, token_requests, verification
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.decision import Outcome, RiskInformation
from tokenvault.tokens import token_activation, token_changes, tokens
from tokenvault.tokens.lifecycle import ENDED, Change, ChangeReason, Initiator, TokenState
from tokenvault.tokens.tokens import Token, TokenLocation
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import CallerError, Conflict
from tokenvault.vocabulary.identifiers import Prefix, to_text

PREFIX = "/vendor-apis/mdes/digitization/1/0"

_METHODS = {
    VerificationMethod.TEXT_MESSAGE: "TEXT_TO_CARDHOLDER_NUMBER",
    VerificationMethod.E_MAIL: "EMAIL_TO_CARDHOLDER_ADDRESS",
    VerificationMethod.IN_APP: "CARDHOLDER_TO_USE_MOBILE_APP",
    VerificationMethod.CALL_CENTRE: "CARDHOLDER_TO_CALL_MANNED_NUMBER",
}
_DECISIONS = {
    Outcome.APPROVED: "APPROVED",
    Outcome.REQUIRE_ADDITIONAL_AUTHENTICATION: "REQUIRE_ADDITIONAL_AUTHENTICATION",
    Outcome.DECLINED: "DECLINED",
}


def _status(state: TokenState) -> str:
    """The service's word for a state. It has one for each that the engine tells apart."""
    if state.engine_code is not None:
        return EngineTokenState(state.engine_code).name
    return EngineTokenState.DEACTIVATED.name if state in ENDED else EngineTokenState.INACTIVE.name


STATUSES = {state: _status(state) for state in TokenState}
_ACTIVATIONS = {
    "wrong_code": "INCORRECT_CODE",
    "code_expired": "EXPIRED_CODE",
    "no_code_sent": "EXPIRED_CODE",
}
_LOCATIONS = {
    "EMBEDDED_SE": TokenLocation.SECURE_ELEMENT,
    "CLOUD": TokenLocation.HOST_CARD_EMULATION,
    "STATIC": TokenLocation.REMOTE,
}
_INITIATORS = {"CARDHOLDER": Initiator.CARDHOLDER, "TOKEN_REQUESTOR": Initiator.WALLET}


class _VendorErrors(APIRoute):
    """Errors in the shape of the original."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap what answers."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except CallerError as error:
                fields = [name for name, _ in error.fields]
                return _refused(error.status_hint, error.code, error.message, fields)
            except RequestValidationError as error:
                fields = [".".join(map(str, each["loc"][1:])) for each in error.errors()]
                return _refused(400, "invalid_field", f"{', '.join(fields)}: {error.errors()[0]['msg']}", fields)

        return answered


def _refused(status: int, code: str, description: str, fields: list[str]) -> JSONResponse:
    error = {
        "source": fields[0] if fields else "mock token service",
        "errorCode": "INVALID_FIELD_VALUE" if fields else code.upper(),
        "description": description,
        "reasonCode": code.upper(),
        "recoverable": status in (409, 429),
    }
    return JSONResponse({"errorCode": error["errorCode"], "errorDescription": description, "errors": [error]}, status)


router = APIRouter(
    prefix=PREFIX, tags=["mock API: token service"], dependencies=[requires(Scope.WALLET)], route_class=_VendorErrors
)


class VendorPart(BaseModel):
    """Unknown fields are ignored, because a client of the original may send them."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)


class VendorCall(VendorPart):
    """What every call of the original carries."""

    request_id: str = Field(max_length=64, description="Unique for each request.", examples=["123456"])
    response_host: str | None = Field(default=None, description="Echoed.", examples=["site1.your-server.com"])


class EncryptedPayload(VendorPart):
    """encryptedData: here a compact JWE of `pan`, `expiry` and `cvv2`, to a key of `/v1/encryption_keys`."""

    encrypted_data: str = Field(max_length=4096, description="The card, sealed.", examples=["eyJhbGciOi..."])


class FundingAccountInfo(VendorPart):
    """Which card: one of the two."""

    pan_unique_reference: str | None = Field(
        default=None, description="A card's identifier.", examples=["card_0J9ZP2M7K4B1X"]
    )
    encrypted_payload: EncryptedPayload | None = Field(default=None, description="The card, typed in.", examples=[None])

    def source(self) -> CardSource:
        """For the use case."""
        sealed = None if self.encrypted_payload is None else self.encrypted_payload.encrypted_data
        return CardSource(self.pan_unique_reference, None, sealed)


class DecisioningData(VendorPart):
    """What the wallet says of itself."""

    recommendation: Literal["APPROVED", "REQUIRE_ADDITIONAL_AUTHENTICATION", "DECLINED"] | None = Field(
        default=None, description="Its recommendation.", examples=["APPROVED"]
    )
    device_score: int | None = Field(default=None, ge=1, le=5, description="Its score of the device.", examples=[4])
    account_score: int | None = Field(default=None, ge=1, le=5, description="Its score of the account.", examples=[4])

    def told(self) -> RiskInformation:
        """For the use case."""
        outcome = None if self.recommendation is None else Outcome(self.recommendation.lower())
        return RiskInformation(self.device_score, self.account_score, outcome)


class EligibilityRequest(VendorCall):
    """Which card, where to, and what the wallet says of itself."""

    token_type: Literal["EMBEDDED_SE", "CLOUD", "STATIC"] = Field(description="Where keys are.", examples=["CLOUD"])
    token_requestor_id: str = Field(pattern="^[0-9]{11}$", description="TRID.", examples=["99900000001"])
    payment_app_instance_id: str | None = Field(default=None, description="The device.", examples=["dev_03TQ8H6W5N2RC"])
    funding_account_info: FundingAccountInfo = Field(description="The card.", examples=[{}])
    decisioning_data: DecisioningData = Field(default_factory=DecisioningData, description="Risk.", examples=[{}])

    def asked(self, terms: str | None = None) -> token_requests.TokenRequest:
        """For the use case."""
        return token_requests.TokenRequest(
            source=self.funding_account_info.source(),
            token_requestor_id=self.token_requestor_id,
            device_id=self.payment_app_instance_id,
            location=_LOCATIONS[self.token_type],
            risk=self.decisioning_data.told(),
            terms_version=terms,
        )


class DigitizeRequest(EligibilityRequest):
    """A request for a token."""

    terms_and_conditions_asset_id: str | None = Field(default=None, description="Accepted terms.", examples=["2026-01"])


def _response(call: VendorCall, **told: Any) -> dict[str, Any]:
    return {"responseHost": call.response_host or "localhost", "responseId": call.request_id, **told}


@router.post("/checkEligibility")
def check_eligibility(vault: VaultDependency, proven: OptionalDeviceProof, body: EligibilityRequest) -> dict[str, Any]:
    """Check whether a card can be digitized. Scope: wallet."""
    found = token_requests.check_eligibility(vault, proven, body.asked())
    if found.decision.outcome is Outcome.DECLINED:
        raise Conflict("the card cannot be digitized", code="pan_ineligible")
    terms = policies.current_policy(vault).terms.version
    return _response(
        body,
        eligibilityReceipt={"value": body.request_id, "validForMinutes": 30},
        termsAndConditionsAssetId=terms,
        applicableCardInfo={"isSecurityCodeApplicable": body.funding_account_info.encrypted_payload is not None},
    )


@router.post("/digitize")
def digitize(vault: VaultDependency, proven: OptionalDeviceProof, body: DigitizeRequest) -> dict[str, Any]:
    """Request a token. Scope: wallet."""
    token = token_requests.request_token(vault, proven, body.asked(body.terms_and_conditions_asset_id))
    methods = []
    if token.state is TokenState.REQUESTED:
        methods = [
            {"id": each.method.value, "type": _METHODS[each.method], "value": each.contact}
            for each in verification.offered_methods(vault, proven, token.text_id)
        ]
    product = policies.current_policy(vault).product
    return _response(
        body,
        decision=_DECISIONS[Outcome(token.decision)],
        authenticationMethods=methods,
        tokenUniqueReference=token.text_id,
        panUniqueReference=to_text(Prefix.CARD, token.card_id),
        tokenInfo=_token_info(vault, token),
        productConfig={
            "issuerName": product.issuer_name,
            "shortDescription": product.name,
            "cardBackgroundColor": product.background_color,
            "foregroundColor": product.foreground_color,
            "customerServicePhoneNumber": product.support_phone,
        },
    )


def _token_info(vault: Vault, token: Token) -> dict[str, Any]:
    with vault.reading() as connection:
        card = card_numbered(connection, token.card_id)
    return {
        "tokenPanSuffix": "" if token.token_pan is None else token.token_pan[-4:],
        "accountPanSuffix": card.last4,
        "tokenExpiry": token.expiry[2:] + token.expiry[:2],
        "dsrpCapable": "e_commerce" in token.channels,
        "tokenAssuranceLevel": 1,
        "paymentAccountReference": card.payment_account_reference,
    }


class AuthenticationMethod(VendorPart):
    """One of those that were offered."""

    id: VerificationMethod = Field(description="Its identifier.", examples=["text_message"])


class TokenCall(VendorCall):
    """A call about a token."""

    token_unique_reference: str = Field(description="A token's identifier.", examples=["tok_05F1V9D8S3KYA"])


class ActivationCodeRequest(TokenCall):
    """How the code is to be sent."""

    authentication_method: AuthenticationMethod = Field(description="How.", examples=[{"id": "text_message"}])


@router.post("/requestActivationCode")
def request_activation_code(
    vault: VaultDependency, proven: OptionalDeviceProof, body: ActivationCodeRequest
) -> dict[str, Any]:
    """Request a one-time code. Scope: wallet."""
    method = body.authentication_method.id
    started = verification.start_verification(vault, proven, body.token_unique_reference, method)
    return _response(body, expirationDateTime=started.expires_at)


class ActivateRequest(TokenCall):
    """The code."""

    authentication_code: str = Field(max_length=16, description="The code that was sent.", examples=["123456"])


@router.post("/activate")
def activate(vault: VaultDependency, proven: OptionalDeviceProof, body: ActivateRequest) -> dict[str, Any]:
    """Enter the code; a wrong one is a result, not an error, as in the original. Scope: wallet."""
    try:
        verification.complete_verification(vault, proven, body.token_unique_reference, body.authentication_code)
    except Conflict as error:
        if error.code not in _ACTIVATIONS:
            raise
        declined = tokens.find_token(vault, body.token_unique_reference).state is TokenState.DECLINED
        result = "INCORRECT_CODE_RETRIES_EXCEEDED" if declined else _ACTIVATIONS[error.code]
        return _response(body, result=result)
    return _response(body, result="SUCCESS")


@router.post("/provision")
def provision(vault: VaultDependency, proven: DeviceProof, body: TokenCall) -> dict[str, Any]:
    """Return the credentials to a device, sealed to its key, and activate the token. Scope: wallet."""
    activation = token_activation.activate_token(vault, proven, body.token_unique_reference)
    sealed = urlsafe_b64encode(activation.sealed_credentials).rstrip(b"=").decode()
    return _response(body, sealedCredentials=sealed, hpkeInfo=activation.info.decode(), status="ACTIVE")


class ChangeRequest(VendorCall):
    """Which tokens, by whom, and why."""

    token_unique_references: list[str] = Field(
        min_length=1, max_length=10, description="Tokens.", examples=[["tok_05F1V9D8S3KYA"]]
    )
    caused_by: Literal["CARDHOLDER", "TOKEN_REQUESTOR"] = Field(
        "CARDHOLDER", description="By whom.", examples=["CARDHOLDER"]
    )
    reason_code: str = Field("OTHER", max_length=64, description="Why, echoed.", examples=["DEVICE_LOST"])


def _changed(vault: Vault, proven: ProvenKey | None, body: ChangeRequest, change: Change) -> dict[str, Any]:
    initiator = _INITIATORS[body.caused_by]
    reason = ChangeReason.DEVICE_LOST if body.reason_code == "DEVICE_LOST" else ChangeReason.OTHER
    # All of them are looked up before the first is changed.
    for token in [tokens.find_token(vault, reference) for reference in body.token_unique_references]:
        check_cardholder(initiator, proven, on_device=token.device_id is not None)
    changed = [
        token_changes.change_token(vault, reference, change, initiator, reason=reason, proven=proven)
        for reference in body.token_unique_references
    ]
    told = [{"tokenUniqueReference": token.text_id, "status": STATUSES[token.state]} for token in changed]
    return _response(body, tokens=told)


@router.post("/suspend")
def suspend(vault: VaultDependency, proven: OptionalDeviceProof, body: ChangeRequest) -> dict[str, Any]:
    """Suspend tokens. Scope: wallet."""
    return _changed(vault, proven, body, Change.SUSPEND)


@router.post("/unsuspend")
def unsuspend(vault: VaultDependency, proven: OptionalDeviceProof, body: ChangeRequest) -> dict[str, Any]:
    """Resume tokens. Scope: wallet."""
    return _changed(vault, proven, body, Change.RESUME)


@router.post("/delete")
def delete(vault: VaultDependency, proven: OptionalDeviceProof, body: ChangeRequest) -> dict[str, Any]:
    """Deactivate tokens for good. Scope: wallet."""
    return _changed(vault, proven, body, Change.DEACTIVATE)


@router.post("/getToken")
def get_token(vault: VaultDependency, body: TokenCall) -> dict[str, Any]:
    """Read a token. Scope: wallet."""
    token = tokens.find_token(vault, body.token_unique_reference)
    told = {
        "tokenUniqueReference": token.text_id,
        "status": STATUSES[token.state],
        "suspendedBy": [each.upper() for each in token.suspended_by],
        "tokenInfo": _token_info(vault, token),
    }
    return _response(body, token=told)
