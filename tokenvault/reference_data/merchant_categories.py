"""ISO 18245: which codes are merchant categories.

The data is that of `iso18245`: the standard's list and the networks' own. It is read when it is first asked for.
"""

from functools import cache

from iso18245 import get_all_mccs

_PRIVATE = range(3_000, 4_000)
"""For private use: the networks' codes of airlines, car rentals and hotels."""

NO_CATEGORY = "is not an ISO 18245 code of a merchant category"
"""The error for a code that is not a merchant category."""


@cache
def _assigned() -> frozenset[str]:
    return frozenset(category.mcc for category in get_all_mccs())


def is_merchant_category(code: str) -> bool:
    """Whether four digits are a category's, or one of those for private use."""
    if len(code) != 4 or not (code.isascii() and code.isdigit()):
        return False
    return int(code) in _PRIVATE or code in _assigned()
