"""The terms that a statement was made by, as sentences for the customer."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from authz.program.tables import Bucket
from tokenvault.reference_data.currencies import major_text

_ORDER_BITS = 4
_ORDER_PLACES = 6

_NAMES = {
    Bucket.FEES: "fees",
    Bucket.INTEREST: "interest",
    Bucket.CARRIED: "earlier statements",
    Bucket.CASH: "cash",
    Bucket.BILLED: "the last statement",
    Bucket.NEW: "new purchases",
}


def terms_in_words(terms: np.void, currency: str) -> Iterator[tuple[str, str]]:
    """What each of the terms is about, and what it says. terms: a row of `TERMS`."""
    rate, minimum = (percent(int(terms[name])) for name in ("rate_ppm", "minimum_ppm"))
    grace, courtesy = int(terms["grace_days"]), int(terms["courtesy_days"])
    yield "Interest", f"{rate} of what is owed at the end of each day, for cash from the day of its withdrawal on"
    base = "all that was on it" if terms["keeps_paid_nights"] else "what of it stayed unpaid"
    yield "Purchases", f"no interest if the statement is paid in full in time; else on {base}"
    yield "Minimum", f"what is past due, instalments, interest, fees and {minimum} of the rest"
    yield "Payment", f"{_days(grace)} after the statement; up to {_days(courtesy)} later counts as in time"
    tolerance = int(terms["tolerance"])
    if tolerance:
        yield "Tolerance", f"a payment counts as complete if at most {major_text(tolerance, currency)} are missing"
    yield "Late fee", f"{_fee(terms, 'late_fee', currency)}, of the minimum that is not paid in time"
    yield "Cash fee", f"{_fee(terms, 'cash_fee', currency)}, of each withdrawal"
    places = (int(terms["pay_order"]) >> _ORDER_BITS * place & 15 for place in range(_ORDER_PLACES))
    yield "Payments pay", f"in this order: {', '.join(_NAMES[Bucket(place)] for place in places)}"


def percent(parts_per_million: int) -> str:
    """A share: 500 is 0.05 %."""
    return f"{Decimal(parts_per_million).scaleb(-4).normalize():f} %"


def _fee(terms: np.void, name: str, currency: str) -> str:
    return f"{percent(int(terms[f'{name}_ppm']))}, at least {major_text(int(terms[f'{name}_min']), currency)}"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
