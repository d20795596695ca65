"""Settings of the program beside its limits and rules: rates, stand-in and cash."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from authz.program.parts import BOUND_MAX, Part
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY


class Rates(Part):
    """What one unit of the base currency is worth. Other pairs follow from it, to seven significant digits."""

    base: str = Field(default="EUR", description="ISO 4217 alphabetic code.", examples=["EUR"])
    per_base: dict[str, Decimal] = Field(
        default={}, description="Units of each currency for one unit of the base.", examples=[{"USD": "1.08"}]
    )

    @model_validator(mode="after")
    def _known_and_positive(self) -> "Rates":
        for code in (self.base, *self.per_base):
            if code not in CURRENCIES:
                raise ValueError(f"{code} {NO_CURRENCY}")
        for code, rate in self.per_base.items():
            if not Decimal("0.0000001") <= rate <= Decimal("9999999"):
                raise ValueError(f"the rate of {code} must be 0.0000001 to 9999999")
        return self


class StandIn(Part):
    """What the network may approve while the issuer is down, of each token in one outage."""

    amount_max: int = Field(
        default=5000,
        ge=0,
        le=BOUND_MAX,
        description="The most at once, minor units of the account's currency.",
        examples=[5000],
    )
    count_max: int = Field(default=5, ge=0, le=BOUND_MAX, description="How many transactions.", examples=[5])
    total_max: int = Field(
        default=15000,
        ge=0,
        le=BOUND_MAX,
        description="The most together, minor units of the account's currency.",
        examples=[15000],
    )


CashVerificationName = Literal["pin", "any", "none"]


class CashVerification(Part):
    """How the cardholder must be verified before cash is paid out.

    `pin`: by an online PIN that was right; `any`: by that, or by the device itself; `none`: not at all.
    """

    cash: CashVerificationName = Field(default="pin", description="For a withdrawal.", examples=["pin"])
    purchase_with_cash_back: CashVerificationName = Field(
        default="any", description="For a purchase with cash-back.", examples=["any"]
    )
