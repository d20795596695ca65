"""Units: counted rights that accounts hold, such as points, lounge visits and fee waivers."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from authz.program.conditions import Filter
from authz.program.parts import AMOUNT_MAX, Identifier, Part
from authz.program.tables import UNIT, Shortfall
from authz.vocabulary.commands import Records
from authz.vocabulary.layouts import UNITS
from authz.vocabulary.posting_kinds import PostingKind

PRICE_MAX = 10**9
"""The highest price of one unit, minor units."""

EXPIRES_DAYS_MAX = 3_650


class PaysFor(Part):
    """The purchases that a unit pays for."""

    where: Filter = Field(default=Filter(), description="Which purchases.", examples=[{"categories": ["4582"]}])
    at_most: int = Field(
        default=AMOUNT_MAX,
        ge=1,
        le=AMOUNT_MAX,
        description="The most that one of it pays, minor units of the account's currency.",
        examples=[30_000],
    )


class Unit(Part):
    """A unit: its number stands for it in the accounts that hold it, and stays the same in programs to come."""

    number: int = Field(
        ge=UNITS.start, lt=UNITS.stop, description="The unit's number, which accounts refer to.", examples=[1]
    )
    id: Identifier
    price: int | None = Field(
        default=None,
        ge=1,
        le=PRICE_MAX,
        description="What one of it is worth when it is redeemed, minor units of the account's currency; "
        "it cannot be redeemed where this is left out.",
        examples=[1],
    )
    waives: Literal["cash_fee"] | None = Field(
        default=None,
        description="The fees that it waives, one of it each, when they are charged: `cash_fee`. A unit has either "
        "this, `pays_for` or a price.",
        examples=["cash_fee"],
    )
    pays_for: PaysFor | None = Field(
        default=None,
        description="The purchases that it pays for, one of it each, when they are posted.",
        examples=[{"where": {"categories": ["4582"]}, "at_most": 30_000}],
    )
    expires_days: int | None = Field(
        default=None,
        ge=1,
        le=EXPIRES_DAYS_MAX,
        description="How many days after they were given units can be spent for the last time; left out for no end.",
        examples=[730],
    )
    shortfall: Literal["debt", "charged"] = Field(
        default="debt",
        description="What becomes of units that are taken back after they were spent: `debt`: the account owes them, "
        "and what is given later pays them first; `charged`: it is charged their price.",
        examples=["debt"],
    )

    @model_validator(mode="after")
    def _has_one_effect(self) -> "Unit":
        if sum(effect is not None for effect in (self.price, self.waives, self.pays_for)) > 1:
            raise ValueError("a unit has at most one of price, waives and pays_for")
        if self.shortfall == "charged" and self.price is None:
            raise ValueError("shortfall charged needs a price")
        return self


def unit_rows(units: list[Unit], filter_of: Callable[[Filter], int]) -> Records:
    """UNIT[256]: each unit at the place of its number. filter_of: the number of a filter among the program's."""
    rows = np.zeros(UNITS.stop, UNIT)
    for unit in units:
        row = rows[unit.number]
        row["is_there"] = 1
        row["price"] = unit.price or 0
        row["expires_days"] = unit.expires_days or 0
        row["waives"] = PostingKind[unit.waives.upper()] if unit.waives else 0
        if unit.pays_for is not None:
            row["pays_where"], row["pays_at_most"] = filter_of(unit.pays_for.where), unit.pays_for.at_most
        row["shortfall"] = Shortfall[unit.shortfall.upper()]
    return rows
