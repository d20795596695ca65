"""``/v1/accounts/{id}/adjustments`` and ``.../write_off``: corrections of what an account owes."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, field_validator

from authz.http.books.bank_commands import carried_out, made_posting
from authz.http.sight import AccountId, SightDependency, seen_account
from authz.http.surroundings import EngineDependency
from authz.http.transactions import TransactionView
from authz.program.parts import AMOUNT_MAX
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import PostingKind

router = APIRouter(prefix="/v1/accounts", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)


class AdjustmentRequest(BaseModel):
    """By how much what an account owes is corrected."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: int = Field(
        ge=-AMOUNT_MAX,
        le=AMOUNT_MAX,
        description="Amount in minor units of the account's currency: above 0 it is charged, as a purchase is; below 0 "
        "it is given back, and pays what is owed as a payment does, but counts toward a due only for what was on a "
        "statement.",
        examples=[-1250],
    )
    reason: str = Field(
        "",
        max_length=200,
        description="What the correction is for. The server keeps no text about it: keep it with your own records.",
        examples=["goodwill"],
    )

    @field_validator("amount")
    @classmethod
    def _is_something(cls, amount: int) -> int:
        if amount == 0:
            raise ValueError("must not be 0")
        return amount


@router.post("/{account_id}/adjustments", status_code=201)
async def adjust_account(
    engine: EngineDependency, sight: SightDependency, account_id: AccountId, body: AdjustmentRequest
) -> TransactionView:
    """Correct what an account owes; answers the posting. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    command = new_command(Kind.ADJUST, account_id=number, amount_minor=body.amount)
    results = await carried_out(engine, command, f"adjustment of {account_id}")
    return made_posting(results, PostingKind.ADJUSTMENT)


@router.post("/{account_id}/write_off", status_code=201)
async def write_off_account(engine: EngineDependency, sight: SightDependency, account_id: AccountId) -> TransactionView:
    """Give up all that an account owes; answers the posting. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    results = await carried_out(engine, new_command(Kind.WRITE_OFF, account_id=number), f"write-off of {account_id}")
    return made_posting(results, PostingKind.WRITE_OFF)
