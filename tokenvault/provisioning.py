"""The provisioning decision: may this card go onto this device? Pure, so that policy can be tested row by row."""

from dataclasses import dataclass
from enum import StrEnum

from tokenvault.cards import Card, CardState


class Outcome(StrEnum):
    """Green, yellow or red."""

    APPROVED = "approved"
    REQUIRE_ADDITIONAL_AUTHENTICATION = "require_additional_authentication"
    DECLINED = "declined"


class Reason(StrEnum):
    """Why a request was not simply approved."""

    CARD_NOT_ACTIVE = "card_not_active"
    CARD_EXPIRED = "card_expired"


@dataclass(frozen=True)
class Decision:
    """An outcome and its reasons, none for an approval."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()


def decide(card: Card, month: str) -> Decision:
    """Decide on a request for a token.

    month: the current month as YYMM; a card is valid to the end of its expiry month.
    """
    reasons = []
    if card.state is not CardState.ACTIVE:
        reasons.append(Reason.CARD_NOT_ACTIVE)
    if card.expiry < month:
        reasons.append(Reason.CARD_EXPIRED)
    return Decision(Outcome.DECLINED, tuple(reasons)) if reasons else Decision(Outcome.APPROVED)
