"""The provisioning decision: whether a card may be provisioned to a device. Pure, so it can be tested row by row.

Wallet, network and issuer each contribute a decision input: green, yellow or red. Any red declines, any yellow requires
identification and verification, and three green inputs approve. An input is called a vote here, as in the API.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tokenvault.cards.cards import CardState
from tokenvault.vocabulary.votes import Ballot, Vote, score_vote


class Outcome(StrEnum):
    """The decision on a request for a token."""

    APPROVED = "approved"
    REQUIRE_ADDITIONAL_AUTHENTICATION = "require_additional_authentication"
    DECLINED = "declined"


OUTCOMES = {
    Vote.GREEN: Outcome.APPROVED,
    Vote.YELLOW: Outcome.REQUIRE_ADDITIONAL_AUTHENTICATION,
    Vote.RED: Outcome.DECLINED,
}
VOTES = {outcome: vote for vote, outcome in OUTCOMES.items()}


class Party(StrEnum):
    """A party that contributes a decision input."""

    WALLET = "wallet"
    NETWORK = "network"
    ISSUER = "issuer"


class Reason(StrEnum):
    """Why a request was declined or requires verification."""

    CARD_NOT_ACTIVE = "card_not_active"
    CARD_EXPIRED = "card_expired"
    WALLET_RECOMMENDS = "wallet_recommends"
    DEVICE_SCORE_LOW = "device_score_low"
    ACCOUNT_SCORE_LOW = "account_score_low"
    ACCOUNT_TOO_NEW = "account_too_new"
    TOO_MANY_TOKENS_ON_DEVICE = "too_many_tokens_on_device"
    TOO_MANY_TOKENS_OF_CARD = "too_many_tokens_of_card"
    TOO_MANY_RECENT_REQUESTS = "too_many_recent_requests"
    COUNTRY_NOT_EXPECTED = "country_not_expected"
    ISSUER_ALWAYS_VERIFIES = "issuer_always_verifies"
    ENTERED_BY_HAND = "entered_by_hand"
    FORCED_FOR_A_TEST = "forced_for_a_test"
    VERIFICATION_FAILED = "verification_failed"


class WalletReason(StrEnum):
    """A wallet's reason against a request, in addition to its recommendation."""

    ACCOUNT_CARD_TOO_NEW = "account_card_too_new"
    ACCOUNT_RECENTLY_CHANGED = "account_recently_changed"
    ACCOUNT_SCORE_LOW = "account_score_low"
    ACCOUNT_TOO_NEW = "account_too_new"
    ACCOUNT_TOO_NEW_SINCE_LAUNCH = "account_too_new_since_launch"
    CARDHOLDER_NAME_MISMATCH = "cardholder_name_mismatch"
    DEVICE_RECENTLY_LOST = "device_recently_lost"
    DEVICE_SCORE_LOW = "device_score_low"
    HAS_SUSPENDED_TOKENS = "has_suspended_tokens"
    HIGH_RISK = "high_risk"
    INACTIVE_ACCOUNT = "inactive_account"
    OUTSIDE_HOME_TERRITORY = "outside_home_territory"
    SUSPICIOUS_TRANSACTIONS = "suspicious_transactions"
    TOO_MANY_DIFFERENT_CARDHOLDERS = "too_many_different_cardholders"
    TOO_MANY_RECENT_ATTEMPTS = "too_many_recent_attempts"
    TOO_MANY_RECENT_TOKENS = "too_many_recent_tokens"
    UNABLE_TO_ASSESS = "unable_to_assess"


FORCED_OUTCOMES = {f"force_{outcome}": vote for vote, outcome in OUTCOMES.items()}
"""Wallet account identifiers that force an outcome, listed in ``docs/test-values.md``."""


@dataclass(frozen=True)
class RiskInformation:
    """The wallet's information about its account and the device; None where it gives none.

    device_score, account_score: 1 (least trusted) to 5.  country: of the device, ISO 3166-1 numeric.
    device_language: ISO 639-1.  account_age_days: since the wallet account was opened.
    """

    device_score: int | None = None
    account_score: int | None = None
    recommendation: Outcome | None = None
    reasons: tuple[WalletReason, ...] = ()
    wallet_account_id: str | None = None
    account_age_days: int | None = None
    tokens_on_device: int | None = None
    country: str | None = None
    device_language: str | None = None


@dataclass(frozen=True)
class Circumstances:
    """What the vault itself knows about a request.

    card_expiry, month: YYMM.  tokens_on_device, tokens_of_card: live ones.  recent_requests: for the card within a day.
    entered_by_hand: by the holder of the device, which proves nothing about the cardholder.
    """

    card_state: CardState
    card_expiry: str
    month: str
    tokens_on_device: int = 0
    tokens_of_card: int = 0
    recent_requests: int = 0
    entered_by_hand: bool = False


_DEFAULT_WALLET_REASONS = dict.fromkeys(WalletReason, Vote.YELLOW) | {
    WalletReason.DEVICE_RECENTLY_LOST: Vote.RED,
    WalletReason.HIGH_RISK: Vote.RED,
}


@dataclass(frozen=True)
class ProvisioningPolicy:
    """What makes decision inputs yellow or red. Scores up to ``..._red`` are red, up to ``..._yellow`` yellow.

    wallet_reasons: the decision input that each of the wallet's reasons produces.  expected_countries: all, if empty.
    """

    device_score_red: int = 1
    device_score_yellow: int = 2
    account_score_red: int = 1
    account_score_yellow: int = 2
    account_age_days_min: int = 0
    tokens_on_device_max: int = 20
    tokens_of_card_max: int = 20
    recent_requests_yellow: int = 10
    recent_requests_red: int = 50
    expected_countries: tuple[str, ...] = ()
    issuer_always_verifies: bool = False
    verifies_entry_by_hand: bool = True
    wallet_reasons: Mapping[WalletReason, Vote] = field(default_factory=lambda: dict(_DEFAULT_WALLET_REASONS))


@dataclass(frozen=True)
class Decision:
    """The outcome, the decision input of each party, and the reasons, which are empty for an approval."""

    outcome: Outcome
    votes: Mapping[Party, Vote]
    reasons: tuple[Reason | WalletReason, ...] = ()


_Ballot = Ballot[Reason | WalletReason]


def decide(risk: RiskInformation, seen: Circumstances, policy: ProvisioningPolicy) -> Decision:
    """Decide on a request for a token."""
    ballots = {
        Party.WALLET: _wallet_vote(risk, policy),
        Party.NETWORK: _network_vote(risk, seen, policy),
        Party.ISSUER: _issuer_vote(risk, seen, policy),
    }
    votes = {party: ballot.vote for party, ballot in ballots.items()}
    reasons = tuple(reason for ballot in ballots.values() for reason in ballot.reasons)
    forced = FORCED_OUTCOMES.get(risk.wallet_account_id or "")
    if forced is not None:
        why = () if forced is Vote.GREEN else (Reason.FORCED_FOR_A_TEST,)
        return Decision(OUTCOMES[forced], votes, why)
    return Decision(OUTCOMES[max(votes.values())], votes, reasons)


def _wallet_vote(risk: RiskInformation, policy: ProvisioningPolicy) -> _Ballot:
    ballot = _Ballot()
    if risk.recommendation is not None:
        ballot.find(VOTES[risk.recommendation], Reason.WALLET_RECOMMENDS)
    for reason in risk.reasons:
        ballot.find(policy.wallet_reasons.get(reason, Vote.GREEN), reason)
    return ballot


def _network_vote(risk: RiskInformation, seen: Circumstances, policy: ProvisioningPolicy) -> _Ballot:
    ballot = _Ballot()
    ballot.find(
        score_vote(risk.device_score, policy.device_score_red, policy.device_score_yellow), Reason.DEVICE_SCORE_LOW
    )
    ballot.find(
        score_vote(risk.account_score, policy.account_score_red, policy.account_score_yellow),
        Reason.ACCOUNT_SCORE_LOW,
    )
    if risk.account_age_days is not None and risk.account_age_days < policy.account_age_days_min:
        ballot.find(Vote.YELLOW, Reason.ACCOUNT_TOO_NEW)
    if max(seen.tokens_on_device, risk.tokens_on_device or 0) >= policy.tokens_on_device_max:
        ballot.find(Vote.YELLOW, Reason.TOO_MANY_TOKENS_ON_DEVICE)
    if seen.recent_requests >= policy.recent_requests_red:
        ballot.find(Vote.RED, Reason.TOO_MANY_RECENT_REQUESTS)
    elif seen.recent_requests >= policy.recent_requests_yellow:
        ballot.find(Vote.YELLOW, Reason.TOO_MANY_RECENT_REQUESTS)
    return ballot


def _issuer_vote(risk: RiskInformation, seen: Circumstances, policy: ProvisioningPolicy) -> _Ballot:
    ballot = _Ballot()
    if seen.card_state is not CardState.ACTIVE:
        ballot.find(Vote.RED, Reason.CARD_NOT_ACTIVE)
    if seen.card_expiry < seen.month:  # a card is valid to the end of its expiry month
        ballot.find(Vote.RED, Reason.CARD_EXPIRED)
    if seen.tokens_of_card >= policy.tokens_of_card_max:
        ballot.find(Vote.RED, Reason.TOO_MANY_TOKENS_OF_CARD)
    if policy.expected_countries and risk.country is not None and risk.country not in policy.expected_countries:
        ballot.find(Vote.YELLOW, Reason.COUNTRY_NOT_EXPECTED)
    if seen.entered_by_hand and policy.verifies_entry_by_hand:
        ballot.find(Vote.YELLOW, Reason.ENTERED_BY_HAND)
    if policy.issuer_always_verifies:
        ballot.find(Vote.YELLOW, Reason.ISSUER_ALWAYS_VERIFIES)
    return ballot
