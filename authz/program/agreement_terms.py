"""What a product says about agreements: which instalments, what ending them early costs, and which relief."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, model_validator

from authz.program.contradictions import Claim, Domain, check_claim
from authz.program.parts import AMOUNT_MAX, MISSED_DUES_MAX, Amount, Part, PartsPerMillion, is_new
from authz.program.tables import ReliefAttribute, ReliefOperator

PLAN_MONTHS_MAX = 60
"""The most instalments of a plan: five years of statements."""

OFFERS_MAX = 12


class PlanOffer(Part):
    """A plan that may be agreed: how many instalments, one with each statement, and the fee of each."""

    months: int = Field(ge=1, le=PLAN_MONTHS_MAX, description="How many instalments, one a month.", examples=[12])
    ppm: PartsPerMillion = Field(
        description="The fee charged with each instalment, parts per million of the amount that the plan began with.",
        examples=[6_000],
    )


class EarlyFee(Part):
    """What is charged where a plan is ended before its last instalment was billed."""

    ppm: PartsPerMillion = Field(
        default=30_000, description="Of the instalments that are not billed yet, parts per million.", examples=[30_000]
    )
    min: Amount = Field(default=1_000, description="The least that is charged, minor units.", examples=[1_000])


PLANS = [PlanOffer(months=months, ppm=6_000) for months in (3, 6, 12, 24)]
"""The plans of a product that names none."""

Plans = Annotated[list[PlanOffer], Field(max_length=OFFERS_MAX)]


def check_offers(offers: list[PlanOffer]) -> list[PlanOffer]:
    """The offers, which are told apart by their months. Raises: ValueError if two have as many."""
    months = [offer.months for offer in offers]
    if twice := [each for each in months if months.count(each) > 1]:
        raise ValueError(f"months {twice[0]} occurs twice")
    return offers


RELIEF_MONTHS_MAX = 24

ReliefInterest = Literal["waived", "accrues"]


def relief_interest(is_waived: bool) -> ReliefInterest:
    """Whether the nights in a relief bear interest, as documents and answers say it."""
    return "waived" if is_waived else "accrues"


_OPERATORS = {
    "=": ReliefOperator.EQUAL,
    "!=": ReliefOperator.NOT_EQUAL,
    "<": ReliefOperator.LESS,
    "<=": ReliefOperator.LESS_OR_EQUAL,
    ">": ReliefOperator.GREATER,
    ">=": ReliefOperator.GREATER_OR_EQUAL,
}
_DOMAINS = {"missed_dues": Domain(least=0, greatest=MISSED_DUES_MAX), "owed": Domain(), "owed_ppm": Domain()}
"""What each attribute can be. An account with a credit owes less than nothing."""


class ReliefCondition(Part):
    """What must hold of an account, when its statement is cut, for its due to be put off by itself."""

    attribute: Literal["missed_dues", "owed", "owed_ppm"] = Field(
        description="`missed_dues`: how many minimums in a row were missed; `owed`: the posted balance, minor units; "
        "`owed_ppm`: that balance in parts per million of the credit limit.",
        examples=["missed_dues"],
    )
    operator: Literal["=", "!=", "<", "<=", ">", ">="] = Field(description="How to compare.", examples=[">="])
    value: int = Field(ge=0, le=AMOUNT_MAX, description="What with.", examples=[2])

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> "ReliefCondition":
        if is_new(info):
            check_claim(Claim(self.operator, (self.value,)), _DOMAINS[self.attribute])
        return self


class AutomaticRelief(Part):
    """Relief that nobody has to ask for."""

    when: ReliefCondition = Field(
        description="The condition.", examples=[{"attribute": "missed_dues", "operator": ">=", "value": 2}]
    )
    months: int = Field(
        ge=1,
        le=RELIEF_MONTHS_MAX,
        description="How many statements after that one it lasts, at most months_max.",
        examples=[3],
    )


class Relief(Part):
    """Putting off what is due: the due moves to a later statement, and what is owed stays as it is."""

    months_max: int = Field(
        default=6,
        ge=0,
        le=RELIEF_MONTHS_MAX,
        description="The most months for which relief may be granted; 0 for none.",
        examples=[6],
    )
    interest: ReliefInterest = Field(
        default="waived",
        description="`waived`: the nights until the new due day bear no interest; `accrues`: they do, also those of "
        "what was billed and could still have been paid without interest.",
        examples=["waived"],
    )
    automatic: AutomaticRelief | None = Field(
        default=None,
        description='When relief comes by itself: `{"when": {"attribute": "missed_dues", "operator": ">=", "value": 2}'
        ', "months": 3}` grants three months with the statement at which two minimums in a row were missed. Other '
        "attributes are `owed`, minor units, and `owed_ppm`, parts per million of the credit limit.",
        examples=[{"when": {"attribute": "missed_dues", "operator": ">=", "value": 2}, "months": 3}],
    )

    @model_validator(mode="after")
    def _comes_for_no_longer_than_it_may_be_granted(self) -> "Relief":
        if self.automatic is not None and self.automatic.months > self.months_max:
            raise ValueError(f"automatic.months must be at most months_max, which is {self.months_max}")
        return self


def relief_columns(relief: Relief) -> tuple[int, ...]:
    """The last columns of a row of `TERMS`. All are 0 where relief does not come by itself.

    Thus a program from before there was relief has the same rows as it had.
    """
    unused = 0
    if relief.automatic is None:
        return (0, ReliefAttribute.NEVER, ReliefOperator.EQUAL, 0, 0, unused)
    when = relief.automatic.when
    return (
        when.value,
        ReliefAttribute[when.attribute.upper()],
        _OPERATORS[when.operator],
        relief.automatic.months,
        int(relief.interest == "waived"),
        unused,
    )
