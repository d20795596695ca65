"""Every lifecycle state of a token, and every change of it: few enough to be listed completely."""

from itertools import combinations

import pytest

from tests.tokenvault.tokens.test_lifecycle import Model
from tokenvault.tokens.lifecycle import (
    LIVING,
    REASONS,
    Change,
    ChangeReason,
    Initiator,
    LifecycleState,
    TokenState,
    after,
    check_reason,
)
from tokenvault.vocabulary.errors import Conflict, FieldError

SUSPENDERS = [frozenset(some) for size in range(1, 5) for some in combinations(Initiator, size)]
SUSPENDED = [state for state in TokenState if Change.RESUME in state.becomes]
STATES = [LifecycleState(state) for state in TokenState if state not in SUSPENDED]
STATES += [LifecycleState(state, some) for state in SUSPENDED for some in SUSPENDERS]


def test_the_engine_knows_each_state_by_a_number():
    """Its journal holds them, so none may change; of a token that has no token PAN, it is told nothing."""
    assert {state.value: state.engine_code for state in TokenState}.items() >= {
        "requested": None, "inactive": 0, "active": 1, "suspended": 2, "deactivated": 3, "declined": None,
    }.items()  # fmt: skip


def modelled(state_now):
    """The model of a token in this lifecycle state."""
    model = Model()
    model.decided = state_now.state is not TokenState.REQUESTED
    model.declined = state_now.state is TokenState.DECLINED
    model.ended = state_now.state is TokenState.DEACTIVATED
    model.activated = state_now.state in LIVING
    model.suspended_by = set(state_now.suspended_by)
    return model


@pytest.mark.parametrize("initiator", Initiator)
@pytest.mark.parametrize("change", Change)
def test_every_change_of_every_state(change, initiator):
    """Allowed or refused as the model has it, and with the same end: also a resume by who did not suspend."""
    for state_now in STATES:
        model = modelled(state_now)
        assert model.state_now == state_now
        if model.allows(change, initiator):
            model.apply(change, initiator)
            assert after(state_now, change, initiator) == model.state_now
        else:
            with pytest.raises(Conflict) as refused:
                after(state_now, change, initiator)
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
