"""Revealing card details to the cardholder: sealed to the key of the displaying app, and audited."""

from typing import Any

from tokenvault.cards.cards import funding_pan_of, open_card_in
from tokenvault.emv.cryptograms.card_verification import PANEL_SERVICE_CODE, card_verification_value
from tokenvault.events import audit
from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.keys.sealed_entry import sealed_to
from tokenvault.vault import Vault


def panel_value(keys: KeyRing, pan: str, expiry: str) -> str:
    """The CVV2 of a card; secret. expiry: YYMM, which goes in as MMYY."""
    key = keys.current(KeyPurpose.CARD_VERIFICATION)
    return card_verification_value(key, pan, expiry[2:] + expiry[:2], PANEL_SERVICE_CODE)


def reveal_card(vault: Vault, text_id: str, public_key: dict[str, Any]) -> str:
    """PAN, expiry and CVV2 as a JWE to a key of the caller's. public_key: JWK on P-256.

    Raises: NotFound, Conflict, FieldError.
    """
    with vault.transaction() as connection:
        card = open_card_in(connection, text_id)
        pan = funding_pan_of(vault, connection, card.id)
        told = {"pan": pan, "expiry": card.expiry, "cvv2": panel_value(vault.keys, pan, card.expiry)}
        sealed = sealed_to("public_key", public_key, told)
        audit.write(vault, connection, "card.revealed", card.text_id)
    return sealed
