"""What each state of a token or card is declined for."""

import pytest

from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState, TokenState
from tests.authz.bank import Bank
from tests.authz.commands import set_card, set_token, tap

OF_A_TOKEN = {
    TokenState.INACTIVE: Reason.TOKEN_INACTIVE,
    TokenState.ACTIVE: Reason.APPROVED,
    TokenState.SUSPENDED: Reason.TOKEN_SUSPENDED,
    TokenState.DEACTIVATED: Reason.TOKEN_DEACTIVATED,
}
OF_A_CARD = {
    CardState.ACTIVE: Reason.APPROVED,
    CardState.FROZEN: Reason.CARD_FROZEN,
    CardState.CLOSED: Reason.CARD_CLOSED,
}


@pytest.mark.parametrize("state", TokenState)
def test_a_token_in_every_state(state):
    """Each is declined for a reason of its own; a state that is not in this list has none yet."""
    bank = Bank()
    bank.send(set_token(4, state=state))
    assert bank.send(tap(1)) is OF_A_TOKEN[state]
    assert len(set(OF_A_TOKEN.values())) == len(TokenState)


@pytest.mark.parametrize("state", CardState)
def test_a_card_in_every_state(state):
    """The same of cards."""
    bank = Bank()
    bank.send(set_card(4, state=state))
    assert bank.send(tap(1)) is OF_A_CARD[state]
    assert len(set(OF_A_CARD.values())) == len(CardState)
