"""The card lifecycle: freeze, unfreeze, replace, renew, close, and its effect on tokens. One transaction each."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from tokenvault.cards.cards import (
    Card,
    CardState,
    Contacts,
    card_in,
    notify,
    open_card_in,
    record_card,
    sealed_contacts,
    sealed_pan,
    unused_funding_pan,
)
from tokenvault.storage import schema
from tokenvault.tokens import token_changes
from tokenvault.tokens.lifecycle import Change, ChangeReason, Initiator
from tokenvault.vault import Vault
from tokenvault.vocabulary.event_types import EventType


def freeze_card(vault: Vault, text_id: str) -> Card:
    """Stop a card and so all its tokens from paying, until it is unfrozen. Freezing twice is no error.

    Raises: NotFound; Conflict if it is closed.
    """
    return _set_state(vault, text_id, CardState.FROZEN, EventType.CARD_FROZEN)


def unfreeze_card(vault: Vault, text_id: str) -> Card:
    """Let a frozen card pay again. Unfreezing twice is no error. Raises: NotFound; Conflict if it is closed."""
    return _set_state(vault, text_id, CardState.ACTIVE, EventType.CARD_UNFROZEN)


def _set_state(vault: Vault, text_id: str, state: CardState, event_type: EventType) -> Card:
    with vault.transaction() as connection:
        card = open_card_in(connection, text_id)
        if card.state is state:
            return card
        changed = _update(connection, card, state=state)
        notify(connection, changed)
        record_card(vault, connection, event_type, changed)
    return changed


def _update(connection: sa.Connection, card: Card, **values: Any) -> Card:
    connection.execute(sa.update(schema.cards).where(schema.cards.c.id == card.id).values(**values))
    shown = {name: value for name, value in values.items() if name in Card.__dataclass_fields__}
    return replace(card, **shown)


def replace_card(vault: Vault, text_id: str, reason: ChangeReason) -> Card:
    """Give a card a new PAN and expiry, as when its number was lost or stolen: its tokens and its PAR stay.

    Raises: NotFound; Conflict if it is closed, or the funding range is exhausted.
    """
    with vault.transaction() as connection:
        card = open_card_in(connection, text_id)
        pan = unused_funding_pan(vault, connection)
        expiry = vault.expiry_after(vault.program.card_validity_months)
        changed = _update(connection, card, last4=pan[-4:], expiry=expiry, **sealed_pan(vault, card.id, pan))
        record_card(vault, connection, EventType.CARD_REPLACED, changed, reason=reason)
        token_changes.tell_card_changed(vault, connection, changed)
    return changed


def renew_card(vault: Vault, text_id: str) -> Card:
    """Give a card a new expiry under the same PAN; its tokens and its PAR stay. Raises: NotFound, Conflict."""
    with vault.transaction() as connection:
        card = open_card_in(connection, text_id)
        changed = _update(connection, card, expiry=vault.expiry_after(vault.program.card_validity_months))
        record_card(vault, connection, EventType.CARD_RENEWED, changed)
        token_changes.tell_card_changed(vault, connection, changed)
    return changed


def close_card(vault: Vault, text_id: str, reason: ChangeReason = ChangeReason.CARD_CLOSED) -> Card:
    """Close a card for good, and deactivate all its tokens. Closing twice is no error. Raises: NotFound, FieldError."""
    with vault.transaction() as connection:
        card = card_in(connection, text_id)
        if card.state is CardState.CLOSED:
            return card
        token_changes.change_tokens(
            vault, connection, Change.DEACTIVATE, Initiator.ISSUER, reason, schema.tokens.c.card_id == card.id
        )
        changed = _update(connection, card, state=CardState.CLOSED)
        notify(connection, changed)
        record_card(vault, connection, EventType.CARD_CLOSED, changed, reason=reason)
    return changed


def change_contacts(vault: Vault, text_id: str, contacts: Contacts) -> Card:
    """Say anew where one-time codes of a card can be sent. Raises: NotFound, FieldError, Conflict."""
    with vault.transaction() as connection:
        card = open_card_in(connection, text_id)
        shown, columns = sealed_contacts(vault, card.id, contacts)
        changed = _update(connection, card, masked_contacts=shown, **columns)
        record_card(vault, connection, EventType.CARD_CONTACTS_CHANGED, changed)
    return changed
