"""Token lifecycle changes: suspend, resume, deactivate, renew; for one token, a device or a card."""

from typing import Any

import sqlalchemy as sa

from tokenvault.callers.ownership import visible
from tokenvault.cards.cards import Card, card_in
from tokenvault.devices.devices import check_possession, device_in, device_numbered
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import ENDED, TRANSITIONS, Change, ChangeReason, Initiator, TokenState, check_reason
from tokenvault.tokens.tokens import Token, change_state, notify, record_token, token_in, token_of, update_token
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict
from tokenvault.vocabulary.event_types import EventType


def change_token(
    vault: Vault,
    text_id: str,
    change: Change,
    initiator: Initiator,
    *,
    reason: ChangeReason = ChangeReason.OTHER,
    proven: ProvenKey | None = None,
) -> Token:
    """Suspend, resume or deactivate a token.

    proven: the key that made the call, where a device made it; it must be the token's device.
    Raises: NotFound, Forbidden, Conflict; FieldError if the initiator may not give this reason.
    """
    check_reason(change, initiator, reason)
    with vault.transaction() as connection:
        token = token_in(connection, text_id)
        if proven is not None and token.device_id is not None:
            check_possession(device_numbered(connection, token.device_id), proven)
        return change_state(vault, connection, token, change, initiator, reason=reason)


def change_tokens_of_device(
    vault: Vault,
    device_id: str,
    change: Change,
    initiator: Initiator,
    *,
    reason: ChangeReason = ChangeReason.OTHER,
    proven: ProvenKey | None = None,
) -> list[Token]:
    """Suspend, resume or deactivate those of a device's tokens that the caller sees and this can happen to.

    Raises: as `change_token`.
    """
    check_reason(change, initiator, reason)
    with vault.transaction() as connection:
        device = device_in(connection, device_id)
        if proven is not None:
            check_possession(device, proven)
        which = sa.and_(schema.tokens.c.device_id == device.id, visible(schema.tokens))
        return change_tokens(vault, connection, change, initiator, reason, which)


def change_tokens_of_card(
    vault: Vault, card_id: str, change: Change, initiator: Initiator, *, reason: ChangeReason = ChangeReason.OTHER
) -> list[Token]:
    """Suspend, resume or deactivate all tokens of a card that this can happen to. Raises: NotFound, FieldError."""
    check_reason(change, initiator, reason)
    with vault.transaction() as connection:
        card = card_in(connection, card_id)
        return change_tokens(vault, connection, change, initiator, reason, schema.tokens.c.card_id == card.id)


def change_tokens(
    vault: Vault,
    connection: sa.Connection,
    change: Change,
    initiator: Initiator,
    reason: ChangeReason,
    which: "sa.ColumnElement[bool]",
) -> list[Token]:
    """Change every token that is in a state to be changed, the oldest first; returns those that were."""
    changed = []
    for token in _live_tokens(connection, which):
        can_change = (token.state, change) in TRANSITIONS
        if can_change and (change is not Change.RESUME or initiator in token.lifecycle_state.suspended_by):
            changed.append(change_state(vault, connection, token, change, initiator, reason=reason))
    return changed


def _live_tokens(connection: sa.Connection, which: "sa.ColumnElement[bool]") -> list[Token]:
    query = sa.select(schema.tokens).where(which, schema.tokens.c.state.not_in(ENDED))
    rows = connection.execute(query.order_by(schema.tokens.c.created_at, schema.tokens.c.id)).all()
    return [token_of(row) for row in rows]


def renew_token(vault: Vault, text_id: str) -> Token:
    """Give a token a new expiry under the same PAN. Its device fetches its credentials anew, by activating again.

    Raises: NotFound; Conflict if it is no longer live.
    """
    with vault.transaction() as connection:
        token = token_in(connection, text_id)
        if token.state in (*ENDED, TokenState.REQUESTED):
            raise Conflict(f"cannot renew a token that is {token.state}", code="token_state_conflict")
        renewed = update_token(connection, token, expiry=vault.expiry_after(vault.program.token_validity_months))
        notify(connection, renewed)
        record_token(vault, connection, EventType.TOKEN_RENEWED, renewed, initiator=Initiator.NETWORK)
    return renewed


def tell_card_changed(vault: Vault, connection: sa.Connection, card: Card) -> None:
    """Tell the wallets of a card's live tokens that its last digits or expiry are new; the tokens stay as they are."""
    more: dict[str, Any] = {"card_last4": card.last4, "card_expiry": card.expiry}
    for token in _live_tokens(connection, schema.tokens.c.card_id == card.id):
        record_token(vault, connection, EventType.TOKEN_CARD_CHANGED, token, initiator=Initiator.ISSUER, **more)
