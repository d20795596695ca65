"""Values as scenarios write them: amounts, times, chances."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from tokenvault.currencies import CURRENCIES, NO_CURRENCY

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")


@dataclass(frozen=True)
class Amount:
    """An amount in major units. currency: None for the account's.  most: the upper end where a range was given."""

    least: Decimal
    currency: str | None = None
    most: Decimal | None = None

    def minor(self, currency: str, random: Random) -> int:
        """Minor units of a currency; one of the range at random. Raises: ValueError where it has no such fraction."""
        exponent = CURRENCIES[currency].exponent
        least = _whole(self.least, exponent)
        return least if self.most is None else random.randint(least, _whole(self.most, exponent))


def _whole(amount: Decimal, exponent: int) -> int:
    minor = amount.scaleb(exponent)
    if minor != int(minor):
        raise ValueError(f"{amount} has more decimals than its currency")
    return int(minor)


def _amount(value: Any) -> Amount:
    if isinstance(value, Amount):
        return value
    if isinstance(value, dict) and set(value) == {"between"} and len(value["between"]) == 2:
        least, most = (_amount(each) for each in value["between"])
        return Amount(least.least, least.currency, most.least)
    if not isinstance(value, str):
        raise ValueError("is an amount such as 12.50 or 12.50 USD, or {between: [1.00, 20.00]}")
    number, _, currency = value.partition(" ")
    try:
        amount = Decimal(number)
    except InvalidOperation:
        raise ValueError(f"{value!r} is no amount, which looks like 12.50 or 12.50 USD") from None
    if currency and currency not in CURRENCIES:
        raise ValueError(f"{currency!r} {NO_CURRENCY}")
    if not amount.is_finite():
        raise ValueError(f"{value!r} is no amount")
    return Amount(amount, currency or None)


def _seconds(value: Any) -> float:
    if isinstance(value, float):
        return value
    parts = _DURATION.findall(str(value))
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != value:
        raise ValueError(f"{value!r} is no duration, which looks like 90s, 15m, 36h, 2d, 1h30m or 200ms")
    return sum(float(number) * (0.001 if unit == "ms" else _UNITS[unit]) for number, unit in parts)


AmountText = Annotated[
    Amount,
    BeforeValidator(_amount),
    WithJsonSchema({"type": ["string", "object"], "examples": ["12.50", "12.50 USD", {"between": ["1.00", "20.00"]}]}),
]
"""``12.50``, ``12.50 USD`` or ``{between: [1.00, 20.00]}``."""

Seconds = Annotated[float, BeforeValidator(_seconds), WithJsonSchema({"type": "string", "examples": ["36h"]})]
"""``90s``, ``15m``, ``36h``, ``2d``, ``1h30m``, ``200ms``."""
