"""The product of an account, and the day on which its statements are cut.

A product is a number in the authorization program, which has its terms. It is given once and can be exchanged, but an
account that is billed by terms cannot go back to having none: what is owed by them would be due on no day.
"""

from tokenvault.vocabulary.errors import FieldError

NO_PRODUCT = 0
"""The account has no product: it is a credit line without statements, due dates and interest."""

PRODUCTS = range(32)
"""Numbers of products, `NO_PRODUCT` among them."""

CUT_DAYS = range(1, 29)
"""Days of the month on which statements can be cut: those that every month has."""


def cut_day_with(product: int, cut_day: int | None) -> int | None:
    """The cut day that an account has beside its product: None without one, the first of the month if none is given.

    Raises: FieldError.
    """
    if product not in PRODUCTS:
        raise FieldError("product", f"must be {PRODUCTS[0]} to {PRODUCTS[-1]}")
    if product == NO_PRODUCT:
        if cut_day is not None:
            raise FieldError("cut_day", "is for accounts with a product, and this one has none")
        return None
    day = CUT_DAYS[0] if cut_day is None else cut_day
    if day not in CUT_DAYS:
        raise FieldError("cut_day", f"must be a day of the month from {CUT_DAYS[0]} to {CUT_DAYS[-1]}")
    return day


def check_exchange(before: int, after: int) -> None:
    """Whether an account with one product may have another instead. Raises: FieldError."""
    if after == NO_PRODUCT and before != NO_PRODUCT:
        raise FieldError("product", f"cannot be taken away, only exchanged: the account has product {before}")
