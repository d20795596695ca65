"""Listing an advice as an exception: it is acknowledged, but applied for less than its amount."""

from typing import Any

from authz.arrays.compiled import Integer, inlined
from authz.vocabulary.exception_reasons import ExceptionReason


@inlined
def list_as_exception(result: Any, reason: Integer, asked: Integer) -> None:
    """Say why an advice is taken for less than it says. asked: how much that was, in the account's currency.

    Of two reasons the last one stands, beside what the advice asked for before the first.
    """
    if result["exception"] == ExceptionReason.NONE:
        result["asked_minor"] = asked
    result["exception"] = reason
