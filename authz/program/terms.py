"""Products and their terms: what an account with a product is charged, by when it must pay, and in which order.

What is agreed with a customer, instalments and relief, stands in `agreement_terms`.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from authz.program.agreement_terms import (
    OFFERS_MAX,
    PLAN_MONTHS_MAX,
    PLANS,
    EarlyFee,
    Plans,
    Relief,
    check_offers,
    relief_columns,
)
from authz.program.parts import MISSED_DUES_MAX, Amount, Identifier, Part, PartsPerMillion, is_new
from authz.program.tables import Bucket
from authz.vocabulary.layouts import ANY_SEGMENT, PRODUCTS

NUMBERS = PRODUCTS[1:]
"""The numbers that a product can have; an account with the number 0 has no product."""

DAYS_TO_PAY_MAX = 28
"""A due has passed before the next cut, also where that is a February later."""

BucketName = Literal["fees", "interest", "carried", "cash", "billed", "new"]
PAY_ORDER: list[BucketName] = ["fees", "interest", "carried", "cash", "billed", "new"]


def _check_order(order: list[BucketName]) -> list[BucketName]:
    if sorted(order) != sorted(PAY_ORDER):
        raise ValueError(f"must contain each of {', '.join(PAY_ORDER)} once")
    return order


def _check_missed(missed: int, info: ValidationInfo) -> int:
    if is_new(info) and missed > MISSED_DUES_MAX:
        raise ValueError(f"must be at most {MISSED_DUES_MAX}")
    return missed


class LateFee(Part):
    """What is charged where less than the minimum was paid in time."""

    ppm: PartsPerMillion = Field(
        default=50_000, description="Of the minimum that is unpaid, parts per million.", examples=[50_000]
    )
    min: Amount = Field(default=1_000, description="The least that is charged, minor units.", examples=[1_000])


class CashFee(Part):
    """What is charged for each withdrawal of cash."""

    ppm: PartsPerMillion = Field(
        default=10_000, description="Of the amount withdrawn, parts per million.", examples=[10_000]
    )
    min: Amount = Field(default=1_000, description="The least that is charged, minor units.", examples=[1_000])


class Terms(Part):
    """The terms of a product. Amounts are in minor units of the account's currency."""

    grace_days: int = Field(
        default=20,
        ge=1,
        le=DAYS_TO_PAY_MAX,
        description="How many days after the statement its minimum is due.",
        examples=[20],
    )
    courtesy_days: int = Field(
        default=3,
        ge=0,
        le=DAYS_TO_PAY_MAX,
        description="How many days later a payment still counts as in time; with grace_days at most 28.",
        examples=[3],
    )
    tolerance: Amount = Field(
        default=1_000,
        description="How much may be missing from a payment that counts as complete, minor units.",
        examples=[1_000],
    )
    rate_ppm: PartsPerMillion = Field(
        default=500, description="Interest for one night, parts per million of what is owed.", examples=[500]
    )
    interest_on: Literal["full", "unpaid"] = Field(
        default="full",
        description="`full`: a statement that is not paid in full bears interest on all that was on it, also on what "
        "was paid; `unpaid`: only on what stayed unpaid.",
        examples=["full"],
    )
    minimum_ppm: PartsPerMillion = Field(
        default=100_000,
        description="The share of what is owed that a minimum asks for besides interest and fees, parts per million.",
        examples=[100_000],
    )
    late_fee: LateFee = Field(
        default=LateFee(), description="For a missed minimum.", examples=[{"ppm": 50_000, "min": 1_000}]
    )
    cash_fee: CashFee = Field(
        default=CashFee(), description="For a withdrawal of cash.", examples=[{"ppm": 10_000, "min": 1_000}]
    )
    cash_share_ppm: PartsPerMillion = Field(
        default=500_000,
        description="How much of the credit limit may be withdrawn as cash, parts per million.",
        examples=[500_000],
    )
    blocks_after_missed: Annotated[int, AfterValidator(_check_missed)] = Field(
        default=2,
        ge=0,
        le=255,
        description="After how many missed minimums in a row payments are declined, at most "
        f"{MISSED_DUES_MAX}; 0 for never.",
        examples=[2],
    )
    pay_order: Annotated[list[BucketName], AfterValidator(_check_order)] = Field(
        default=PAY_ORDER,
        description="What a payment pays first, and so on: `fees`, `interest`, `carried` (from earlier statements, "
        "bears interest), `cash`, `billed` (on the last statement) and `new` (since then), each once.",
        examples=[PAY_ORDER],
    )
    plans: Annotated[Plans, AfterValidator(check_offers)] = Field(
        default=PLANS,
        description=f"Which instalment plans may be agreed, at most {OFFERS_MAX}: `months`, how many instalments (1 to "
        f"{PLAN_MONTHS_MAX}), and `ppm`, the fee charged with each, parts per million of the amount that the "
        "plan began with.",
        examples=[[{"months": 12, "ppm": 6_000}]],
    )
    early_fee: EarlyFee = Field(
        default=EarlyFee(), description="For ending a plan early.", examples=[{"ppm": 30_000, "min": 1_000}]
    )
    relief: Relief = Field(
        default=Relief(), description="For putting off what is due.", examples=[{"months_max": 6, "interest": "waived"}]
    )

    @model_validator(mode="after")
    def _passes_before_the_next_cut(self) -> "Terms":
        if self.grace_days + self.courtesy_days > DAYS_TO_PAY_MAX:
            raise ValueError(f"grace_days + courtesy_days must be at most {DAYS_TO_PAY_MAX}")
        return self


class Product(Part):
    """A product that accounts can have: a number, a name and its terms."""

    number: int = Field(
        ge=NUMBERS.start, lt=NUMBERS.stop, description="The product's number, which accounts refer to.", examples=[1]
    )
    id: Identifier
    terms: Terms = Field(default=Terms(), description="Its terms.", examples=[{"rate_ppm": 500}])


def terms_row(terms: Terms, product: int, segment: int) -> tuple[int, ...]:
    """A row of `TERMS`. segment: `ANY_SEGMENT` for all that have no row of their own."""
    kept_by_the_state = 0
    return (
        terms.tolerance,
        terms.late_fee.min,
        terms.cash_fee.min,
        terms.rate_ppm,
        terms.minimum_ppm,
        terms.late_fee.ppm,
        terms.cash_fee.ppm,
        terms.cash_share_ppm,
        sum(Bucket[name.upper()] << 4 * place for place, name in enumerate(terms.pay_order)),
        terms.grace_days,
        terms.courtesy_days,
        int(terms.interest_on == "full"),
        min(terms.blocks_after_missed, MISSED_DUES_MAX),
        kept_by_the_state,
        kept_by_the_state,
        product,
        0,
        segment,
        *relief_columns(terms.relief),
    )


DEFAULT_TERMS = terms_row(Terms(), 0, ANY_SEGMENT)
"""A row of `TERMS` for the accounts whose product is in no program."""
