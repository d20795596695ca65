"""``/v1/accounts/{id}/dues``: what an account has to pay by when, now and in the months ahead."""

import asyncio
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from authz.http.account_books import DUE_DAY_DESCRIBED
from authz.http.books.bank_commands import known_account
from authz.http.sight import AccountId, SightDependency
from authz.http.surroundings import EngineDependency
from authz.outlook.account_copy import account_copy
from authz.outlook.dues_ahead import DueAhead, Paid, outlook_of
from authz.vocabulary.labels import currency_code
from tokenvault.vocabulary.errors import Conflict, NotFound

router = APIRouter(prefix="/v1/accounts", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)

_MONTHS_MAX = 24


class DueView(BaseModel):
    """What a statement to come asks for. Amounts in minor units of the account's currency."""

    day: date = Field(description="The day at whose end it will be cut.", examples=["2027-02-05"])
    due_day: date = Field(description="The day by which its minimum will be due.", examples=["2027-02-25"])
    closing: int = Field(description="What will be owed, without instalments that are not billed.", examples=[310200])
    minimum: int = Field(
        description="What will have to be paid at least; 0 where nothing is owed, and in relief.", examples=[67200]
    )
    instalments: int = Field(description="What of it are instalments that are billed with it.", examples=[0])
    fees: int = Field(
        description="The fees that will be charged from the statement before, or from today, up to it.", examples=[1500]
    )
    interest: int = Field(description="The interest that will be charged with it.", examples=[8700])
    past_due: int = Field(description="What of the minimum earlier statements will have asked for.", examples=[30000])

    @classmethod
    def of(cls, due: DueAhead) -> Self:
        """Show a due."""
        names = ("closing", "minimum", "instalments", "fees", "interest", "past_due")
        return cls(day=due.day, due_day=due.due_day, **{name: getattr(due, f"{name}_minor") for name in names})


class DuesView(BaseModel):
    """What is due today, with all days closed that are over, and what statements to come will ask for."""

    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    currency: str = Field(description="Its ISO 4217 code.", examples=["CNY"])
    today: date = Field(description="The day that it is, in the program's time zone.", examples=["2027-01-10"])
    paid: Paid = Field(description="What of each statement is supposed to be paid.", examples=["nothing"])
    minimum_due: int = Field(description="What is left of the last statement's minimum, minor units.", examples=[30000])
    statement_due: int = Field(
        description="What is left of the last statement's closing balance, minor units.", examples=[300000]
    )
    due_day: date | None = Field(description=DUE_DAY_DESCRIBED, examples=["2027-01-25"])
    data: list[DueView] = Field(
        description="The statements to come, the next one first; none before the first posting of an account.",
        examples=[[]],
    )


@router.get("/{account_id}/dues")
async def look_ahead_at_dues(
    engine: EngineDependency,
    sight: SightDependency,
    account_id: AccountId,
    months: Annotated[
        int, Query(ge=1, le=_MONTHS_MAX, description="How many statements to look ahead.", examples=[12])
    ] = 12,
    paid: Annotated[
        Paid,
        Query(
            description="What is paid of each statement on its due day, the open one included; today, where that has "
            "passed and its days of courtesy have not.",
            examples=["nothing"],
        ),
    ] = Paid.NOTHING,
) -> DuesView:
    """Look ahead at what an account will have to pay if nothing else is posted: what closing its days will do under
    the program in force. Scope: issuer or sandbox.
    """
    number = await asyncio.to_thread(known_account, engine, sight, account_id)
    await engine.settled()
    # Here and not in a thread: between two batches of commands, so that a copy is of one moment.
    copy = account_copy(engine.state, number)
    if copy is None:
        raise NotFound(f"there is no account {account_id}")
    outlook = await asyncio.to_thread(outlook_of, copy, engine.now_us, months, paid)
    if outlook is None:
        raise Conflict(
            "no dues: the account has no product; PATCH /v1/accounts/{id} gives it one", code="account_without_product"
        )
    return DuesView(
        account_id=account_id,
        currency=currency_code(int(copy.accounts[0]["currency"])),
        today=outlook.today,
        paid=paid,
        minimum_due=outlook.books.due_minor,
        statement_due=outlook.books.to_pay_minor,
        due_day=outlook.books.due_day,
        data=[DueView.of(due) for due in outlook.dues],
    )
