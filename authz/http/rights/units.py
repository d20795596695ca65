"""``/v1/units`` and ``/v1/accounts/{id}/units``: the units of the program, and what accounts hold of them."""

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, field_validator

from authz.engine import Engine
from authz.http.books.bank_commands import REFUSALS, books_now, carried_out
from authz.http.sight import AccountId, SightDependency, seen_account
from authz.http.surroundings import EngineDependency
from authz.program.parts import AMOUNT_MAX, Identifier
from authz.program.units import Unit
from authz.state.account_units import Holding, account_holdings
from authz.vocabulary.commands import Kind
from authz.vocabulary.labels import currency_code
from authz.vocabulary.layouts import new_command
from authz.vocabulary.reasons import ANSWERS, Reason
from tokenvault.vocabulary.errors import Conflict

router = APIRouter(prefix="/v1", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)

UnitName = Annotated[Identifier, Field(description="The unit's `id` in the program.", examples=["points"])]
_REFUSALS = REFUSALS | {
    Reason.NOT_REDEEMABLE: "the unit has no price in the program",
    Reason.NOT_ENOUGH_UNITS: "the account holds fewer of the unit",
    Reason.INVALID_AMOUNT: "so many units are worth more than can be posted at once",
    Reason.TOO_MANY_HOLDINGS: "the account holds units of as many kinds and last days as it can",
}


class UnitList(BaseModel):
    """The units of the program in force."""

    data: list[Unit] = Field(description="The units.", examples=[[{"number": 1, "id": "points", "price": 1}]])


class HoldingView(BaseModel):
    """Units that can be spent until the same day."""

    count: int = Field(description="How many; below 0 for units that the account owes.", examples=[86])
    until: date | None = Field(description="The last day on which they can be spent; null for no end.", examples=[None])


class UnitBalance(BaseModel):
    """What an account holds of a unit."""

    unit: str | None = Field(description="The unit's `id`; null where the program has it no more.", examples=["points"])
    number: int = Field(description="The unit's number.", examples=[1])
    balance: int = Field(description="How many there are; below 0 where the account owes some.", examples=[86])
    holdings: list[HoldingView] = Field(description="By last day, those first that are spent first.", examples=[[]])


class AccountUnits(BaseModel):
    """All units that an account holds or owes."""

    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    data: list[UnitBalance] = Field(description="By number of the unit.", examples=[[]])


class GiveRequest(BaseModel):
    """How many of which unit."""

    model_config = ConfigDict(extra="forbid", strict=True)

    unit: UnitName
    count: int = Field(
        ge=-AMOUNT_MAX, le=AMOUNT_MAX, description="How many are given; below 0 to take some back.", examples=[86]
    )

    @field_validator("count")
    @classmethod
    def _is_not_nothing(cls, count: int) -> int:
        if count == 0:
            raise ValueError("must not be 0")
        return count


class RedeemRequest(BaseModel):
    """How many of which unit are exchanged for money."""

    model_config = ConfigDict(extra="forbid", strict=True)

    unit: UnitName
    count: int = Field(gt=0, le=AMOUNT_MAX, description="How many.", examples=[80])


class Redemption(BaseModel):
    """Units that were just redeemed."""

    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    unit: str = Field(description="The unit's `id`.", examples=["points"])
    count: int = Field(description="How many were redeemed.", examples=[80])
    reward: int = Field(description="What the account was paid for them, minor units of `currency`.", examples=[80])
    currency: str = Field(description="The account's ISO 4217 code.", examples=["EUR"])
    posted_balance: int = Field(description="What the account owed afterwards, minor units.", examples=[11920])
    available: int = Field(description="Available credit now, minor units.", examples=[88080])


@router.get("/units")
async def list_units(engine: EngineDependency) -> UnitList:
    """List the units of the program in force. Scope: issuer or sandbox."""
    return UnitList(data=engine.document.units)


@router.get("/accounts/{account_id}/units")
async def read_units(engine: EngineDependency, sight: SightDependency, account_id: AccountId) -> AccountUnits:
    """Read what an account holds of each unit, and by when it can be spent. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    await books_now(engine, number)
    return units_of(engine, account_id, number)


def units_of(engine: Engine, account_id: str, number: int) -> AccountUnits:
    """What an account holds. number: the account's."""
    names = {unit.number: unit.id for unit in engine.document.units}
    by_unit: dict[int, list[Holding]] = {}
    for holding in account_holdings(engine.state, number):
        by_unit.setdefault(holding.unit, []).append(holding)
    return AccountUnits(
        account_id=account_id,
        data=[
            UnitBalance(
                unit=names.get(unit),
                number=unit,
                balance=sum(each.amount for each in held),
                holdings=[HoldingView(count=each.amount, until=each.until) for each in held],
            )
            for unit, held in by_unit.items()
        ],
    )


@router.post("/accounts/{account_id}/units", status_code=201)
async def give_units(
    engine: EngineDependency, sight: SightDependency, account_id: AccountId, body: GiveRequest
) -> AccountUnits:
    """Give an account units, or take some back; answers what it holds then. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    unit = _known(engine, body.unit)
    command = new_command(Kind.GIVE_UNITS, account_id=number, unit=unit.number, amount=body.count)
    await carried_out(engine, command, f"{unit.id} for {account_id}", _REFUSALS)
    return units_of(engine, account_id, number)


@router.post("/accounts/{account_id}/redemptions", status_code=201)
async def redeem_units(
    engine: EngineDependency, sight: SightDependency, account_id: AccountId, body: RedeemRequest
) -> Redemption:
    """Exchange units of an account for money, at their price; it pays what a payment pays. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    unit = _known(engine, body.unit)
    command = new_command(Kind.REDEEM, account_id=number, unit=unit.number, amount=body.count)
    result = (await carried_out(engine, command, f"redemption of {unit.id} by {account_id}", _REFUSALS))[0]
    return Redemption(
        account_id=account_id,
        unit=unit.id,
        count=body.count,
        reward=-int(result["posted_change_minor"]),
        currency=currency_code(int(result["billing_currency"])),
        posted_balance=int(result["posted_minor"]),
        available=int(result["available_minor"]),
    )


def _known(engine: Engine, name: str) -> Unit:
    """The unit with an `id` in the program in force. Raises: Conflict."""
    for unit in engine.document.units:
        if unit.id == name:
            return unit
    reason = Reason.UNIT_NOT_FOUND
    raise Conflict(f"{name}: {ANSWERS[reason].sentence}", code=reason.code)
