"""``/v1/accounts/{id}``: the vault's credit line with what the engine knows of its use."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.counters import Counted, counters_of
from authz.http.balances import account_balance
from authz.http.surroundings import EngineDependency
from tokenvault import accounts
from tokenvault.http.access import VaultDependency
from tokenvault.http.accounts import AccountView
from tokenvault.http.fields import AccountId, AmountMinor
from tokenvault.identifiers import Prefix, to_number

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])


class CounterView(BaseModel):
    """What a limit of the program has counted of an account until now."""

    name: str = Field(description="The limit's name in the program.", examples=["day-cash"])
    scope: str = Field(description="`account` or `segment`: whose transactions count.", examples=["account"])
    window: str = Field(description="The window.", examples=["day"])
    count: int = Field(description="Approved transactions in it.", examples=[2])
    amount: int = Field(description="Their sum, minor units.", examples=[4500])
    count_max: int | None = Field(description="The most transactions.", examples=[10])
    amount_max: int | None = Field(description="The most together, minor units.", examples=[50000])

    @classmethod
    def of(cls, counted: Counted) -> "CounterView":
        """Show a counter."""
        limit = counted.limit
        return cls(
            name=limit.id,
            scope=limit.scope,
            window=limit.window,
            count=counted.count,
            amount=counted.amount_minor,
            count_max=limit.count_max,
            amount_max=limit.amount_max,
        )


class UsedAccountView(AccountView):
    """A credit line, what was spent of it, and its counters. available = credit_limit - posted - held."""

    posted: int = Field(description="Posted to the account, minor units.", examples=[0])
    held: int = Field(description="Set aside for approved authorizations, minor units.", examples=[1250])
    available: AmountMinor | int = Field(description="What can still be spent, minor units.", examples=[248750])
    counters: list[CounterView] = Field(description="What the program's limits have counted.", examples=[[]])


@router.get("/{account_id}")
async def read_account(vault: VaultDependency, engine: EngineDependency, account_id: AccountId) -> UsedAccountView:
    """Read an account with its limits, balances and counters. Scope: issuer or sandbox."""
    account = accounts.find_account(vault, account_id)
    balance = await account_balance(engine, account_id)
    counted = counters_of(engine, to_number(Prefix.ACCOUNT, account_id))
    return UsedAccountView(
        **AccountView.of(account).model_dump(),
        posted=balance.posted,
        held=balance.held,
        available=balance.available,
        counters=[CounterView.of(each) for each in counted],
    )
