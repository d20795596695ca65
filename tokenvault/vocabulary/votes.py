"""Votes: what parties contribute to a decision, such as whether a card goes onto a device. Pure."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Generic, TypeVar

Why = TypeVar("Why", bound=StrEnum)


class Vote(IntEnum):
    """The decision input of one party; the greatest of all decides."""

    GREEN = 0
    YELLOW = 1
    RED = 2


@dataclass
class Ballot(Generic[Why]):
    """The decision input of one party as it is determined: the worst finding counts, and every finding is reported."""

    vote: Vote = Vote.GREEN
    reasons: list[Why] = field(default_factory=list)

    def find(self, vote: Vote, reason: Why) -> None:
        """Add a finding; a green one is none."""
        if vote is not Vote.GREEN:
            self.vote = max(self.vote, vote)
            self.reasons.append(reason)


def score_vote(score: int | None, red: int, yellow: int) -> Vote:
    """The vote of a score: red up to a bound, yellow up to another, and green above or where it is not known."""
    if score is None or score > yellow:
        return Vote.GREEN
    return Vote.RED if score <= red else Vote.YELLOW
