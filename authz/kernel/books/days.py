"""Days of a calendar as whole numbers since 1970, and the cuts among them."""

import numpy as np

from authz.arrays.compiled import Integer, inlined

_DAYS_TO_1970 = 719_468  # from 0000-03-01, where the years of this arithmetic begin
_DAYS_OF_ERA = 146_097  # 400 years


@inlined
def day_of_month(day: Integer) -> Integer:
    """1 to 31."""
    days = day + _DAYS_TO_1970
    day_of_era = days - days // _DAYS_OF_ERA * _DAYS_OF_ERA
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    return day_of_year - (153 * ((5 * day_of_year + 2) // 153) + 2) // 5 + 1


@inlined
def next_cut(day: Integer, cut_day: Integer) -> Integer:
    """The first day from this one on that has a number in its month. cut_day: 1 to 28."""
    ahead = cut_day - day_of_month(day)
    if ahead >= 0:
        return day + ahead
    # From the 28th day on the next month is no more than four days away.
    later = day + 28 + ahead
    first: Integer = later
    while day_of_month(first) != cut_day:
        first += 1
    return np.int64(first)
