"""ISO 4217: alphabetic and numeric currency codes and their exponents, for the currencies a program can carry."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Currency:
    """A currency. exponent: how many decimal digits its minor unit has."""

    code: str
    number: int
    exponent: int


_TABLE = """
AED 784 2, AUD 036 2, BHD 048 3, BRL 986 2, CAD 124 2, CHF 756 2, CLP 152 0, CNY 156 2, CZK 203 2, DKK 208 2,
EUR 978 2, GBP 826 2, HKD 344 2, HUF 348 2, IDR 360 2, ILS 376 2, INR 356 2, ISK 352 0, JOD 400 3, JPY 392 0,
KRW 410 0, KWD 414 3, MOP 446 2, MXN 484 2, MYR 458 2, NOK 578 2, NZD 554 2, OMR 512 3, PHP 608 2, PLN 985 2,
RON 946 2, SAR 682 2, SEK 752 2, SGD 702 2, THB 764 2, TND 788 3, TRY 949 2, TWD 901 2, USD 840 2, VND 704 0, ZAR 710 2
"""


def _read(table: str) -> dict[str, Currency]:
    rows = (entry.split() for entry in table.replace("\n", " ").split(","))
    return {code: Currency(code, int(number), int(exponent)) for code, number, exponent in rows}


CURRENCIES = _read(_TABLE)
CURRENCY_BY_NUMBER = {currency.number: currency for currency in CURRENCIES.values()}


def amount_text(amount_minor: int, currency: str) -> str:
    """An amount for people: ``12.50 EUR``, ``1250 JPY``."""
    exponent = CURRENCIES[currency].exponent
    if exponent == 0:
        return f"{amount_minor} {currency}"
    sign, digits = ("-" if amount_minor < 0 else ""), str(abs(amount_minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]} {currency}"
