"""Offers: what accounts are given for what is posted to them."""

from collections.abc import Callable, Iterator
from typing import Literal

from pydantic import Field

from authz.program.conditions import Filter
from authz.program.parts import AMOUNT_MAX, Amount, Identifier, Part, PartsPerMillion

OFFER_NUMBERS = range(1, 256)
"""The numbers that a program's offers can have."""

NO_BOUND = -1


class MoneyBack(Part):
    """A part of a purchase, given back."""

    back_ppm: PartsPerMillion = Field(
        description="How much of the purchase is given back, parts per million, rounded half up.", examples=[200_000]
    )
    at_most: Amount = Field(default=AMOUNT_MAX, description="The most for one purchase, minor units.", examples=[3_000])
    funded_by: Literal["issuer", "merchant"] = Field(
        default="issuer",
        description="Who bears it: it is taken from the general counter `rewards` or `merchant_funded`.",
        examples=["merchant"],
    )


class Offer(Part):
    """What is given for which purchases."""

    number: int = Field(
        ge=OFFER_NUMBERS.start,
        lt=OFFER_NUMBERS.stop,
        description="Its number, by which its supply is counted, also across programs.",
        examples=[1],
    )
    id: Identifier
    on: Literal["posting"] = Field(
        default="posting", description="When it is given: as soon as a purchase is posted.", examples=["posting"]
    )
    where: Filter = Field(
        default=Filter(), description="For which purchases.", examples=[{"categories": ["5812"], "segments": [1]}]
    )
    gives: MoneyBack = Field(
        description="What is given.", examples=[{"back_ppm": 200_000, "at_most": 3_000, "funded_by": "merchant"}]
    )
    supply: int | None = Field(
        default=None,
        ge=0,
        le=AMOUNT_MAX,
        description="To how many purchases it is given; without a bound where this is left out.",
        examples=[7_000_000],
    )


def offer_rows(offers: list[Offer], filter_of: Callable[[Filter], int]) -> Iterator[tuple[int, ...]]:
    """Rows of `OFFER`, in the order of the document. filter_of: the number of a filter among the program's."""
    for offer in offers:
        gives, supply = offer.gives, NO_BOUND if offer.supply is None else offer.supply
        is_merchants = int(gives.funded_by == "merchant")
        yield gives.at_most, supply, gives.back_ppm, filter_of(offer.where), offer.number, is_merchants, 0
