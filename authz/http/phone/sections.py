"""The engine's sections of what a phone shows: available credit, bill, instalments, postings."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from authz.engine import Engine
from authz.history.projection import Projection
from authz.http.account_books import DUE_DAY_DESCRIBED, AccountBooksView
from authz.http.agreements.plan_views import PlanView
from authz.http.agreements.plans import open_plans
from authz.http.balances import account_balance
from authz.http.books.dues import DuesView, DueView, look_ahead_at_dues
from authz.http.books.statement_views import StatementView
from authz.http.books.statements import list_statements
from authz.http.rights.units import UnitBalance, units_of
from authz.http.sight import Sight
from authz.http.transactions import TransactionView, list_transactions
from authz.program.agreement_terms import ReliefInterest
from tokenvault.vocabulary.identifiers import Prefix, to_number

_DUES_AHEAD = 3
_POSTINGS = 10


class CreditSection(BaseModel):
    """What can be spent; available = limit - posted - held. Amounts in minor units of the account's currency."""

    section: Literal["credit"] = Field(description="Which section it is.", examples=["credit"])
    credit_limit: int = Field(description="Credit limit, minor units.", examples=[250000])
    posted: int = Field(description="What is owed, minor units; negative for a credit.", examples=[0])
    held: int = Field(description="Held for approved authorizations, minor units.", examples=[1250])
    available: int = Field(description="Available credit, minor units.", examples=[248750])


class BillSection(BaseModel):
    """The last statement, what is left to pay of it, and what statements to come will ask for, in minor units."""

    section: Literal["bill"] = Field(description="Which section it is.", examples=["bill"])
    statement: StatementView | None = Field(
        description="The last statement as it was cut; null before the first.", examples=[None]
    )
    minimum_due: int = Field(description="What is left of its minimum, minor units.", examples=[30000])
    statement_due: int = Field(description="What is left of its closing balance, minor units.", examples=[300000])
    due_day: date | None = Field(description=DUE_DAY_DESCRIBED, examples=["2027-01-25"])
    missed: int = Field(description="How many minimums in a row were not paid in time.", examples=[0])
    relief_until: date | None = Field(
        description="While what was due is put off: the day by which something is due again. Null where nothing is.",
        examples=[None],
    )
    relief_interest: ReliefInterest | None = Field(
        description="Whether the nights until then bear interest; null where nothing is put off.", examples=[None]
    )
    ahead: list[DueView] = Field(
        description=f"What the next {_DUES_AHEAD} statements will ask for if nothing is bought or paid, the next one "
        "first; none before the account's first posting.",
        examples=[[]],
    )


class UnitsSection(BaseModel):
    """Points and rights: what the account holds of each unit."""

    section: Literal["units"] = Field(description="Which section it is.", examples=["units"])
    data: list[UnitBalance] = Field(description="By number of the unit.", examples=[[]])


class PlansSection(BaseModel):
    """What is being paid in instalments."""

    section: Literal["plans"] = Field(description="Which section it is.", examples=["plans"])
    data: list[PlanView] = Field(
        description="The plans whose instalments are still to come, the newest first.", examples=[[]]
    )


class PostingsSection(BaseModel):
    """What was posted last, whichever token or card it was bought with."""

    section: Literal["postings"] = Field(description="Which section it is.", examples=["postings"])
    data: list[TransactionView] = Field(description=f"The last {_POSTINGS} postings, the newest first.", examples=[[]])


EngineSection = CreditSection | BillSection | UnitsSection | PlansSection | PostingsSection


@dataclass(frozen=True)
class EngineSections:
    """The sections that an account has. portal: the order in which its segment wants sections shown."""

    currency: str
    portal: list[str]
    sections: list[EngineSection]


async def sections_of(engine: Engine, projection: Projection, sight: Sight, account_id: str) -> EngineSections:
    """The sections that an account has: bill and plans only with a product, units only where the program has some.

    projection: once it contains what was decided. Raises: NotFound.
    """
    balance = await account_balance(engine, account_id)
    credit = CreditSection(
        section="credit",
        credit_limit=balance.credit_limit,
        posted=balance.posted,
        held=balance.held,
        available=balance.available,
    )
    reading = asyncio.to_thread(_from_history, engine, projection, sight, account_id)
    found: list[EngineSection] = [credit]
    if balance.books is None:
        posted, _ = await reading
    else:
        ahead = look_ahead_at_dues(engine, sight, account_id, months=_DUES_AHEAD)
        (posted, statement), dues = await asyncio.gather(reading, ahead)
        found.append(_bill(statement, balance.books, dues))
        number = to_number(Prefix.ACCOUNT, account_id)
        held = units_of(engine, account_id, number).data
        if held or engine.document.units:
            found.append(UnitsSection(section="units", data=held))
        found.append(PlansSection(section="plans", data=open_plans(engine, number)))
    found.append(PostingsSection(section="postings", data=posted))
    portals = {segment.number: segment.portal for segment in engine.document.segments}
    return EngineSections(balance.currency, portals.get(balance.segment, []), found)


def _from_history(
    engine: Engine, projection: Projection, sight: Sight, account_id: str
) -> tuple[list[TransactionView], StatementView | None]:
    """The last postings of an account, and its last statement."""
    posted = list_transactions(engine, projection, sight, account_id=account_id, limit=_POSTINGS).data
    cut = list_statements(engine, projection, sight, account_id, limit=1).data
    return posted, cut[0] if cut else None


def _bill(statement: StatementView | None, books: AccountBooksView, dues: DuesView) -> BillSection:
    return BillSection(
        section="bill",
        statement=statement,
        minimum_due=dues.minimum_due,
        statement_due=dues.statement_due,
        due_day=dues.due_day,
        missed=books.missed,
        relief_until=books.relief_until,
        relief_interest=books.relief_interest,
        ahead=dues.data,
    )
