"""What every reader of a decision sees of its row, in lists and in events alike; the funding side is not among it."""

from typing import Any

from authz.history.history_rows import Row
from authz.vocabulary.reasons import ANSWERS, Reason

_REASONS = {reason.code: reason for reason in Reason}
_AS_THEY_ARE = (
    "kind",
    "operation",
    "approved",
    "reason",
    "approval_code",
    "token_last4",
    "currency",
    "flagged",
    "exception",
    "channel",
    "merchant",
    "merchant_name",
    "merchant_city",
    "merchant_category",
    "country",
    "terminal",
    "stan",
    "retrieval_reference",
)


def shown_as_they_are(row: Row) -> dict[str, Any]:
    """The columns that are shown under their own names, as they are."""
    return {name: row[name] for name in _AS_THEY_ARE}


def response_code(row: Row) -> str:
    """DE 39 of the decision's answer."""
    return ANSWERS[_REASONS[row["reason"]]].response_code
