"""``/v1/simulations``: the clock, forced declines, and an unavailable issuer."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from authz.engine import Engine
from authz.http.paging import microseconds
from authz.http.surroundings import BareProjectionDependency, EngineDependency
from authz.state.tables import Counter
from authz.vocabulary.commands import ForcedScope, Kind
from authz.vocabulary.layouts import new_command
from authz.vocabulary.reasons import ANSWERS, DECLINES, Reason
from simulators.sandbox.clocks.sandbox_clock import SandboxClock
from simulators.sandbox.feeds.advice_forwarder import AdviceForwarder
from tokenvault.callers.caller import Scope
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires
from tokenvault.vocabulary.errors import Conflict, FieldError
from tokenvault.vocabulary.identifiers import Prefix, to_number

router = APIRouter(
    prefix="/v1/simulations",
    tags=["simulations"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404, 409),
)


class _Request(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


def current_clock(request: Request) -> SandboxClock:
    """The sandbox's clock."""
    clock: SandboxClock = request.app.state.clock
    return clock


def current_forwarder(request: Request) -> AdviceForwarder:
    """The forwarder of stand-in's advices to the issuer."""
    forwarder: AdviceForwarder = request.app.state.advice_forwarder
    return forwarder


ClockDependency = Annotated[SandboxClock, Depends(current_clock)]


class ClockView(BaseModel):
    """The sandbox's time: windows, holds and expiry follow it."""

    now: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])
    frozen: bool = Field(description="Whether the clock is frozen.", examples=[False])
    refused_leap_seconds: float = Field(
        description="Seconds by which the system clock has leapt, if that leap is refused; otherwise 0.",
        examples=[0],
    )

    @classmethod
    def of(cls, clock: SandboxClock) -> "ClockView":
        """Show the clock."""
        return cls(
            now=datetime.fromtimestamp(clock(), UTC),
            frozen=clock.is_frozen,
            refused_leap_seconds=clock.refused_leap_seconds,
        )


class ClockRequest(_Request):
    """A change of the clock. It goes forward only."""

    advance_seconds: float | None = Field(
        None, ge=0, le=10**9, description="Number of seconds to set the clock forward.", examples=[86400]
    )
    set_to: datetime | None = Field(
        None, description="RFC 3339 time to set the clock forward to.", examples=["2026-12-01T00:00:00Z"]
    )
    frozen: bool | None = Field(None, description="Freeze the clock, or let it run.", examples=[True])
    accept_system_time: bool = Field(
        False, description="Accept the time of the system clock although it has leapt.", examples=[False]
    )

    @model_validator(mode="after")
    def _one_way(self) -> "ClockRequest":
        if self.advance_seconds is not None and self.set_to is not None:
            raise ValueError("give advance_seconds or set_to, not both")
        return self


@router.get("/clock")
async def read_clock(clock: ClockDependency) -> ClockView:
    """Read the sandbox's clock. Scope: sandbox."""
    return ClockView.of(clock)


@router.post("/clock")
async def change_clock(engine: EngineDependency, clock: ClockDependency, body: ClockRequest) -> ClockView:
    """Set the clock forward, freeze it or let it run; holds whose time is up are released. Scope: sandbox."""
    if body.accept_system_time:
        clock.accept_system_time()
    if body.frozen:
        clock.freeze()
    target = clock() + (body.advance_seconds or 0)
    if body.set_to is not None:
        target = (microseconds(body.set_to) or 0) / 1e6
        if target < clock():
            raise FieldError("set_to", "is before the current time of this clock, which only goes forward")
    clock.not_before(target)
    if body.frozen is False:
        clock.run()
    command = new_command(Kind.PASS_TIME)
    told = ClockView.of(clock)  # before the stamp, so that no time that was told comes again after a restart
    await engine.run(command)
    return told


_SCOPES = {Prefix.TOKEN: ForcedScope.TOKEN, Prefix.CARD: ForcedScope.CARD}


class ForcedDeclineRequest(_Request):
    """Whose next authorization is declined, and what for. Give one of token_id, card_id and terminal."""

    token_id: str | None = Field(None, description="A token.", examples=["tok_05F1V9D8S3KYA"])
    card_id: str | None = Field(None, description="A card, by any of its tokens.", examples=["card_0J9ZP2M7K4B1X"])
    terminal: str | None = Field(
        None, min_length=1, max_length=8, pattern="^[ -~]+$", description="A terminal, DE 41.", examples=["TERM0001"]
    )
    reason: str | None = Field(
        description="A decline reason; null cancels the forced decline.", examples=["insufficient_funds"]
    )

    @model_validator(mode="after")
    def _names_one(self) -> "ForcedDeclineRequest":
        if sum(value is not None for value in (self.token_id, self.card_id, self.terminal)) != 1:
            raise ValueError("give exactly one of token_id, card_id and terminal")
        return self


class ForcedDeclineView(BaseModel):
    """What will be declined."""

    reason: str | None = Field(description="The reason, null if it was cancelled.", examples=["lost_card"])
    response_code: str | None = Field(description="DE 39 of the answer.", examples=["51"])
    waiting: int = Field(description="Number of pending forced declines.", examples=[1])


@router.post("/forced_declines", status_code=201)
async def force_decline(engine: EngineDependency, body: ForcedDeclineRequest) -> ForcedDeclineView:
    """Force a decline of the next authorization of a token, card or terminal. Scope: sandbox."""
    reason = _decline_reason(body.reason)
    if body.terminal is not None:
        about: dict[str, object] = {"scope": ForcedScope.TERMINAL, "terminal": body.terminal.ljust(8).encode()}
    else:
        prefix, text = (Prefix.TOKEN, body.token_id) if body.token_id else (Prefix.CARD, body.card_id)
        about = {"scope": _SCOPES[prefix], "subject": to_number(prefix, text or "")}
    results = await engine.run(new_command(Kind.FORCE_REASON, reason=reason or 0, **about))
    if results["reason"][0] != Reason.APPROVED:
        raise Conflict("the maximum number of forced declines is pending; let some occur, or cancel some")
    return ForcedDeclineView(
        reason=body.reason,
        response_code=ANSWERS[reason].response_code if reason else None,
        waiting=int(engine.state.counters[Counter.FORCED]),
    )


def _decline_reason(code: str | None) -> Reason | None:
    if code is None:
        return None
    for reason in DECLINES:
        if reason.code == code:
            return reason
    raise FieldError("reason", "is not a decline reason, see docs/authorization.md")


class IssuerRequest(_Request):
    """Whether the issuer can be reached."""

    reachable: bool = Field(
        description="false: stand-in processing decides until this is true again.", examples=[False]
    )


class IssuerView(BaseModel):
    """Whether the issuer can be reached, and what stand-in has answered for it."""

    reachable: bool = Field(description="Whether the issuer decides.", examples=[True])
    stored_advices: int = Field(
        description="Number of stand-in advices that the issuer has not received.", examples=[0]
    )
    forwarded_advices: int = Field(
        description="Number of stand-in advices received since the last outage.", examples=[3]
    )

    @classmethod
    def of(cls, engine: Engine) -> "IssuerView":
        """Show the issuer."""
        counters = engine.state.counters
        forwarded = int(counters[Counter.FORWARDED_ADVICES])
        return cls(
            reachable=not counters[Counter.ISSUER_IS_DOWN],
            stored_advices=int(counters[Counter.STORED_ADVICES]) - forwarded,
            forwarded_advices=forwarded,
        )


@router.get("/issuer")
async def read_issuer(engine: EngineDependency) -> IssuerView:
    """Read whether the issuer is available. Scope: sandbox."""
    return IssuerView.of(engine)


@router.post("/issuer")
async def switch_issuer(
    engine: EngineDependency, forwarder: Annotated[AdviceForwarder, Depends(current_forwarder)], body: IssuerRequest
) -> IssuerView:
    """Make the issuer unavailable, or available: it then receives all stand-in advices. Scope: sandbox."""
    await engine.run(new_command(Kind.SWITCH_ISSUER, is_down=int(not body.reachable)))
    if body.reachable:
        await forwarder.forward()
    return IssuerView.of(engine)


class HistoryView(BaseModel):
    """How far the lists of authorizations and transactions reach."""

    sequence: int = Field(description="Number of the last command in the lists.", examples=[120000])
    durable_sequence: int = Field(description="Number of the last command in the journal.", examples=[120000])


@router.post("/history/rebuild", status_code=202)
async def rebuild_history(engine: EngineDependency, projection: BareProjectionDependency) -> HistoryView:
    """Delete the lists of authorizations and transactions and rebuild them from the journal. Scope: sandbox."""
    projection.drop()
    return HistoryView(sequence=projection.sequence, durable_sequence=engine.durable_sequence)
