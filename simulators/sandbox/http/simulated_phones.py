"""``/v1/simulations/phones``: phones that hold tokens and pay with them, run by this server."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from simulators.parties.sandbox_constants import TOKEN_REQUESTOR_ID
from simulators.sandbox.http.payment_views import SimulatedPhoneId, SimulationsDependency
from simulators.simulations.simulated_phones import SimulatedPhone, SimulatedPhones
from simulators.wallet.card.payment_application import Flow
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import Body, CardId, RequestorId, View
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.fields.token_views import DomainBody, Profile, RiskBody, TokenView
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires
from tokenvault.tokens.tokens import TokenLocation

router = APIRouter(
    prefix="/v1/simulations/phones",
    tags=["simulated payments"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404, 409),
)

_NAME_BYTES_MAX = 64


def _fits_in_a_certificate(name: str) -> str:
    if len(name.encode()) > _NAME_BYTES_MAX:
        raise ValueError(f"must have at most {_NAME_BYTES_MAX} bytes in UTF-8, for it stands in a certificate")
    return name


PhoneName = Annotated[
    str,
    Field(description="A name for display, at most 64 bytes.", examples=["Ada's phone"], min_length=1, max_length=64),
    AfterValidator(_fits_in_a_certificate),
]
PhoneKind = Annotated[
    Literal["phone", "watch", "band", "car"],
    Field(
        description="What it is. A band cannot verify its holder, a car cannot tap, watch and car need no unlocking.",
        examples=["phone"],
    ),
]
PhoneFlow = Annotated[
    Flow,
    Field(
        description="How it answers readers: `quick`, the cryptogram comes with GET PROCESSING OPTIONS, or "
        "`generate_ac`, on GENERATE AC.",
        examples=["quick"],
        strict=False,
    ),
]


class SimulatedPhoneRequest(Body):
    """A new phone."""

    name: PhoneName = "A simulated phone"
    kind: PhoneKind = "phone"
    flow: PhoneFlow = Flow.QUICK
    card_id: CardId | None = Field(
        None,
        description="A card whose token it asks for at once, as `/provision` does with nothing but the card; none if "
        "left out.",
        examples=["card_0J9ZP2M7K4B1X"],
    )


class ProvisionRequest(Body):
    """What a phone asks for, as in `POST /v1/tokens`. Exactly one of card_id and push_payload names the card."""

    card_id: CardId | None = Field(None, description="Identifier of a funding card.", examples=["card_0J9ZP2M7K4B1X"])
    push_payload: str | None = Field(
        None, description="The issuer's signed payload for a card.", examples=[None], max_length=2048
    )
    token_requestor_id: RequestorId = TOKEN_REQUESTOR_ID
    cryptogram_profile: Profile = "aes"
    location: Annotated[TokenLocation, Field(strict=False)] = Field(
        TokenLocation.SECURE_ELEMENT,
        description="Where keys are kept: `secure_element`, `trusted_execution_environment`, or `host_card_emulation` "
        "for limited-use keys.",
        examples=["secure_element"],
    )
    domain: DomainBody = Field(
        default_factory=lambda: DomainBody.model_validate({}),
        description="The token's domain; `contactless`, `e_commerce` and `qr_code` where it names no channels.",
        examples=[{"channels": ["contactless"]}],
    )
    risk: RiskBody = Field(
        default_factory=lambda: RiskBody.model_validate({}),
        description="The wallet's risk data.",
        examples=[{"device_score": 4}],
    )


class CodeRequest(Body):
    """Ask for a one-time code, or enter the one that came."""

    method: Literal["text_message", "e_mail"] = Field(
        "text_message", description="How a code is sent.", examples=["text_message"]
    )
    code: str | None = Field(
        None,
        description="The code that came, six digits, see `/v1/simulations/messages`; null to have one sent.",
        examples=["123456"],
        pattern="^[0-9]{6}$",
    )


class PhoneCallRequest(Body):
    """A call about the phone's token, which the phone signs."""

    method: Literal["GET", "POST", "PATCH"] = Field("GET", description="The method.", examples=["GET"])
    path: str = Field(
        description="What follows `/v1/tokens/{id}/`.",
        examples=["account"],
        pattern="^[a-z_]+(/[0-9A-Za-z_]+)*$",
        max_length=64,
    )
    body: dict[str, Any] | None = Field(None, description="What is sent; null for nothing.", examples=[None])


class PhoneCallView(View):
    """What a phone was answered."""

    answer: dict[str, Any] = Field(description="The answer, as the call describes it.", examples=[{"sections": []}])


class SimulatedPhoneView(View):
    """A simulated phone."""

    id: str = Field(description="Identifier of the phone.", examples=["phone_04N6T8J2R5XVA"])
    name: PhoneName
    kind: PhoneKind
    flow: PhoneFlow
    locked: bool = Field(description="Whether it is locked, so that it does not pay.", examples=[False])
    device_id: str | None = Field(
        description="The device that it is registered as; null before its first request for a token.",
        examples=["dev_03TQ8H6W5N2RC"],
    )
    token_id: str | None = Field(
        description="Its token; null before the first request.", examples=["tok_05F1V9D8S3KYA"]
    )
    token: TokenView | None = Field(description="The token as `/v1/tokens/{id}` shows it.", examples=[None])
    taps_left: int | None = Field(
        description="Remaining payments of its limited-use key; null with a key that has no such limit.",
        examples=[None],
    )
    wants_refill: bool = Field(description="Whether its limited-use key should be replenished.", examples=[False])

    @classmethod
    def of(cls, phones: SimulatedPhones, held: SimulatedPhone) -> "SimulatedPhoneView":
        """Show a phone."""
        token = phones.token_of(held)
        return cls(
            id=held.id,
            name=held.phone.name,
            kind=held.kind,  # type: ignore[arg-type]
            flow=held.flow,
            locked=held.phone.is_locked,
            device_id=held.phone.device_id,
            token_id=held.phone.token_id,
            token=None if token is None else TokenView.of(token),
            taps_left=held.phone.taps_left,
            wants_refill=held.phone.wants_refill,
        )


@router.post("", status_code=201)
async def make_simulated_phone(simulations: SimulationsDependency, body: SimulatedPhoneRequest) -> SimulatedPhoneView:
    """Make a phone; with a card, it asks for its token at once. At most 100 of each tenant. Scope: sandbox."""
    phones = simulations.phones

    def made() -> SimulatedPhoneView:
        if body.card_id is None:
            return SimulatedPhoneView.of(phones, phones.make(body.name, body.kind, body.flow))
        return SimulatedPhoneView.of(phones, phones.make_ready(body.name, body.kind, body.flow, body.card_id))

    return await simulations.run(made)


@router.get("")
async def list_simulated_phones(
    simulations: SimulationsDependency, limit: Limit = 20, starting_after: StartingAfter = None
) -> Page[SimulatedPhoneView]:
    """List the phones of the caller's tenant, the newest first. Scope: sandbox."""
    phones = simulations.phones

    def listed() -> Page[SimulatedPhoneView]:
        found = phones.kept.newest_first(limit + 1, starting_after)
        return page(found, limit, lambda held: SimulatedPhoneView.of(phones, held))

    return await simulations.run(listed)


@router.get("/{phone_id}")
async def read_simulated_phone(simulations: SimulationsDependency, phone_id: SimulatedPhoneId) -> SimulatedPhoneView:
    """Read a phone with its token. Scope: sandbox."""
    phones = simulations.phones
    return await simulations.run(lambda: SimulatedPhoneView.of(phones, phones.kept.find(phone_id)))


@router.delete("/{phone_id}", status_code=204)
async def delete_simulated_phone(simulations: SimulationsDependency, phone_id: SimulatedPhoneId) -> None:
    """Forget a phone with its keys. Its token stays as it is, and nothing can pay with it. Scope: sandbox."""
    await simulations.run(simulations.phones.remove, phone_id)


@router.post("/{phone_id}/provision")
async def provision_simulated_phone(
    simulations: SimulationsDependency, phone_id: SimulatedPhoneId, body: ProvisionRequest
) -> SimulatedPhoneView:
    """Register the phone where needed, request a token, and activate it if it is approved. Scope: sandbox.

    The token's `state` is `requested` afterwards where the cardholder must be verified: go on with `/code`.
    """
    phones, wish = simulations.phones, body.model_dump(exclude_unset=True)
    return await simulations.run(lambda: SimulatedPhoneView.of(phones, phones.provision(phone_id, wish)))


@router.post("/{phone_id}/code")
async def verify_simulated_phone(
    simulations: SimulationsDependency, phone_id: SimulatedPhoneId, body: CodeRequest
) -> SimulatedPhoneView:
    """Have a one-time code sent, or enter it; the token that it approves is activated. Scope: sandbox."""
    phones, code = simulations.phones, body.code

    def verified() -> SimulatedPhone:
        return phones.send_code(phone_id, body.method) if code is None else phones.enter_code(phone_id, code)

    return await simulations.run(lambda: SimulatedPhoneView.of(phones, verified()))


@router.post("/{phone_id}/refill")
async def refill_simulated_phone(simulations: SimulationsDependency, phone_id: SimulatedPhoneId) -> SimulatedPhoneView:
    """Replenish the phone's limited-use key. Scope: sandbox."""
    phones = simulations.phones
    return await simulations.run(lambda: SimulatedPhoneView.of(phones, phones.refill(phone_id)))


@router.post("/{phone_id}/calls")
async def call_by_simulated_phone(
    simulations: SimulationsDependency, phone_id: SimulatedPhoneId, body: PhoneCallRequest
) -> PhoneCallView:
    """Have the phone make a call about its token that takes its proof (DPoP), such as `account`, `controls` or
    `payments`; what that is refused for, this is. Scope: sandbox.
    """
    phones = simulations.phones
    answer = await simulations.run(lambda: phones.call(phone_id, body.method, body.path, body.body))
    return PhoneCallView(answer=answer)


@router.post("/{phone_id}/lock")
async def lock_simulated_phone(simulations: SimulationsDependency, phone_id: SimulatedPhoneId) -> SimulatedPhoneView:
    """Lock the phone: it answers readers that its holder must unlock it. Scope: sandbox."""
    phones = simulations.phones
    return await simulations.run(lambda: SimulatedPhoneView.of(phones, phones.set_locked(phone_id, locked=True)))


@router.post("/{phone_id}/unlock")
async def unlock_simulated_phone(simulations: SimulationsDependency, phone_id: SimulatedPhoneId) -> SimulatedPhoneView:
    """Unlock the phone. Scope: sandbox."""
    phones = simulations.phones
    return await simulations.run(lambda: SimulatedPhoneView.of(phones, phones.set_locked(phone_id, locked=False)))
