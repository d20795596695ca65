"""Converting amounts between currencies by the program's rates.

Rule: billing = amount * rate, rounded half away from zero to the minor unit of the account's currency.
"""

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.program.tables import Program

NO_RATE = -1
SAME_CURRENCY = 0

_DIGITS = 10_000_000
_AMOUNT_MAX = 10**17
_POWERS = np.array([10**exponent for exponent in range(19)], np.int64)


@inlined
def conversion_rate(program: Program, source: Integer, target: Integer) -> Integer:
    """The rate between two currencies as DE 10 carries it: decimals (1 digit), then 7 digits.

    Returns: SAME_CURRENCY where nothing is to be converted, NO_RATE where the program has none.
    """
    if source == target:
        return SAME_CURRENCY
    row = np.int64(program.currencies[source]["position"])
    column = np.int64(program.currencies[target]["position"])
    if row < 0 or column < 0 or program.rates[row, column]["mantissa"] == 0:
        return NO_RATE
    rate = program.rates[row, column]
    return np.int64(rate["decimals"]) * _DIGITS + np.int64(rate["mantissa"])


@inlined
def converted(program: Program, amount: Integer, rate: Integer, source: Integer, target: Integer) -> Integer:
    """A non-negative amount in the minor units of another currency; at most 10**17, so that sums never overflow."""
    if rate == SAME_CURRENCY:
        return amount
    mantissa = rate % _DIGITS
    divisor: Integer = np.int64(1)
    scale = rate // _DIGITS + np.int64(program.currencies[source]["exponent"])
    shift = np.int64(program.currencies[target]["exponent"])
    if scale >= shift:
        divisor = _POWERS[scale - shift]
    else:
        mantissa *= _POWERS[shift - scale]
    whole, rest = amount // divisor, amount % divisor
    if whole > _AMOUNT_MAX // mantissa:
        return _AMOUNT_MAX
    return whole * mantissa + (2 * rest * mantissa + divisor) // (2 * divisor)
