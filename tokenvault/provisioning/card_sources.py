"""How a token request names its card: by identifier, by the issuer's signed payload, or typed in and sealed."""

import hmac
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tokenvault.cards.card_details import panel_value
from tokenvault.cards.cards import Card, card_in, card_with_pan
from tokenvault.errors import FieldError
from tokenvault.keys.sealed_entry import opened
from tokenvault.pan import is_luhn_valid
from tokenvault.provisioning.push_provisioning import OpenedPayload, open_payload
from tokenvault.tokens.tokens import AssuranceMethod
from tokenvault.vault import Vault


@dataclass(frozen=True)
class CardSource:
    """Exactly one of the three ways. Its repr shows none."""

    card_id: str | None = None
    push_payload: str | None = None
    sealed_card: str | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.card_id, self.push_payload, self.sealed_card) if value is not None]
        if len(given) != 1:
            raise FieldError("card_id", "or push_payload or sealed_card: exactly one of them names the card")

    def __repr__(self) -> str:
        return "CardSource()"


@dataclass(frozen=True)
class SourcedCard:
    """The card, what naming it in this way says of the cardholder, and the payload that is used up by it."""

    card: Card
    assurance: AssuranceMethod
    entered_by_hand: bool = False
    payload: OpenedPayload | None = None


def find_source(vault: Vault, connection: sa.Connection, source: CardSource) -> SourcedCard:
    """The card that a request means. Raises: NotFound, FieldError."""
    if source.card_id is not None:
        return SourcedCard(card_in(connection, source.card_id), AssuranceMethod.RISK_BASED)
    if source.push_payload is not None:
        payload = open_payload(vault, connection, source.push_payload)
        return SourcedCard(card_in(connection, payload.card_id), AssuranceMethod.ISSUER_ASSERTED, payload=payload)
    card = _card_typed_in(vault, connection, opened(vault.keys, "sealed_card", source.sealed_card or ""))
    return SourcedCard(card, AssuranceMethod.CARD_VERIFICATION, entered_by_hand=True)


def _card_typed_in(vault: Vault, connection: sa.Connection, told: dict[str, Any]) -> Card:
    """The card with these details. One refusal for all that can be wrong: nobody learns which part was right."""
    refusal = FieldError("sealed_card", "holds no PAN, expiry and CVV2 of a card that we have issued")
    pan, expiry, value = (told.get(name) for name in ("pan", "expiry", "cvv2"))
    if not (isinstance(pan, str) and isinstance(expiry, str) and isinstance(value, str) and is_luhn_valid(pan)):
        raise refusal
    card = card_with_pan(vault, connection, pan)
    if card is None or not hmac.compare_digest(card.expiry.encode(), expiry.encode()):
        raise refusal
    if not hmac.compare_digest(panel_value(vault.keys, pan, card.expiry).encode(), value.encode()):
        raise refusal
    return card
