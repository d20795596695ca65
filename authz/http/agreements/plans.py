"""``/v1/accounts/{id}/plans`` and ``/v1/plans``: purchases and statements that are billed in instalments."""

import asyncio
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from authz.engine import Engine
from authz.history.posting_ids import posting_id
from authz.history.projection import Projection
from authz.http.agreements.agreed_terms import fee_agreed, terms_in_force
from authz.http.agreements.plan_views import PlanEnded, PlanList, PlanView, shown
from authz.http.agreements.schedule import to_come
from authz.http.books.bank_commands import REFUSALS, books_now, carried_out
from authz.http.books.written_day import WrittenDay
from authz.http.paging import Limit, older_than
from authz.http.sight import AccountId, Sight, SightDependency, seen_account
from authz.http.surroundings import EngineDependency, ProjectionDependency
from authz.http.transactions import found_posting
from authz.program.agreement_terms import PLAN_MONTHS_MAX
from authz.program.parts import AMOUNT_MAX
from authz.state.account_books import AccountBooks, account_books
from authz.state.account_plans import AccountPlan, account_plans, plan_named
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.labels import day_of
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

router = APIRouter(prefix="/v1", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)

PlanId = Annotated[str, Path(description="Identifier of a plan.", examples=["plan_000000000001A"])]

_GOODS = (PostingKind.PURCHASE.code, PostingKind.FORCE_POST.code)
_OF_A_STATEMENT = 0

_REFUSALS_OF_PURCHASE = REFUSALS | {
    Reason.NOTHING_OWED: "nothing of the purchase is left that was neither paid nor given back",
    Reason.NOT_SPLITTABLE: "the purchase has cash in it, was split before (all that completes one authorization is one "
    "purchase), or was carried over because its statement was not paid in time",
}
_REFUSALS_OF_STATEMENT = REFUSALS | {
    Reason.NOTHING_OWED: "nothing of the statement is left that is neither paid, nor in instalments, nor carried over "
    "because it was not paid in time",
    Reason.NOT_THE_LAST_STATEMENT: "the account has another statement since",
}
_REFUSALS_OF_END = REFUSALS | {Reason.MISSING_ORIGINAL_AUTHORIZATION: "it has ended"}


class PlanRequest(BaseModel):
    """What is to be paid in instalments, and in how many. Give either `purchase` or `statement`."""

    model_config = ConfigDict(extra="forbid")

    purchase: str | None = Field(
        None,
        description="A posting of the kind `purchase` or `force_post`, see `/v1/transactions`.",
        examples=["txn_000000000001A"],
    )
    statement: WrittenDay | None = Field(
        None, description="The day of the account's last statement: what is billed, and not paid yet.", examples=[None]
    )
    months: int = Field(
        ge=1,
        le=PLAN_MONTHS_MAX,
        strict=True,
        description="How many instalments: one of `plans` in the terms of the account's product.",
        examples=[12],
    )
    amount: int | None = Field(
        None,
        gt=0,
        le=AMOUNT_MAX,
        strict=True,
        description="How much of it, in minor units of the account's currency; left out for all that is owed of it.",
        examples=[120000],
    )

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.purchase is None) == (self.statement is None):
            raise ValueError("give either purchase or statement")
        return self


@router.post("/accounts/{account_id}/plans", status_code=201)
async def start_plan(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    account_id: AccountId,
    body: PlanRequest,
) -> PlanView:
    """Have a purchase, or what is left of the last statement, paid in instalments. Scope: issuer or sandbox.

    Each statement to come bills one instalment and its fee, all of it as a part of its minimum. What is not billed yet
    uses the credit limit and bears no interest.
    """
    number = await asyncio.to_thread(seen_account, sight, account_id)
    books = await books_now(engine, number)
    fee_ppm = fee_agreed(terms_in_force(engine, books.product, books.segment), body.months)
    charge, statement_day = _OF_A_STATEMENT, 0
    if body.purchase is not None:
        charge = await asyncio.to_thread(_purchase, projection, sight, body.purchase, number)
    elif body.statement is not None:
        _check_is_the_last(books, body.statement)
        statement_day = day_of(body.statement)
    command = new_command(
        Kind.START_PLAN,
        account_id=number,
        decision=charge,
        statement_day=statement_day,
        amount_minor=body.amount or 0,
        plan_months=body.months,
        fee_ppm=fee_ppm,
    )
    refusals = _REFUSALS_OF_STATEMENT if charge == _OF_A_STATEMENT else _REFUSALS_OF_PURCHASE
    result = (await carried_out(engine, command, f"plan for {account_id}", refusals))[0]
    return _view(engine, _there(plan_named(engine.state, int(result["sequence"]))))


@router.get("/accounts/{account_id}/plans")
async def list_plans(
    engine: EngineDependency,
    sight: SightDependency,
    account_id: AccountId,
    limit: Limit = 20,
    starting_after: Annotated[str | None, older_than("plan_000000000001A")] = None,
) -> PlanList:
    """List the plans that an account has had, the newest first. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    last = to_number(Prefix.PLAN, starting_after) if starting_after else None
    await engine.settled()
    if engine.balance(number) is None:
        raise NotFound(f"there is no account {account_id}")
    plans = account_plans(engine.state, number)
    if last is not None and last not in {each.sequence for each in plans}:
        raise NotFound(f"{account_id} has no plan {starting_after}")
    plans = [each for each in plans if last is None or each.sequence < last]
    return PlanList(data=[_view(engine, plan) for plan in plans[:limit]], has_more=len(plans) > limit)


@router.get("/plans/{plan_id}")
async def read_plan(engine: EngineDependency, sight: SightDependency, plan_id: PlanId) -> PlanView:
    """Read a plan, with the instalments that are still to come. Scope: issuer or sandbox."""
    return _view(engine, await _found(engine, sight, plan_id))


@router.post("/plans/{plan_id}/end")
async def end_plan(engine: EngineDependency, sight: SightDependency, plan_id: PlanId) -> PlanEnded:
    """End a plan early: all that is left of it is billed at once, with a fee. Scope: issuer or sandbox."""
    plan = await _found(engine, sight, plan_id)
    if plan.end is not None:
        raise Conflict(f"{plan_id} has ended: {plan.end.name.lower()}", code="already_ended")
    books = await books_now(engine, plan.account_id)
    fee = terms_in_force(engine, books.product, books.segment).early_fee
    command = new_command(
        Kind.END_PLAN, account_id=plan.account_id, decision=plan.sequence, fee_ppm=fee.ppm, fee_min=fee.min
    )
    result = (await carried_out(engine, command, f"early end of {plan_id}", _REFUSALS_OF_END))[0]
    ended = _there(plan_named(engine.state, plan.sequence))
    return PlanEnded(
        **shown(ended, int(result["billing_currency"]), []),
        early_fee=int(result["posted_change_minor"]),
        posted_balance=int(result["posted_minor"]),
    )


def open_plans(engine: Engine, account: int) -> list[PlanView]:
    """The plans of an account whose instalments are still to come, the newest first."""
    return [_view(engine, plan) for plan in account_plans(engine.state, account) if plan.end is None]


def _purchase(projection: Projection, sight: Sight, transaction_id: str, account: int) -> int:
    """The sequence of a purchase of an account. Raises: NotFound, FieldError, Conflict, HistoryUnavailable."""
    row = found_posting(projection, sight, transaction_id)
    name = posting_id(row["sequence"], row["part"])
    if row["account_id"] != account:
        raise FieldError("purchase", f"{name} is not a posting of {to_text(Prefix.ACCOUNT, account)}")
    if row["kind"] not in _GOODS:
        raise Conflict(
            f"{name} is of the kind {row['kind']}: only postings of the kinds {', '.join(_GOODS)} can be paid in "
            "instalments",
            code="not_splittable",
        )
    return int(row["sequence"])


def _check_is_the_last(books: AccountBooks, day: date) -> None:
    """Check that a day is that of the last statement. Raises: FieldError.  HistoryUnavailable, while it may change."""
    if books.pending_day is not None:
        raise HistoryUnavailable(f"the day {books.pending_day} of the account is not closed yet")
    if books.last_cut is None:
        raise FieldError("statement", "the account has no statement yet")
    if day != books.last_cut:
        raise FieldError("statement", f"must be the day of the account's last statement, {books.last_cut}")


async def _found(engine: Engine, sight: Sight, plan_id: str) -> AccountPlan:
    """A plan that the caller may see. Raises: NotFound."""
    number = to_number(Prefix.PLAN, plan_id)
    await engine.settled()
    plan = plan_named(engine.state, number)
    if plan is None or not await asyncio.to_thread(sight.sees_account, plan.account_id):
        raise NotFound(f"there is no plan {plan_id}")
    return plan


def _view(engine: Engine, plan: AccountPlan) -> PlanView:
    books, balance = account_books(engine.state, plan.account_id), engine.balance(plan.account_id)
    assert balance is not None, "a plan is of an account"
    coming = []
    if books is not None:  # it has a product still
        coming = to_come(plan, books, terms_in_force(engine, books.product, books.segment))
    return PlanView.of(plan, balance.currency, coming)


def _there(plan: AccountPlan | None) -> AccountPlan:
    assert plan is not None, "a plan that was just carried out is there"
    return plan
