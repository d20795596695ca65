"""What a product says about instalments: which plans may be agreed, and what ending one early costs."""

from typing import Annotated

from pydantic import Field

from authz.program.parts import Amount, Part, PartsPerMillion

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
