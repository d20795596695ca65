"""Exception items: advices that were acknowledged but applied for less than their amount, for manual review.

An advice reports money that has moved already, so it is never refused for its amount: the amount above a bound is not
posted, and the advice is listed with the reason at `/v1/exceptions`.
"""

from enum import IntEnum


class ExceptionReason(IntEnum):
    """Why an advice was applied for less than its amount. The numbers are stored in journals and never change."""

    NONE = 0
    BEYOND_REMAINDER = 1
    BEYOND_ADVICE_LIMIT = 2
    REFUSED_BY_ISSUER = 3

    @property
    def code(self) -> str:
        """The name outside: snake_case."""
        return self.name.lower()


SENTENCES: dict[ExceptionReason, str] = {
    ExceptionReason.BEYOND_REMAINDER: "The advised amount exceeds the remainder; only the remainder was given back.",
    ExceptionReason.BEYOND_ADVICE_LIMIT: "The advised amount exceeds the acquirer's advice limit; nothing was posted.",
    ExceptionReason.REFUSED_BY_ISSUER: "The advice was acknowledged while the issuer was unavailable, "
    "and the issuer refused it afterwards, see the decision's reason; nothing was posted.",
}
"""Each reason as a sentence."""
