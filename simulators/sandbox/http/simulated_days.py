"""``/v1/simulations/days``: how far days are closed, and the clock set forward to the end of one."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from authz.http.books.written_day import WrittenDay
from authz.vocabulary.labels import date_of, day_of
from simulators.sandbox.feeds.bank_day import BankDay, DaysClosed, Progress
from tokenvault.callers.caller import Scope
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/simulations/days",
    tags=["simulations"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404, 409),
)

_ACCOUNTS = "Number of accounts that have a product and books."
_STATEMENTS = "Number of statements that were cut"


def current_bank_day(request: Request) -> BankDay:
    """What closes days."""
    bank_day: BankDay = request.app.state.bank_day
    return bank_day


BankDayDependency = Annotated[BankDay, Depends(current_bank_day)]


class ClosingView(BaseModel):
    """A close of days that is under way."""

    until: date = Field(description="Days are being closed up to this one, with it.", examples=["2027-02-05"])
    rows: int = Field(description="Number of accounts to look at.", examples=[92_621_400])
    rows_closed: int = Field(description="How many of them are done.", examples=[49_152])


class DaysView(BaseModel):
    """How far days that are over are closed. Days are those of the program's time zone."""

    today: date = Field(description="Today, by the sandbox's clock.", examples=["2027-02-06"])
    closed_until: date | None = Field(
        description="The last day that is closed for all accounts; null until that is known after a start.",
        examples=["2027-02-05"],
    )
    closing: ClosingView | None = Field(description="What is being closed now; null where nothing is.", examples=[None])
    accounts: int = Field(description=_ACCOUNTS, examples=[12])
    statements: int = Field(description=f"{_STATEMENTS} since the server was started.", examples=[7])

    @classmethod
    def of(cls, progress: Progress) -> "DaysView":
        """Show how far it has come."""
        until, closing = progress.closing, None
        if until is not None:
            closing = ClosingView(until=date_of(until), rows=progress.rows, rows_closed=progress.rows_closed)
        return cls(
            today=date_of(progress.today),
            closed_until=None if progress.closed_until is None else date_of(progress.closed_until),
            closing=closing,
            accounts=progress.accounts,
            statements=progress.figures.statements,
        )


class DaysRequest(BaseModel):
    """The last day to close."""

    model_config = ConfigDict(extra="forbid")

    until: WrittenDay = Field(
        description="The clock is set forward to just after the end of this day, in the program's time zone; today at "
        "the earliest, and ten years ahead at most.",
        examples=["2027-02-05"],
    )


class DaysClosedView(BaseModel):
    """What closing days has brought about."""

    until: date = Field(description="The last day that was closed.", examples=["2027-02-05"])
    days: int = Field(description="Number of days that have ended.", examples=[73])
    accounts: int = Field(description=_ACCOUNTS, examples=[12])
    statements: int = Field(description=f"{_STATEMENTS}.", examples=[24])
    postings: int = Field(description="Number of postings of interest and fees that were made.", examples=[8])
    seconds: float = Field(description="How long it took.", examples=[0.02])

    @classmethod
    def of(cls, closed: DaysClosed) -> "DaysClosedView":
        """Show it."""
        return cls(
            until=date_of(closed.until),
            days=closed.days,
            accounts=closed.accounts,
            statements=closed.statements,
            postings=closed.postings,
            seconds=round(closed.seconds, 6),
        )


@router.get("")
async def read_days(bank_day: BankDayDependency) -> DaysView:
    """Read how far the days that are over are closed. Scope: sandbox."""
    return DaysView.of(bank_day.progress)


@router.post("")
async def close_days(bank_day: BankDayDependency, body: DaysRequest) -> DaysClosedView:
    """Set the clock forward to the end of a day, and close all days up to it. Scope: sandbox."""
    return DaysClosedView.of(await bank_day.close_until(day_of(body.until)))
