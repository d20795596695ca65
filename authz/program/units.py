"""Units: counted rights that accounts hold, such as points, lounge visits and fee waivers."""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from authz.program.parts import Identifier, Part
from authz.program.tables import UNIT, Shortfall
from authz.vocabulary.commands import Records
from authz.vocabulary.layouts import UNITS

PRICE_MAX = 10**9
"""The highest price of one unit, minor units."""

EXPIRES_DAYS_MAX = 3_650


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
    def _has_a_price_to_charge(self) -> "Unit":
        if self.shortfall == "charged" and self.price is None:
            raise ValueError("shortfall charged needs a price")
        return self


def unit_rows(units: list[Unit]) -> Records:
    """UNIT[256]: each unit at the place of its number."""
    rows = np.zeros(UNITS.stop, UNIT)
    for unit in units:
        row = rows[unit.number]
        row["is_there"] = 1
        row["price"] = unit.price or 0
        row["expires_days"] = unit.expires_days or 0
        row["shortfall"] = Shortfall[unit.shortfall.upper()]
    return rows
