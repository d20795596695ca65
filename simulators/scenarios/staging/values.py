"""Values in scenarios: amounts, durations, times, PINs."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import MAX_PREC, Context, Decimal
from random import Random
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from simulators.process.did_you_mean import did_you_mean
from tokenvault.reference_data.countries import NO_COUNTRY, is_country
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhd])")
_SECONDS_MAX = 36_500 * 86_400
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WITH_COMMA = re.compile(r"-?[0-9]+,[0-9]+")
_DUES = ("minimum", "closing")
_DIGITS_MAX = 12
"""Of an amount in minor units: DE 4 is n 12."""
_EXACT = Context(prec=MAX_PREC)
"""No digit of an amount is rounded away, however many there are."""


@dataclass(frozen=True)
class Amount:
    """An amount in major units. currency: None for the account's.  most: the upper end where a range was given."""

    least: Decimal
    currency: str | None = None
    most: Decimal | None = None

    def __str__(self) -> str:
        range_text = str(self.least) if self.most is None else f"{self.least} to {self.most}"
        return range_text if self.currency is None else f"{range_text} {self.currency}"

    def minor(self, currency: str, random: Random) -> int:
        """Minor units of a currency that it fits; one of the range at random."""
        exponent = CURRENCIES[currency].exponent
        least = int(self.least.scaleb(exponent))
        return least if self.most is None else random.randint(least, int(self.most.scaleb(exponent)))

    def holds(self, number: Decimal) -> bool:
        """Whether an amount in major units is this one, or in this range."""
        return number == self.least if self.most is None else self.least <= number <= self.most

    def misfit(self, currency: str) -> str:
        """Why it is not an amount of a currency; empty where it is one."""
        if self.currency not in (None, currency):
            return f"{self} is not in {currency}"
        exponent = CURRENCIES[currency].exponent
        for number in (self.least, self.most):
            if number is None:
                continue
            minor = number.scaleb(exponent, _EXACT)
            if minor.adjusted() >= _DIGITS_MAX:
                return f"{number} {currency} has more than {_DIGITS_MAX} digits in minor units, the most of DE 4"
            if minor != minor.to_integral_value():
                places = f"{exponent} decimals" if exponent else "no decimals"
                return f"{number} has more decimals than {currency}, which has {places}"
        return ""


def _amount(value: Any) -> Amount:
    """An amount that can be paid. Raises: ValueError."""
    amount = _signed_amount(value)
    if amount.least < 0:
        raise ValueError(f"'{amount}' is negative: an amount is 0 or more, and a step says which way the money goes")
    return amount


def _signed_amount(value: Any) -> Amount:
    """An amount that an account can have: a credit balance is posted below zero. Raises: ValueError."""
    if isinstance(value, Amount):
        return value
    if isinstance(value, dict) and value:
        return _range(value)
    if not isinstance(value, str):
        raise ValueError("is an amount such as 12.50 or 12.50 USD, or {between: [1.00, 20.00]}")
    number, _, currency = value.partition(" ")
    if not _NUMBER.fullmatch(number):
        hint = f"; did you mean {value.replace(',', '.')}?" if _WITH_COMMA.fullmatch(number) else ""
        raise ValueError(f"{value!r} is not an amount such as 12.50 or 12.50 USD{hint}")
    if currency and currency not in CURRENCIES:
        raise ValueError(f"{currency!r} {NO_CURRENCY}{did_you_mean(currency, CURRENCIES)}")
    return Amount(Decimal(number), currency or None)


def _bill_amount(value: Any) -> Any:
    """An amount, or a part of a statement by its name. Raises: ValueError."""
    if value in _DUES:
        return value
    if isinstance(value, str) and value[:1].isalpha():
        raise ValueError(f"{value!r} is not an amount such as 12.50, minimum or closing{did_you_mean(value, _DUES)}")
    amount = _amount(value)
    if not amount.least:
        raise ValueError("is 0: pay more than nothing")
    return amount


def _range(value: dict[str, Any]) -> Amount:
    ends = value.get("between")
    if set(value) != {"between"} or not isinstance(ends, list) or len(ends) != 2:
        raise ValueError("a range is {between: [1.00, 20.00]}: two amounts, the smaller first")
    least, most = (_amount(end) for end in ends)
    if least.most is not None or most.most is not None:
        raise ValueError("a range is between two amounts, not between ranges")
    if least.currency != most.currency:
        raise ValueError(f"the ends {least} and {most} are not of one currency")
    if least.least > most.least:
        raise ValueError(f"{least} is more than {most}: the smaller comes first")
    return Amount(least.least, least.currency, most.least)


def _seconds(value: Any) -> float:
    if isinstance(value, float):
        return value
    parts = _DURATION.findall(value) if isinstance(value, str) else []
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != value:
        raise ValueError(f"{_shown(value)} is not a duration such as 90s, 15m, 36h, 2d, 1h30m or 200ms")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _SECONDS_MAX:
        raise ValueError(f"{value!r} is longer than a hundred years")
    return seconds


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{_shown(value)} is not a time such as 2026-12-01T10:00:00Z (RFC 3339)") from None
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} lacks its offset from UTC: write Z, or such as +01:00, behind the time")
    return moment


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{_shown(value)} is not a date such as 2027-02-05") from None
    return day


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else "that"


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"{code!r} {NO_CURRENCY}{did_you_mean(code, CURRENCIES)}")
    return code


def _digits(least: int, most: int, what: str, example: str) -> Callable[[str], str]:
    """A validator of texts of so many digits."""
    pattern = re.compile(f"[0-9]{{{least},{most}}}")
    count = str(least) if least == most else f"{least} to {most}"

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text!r} is no {what}, which is {count} digits, such as {example}")
        return text

    return check


def _country(number: str) -> str:
    number = _digits(3, 3, "country's number (ISO 3166)", "276")(number)
    if not is_country(number):
        raise ValueError(f"{number!r} {NO_COUNTRY}")
    return number


_AMOUNT_SCHEMA = WithJsonSchema(
    {"type": ["string", "object"], "examples": ["12.50", "12.50 USD", {"between": ["1.00", "20.00"]}]}
)

AmountText = Annotated[Amount, BeforeValidator(_amount), _AMOUNT_SCHEMA]
"""``12.50``, ``12.50 USD`` or ``{between: [1.00, 20.00]}``."""

SignedAmountText = Annotated[Amount, BeforeValidator(_signed_amount), _AMOUNT_SCHEMA]
"""The same, and negative amounts: for what is expected of a balance."""

BillAmountText = Annotated[Amount | Literal["minimum", "closing"], BeforeValidator(_bill_amount), _AMOUNT_SCHEMA]
"""An amount, or ``minimum`` or ``closing``: what is left to pay of the last statement."""

Seconds = Annotated[float, BeforeValidator(_seconds), WithJsonSchema({"type": "string", "examples": ["36h"]})]
"""``90s``, ``15m``, ``36h``, ``2d``, ``1h30m``, ``200ms``."""

Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-01T10:00:00Z"]}),
]
"""``2026-12-01T10:00:00Z``."""

Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2027-02-05"]}),
]
"""``2027-02-05``."""

CurrencyCode = Annotated[str, AfterValidator(_currency)]
"""ISO 4217, letters."""

Pin = Annotated[str, AfterValidator(_digits(4, 12, "PIN", "7391"))]
"""ISO 9564: 4 to 12 digits."""

CategoryCode = Annotated[str, AfterValidator(_digits(4, 4, "merchant category (ISO 18245)", "5411"))]
CountryNumber = Annotated[str, AfterValidator(_country)]
AcquirerNumber = Annotated[str, AfterValidator(_digits(1, 11, "acquirer's number (DE 32)", "99900000002"))]
CommerceIndicator = Annotated[str, AfterValidator(_digits(2, 2, "electronic commerce indicator", '"05"'))]
