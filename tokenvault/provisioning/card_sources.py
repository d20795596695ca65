"""Identification of the card in a token request: identifier, push payload, or manual entry."""

import hmac
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tokenvault.cards.card_details import panel_value
from tokenvault.cards.cards import Card, card_in, card_numbered, card_with_pan
from tokenvault.cards.guesses import Refused, Secret, holds
from tokenvault.keys.sealed_entry import opened
from tokenvault.provisioning.push_provisioning import ForgedPayload, OpenedPayload, open_payload
from tokenvault.tokens.tokens import AssuranceMethod
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.identifiers import Prefix, to_number
from tokenvault.vocabulary.pan import is_luhn_valid

_NO_EXPIRY = "0000"
"""The expiry to compare with if there is no such card; no card expires in month 0."""


@dataclass(frozen=True)
class CardSource:
    """How a request identifies its card: exactly one of three ways. Its repr shows no value."""

    card_id: str | None = None
    push_payload: str | None = None
    sealed_card: str | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.card_id, self.push_payload, self.sealed_card) if value is not None]
        if len(given) != 1:
            raise FieldError("card_id", "or push_payload or sealed_card: exactly one of them must identify the card")

    def __repr__(self) -> str:
        return "CardSource()"

    @property
    def secret(self) -> Secret | None:
        """The secret that an attacker could be guessing by this way of naming a card."""
        if self.sealed_card is not None:
            return Secret.CARD_DETAILS
        return None if self.push_payload is None else Secret.PUSH_PAYLOAD


@dataclass(frozen=True)
class SourcedCard:
    """The card, the assurance about the cardholder from this way of naming it, and the payload that it uses up."""

    card: Card
    assurance: AssuranceMethod
    entered_by_hand: bool = False
    payload: OpenedPayload | None = None


def find_source(vault: Vault, connection: sa.Connection, source: CardSource) -> SourcedCard:
    """The card that a request means, in a transaction of `guesses.counting`. Raises: NotFound, FieldError, Refused."""
    if source.card_id is not None:
        return SourcedCard(card_in(connection, source.card_id), AssuranceMethod.RISK_BASED)
    if source.push_payload is not None:
        try:
            payload = open_payload(vault, connection, source.push_payload)
        except ForgedPayload as forged:
            holds(vault, connection, Secret.PUSH_PAYLOAD, None, False)
            raise Refused(forged) from None
        # Signed by its issuer for whoever presents it: also for a wallet that could not name the card.
        card = card_numbered(connection, to_number(Prefix.CARD, payload.card_id))
        return SourcedCard(card, AssuranceMethod.ISSUER_ASSERTED, payload=payload)
    card = _card_typed_in(vault, connection, opened(vault.keys, "sealed_card", source.sealed_card or ""))
    return SourcedCard(card, AssuranceMethod.CARD_VERIFICATION, entered_by_hand=True)


def _card_typed_in(vault: Vault, connection: sa.Connection, told: dict[str, Any]) -> Card:
    """The card with these details. One refusal for all that can be wrong, a lock among it, and the same work for
    cards that are known and that are not: nobody learns which part was right.
    """
    pan, expiry, value = (_text(told.get(name)) for name in ("pan", "expiry", "cvv2"))
    card = card_with_pan(vault, connection, pan) if is_luhn_valid(pan) else None
    is_right = False
    if is_luhn_valid(pan):
        true_expiry = _NO_EXPIRY if card is None else card.expiry
        same_expiry = hmac.compare_digest(true_expiry.encode(), expiry.encode())
        same_value = hmac.compare_digest(panel_value(vault.keys, pan, true_expiry).encode(), value.encode())
        is_right = same_expiry and same_value
    taken = holds(vault, connection, Secret.CARD_DETAILS, None if card is None else card.id, is_right)
    if card is None or not taken:
        raise Refused(FieldError("sealed_card", "holds no PAN, expiry and CVV2 of a card that we have issued"))
    return card


def _text(value: Any) -> str:
    """A member of the payload as text; surrogates, which cannot be encoded, are replaced."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
