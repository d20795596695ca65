"""Listing an advice as an exception: it is acknowledged, but applied for less than its amount."""

from typing import Any

from authz.arrays.compiled import Integer, inlined
from authz.vocabulary.exception_reasons import ExceptionReason


@inlined
def list_as_exception(result: Any, reason: Integer, asked: Integer) -> None:
    """Record why an advice is applied for less than its amount. asked: its amount, in the account's currency.

    Of two reasons the last is kept, with the amount that the advice had before the first.
    """
    if result["exception"] == ExceptionReason.NONE:
        result["asked_minor"] = asked
    result["exception"] = reason
