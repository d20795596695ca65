"""``/v1/network``: services for card networks: detokenization and PIN verification."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from tokenvault.callers.caller import Scope, current_caller
from tokenvault.calls.rate_limits import RateLimits
from tokenvault.cards import pins
from tokenvault.http.fields.fields import Body, CountryCode, Expiry, Reference, RequestorId, TokenId, View
from tokenvault.http.fields.token_views import ChannelName
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.tokens import detokenization
from tokenvault.tokens.tokens import AssuranceMethod, TokenLocation

Hexadecimal = Annotated[str, Field(pattern="^([0-9A-Fa-f]{2})+$", max_length=512)]


async def _limited(request: Request) -> None:
    """Count a call that shows or tries a secret."""
    limits: RateLimits = request.app.state.secrets_limits
    limits.take(("secrets", current_caller.get().counted_as), request.app.state.secrets_per_second)


router = APIRouter(prefix="/v1/network", tags=["network"], dependencies=[requires(Scope.NETWORK), Depends(_limited)])

TokenPan = Annotated[
    str,
    Field(
        description="The token PAN, as read by the terminal.", examples=["9999501012345678"], pattern="^[0-9]{8,19}$"
    ),
]


class DetokenizeRequest(Body):
    """A token PAN; in the body, so that no log of URLs holds it."""

    token_pan: TokenPan


class VerifyRequest(DetokenizeRequest):
    """A token PAN and how it is being used."""

    expiry: Annotated[str, Field(pattern="^[0-9]{4}$")] = Field(description="YYMM.", examples=["2911"])
    channel: ChannelName = Field(
        description="The channel through which the terminal received the card data.", examples=["contactless"]
    )
    merchant_id: str | None = Field(None, description="DE 42.", examples=["SHOP00000000001"], max_length=15)
    country: CountryCode | None = Field(None, description="Of the terminal (ISO 3166-1 numeric).", examples=["276"])
    chip_data: dict[Annotated[str, Field(pattern="^[0-9A-F]{2,6}$")], Hexadecimal] = Field(
        description="Tags of DE 55, hexadecimal: what the cryptogram covers, 9F10 and 9F26.",
        examples=[{"9F26": "0123456789ABCDEF", "9F36": "0001"}],
        max_length=64,
    )


class DetokenizedView(View):
    """What stands behind a token."""

    token_id: TokenId
    funding_pan: str = Field(description="The funding PAN, in the clear.", examples=["9999001000000017"])
    funding_expiry: Expiry
    payment_account_reference: Reference
    token_requestor_id: RequestorId
    assurance_method: AssuranceMethod = Field(description="EMVCo token assurance method.", examples=["13"])
    location: TokenLocation = Field(description="Storage location of the token's keys.", examples=["secure_element"])

    @classmethod
    def of(cls, found: detokenization.Detokenized) -> "DetokenizedView":
        """Show what was found."""
        return cls(
            token_id=found.token.text_id,
            funding_pan=found.funding_pan,
            funding_expiry=found.funding_expiry,
            payment_account_reference=found.payment_account_reference,
            token_requestor_id=found.token.token_requestor_id,
            assurance_method=found.token.assurance_method,
            location=found.token.location,
        )


class PinVerificationRequest(Body):
    """A PIN as a terminal encrypted it."""

    token_pan: TokenPan
    encryption: pins.PinEncryption = Field(
        description="`dukpt_tdes` for formats 0, 1 and 3; `dukpt_aes` for format 4.",
        examples=["dukpt_tdes"],
        strict=False,
    )
    key_serial_number: Hexadecimal = Field(description="KSN, 10 or 12 bytes.", examples=["FFFF9876543210E00001"])
    pin_block: Hexadecimal = Field(description="8 or 16 bytes.", examples=["1B9C1845EB993A7A"])


@router.post("/detokenize", responses=problem.responses(404))
def detokenize(vault: VaultDependency, response: Response, body: DetokenizeRequest) -> DetokenizedView:
    """Detokenize without verification, for clearing and disputes. Audited. Scope: network."""
    response.headers["Cache-Control"] = "no-store"
    return DetokenizedView.of(detokenization.detokenize(vault, body.token_pan))


@router.post("/detokenize_with_verification", responses=problem.responses(404, 409))
def detokenize_with_verification(vault: VaultDependency, response: Response, body: VerifyRequest) -> DetokenizedView:
    """Verify state, expiry, domain and cryptogram, then detokenize. Audited. Scope: network."""
    response.headers["Cache-Control"] = "no-store"
    usage = detokenization.Usage(
        expiry=body.expiry,
        channel=body.channel,
        merchant_id=body.merchant_id,
        country=body.country,
        values={tag: bytes.fromhex(value) for tag, value in body.chip_data.items()},
    )
    return DetokenizedView.of(detokenization.detokenize(vault, body.token_pan, usage))


@router.post("/pin_verifications", status_code=204, responses=problem.responses(404, 409))
def verify_pin(vault: VaultDependency, body: PinVerificationRequest) -> None:
    """Verify a PIN; 204 means correct. Three wrong PINs lock it until it is set again. Scope: network."""
    pins.verify_pin(
        vault,
        token_pan=body.token_pan,
        block=bytes.fromhex(body.pin_block),
        ksn=bytes.fromhex(body.key_serial_number),
        encryption=body.encryption,
    )


def secrets_limits() -> RateLimits:
    """The buckets of these calls."""
    return RateLimits(time.monotonic)
