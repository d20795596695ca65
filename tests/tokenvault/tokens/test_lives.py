"""Every life that a token can have, and every change of it: small enough to be listed whole."""

from itertools import combinations

import pytest

from tests.tokenvault.tokens.test_lifecycle import Model
from tokenvault.tokens.lifecycle import (
    REASONS,
    Change,
    ChangeReason,
    Initiator,
    TokenLife,
    TokenState,
    after,
    check_reason,
)
from tokenvault.vocabulary.errors import Conflict, FieldError

SUSPENDERS = [frozenset(some) for size in range(1, 5) for some in combinations(Initiator, size)]
LIVES = [TokenLife(state) for state in TokenState if state is not TokenState.SUSPENDED]
LIVES += [TokenLife(TokenState.SUSPENDED, some) for some in SUSPENDERS]


def modelled(life):
    """The model of a token that has come to this life."""
    model = Model()
    model.decided = life.state is not TokenState.REQUESTED
    model.declined = life.state is TokenState.DECLINED
    model.ended = life.state is TokenState.DEACTIVATED
    model.activated = life.state in (TokenState.ACTIVE, TokenState.SUSPENDED)
    model.suspended_by = set(life.suspended_by)
    return model


@pytest.mark.parametrize("initiator", Initiator)
@pytest.mark.parametrize("change", Change)
def test_every_change_of_every_life(change, initiator):
    """Allowed or refused as the model has it, and with the same end: also a resume by who did not suspend."""
    for life in LIVES:
        model = modelled(life)
        assert model.life == life
        if model.allows(change, initiator):
            model.apply(change, initiator)
            assert after(life, change, initiator) == model.life
        else:
            with pytest.raises(Conflict) as refused:
                after(life, change, initiator)
            assert refused.value.code == "token_state_conflict"


DEVICE = "device_lost device_stolen "
CARD = "card_lost card_stolen "
PUBLISHED = {
    "suspend cardholder": "cardholder_request " + DEVICE,
    "suspend wallet": "suspected_fraud " + DEVICE,
    "suspend issuer": "cardholder_request suspected_fraud " + DEVICE + CARD,
    "suspend network": "suspected_fraud",
    "resume cardholder": "cardholder_request device_found",
    "resume wallet": "device_found fraud_cleared",
    "resume issuer": "cardholder_request device_found card_found fraud_cleared",
    "resume network": "fraud_cleared",
    "deactivate cardholder": "cardholder_request " + DEVICE,
    "deactivate wallet": "removed_from_wallet device_replaced " + DEVICE,
    "deactivate issuer": "cardholder_request card_closed account_closed confirmed_fraud " + DEVICE + CARD,
    "deactivate network": "confirmed_fraud",
}
"""The contract with wallets, as their guide publishes it: who may give which reason, beside `other`."""


def test_reasons_are_those_of_the_contract():
    """A reason that went would refuse wallets that were promised it; one that came must be published."""
    told = {f"{change} {initiator}": set(map(str, allowed)) for (change, initiator), allowed in REASONS.items()}
    assert told == {who: {*reasons.split(), "other"} for who, reasons in PUBLISHED.items()}


def test_a_refused_reason_says_which_there_are():
    """The field, and all that would have been taken, in order."""
    with pytest.raises(FieldError) as refused:
        check_reason(Change.RESUME, Initiator.NETWORK, ChangeReason.CARD_LOST)
    assert refused.value.field == "reason"
    assert "must be one of these to resume as network: fraud_cleared, other" in str(refused.value)
