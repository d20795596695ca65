"""Exception items: advices that were acknowledged, but taken for less than they said. Somebody has to look at each.

An advice tells of money that has moved already, so it is never refused for its amount; what is beyond a bound is not
taken, and the rest is listed with the reason. `/v1/exceptions` has the list.
"""

from enum import IntEnum


class ExceptionReason(IntEnum):
    """Why an advice was taken for less than it said. Numbers stand in journals and never change."""

    NONE = 0
    BEYOND_REMAINDER = 1
    BEYOND_ADVICE_LIMIT = 2
    REFUSED_BY_ISSUER = 3

    @property
    def code(self) -> str:
        """The name outside: snake_case."""
        return self.name.lower()


SENTENCES: dict[ExceptionReason, str] = {
    ExceptionReason.BEYOND_REMAINDER: "It says that more was given back than is left of what was paid; "
    "only what is left was given back.",
    ExceptionReason.BEYOND_ADVICE_LIMIT: "It says more than its acquirer may advise of; nothing of it was taken.",
    ExceptionReason.REFUSED_BY_ISSUER: "It was acknowledged while the issuer was down, and the issuer has refused it, "
    "see its reason; nothing of it was taken.",
}
"""Each reason as a sentence."""
