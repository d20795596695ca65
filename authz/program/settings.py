"""Settings of the program beside its limits and rules: rates, stand-in, cash and the desk."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from authz.program import tables
from authz.program.parts import BOUND_MAX, Part
from authz.program.tables import CURRENCY, RATE
from authz.vocabulary.cases import Queue
from authz.vocabulary.commands import Records
from authz.vocabulary.layouts import CURRENCY_NUMBERS
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY

_DAY_SECONDS = 86_400


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


class DeskQueue(Part):
    """How long a case waits at one desk."""

    seconds: int = Field(
        ge=1,
        le=_DAY_SECONDS,
        description="So long after it was opened, a case that nobody has answered expires.",
        examples=[60],
    )


class Desk(Part):
    """The queues in which cases wait for the desks that serve the segments."""

    one_to_one: DeskQueue = Field(
        default=DeskQueue(seconds=60), description="One adviser for each customer.", examples=[{"seconds": 60}]
    )
    one_to_many: DeskQueue = Field(
        default=DeskQueue(seconds=300), description="One adviser for many.", examples=[{"seconds": 300}]
    )
    mass: DeskQueue = Field(
        default=DeskQueue(seconds=1800), description="Whoever is free.", examples=[{"seconds": 1800}]
    )
    circle: DeskQueue = Field(
        default=DeskQueue(seconds=3600),
        description="Those who serve a circle of customers.",
        examples=[{"seconds": 3600}],
    )


def fill_in(numbers: npt.NDArray[np.int64], stand_in: StandIn, cash: CashVerification, desk: Desk) -> None:
    """Write settings to their places among `Program.numbers`."""
    numbers[tables.NUMBER_STAND_IN_AMOUNT] = stand_in.amount_max
    numbers[tables.NUMBER_STAND_IN_COUNT] = stand_in.count_max
    numbers[tables.NUMBER_STAND_IN_TOTAL] = stand_in.total_max
    numbers[tables.NUMBER_CASH] = tables.CashVerification[cash.cash.upper()]
    numbers[tables.NUMBER_CASH_BACK] = tables.CashVerification[cash.purchase_with_cash_back.upper()]
    for queue in Queue:
        numbers[tables.NUMBER_DESK + queue] = getattr(desk, queue.name.lower()).seconds


_SEVEN_DIGITS = Context(prec=7, rounding=ROUND_HALF_EVEN)
_DECIMALS_MAX = 9


def rate_tables(rates: Rates) -> tuple[Records, Records]:
    """CURRENCY by number, and RATE from row to column."""
    currencies = np.zeros(len(CURRENCY_NUMBERS), CURRENCY)
    currencies["position"] = -1
    for currency in CURRENCIES.values():
        currencies[currency.number]["exponent"] = currency.exponent
    worth = {rates.base: Decimal(1), **rates.per_base}
    table = np.zeros((len(worth), len(worth)), RATE)
    for row, (source, per_source) in enumerate(worth.items()):
        currencies[CURRENCIES[source].number]["position"] = row
        for column, per_target in enumerate(worth.values()):
            table[row, column] = _mantissa(_SEVEN_DIGITS.divide(per_target, per_source))
    return currencies, table


def _mantissa(rate: Decimal) -> tuple[int, int]:
    """A rate in the form of DE 10: at most seven digits and at most nine decimals; (0, 0) if it does not fit."""
    decimals = min(_DECIMALS_MAX, max(0, 6 - rate.adjusted()))
    mantissa = int(rate.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))
    return (mantissa, decimals) if 0 < mantissa <= 9_999_999 else (0, 0)
