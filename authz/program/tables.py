"""A program as the kernel reads it: arrays of numbers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from authz.commands import Records, record

CATEGORIES = 10_000
"""Merchant categories are four digits (ISO 18245)."""
CURRENCY_NUMBERS = 1_000
"""Currencies are three digits (ISO 4217)."""

CATEGORY = record([("hold_hours", "u2"), ("tolerance_permille", "u2"), ("group", "u2"), ("spare", "u2")])

CURRENCY = record([("position", "i2"), ("exponent", "i2")])
"""position: row and column in the rates, -1 where there are none."""

RATE = record([("mantissa", "u4"), ("decimals", "u4")])
"""rate = mantissa / 10 ** decimals; mantissa has seven digits, 0 where there is no rate."""

OFFSET = record([("from_us", "i8"), ("seconds", "i8")])
"""How far local time is ahead of UTC from a moment on."""


NUMBER_VERSION = 0
NUMBERS = 8
"""What stands where in `Program.numbers`, and how many there are."""


class Program(NamedTuple):
    """Everything that decides and is data.

    categories: CATEGORY[10000], by merchant category.  currencies: CURRENCY[1000], by number.  rates: RATE[n, n],
    from row to column.  offsets: OFFSET[n], in order, the first from the beginning of time.  numbers: single settings.
    """

    categories: Records
    currencies: Records
    rates: npt.NDArray[np.void]
    offsets: Records
    numbers: npt.NDArray[np.int64]
