"""``/v1/accounts/{id}/relief``: what is due is put off, and due at a later statement."""

import asyncio
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from authz.http.agreements.agreed_terms import is_waived_by, terms_in_force
from authz.http.books.bank_commands import books_now, carried_out
from authz.http.sight import AccountId, SightDependency, seen_account
from authz.http.surroundings import EngineDependency
from authz.program.agreement_terms import RELIEF_MONTHS_MAX, ReliefInterest, relief_interest
from authz.state.account_books import account_books
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.layouts import new_command
from tokenvault.vocabulary.errors import Conflict

router = APIRouter(prefix="/v1/accounts", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)


class ReliefRequest(BaseModel):
    """For how long what is due is put off, and whether that costs interest."""

    model_config = ConfigDict(extra="forbid", strict=True)

    months: int = Field(
        ge=1,
        le=RELIEF_MONTHS_MAX,
        description="At which of the statements to come something is due again, from 1; at most `relief.months_max` "
        "in the terms of the product.",
        examples=[6],
    )
    interest: ReliefInterest | None = Field(
        None,
        description="`waived`: the nights until the new due day bear no interest; `accrues`: they do, and what was "
        "billed bears interest from its first night. Left out for what the terms of the product say.",
        examples=["waived"],
    )


class ReliefView(BaseModel):
    """Relief that was just granted: until its due day nothing is asked for, and what is owed stays as it is."""

    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    months: int = Field(description="At which of the statements to come something is due again, from 1.", examples=[6])
    interest: ReliefInterest = Field(description="Whether the nights until then bear interest.", examples=["waived"])
    due_day: date = Field(description="The day by which something is due again.", examples=["2027-07-25"])


@router.post("/{account_id}/relief", status_code=201)
async def relieve_account(
    engine: EngineDependency, sight: SightDependency, account_id: AccountId, body: ReliefRequest
) -> ReliefView:
    """Put off what is due. Scope: issuer or sandbox.

    Statements until then ask for nothing and bill no instalments; a due day that is as late or later stays (409).
    """
    number = await asyncio.to_thread(seen_account, sight, account_id)
    books = await books_now(engine, number)
    is_waived = is_waived_by(terms_in_force(engine, books.product, books.segment), body.months, body.interest)
    command = new_command(Kind.RELIEVE, account_id=number, months=body.months, is_waived=is_waived)
    result = (await carried_out(engine, command, f"relief of {account_id}"))[0]
    if not result["rows_relieved"]:
        raise Conflict(
            f"no relief of {account_id}: what is due was put off for as long or longer before", code="already_in_relief"
        )
    after = account_books(engine.state, number)
    if after is None or after.due_day is None:  # months have passed since, on a clock that was set forward
        raise HistoryUnavailable("the relief was granted, and the day to which the due was put off has passed since")
    return ReliefView(
        account_id=account_id,
        months=body.months,
        interest=relief_interest(is_waived),
        due_day=after.due_day,
    )
