"""``/v1/simulations/terminals``: terminals of merchants, run by this server, and taps at them."""

from fastapi import APIRouter
from pydantic import Field

from authz.http.surroundings import ExplanationsDependency
from simulators.sandbox.http.payment_views import (
    PurchaseBody,
    SimulatedPaymentView,
    SimulatedTerminalId,
    SimulationsDependency,
    TerminalKindName,
    TillBody,
)
from simulators.simulations.payments import Outcome
from simulators.simulations.simulated_phones import SimulatedPhone
from simulators.simulations.simulated_terminals import SimulatedTerminal
from simulators.simulations.taking import TAKINGS, Purchase
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import View
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/simulations/terminals",
    tags=["simulated payments"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404, 409),
)


class SimulatedTerminalRequest(TillBody):
    """A new terminal. What is left out is usual for its kind."""

    kind: TerminalKindName = Field("pos", description="Type of terminal.", examples=["pos"])
    floor_limit: int | None = Field(
        None,
        description="Up to this amount it approves by itself while its line is down, minor units; 0 if left out.",
        examples=[0],
        ge=0,
        lt=10**12,
    )
    unverified_limit: int | None = Field(
        None,
        description="The most that it takes from a cardholder who was not verified, minor units; 5000 if left out.",
        examples=[5000],
        ge=0,
        lt=10**12,
    )

    def words(self) -> dict[str, object]:
        """Its limits beside what every terminal has."""
        return super().words() | {"floor_limit": self.floor_limit, "unverified_limit": self.unverified_limit}


class SimulatedMerchantView(View):
    """A merchant."""

    name: str = Field(description="Name, DE 43, 1-25.", examples=["COFFEE CORNER"])
    city: str = Field(description="City, DE 43, 26-38.", examples=["BERLIN"])
    id: str = Field(description="DE 42.", examples=["COFFEE000000001"])
    category: str = Field(description="DE 18.", examples=["5814"])
    country: str = Field(description="ISO 3166-1 numeric.", examples=["276"])
    acquirer: str = Field(description="DE 32.", examples=["99900000002"])


class SimulatedTerminalView(View):
    """A simulated terminal."""

    id: str = Field(description="Identifier of the terminal.", examples=["term_02K7D5H9S3BWE"])
    kind: TerminalKindName = Field(description="Type of terminal.", examples=["pos"])
    channel: str = Field(description="The channel by which it takes payments.", examples=["contactless"])
    terminal: str = Field(description="DE 41.", examples=["TERM0001"])
    merchant: SimulatedMerchantView = Field(description="Its merchant.", examples=[{"name": "COFFEE CORNER"}])
    stored_messages: int = Field(
        description="Reversals and advices that the network has not received yet: the next payment sends them first.",
        examples=[0],
    )

    @classmethod
    def of(cls, made: SimulatedTerminal) -> "SimulatedTerminalView":
        """Show a terminal."""
        merchant = made.device.merchant
        return cls(
            id=made.id,
            kind=made.kind,  # type: ignore[arg-type]
            channel=TAKINGS[made.kind].channel,
            terminal=made.device.terminal_id,
            merchant=SimulatedMerchantView(
                name=merchant.name,
                city=merchant.city,
                id=merchant.identifier,
                category=merchant.category,
                country=merchant.country,
                acquirer=merchant.acquirer,
            ),
            stored_messages=len(made.device.stored),
        )


class TapRequest(PurchaseBody):
    """Which phone is held to the terminal, or pays with its app or its code, and what for."""

    phone_id: str = Field(description="A simulated phone.", examples=["phone_04N6T8J2R5XVA"])


@router.post("", status_code=201)
async def make_simulated_terminal(
    simulations: SimulationsDependency, body: SimulatedTerminalRequest
) -> SimulatedTerminalView:
    """Make a terminal. At most 100 of each tenant. Scope: sandbox."""
    return SimulatedTerminalView.of(simulations.terminals.make(body.kind, body.words(), body.merchant.given()))


@router.get("")
async def list_simulated_terminals(
    simulations: SimulationsDependency, limit: Limit = 20, starting_after: StartingAfter = None
) -> Page[SimulatedTerminalView]:
    """List the terminals of the caller's tenant, the newest first. Scope: sandbox."""
    return page(simulations.terminals.kept.newest_first(limit + 1, starting_after), limit, SimulatedTerminalView.of)


@router.get("/{terminal_id}")
async def read_simulated_terminal(
    simulations: SimulationsDependency, terminal_id: SimulatedTerminalId
) -> SimulatedTerminalView:
    """Read a terminal. Scope: sandbox."""
    return SimulatedTerminalView.of(simulations.terminals.kept.find(terminal_id))


@router.delete("/{terminal_id}", status_code=204)
async def delete_simulated_terminal(simulations: SimulationsDependency, terminal_id: SimulatedTerminalId) -> None:
    """Take a terminal down. What was paid at it can be followed up all the same. Scope: sandbox."""
    simulations.terminals.remove(terminal_id)


@router.post("/{terminal_id}/taps", status_code=201)
async def tap_simulated_phone(
    simulations: SimulationsDependency,
    explanations: ExplanationsDependency,
    terminal_id: SimulatedTerminalId,
    body: TapRequest,
) -> SimulatedPaymentView:
    """Pay at a terminal with a phone, in the way that the terminal takes payments. Scope: sandbox.

    A tap that fails and a payment that is declined are results, not errors: see `reason`.
    """

    def tapped() -> tuple[SimulatedPhone, Purchase, Outcome]:
        """Find both only now: while the call waited, the network may have been put back, and they with it."""
        terminal = simulations.terminals.kept.find(terminal_id)
        held = simulations.phones.kept.find(body.phone_id)
        purchase = body.purchase(held.currency)
        return held, purchase, simulations.payments.pay(terminal, held, purchase)

    held, purchase, outcome = await simulations.run(tapped)
    explanation = await simulations.explained(outcome, explanations)
    return SimulatedPaymentView.of(outcome, explanation, purchase.currency, held.id, held.phone.token_id)
