"""ISO 4217: alphabetic and numeric currency codes and their exponents, for every currency an account can be in.

The data is the maintenance agency's table as `iso4217` carries it. A code without a minor unit is no currency that an
amount can be written in: precious metals (XAU), units of account between banks (XDR, XUA, XSU, XBA to XBD), the codes
for tests (XTS) and for no currency (XXX). Funds codes (CLF, UYI, USN, ...) have a minor unit and are served alike.
"""

from dataclasses import dataclass

import iso4217


@dataclass(frozen=True)
class Currency:
    """A currency. exponent: how many decimal digits its minor unit has, 0 to 4."""

    code: str
    number: int
    exponent: int


CURRENCIES = {
    assigned.code: Currency(assigned.code, assigned.number, assigned.exponent)
    for assigned in iso4217.Currency
    if assigned.exponent is not None
}
CURRENCY_BY_NUMBER = {currency.number: currency for currency in CURRENCIES.values()}
NO_CURRENCY = "is not an ISO 4217 code of a currency with a minor unit"
"""The error for a code that is not a currency."""


def amount_text(amount_minor: int, currency: str) -> str:
    """An amount for people: ``12.50 EUR``, ``1250 JPY``; minor units where the currency is not known."""
    exponent = CURRENCIES[currency].exponent if currency in CURRENCIES else 0
    if exponent == 0:
        return f"{amount_minor} {currency}"
    sign, digits = ("-" if amount_minor < 0 else ""), str(abs(amount_minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]} {currency}"


def major_text(amount_minor: int, currency: str) -> str:
    """An amount in a table: ``1,234.50``, ``1,250`` of JPY; minor units where the currency is not known."""
    exponent = CURRENCIES[currency].exponent if currency in CURRENCIES else 0
    whole, part = divmod(abs(amount_minor), 10**exponent)
    fraction = f".{part:0{exponent}d}" if exponent else ""
    return f"{'-' if amount_minor < 0 else ''}{whole:,}{fraction}"
