"""From a program's document to the arrays that the kernel reads."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np

from authz.commands import Records
from authz.program.document import ProgramDocument, Rates
from authz.program.tables import (
    CATEGORIES,
    CATEGORY,
    CURRENCY,
    CURRENCY_NUMBERS,
    NUMBER_VERSION,
    NUMBERS,
    OFFSET,
    RATE,
    Program,
)
from tokenvault.currencies import CURRENCIES

HOLD_HOURS = 168
"""How long an approved amount is held where no category says otherwise."""

_BEGINNING = np.iinfo(np.int64).min
_SEVEN_DIGITS = Context(prec=7, rounding=ROUND_HALF_EVEN)
_DECIMALS_MAX = 9


def compiled_program(document: ProgramDocument, version: int) -> Program:
    """The arrays of a checked document."""
    numbers = np.zeros(NUMBERS, np.int64)
    numbers[NUMBER_VERSION] = version
    currencies, rates = _rates(document.rates)
    return Program(_categories(document), currencies, rates, _offsets(document), numbers)


def group_names(document: ProgramDocument) -> list[str]:
    """The category groups; a group's number is its place in this list, 0 is no group."""
    return ["", *dict.fromkeys(entry.group for entry in document.categories)]


def _categories(document: ProgramDocument) -> Records:
    categories = np.zeros(CATEGORIES, CATEGORY)
    categories["hold_hours"] = HOLD_HOURS
    groups = group_names(document)
    for entry in document.categories:
        rows = categories[int(entry.first) : int(entry.last) + 1]
        rows["hold_hours"] = entry.hold_hours
        rows["tolerance_permille"] = int(entry.tolerance_percent * 10)
        rows["group"] = groups.index(entry.group)
    return categories


def _rates(rates: Rates) -> tuple[Records, Records]:
    currencies = np.zeros(CURRENCY_NUMBERS, CURRENCY)
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
    """A rate as DE 10 can say it: at most seven digits and at most nine decimals; (0, 0) where it cannot."""
    decimals = min(_DECIMALS_MAX, max(0, 6 - rate.adjusted()))
    mantissa = int(rate.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))
    return (mantissa, decimals) if 0 < mantissa <= 9_999_999 else (0, 0)


def _offsets(document: ProgramDocument) -> Records:
    offsets = np.zeros(max(1, len(document.utc_offsets)), OFFSET)
    for row, entry in zip(offsets, document.utc_offsets, strict=False):
        row["from_us"] = int(entry.from_time.timestamp()) * 1_000_000
        row["seconds"] = entry.seconds
    offsets[0]["from_us"] = _BEGINNING
    return offsets
