"""``/v1/simulations/authorizations``: a payment by one call, and the messages that follow it."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from authz.http.authorizations import AuthorizationId
from authz.http.surroundings import EngineDependency, ExplanationsDependency
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import new_command
from authz.vocabulary.reasons import Reason
from simulators.sandbox.http.payment_views import (
    PurchaseBody,
    SimulatedPaymentView,
    SimulationsDependency,
    TerminalKindName,
    TillBody,
)
from simulators.simulations.payments import Message, Outcome, Payment, complete, increase, refund, reverse
from simulators.simulations.simulated_phones import SimulatedPhone
from simulators.simulations.simulations import Simulations
from simulators.simulations.taking import Purchase, kind_for
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import AmountMinor, Body, TokenId, View
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires
from tokenvault.vocabulary.errors import Conflict, FieldError
from tokenvault.vocabulary.identifiers import Prefix, to_number

router = APIRouter(
    prefix="/v1/simulations/authorizations",
    tags=["simulated payments"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404, 409),
)

PartNumber = Annotated[int, Field(ge=1, le=99)]


class SimulatedAuthorizationRequest(PurchaseBody, TillBody):
    """A payment: with which token, for what, and where."""

    token_id: TokenId
    channel: Literal["contactless", "e_commerce", "qr_code"] | None = Field(
        None,
        description="How the terminal gets the token; as its kind does if left out, and `contactless` without a kind.",
        examples=["contactless"],
    )
    terminal_kind: TerminalKindName | None = Field(
        None,
        description="Type of terminal; if left out, `pos` for `contactless`, `online` for `e_commerce`, `qr` for "
        "`qr_code`.",
        examples=["pos"],
    )


class CompletionRequest(Body):
    """How much is posted."""

    amount: AmountMinor | None = Field(
        None,
        description="In minor units of the payment's currency; what is authorized and not posted yet if left out.",
        examples=[1250],
    )
    part: Annotated[list[PartNumber], Field(min_length=2, max_length=2)] | None = Field(
        None, description="Which completion it is, and of how many (DE 60); the only one if left out.", examples=[None]
    )


class IncreaseRequest(Body):
    """How much is added."""

    amount: AmountMinor = Field(description="In minor units of the payment's currency.", examples=[500])


class ReversalRequest(Body):
    """How much stays."""

    remaining_amount: AmountMinor | None = Field(
        None,
        description="What of the payment is not taken back, minor units of its currency; nothing if left out.",
        examples=[None],
    )


class RefundRequest(Body):
    """How much is given back."""

    amount: AmountMinor | None = Field(
        None,
        description="In minor units of the payment's currency; what is posted and was not refunded if left out.",
        examples=[1250],
    )


class EndedHoldView(View):
    """A hold that has ended before its time."""

    authorization_id: str = Field(
        description="The authorization whose hold has ended.", examples=["auth_000000000001A"]
    )
    released_amount: int = Field(description="What it held, minor units of `currency`.", examples=[1250])
    currency: str = Field(description="The account's ISO 4217 code.", examples=["EUR"])


@router.post("", status_code=201)
async def simulate_payment(
    simulations: SimulationsDependency, explanations: ExplanationsDependency, body: SimulatedAuthorizationRequest
) -> SimulatedPaymentView:
    """Pay with the token of a simulated phone at a terminal that is set up for this payment. Scope: sandbox.

    The phone signs, the terminal sends real ISO 8583. A decline is a result, not an error. 409 where no simulated phone
    holds the token.
    """
    kind = kind_for(body.terminal_kind, body.channel)

    def paid() -> tuple[SimulatedPhone, Purchase, Outcome]:
        """Find the phone only now: while the call waited, the network may have been put back, and the phone with it."""
        held = simulations.phones.with_token(body.token_id)
        terminal = simulations.terminals.made(kind, body.words(), body.merchant.given())
        purchase = body.purchase(held.currency)
        return held, purchase, simulations.payments.pay(terminal, held, purchase)

    held, purchase, outcome = await simulations.run(paid)
    explanation = await simulations.explained(outcome, explanations)
    return SimulatedPaymentView.of(outcome, explanation, purchase.currency, held.id, body.token_id)


async def _followed(
    simulations: Simulations, explanations: ExplanationsDependency, authorization_id: str, message: Message
) -> SimulatedPaymentView:
    def followed() -> tuple[Payment, Outcome]:
        """Find the payment only now, see `simulate_payment`."""
        payment = simulations.payments.find(authorization_id)
        return payment, simulations.payments.follow_up(payment, message)

    payment, outcome = await simulations.run(followed)
    explanation = await simulations.explained(outcome, explanations)
    return SimulatedPaymentView.of(outcome, explanation, payment.receipt.currency, payment.phone_id, payment.token_id)


@router.post("/{authorization_id}/complete", status_code=201)
async def complete_simulated_payment(
    simulations: SimulationsDependency,
    explanations: ExplanationsDependency,
    authorization_id: AuthorizationId,
    body: CompletionRequest,
) -> SimulatedPaymentView:
    """Post a simulated payment, in whole or in part: the merchant's advice (0220). Scope: sandbox."""
    part = None if body.part is None else (body.part[0], body.part[1])
    if part is not None and part[0] > part[1]:
        raise FieldError("part", "must be the number of the completion and how many there are, such as [1, 3]")
    return await _followed(
        simulations, explanations, authorization_id, lambda payment: complete(payment, body.amount, part)
    )


@router.post("/{authorization_id}/increase", status_code=201)
async def increase_simulated_payment(
    simulations: SimulationsDependency,
    explanations: ExplanationsDependency,
    authorization_id: AuthorizationId,
    body: IncreaseRequest,
) -> SimulatedPaymentView:
    """Add to the amount of a simulated authorization (0100 with DE 90). Scope: sandbox."""
    return await _followed(simulations, explanations, authorization_id, lambda payment: increase(payment, body.amount))


@router.post("/{authorization_id}/reverse", status_code=201)
async def reverse_simulated_payment(
    simulations: SimulationsDependency,
    explanations: ExplanationsDependency,
    authorization_id: AuthorizationId,
    body: ReversalRequest,
) -> SimulatedPaymentView:
    """Reverse a simulated payment, in whole or in part (0400). Scope: sandbox."""
    return await _followed(
        simulations, explanations, authorization_id, lambda payment: reverse(payment, body.remaining_amount)
    )


@router.post("/{authorization_id}/refund", status_code=201)
async def refund_simulated_payment(
    simulations: SimulationsDependency,
    explanations: ExplanationsDependency,
    authorization_id: AuthorizationId,
    body: RefundRequest,
) -> SimulatedPaymentView:
    """Give back what a simulated payment posted, in whole or in part (0200). Scope: sandbox."""
    return await _followed(simulations, explanations, authorization_id, lambda payment: refund(payment, body.amount))


@router.post("/{authorization_id}/expire", status_code=201)
async def expire_simulated_payment(
    simulations: SimulationsDependency, engine: EngineDependency, authorization_id: AuthorizationId
) -> EndedHoldView:
    """End the hold of a simulated authorization now, as if its time were up. Scope: sandbox.

    409 where nothing is held: it was declined, posted or reversed, or the hold has ended already.
    """
    payment = simulations.payments.find(authorization_id)
    decision = to_number(Prefix.AUTHORIZATION, authorization_id)
    results = await engine.run(new_command(Kind.EXPIRE_HOLD, decision=decision))
    reason = Reason(int(results["reason"][0]))
    if reason is not Reason.APPROVED:
        raise Conflict("nothing is held for this authorization", code=reason.code)
    return EndedHoldView(
        authorization_id=authorization_id,
        released_amount=-int(results["held_change_minor"][0]),
        currency=payment.account_currency,
    )
