"""The account behind a phone's token: who may look at it, and who may agree on something for it.

| token is | look at the account, pay its bill | agree on something new |
|---|---|---|
| active | yes | yes |
| suspended, by whomever | yes: what is owed falls due all the same | no |
| not activated yet: its cardholder may not be verified | no | no |
| deactivated, declined: the phone is no longer the cardholder's | no | no |

The token of a merchant on file reaches no account: a merchant is not the cardholder.
"""

from dataclasses import dataclass

from tokenvault.cards.cards import Card, card_numbered
from tokenvault.devices.proof_of_possession import ProvenKey
from tokenvault.tokens.lifecycle import LIVING, TokenState
from tokenvault.tokens.tokens import Token, token_in_hand_in
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, Forbidden


@dataclass(frozen=True)
class PhoneToken:
    """A token on the phone that made a call, and its card."""

    token: Token
    card: Card


def look_with(vault: Vault, proven: ProvenKey, token_id: str) -> PhoneToken:
    """The token with which its phone looks at the account, or pays its bill.

    Raises: NotFound.  Forbidden for another device, and for a token without one.  Conflict, by the token's state.
    """
    return _in_state(vault, proven, token_id, LIVING)


def agree_with(vault: Vault, proven: ProvenKey, token_id: str) -> PhoneToken:
    """The token with which its phone agrees on something new for the account. Raises: as `look_with`."""
    return _in_state(vault, proven, token_id, (TokenState.ACTIVE,))


def _in_state(vault: Vault, proven: ProvenKey, token_id: str, states: tuple[TokenState, ...]) -> PhoneToken:
    with vault.reading() as connection:
        token = token_in_hand_in(connection, proven, token_id)
        card = card_numbered(connection, token.card_id)
    if token.device_id is None:
        raise Forbidden(f"{token_id} is the token of a merchant on file, and no phone's", code="wrong_device")
    if token.state not in states:
        raise Conflict(
            f"this call takes a token that is {' or '.join(states)}, and {token_id} is {token.state}",
            code="token_state_conflict",
        )
    return PhoneToken(token, card)
