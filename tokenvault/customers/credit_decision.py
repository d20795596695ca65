"""The decision on an application for a card. Pure, so it can be tested row by row.

Policy, bureau and device each contribute a vote: green, yellow or red. Any red declines, any yellow leaves the
application to the desk, and three green votes approve.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tokenvault.vocabulary.votes import Ballot, Vote, score_vote


class Outcome(StrEnum):
    """What the votes come to."""

    APPROVED = "approved"
    IN_REVIEW = "in_review"
    DECLINED = "declined"


OUTCOMES = {Vote.GREEN: Outcome.APPROVED, Vote.YELLOW: Outcome.IN_REVIEW, Vote.RED: Outcome.DECLINED}


class Party(StrEnum):
    """Who contributes a vote."""

    POLICY = "policy"
    BUREAU = "bureau"
    DEVICE = "device"


class Reason(StrEnum):
    """Why an application was declined, or waits for the desk."""

    CITY_NOT_OPEN = "city_not_open"
    CHANNEL_NOT_OPEN = "channel_not_open"
    TOO_YOUNG = "too_young"
    HAS_PRODUCT = "has_product"
    SCORE_LOW = "score_low"
    DEVICE_SCORE_LOW = "device_score_low"
    DEVICE_COMPROMISED = "device_compromised"
    TOO_MANY_APPLICATIONS_FROM_DEVICE = "too_many_applications_from_device"
    FORCED_FOR_A_TEST = "forced_for_a_test"
    DESK_DECLINED = "desk_declined"


@dataclass(frozen=True)
class Applicant:
    """What is known of who applies, where and how.

    age: full years.  score: the bureau's, see `identity`.  forced: the outcome that the identity document of a test
    asks for.  has_product: whether an application has brought the customer an account with this product before.
    """

    age: int
    city: str
    channel: str
    score: int
    forced: Outcome | None = None
    has_product: bool = False


@dataclass(frozen=True)
class DeviceFacts:
    """What is known of the device that an application comes from.

    score: 1 (least trusted) to 5, None where the app gives none.  is_compromised: rooted, or an emulator.
    recent_applications: from this device within a day, before this one.
    """

    score: int | None = None
    is_compromised: bool = False
    recent_applications: int = 0


@dataclass(frozen=True)
class ScoreBand:
    """What scores from `score_min` up to the next band get: a vote, and a credit limit in minor units."""

    score_min: int
    vote: Vote
    credit_limit_minor: int


@dataclass(frozen=True)
class CreditPolicy:
    """What makes votes yellow or red, and which limit a score gets.

    open_cities, open_channels: all, if empty.  score_bands: the highest first; scores below the last are red.
    Device scores and applications of a device up to or from ``..._red`` are red, ``..._yellow`` yellow.
    """

    open_cities: tuple[str, ...] = ("Beijing", "Guangzhou", "Shanghai", "Shenzhen")
    open_channels: tuple[str, ...] = ()
    age_min: int = 18
    score_bands: tuple[ScoreBand, ...] = (
        ScoreBand(760, Vote.GREEN, 5_000_000),
        ScoreBand(700, Vote.GREEN, 2_000_000),
        ScoreBand(640, Vote.GREEN, 800_000),
        ScoreBand(560, Vote.YELLOW, 300_000),
    )
    device_score_red: int = 1
    device_score_yellow: int = 2
    applications_of_device_yellow: int = 3
    applications_of_device_red: int = 10

    def band_of(self, score: int) -> ScoreBand | None:
        """The band that a score is in, None where it is below all of them."""
        return next((band for band in self.score_bands if score >= band.score_min), None)


@dataclass(frozen=True)
class CreditDecision:
    """The outcome, each party's vote, and the reasons, which are empty for an approval.

    credit_limit_minor: what is granted, or what the desk may grant without another word; None for a decline.
    """

    outcome: Outcome
    votes: Mapping[Party, Vote]
    reasons: tuple[Reason, ...]
    credit_limit_minor: int | None


def age_on(birth_date: date, today: date) -> int:
    """Full years between two dates; who was born on 29 February is a year older on 1 March of a common year."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def decide(applicant: Applicant, device: DeviceFacts, policy: CreditPolicy) -> CreditDecision:
    """Decide on an application. A forced outcome holds whatever the votes are."""
    ballots = {
        Party.POLICY: _policy_vote(applicant, policy),
        Party.BUREAU: _bureau_vote(applicant, policy),
        Party.DEVICE: _device_vote(device, policy),
    }
    votes = {party: ballot.vote for party, ballot in ballots.items()}
    if applicant.forced is not None:
        reasons = () if applicant.forced is Outcome.APPROVED else (Reason.FORCED_FOR_A_TEST,)
        return CreditDecision(applicant.forced, votes, reasons, _forced_limit(applicant.forced, policy))
    outcome = OUTCOMES[max(votes.values())]
    band = policy.band_of(applicant.score)
    limit = None if outcome is Outcome.DECLINED or band is None else band.credit_limit_minor
    return CreditDecision(outcome, votes, tuple(why for ballot in ballots.values() for why in ballot.reasons), limit)


def _forced_limit(outcome: Outcome, policy: CreditPolicy) -> int | None:
    """The limit of the best band for an approval, of the last one for a review."""
    if outcome is Outcome.DECLINED:
        return None
    return policy.score_bands[0 if outcome is Outcome.APPROVED else -1].credit_limit_minor


def _policy_vote(applicant: Applicant, policy: CreditPolicy) -> Ballot[Reason]:
    ballot = Ballot[Reason]()
    if policy.open_cities and not _is_among(applicant.city, policy.open_cities):
        ballot.find(Vote.RED, Reason.CITY_NOT_OPEN)
    if policy.open_channels and applicant.channel not in policy.open_channels:
        ballot.find(Vote.RED, Reason.CHANNEL_NOT_OPEN)
    if applicant.age < policy.age_min:
        ballot.find(Vote.RED, Reason.TOO_YOUNG)
    if applicant.has_product:
        ballot.find(Vote.RED, Reason.HAS_PRODUCT)
    return ballot


def _is_among(city: str, cities: tuple[str, ...]) -> bool:
    """Whether a city is one of these, however it is capitalized."""
    return city.casefold() in {each.casefold() for each in cities}


def _bureau_vote(applicant: Applicant, policy: CreditPolicy) -> Ballot[Reason]:
    ballot = Ballot[Reason]()
    band = policy.band_of(applicant.score)
    ballot.find(Vote.RED if band is None else band.vote, Reason.SCORE_LOW)
    return ballot


def _device_vote(device: DeviceFacts, policy: CreditPolicy) -> Ballot[Reason]:
    ballot = Ballot[Reason]()
    ballot.find(score_vote(device.score, policy.device_score_red, policy.device_score_yellow), Reason.DEVICE_SCORE_LOW)
    if device.is_compromised:
        ballot.find(Vote.RED, Reason.DEVICE_COMPROMISED)
    if device.recent_applications >= policy.applications_of_device_red:
        ballot.find(Vote.RED, Reason.TOO_MANY_APPLICATIONS_FROM_DEVICE)
    elif device.recent_applications >= policy.applications_of_device_yellow:
        ballot.find(Vote.YELLOW, Reason.TOO_MANY_APPLICATIONS_FROM_DEVICE)
    return ballot
