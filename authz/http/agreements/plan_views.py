"""Instalment plans as the API shows them."""

from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from authz.http.agreements.schedule import Instalment, fee_of_each
from authz.http.paging import HasMore
from authz.state.account_plans import AccountPlan
from authz.vocabulary.labels import currency_code
from tokenvault.vocabulary.identifiers import Prefix, to_text

PlanEndName = Literal["billed", "given_back", "early", "written_off"]


class InstalmentView(BaseModel):
    """An instalment that is not billed yet."""

    number: int = Field(description="Which one it is, from 1.", examples=[1])
    statement_day: date = Field(description="The day of the statement that bills it.", examples=["2026-12-05"])
    amount: int = Field(description="How much of the principal, minor units.", examples=[10000])
    fee: int = Field(description="The fee that is charged with it, minor units.", examples=[720])


class PlanView(BaseModel):
    """A plan: a part of what an account owes, billed in instalments. Amounts in minor units of `currency`."""

    id: str = Field(description="Identifier of the plan.", examples=["plan_000000000001A"])
    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    purchase: str | None = Field(
        description="The posting of the purchase, see `/v1/transactions`; null for a plan of a statement.",
        examples=["txn_000000000001A"],
    )
    status: Literal["active", "ended"] = Field(
        description="Whether instalments are still to come.", examples=["active"]
    )
    end: PlanEndName | None = Field(
        description="How it ended: `billed` (all of it), `given_back` (the purchase was refunded, reversed or charged "
        "back), `early` (what was left was billed at once) or `written_off`; null while it is active.",
        examples=[None],
    )
    started_day: date = Field(
        description="The day on which it began, in the program's time zone.", examples=["2026-11-20"]
    )
    principal: int = Field(description="What is paid in instalments, without fees.", examples=[120000])
    left: int = Field(description="What of it is neither billed nor given back.", examples=[120000])
    months: int = Field(description="How many instalments were agreed.", examples=[12])
    billed: int = Field(description="How many of them were billed.", examples=[0])
    fee: int = Field(description="The fee that is charged with each.", examples=[720])
    fee_ppm: int = Field(description="The same in parts per million of the principal.", examples=[6000])
    currency: str = Field(description="The account's ISO 4217 code.", examples=["CNY"])
    schedule: list[InstalmentView] = Field(
        description="The instalments to come, if nothing is given back and the plan is not ended early; by the "
        "statement day and the relief that the account has now.",
        examples=[[]],
    )

    @classmethod
    def of(cls, plan: AccountPlan, currency: int, coming: list[Instalment]) -> Self:
        """Show a plan. currency: the account's ISO 4217 number."""
        return cls(**shown(plan, currency, coming))


class PlanEnded(PlanView):
    """A plan that was just ended early, and what that cost."""

    early_fee: int = Field(description="The fee for ending it early.", examples=[2700])
    posted_balance: int = Field(description="What the account owes afterwards, minor units.", examples=[122700])


class PlanList(BaseModel):
    """A page of plans, the newest first."""

    data: list[PlanView] = Field(description="The plans.", examples=[[]])
    has_more: HasMore


def shown(plan: AccountPlan, currency: int, coming: list[Instalment]) -> dict[str, Any]:
    """The fields of a plan. currency: the account's ISO 4217 number."""
    return {
        "id": to_text(Prefix.PLAN, plan.sequence),
        "account_id": to_text(Prefix.ACCOUNT, plan.account_id),
        "purchase": None if plan.charge is None else to_text(Prefix.TRANSACTION, plan.charge),
        "status": "active" if plan.end is None else "ended",
        "end": None if plan.end is None else plan.end.name.lower(),
        "started_day": plan.started,
        "principal": plan.principal_minor,
        "left": plan.left_minor,
        "months": plan.months,
        "billed": plan.billed,
        "fee": fee_of_each(plan),
        "fee_ppm": plan.fee_ppm,
        "currency": currency_code(currency),
        "schedule": [
            InstalmentView(number=each.number, statement_day=each.day, amount=each.amount_minor, fee=each.fee_minor)
            for each in coming
        ],
    }
