"""``/v1/accounts/{id}/balance``: the balances of an account."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.engine import Engine
from authz.http.account_books import AccountBooksView
from authz.http.sight import AccountId, SightDependency, seen_account
from authz.http.surroundings import EngineDependency
from authz.state.account_books import account_books
from authz.vocabulary.labels import currency_code
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404,)


class BalanceView(BaseModel):
    """Limit, posted and held amounts; available = limit - posted - held. All in minor units of currency."""

    account_id: str = Field(description="Identifier of the account.", examples=["acct_06R8C3N5VZQ4T"])
    currency: str = Field(description="ISO 4217 alphabetic code.", examples=["EUR"])
    credit_limit: int = Field(description="Credit limit, minor units.", examples=[250000])
    posted: int = Field(description="Posted to the account, minor units.", examples=[0])
    held: int = Field(description="Held for approved authorizations, minor units.", examples=[1250])
    available: int = Field(description="Available credit, minor units.", examples=[248750])
    segment: int = Field(description="The segment of customers that the account is in now, 0 for none.", examples=[0])
    books: AccountBooksView | None = Field(
        description="What of it is owed since when, and due by when; null for an account without a product.",
        examples=[None],
    )


@router.get("/{account_id}/balance")
async def read_balance(engine: EngineDependency, sight: SightDependency, account_id: AccountId) -> BalanceView:
    """Read an account's balance; it includes every decision that was answered. Scope: issuer."""
    await asyncio.to_thread(seen_account, sight, account_id)
    return await account_balance(engine, account_id)


async def account_balance(engine: Engine, account_id: str) -> BalanceView:
    """An account's balance; it includes every decision that was answered. Raises: NotFound."""
    number = to_number(Prefix.ACCOUNT, account_id)
    await engine.settled()
    balance = engine.balance(number)
    if balance is None:
        raise NotFound(f"there is no account {account_id}")
    return BalanceView(
        account_id=account_id,
        currency=currency_code(balance.currency),
        credit_limit=balance.limit_minor,
        posted=balance.posted_minor,
        held=balance.held_minor,
        available=balance.available_minor,
        segment=balance.segment,
        books=AccountBooksView.of(account_books(engine.state, number)),
    )
