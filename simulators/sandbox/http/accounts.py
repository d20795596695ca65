"""``/v1/accounts/{id}``: an account with its balances and the counters of its limits."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.history.counters import Counted, counters_of
from authz.http.account_books import AccountBooksView
from authz.http.balances import account_balance
from authz.http.surroundings import EngineDependency
from tokenvault.callers.caller import Scope
from tokenvault.cards import accounts
from tokenvault.http.fields.fields import AccountId, AmountMinor
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.http.routers.accounts import AccountView
from tokenvault.tokens.instruments import instruments_of
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(
    prefix="/v1/accounts",
    tags=["accounts"],
    dependencies=[requires(Scope.ISSUER, Scope.SANDBOX)],
    responses=problem.responses(404),
)


class CounterView(BaseModel):
    """What a limit of the program has counted until now: of the account, its segment, one of its cards or tokens."""

    name: str = Field(description="The limit's name in the program.", examples=["day-cash"])
    scope: str = Field(
        description="`segment`, `account`, `card` or `token`: whose transactions count.", examples=["account"]
    )
    card_id: str | None = Field(
        description="The card, where the limit is about a card.", examples=["card_0J9ZP2M7K4B1X"]
    )
    token_id: str | None = Field(
        description="The token, where the limit is about a token.", examples=["tok_05F1V9D8S3KYA"]
    )
    window: str = Field(description="The window.", examples=["day"])
    count: int = Field(description="Approved transactions in it.", examples=[2])
    amount: int = Field(description="Their sum, minor units.", examples=[4500])
    count_max: int | None = Field(description="The limit's maximum number of transactions.", examples=[10])
    amount_max: int | None = Field(description="The limit's maximum sum, minor units.", examples=[50000])

    @classmethod
    def of(cls, counted: Counted) -> "CounterView":
        """Show a counter."""
        limit = counted.limit
        return cls(
            name=limit.id,
            scope=limit.scope,
            card_id=None if counted.card_id is None else to_text(Prefix.CARD, counted.card_id),
            token_id=None if counted.token_id is None else to_text(Prefix.TOKEN, counted.token_id),
            window=limit.window,
            count=counted.count,
            amount=counted.amount_minor,
            count_max=limit.count_max,
            amount_max=limit.amount_max,
        )


class UsedAccountView(AccountView):
    """A credit line, what was spent of it, and its counters. available = credit_limit - posted - held."""

    posted: int = Field(description="Posted to the account, minor units.", examples=[0])
    held: int = Field(description="Held for approved authorizations, minor units.", examples=[1250])
    available: AmountMinor | int = Field(description="Available credit, minor units.", examples=[248750])
    books: AccountBooksView | None = Field(
        description="What of it is owed since when, and due by when; null for an account without a product.",
        examples=[None],
    )
    counters: list[CounterView] = Field(description="The current counts of the program's limits.", examples=[[]])


@router.get("/{account_id}")
async def read_account(vault: VaultDependency, engine: EngineDependency, account_id: AccountId) -> UsedAccountView:
    """Read an account with its limits, balances and counters. Scope: issuer or sandbox."""
    account = accounts.find_account(vault, account_id)
    spent_with = instruments_of(vault, account)
    balance = await account_balance(engine, account_id)
    counted = counters_of(engine, account.id, spent_with.card_ids, spent_with.token_pans)
    return UsedAccountView(
        **AccountView.of(account).model_dump(),
        posted=balance.posted,
        held=balance.held,
        available=balance.available,
        books=balance.books,
        counters=[CounterView.of(each) for each in counted],
    )
