"""``/v1/accounts``: accounts, their limits and their products."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, field_validator

from tokenvault.callers.caller import Scope
from tokenvault.cards import accounts
from tokenvault.cards.products import CUT_DAYS, NO_PRODUCT, PRODUCTS
from tokenvault.cards.segments import LIFE_STAGES, SEGMENTS, UNKNOWN_LIFE_STAGE
from tokenvault.http.fields.fields import AccountId, AmountMinor, Body, CurrencyCode, Timestamp, View, timestamp
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])

Segment = Annotated[int, Field(ge=SEGMENTS[0], le=SEGMENTS[-1])]
LifeStage = Annotated[
    int,
    Field(
        description="Stage of life of the customer, 1 to 15 with a meaning of your own; 0 if it is not known.",
        examples=[3],
        ge=LIFE_STAGES[0],
        le=LIFE_STAGES[-1],
    ),
]
Product = Annotated[
    int,
    Field(
        description="Number of a product of the program, by whose terms the account is billed; 0 for none.",
        examples=[1],
        ge=PRODUCTS[0],
        le=PRODUCTS[-1],
    ),
]
CutDay = Annotated[
    int,
    Field(description="Day of the month on which statements are cut.", examples=[5], ge=CUT_DAYS[0], le=CUT_DAYS[-1]),
]


class AccountRequest(Body):
    """What a new account needs."""

    currency: CurrencyCode
    credit_limit: AmountMinor
    transaction_limit: AmountMinor | None = Field(
        None,
        description="Maximum single amount in minor units; if there is none, only the available credit limits it.",
        examples=[100000],
    )
    segment: Segment | None = Field(
        None,
        description="Customer segment that the account is pinned to. If there is none, the account begins in segment "
        "0, and its statements put it into the segment that the authorization program says.",
        examples=[1],
    )
    life_stage: LifeStage = UNKNOWN_LIFE_STAGE
    product: Product = NO_PRODUCT
    cut_day: CutDay | None = Field(
        None,
        description="Day of the month on which statements are cut, for an account with a product; 1 if none is given.",
        examples=[5],
    )


class AccountChangeRequest(Body):
    """What changes; what is left out stays as it is."""

    credit_limit: AmountMinor | None = Field(None, description="New credit limit, minor units.", examples=[300000])
    transaction_limit: AmountMinor | None = Field(
        None, description="New maximum single amount in minor units; null removes the limit.", examples=[50000]
    )
    segment: Segment | None = Field(
        None,
        description="Customer segment that the account is pinned to from now on. Null unpins it: its next "
        "statement puts it into the segment that the authorization program says.",
        examples=[2],
    )
    life_stage: LifeStage | None = Field(
        None, description="New stage of life of the customer, 1 to 15; 0 if it is not known.", examples=[4]
    )
    product: Product | None = Field(
        None,
        description="New product. Once an account has one, it can be exchanged, but not be taken away.",
        examples=[2],
    )
    cut_day: CutDay | None = Field(
        None,
        description="New day of the month on which statements are cut, for an account with a product. An account that "
        "gets its first product has 1 if none is given.",
        examples=[10],
    )

    @field_validator("credit_limit", "life_stage", "product", "cut_day")
    @classmethod
    def _is_a_number(cls, value: int | None) -> int:
        if value is None:
            raise ValueError("must be a number; leave it out where it is to stay")
        return value

    def changes(self) -> dict[str, int | None]:
        """Those that were sent, by their fields of `Account`."""
        return {name: getattr(self, sent) for name, sent in accounts.NAMES.items() if sent in self.model_fields_set}


class AccountView(View):
    """A credit line. What was spent of it: `/v1/accounts/{id}`."""

    id: AccountId
    currency: CurrencyCode
    credit_limit: AmountMinor
    transaction_limit: AmountMinor | None = Field(
        description="Maximum single amount in minor units, null if there is none.", examples=[100000]
    )
    segment: Segment | None = Field(
        description="Customer segment that the account is pinned to, null if it is pinned to none.",
        examples=[1],
    )
    life_stage: LifeStage
    product: Product
    cut_day: CutDay | None = Field(
        description="Day of the month on which statements are cut, null without a product.", examples=[5]
    )
    created_at: Timestamp

    @classmethod
    def of(cls, account: accounts.Account) -> "AccountView":
        """Show an account."""
        return cls(
            id=account.text_id,
            currency=account.currency,
            credit_limit=account.credit_limit_minor,
            transaction_limit=account.transaction_limit_minor,
            segment=account.segment,
            life_stage=account.life_stage,
            product=account.product,
            cut_day=account.cut_day,
            created_at=timestamp(account.created_at),
        )


@router.post("", status_code=201, dependencies=[requires(Scope.ISSUER)], responses=problem.responses())
def open_account(vault: VaultDependency, body: AccountRequest) -> AccountView:
    """Open an account with a credit limit, and with a product if it is to be billed. Scope: issuer."""
    account = accounts.open_account(
        vault,
        currency=body.currency,
        credit_limit_minor=body.credit_limit,
        transaction_limit_minor=body.transaction_limit,
        segment=body.segment,
        life_stage=body.life_stage,
        product=body.product,
        cut_day=body.cut_day,
    )
    return AccountView.of(account)


@router.get("", dependencies=[requires(Scope.ISSUER)], responses=problem.responses(404))
def list_accounts(vault: VaultDependency, limit: Limit = 20, starting_after: StartingAfter = None) -> Page[AccountView]:
    """List accounts, the newest first. Scope: issuer."""
    rows = accounts.list_accounts(vault, limit=limit + 1, starting_after=starting_after)
    return page(rows, limit, AccountView.of)


@router.patch("/{account_id}", dependencies=[requires(Scope.ISSUER, Scope.SANDBOX)], responses=problem.responses(404))
def change_account(vault: VaultDependency, account_id: AccountId, body: AccountChangeRequest) -> AccountView:
    """Change an account's limits, segment, stage of life, product or cut day, from now on. Scope: issuer or sandbox."""
    return AccountView.of(accounts.change_account(vault, account_id, body.changes()))
