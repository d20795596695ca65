"""Shares of amounts, exact whatever the amounts are: no product leaves 64 bits on the way."""

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined

_PPM = 1_000_000


@inlined
def share_of(amount: Integer, ppm: Integer) -> Integer:
    """Parts per million of an amount that is not negative, rounded half up."""
    whole, rest = amount // _PPM, amount % _PPM
    return whole * ppm + (2 * rest * ppm + _PPM) // (2 * _PPM)


@compiled
def part_of(nights: Integer, taken: Integer, there: Integer) -> Integer:
    """nights * taken // there, for 0 < taken <= there."""
    quotient: Integer = 0
    remainder: Integer = 0
    whole, rest = nights // there, nights % there
    for place in range(62, -1, -1):
        quotient, remainder = 2 * quotient, 2 * remainder
        if remainder >= there:
            quotient, remainder = quotient + 1, remainder - there
        if taken >> place & 1:
            remainder += rest
            if remainder >= there:
                quotient, remainder = quotient + 1, remainder - there
    return np.int64(whole * taken + quotient)
