"""What cardholders control of their token by themselves: a lock, and restrictions of where it can be used.

The lock is the cardholder's own suspension, beside those of issuer, wallet and network. Restrictions can only take away
from the token's domain, and come back when they are lifted. Both reach the engine as every change of a token does, so
payments are declined by the same checks and reasons.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.tokens.account_access import look_with
from tokenvault.tokens.lifecycle import Change, ChangeReason, Initiator
from tokenvault.tokens.tokens import Token, change_state, notify, record_token, token_in, update_token
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.event_types import EventType

CONTROLLED = {"channels": "channels", "countries": "countries", "transaction_limit_minor": "transaction_limit"}
"""By field of a `DomainWish`: the API's name of what can be restricted."""


def controlled_token(vault: Vault, proven: ProvenKey, text_id: str) -> Token:
    """The token whose device made the call. Raises: NotFound, Forbidden; Conflict if it is not active or suspended."""
    return look_with(vault, proven, text_id).token


def change_controls(
    vault: Vault, proven: ProvenKey, text_id: str, *, frozen: bool | None, restrictions: Mapping[str, Any]
) -> Token:
    """Freeze or unfreeze a token, and restrict where it can be used; all of it or nothing.

    frozen: None to leave it.  restrictions: by field in `CONTROLLED`, None to lift one; what is left out stays.
    What changes nothing is no event.
    Raises: as `controlled_token`; FieldError for what goes beyond the token's domain.
    """
    controlled_token(vault, proven, text_id)
    with vault.transaction() as connection:
        token = token_in(connection, text_id)
        if frozen is not None and frozen is not is_frozen(token):
            change = Change.SUSPEND if frozen else Change.RESUME
            reason = ChangeReason.CARDHOLDER_REQUEST
            token = change_state(vault, connection, token, change, Initiator.CARDHOLDER, reason=reason)
        return _restricted(vault, connection, token, restrictions)


def is_frozen(token: Token) -> bool:
    """Whether its cardholder has locked it."""
    return Initiator.CARDHOLDER in token.lifecycle_state.suspended_by


def _restricted(vault: Vault, connection: sa.Connection, token: Token, restrictions: Mapping[str, Any]) -> Token:
    wish = replace(token.restrictions, **restrictions)
    allowed, limit = token.domain, wish.transaction_limit_minor
    allowed.narrowed(wish, whose="the token", within="")
    if allowed.transaction_limit_minor is not None and limit is not None and limit > allowed.transaction_limit_minor:
        raise FieldError("transaction_limit", f"must be at most the token's own, {allowed.transaction_limit_minor}")
    if wish == token.restrictions:
        return token
    changed = update_token(connection, token, controls=wish.columns() or None)
    notify(connection, changed)
    told = {told: wish.columns().get(name) for name, told in CONTROLLED.items()}
    record_token(
        vault,
        connection,
        EventType.TOKEN_CONTROLS_CHANGED,
        changed,
        initiator=Initiator.CARDHOLDER,
        reason=ChangeReason.CARDHOLDER_REQUEST,
        controls=told,
    )
    return changed
