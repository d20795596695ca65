"""States of tokens and cards in the engine, one row each: its number, and the reason with which it declines.

The vault maps its states to these: `engine_code` of `tokenvault.tokens.lifecycle.TokenState` and
`tokenvault.cards.cards.CardState`.
"""

from enum import IntEnum
from typing import Self

from authz.vocabulary.reasons import Reason


class _State(IntEnum):
    """A state by number. reason: what a payment is declined for, `Reason.APPROVED` where it may be made."""

    reason: Reason

    def __new__(cls, number: int, *row: Reason) -> Self:
        """A row. Raises: ValueError where its reason is missing."""
        state = int.__new__(cls, number)
        state._value_ = number
        (state.reason,) = row
        return state


class TokenState(_State):
    """A token's state as the engine needs it."""

    INACTIVE = 0, Reason.TOKEN_INACTIVE
    ACTIVE = 1, Reason.APPROVED
    SUSPENDED = 2, Reason.TOKEN_SUSPENDED
    DEACTIVATED = 3, Reason.TOKEN_DEACTIVATED


class CardState(_State):
    """A card's state as the engine needs it."""

    ACTIVE = 0, Reason.APPROVED
    FROZEN = 1, Reason.CARD_FROZEN
    CLOSED = 2, Reason.CARD_CLOSED


for _states in (TokenState, CardState):
    assert [*_states] == [*range(len(_states))], "a state's number is its place among the rows"
