"""The lifecycle of a token against a model that keeps two booleans and a set instead of a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvault.tokens.lifecycle import (
    ENDED,
    LIVING,
    REASONS,
    TRANSITIONS,
    Change,
    ChangeReason,
    Initiator,
    LifecycleState,
    TokenState,
    after,
    check_reason,
)
from tokenvault.tokens.tokens import EVENTS
from tokenvault.vocabulary.errors import Conflict, FieldError

steps = st.lists(st.tuples(st.sampled_from(Change), st.sampled_from(Initiator)), max_size=20)


class Model:
    """What a token may do, said another way."""

    def __init__(self):
        self.decided = self.declined = self.activated = self.ended = False
        self.suspended_by = set()

    def allows(self, change, initiator):
        """Whether this may happen now."""
        if self.ended or self.declined:
            return False
        if change in (Change.APPROVE, Change.DECLINE):
            return not self.decided
        if change is Change.DEACTIVATE:
            return True
        if not self.decided:
            return False
        if change is Change.ACTIVATE:
            return not self.suspended_by
        if change is Change.SUSPEND:
            return self.activated
        return initiator in self.suspended_by

    def apply(self, change, initiator):
        """Let it happen."""
        if change in (Change.APPROVE, Change.DECLINE):
            self.decided, self.declined = True, change is Change.DECLINE
        self.activated |= change is Change.ACTIVATE
        self.ended |= change is Change.DEACTIVATE
        if change is Change.SUSPEND:
            self.suspended_by.add(initiator)
        elif change in (Change.RESUME, Change.DEACTIVATE):
            self.suspended_by = set() if self.ended else self.suspended_by - {initiator}

    @property
    def state_now(self):
        """The same as the code would say it."""
        if self.declined:
            return LifecycleState(TokenState.DECLINED)
        if self.ended:
            return LifecycleState(TokenState.DEACTIVATED)
        if self.suspended_by:
            return LifecycleState(TokenState.SUSPENDED, frozenset(self.suspended_by))
        if self.activated:
            return LifecycleState(TokenState.ACTIVE)
        return LifecycleState(TokenState.INACTIVE if self.decided else TokenState.REQUESTED)


@given(steps)
def test_any_story_agrees_with_the_model(story):
    """Whatever is asked in whatever order, table and model allow the same and end in the same state."""
    state_now, model = LifecycleState(TokenState.REQUESTED), Model()
    for change, initiator in story:
        if model.allows(change, initiator):
            state_now = after(state_now, change, initiator)
            model.apply(change, initiator)
        else:
            with pytest.raises(Conflict) as refused:
                after(state_now, change, initiator)
            assert refused.value.code == "token_state_conflict"
        assert state_now == model.state_now


def test_final_states_are_final():
    """Nothing leads out of deactivated and declined, and every other state can be left."""
    left = {state for state, _ in TRANSITIONS}
    assert set(TokenState) - left == {TokenState.DEACTIVATED, TokenState.DECLINED}


def test_every_change_that_is_asked_for_has_its_reasons():
    """Whoever may ask for a change may leave the reason open, and nobody may give a reason that is another's."""
    asked_for = (Change.SUSPEND, Change.RESUME, Change.DEACTIVATE)
    assert set(REASONS) == {(change, initiator) for change in asked_for for initiator in Initiator}
    for (change, initiator), allowed in REASONS.items():
        for reason in ChangeReason:
            if reason in allowed:
                check_reason(change, initiator, reason)
            else:
                with pytest.raises(FieldError) as refused:
                    check_reason(change, initiator, reason)
                assert refused.value.field == "reason"
    assert all(ChangeReason.OTHER in allowed for allowed in REASONS.values())
    assert {reason for allowed in REASONS.values() for reason in allowed} == set(ChangeReason)


def test_what_follows_from_the_table():
    """Which states are final, and which a token has between its activation and its end."""
    assert set(ENDED) == {TokenState.DEACTIVATED, TokenState.DECLINED}
    assert set(LIVING) == {TokenState.ACTIVE, TokenState.SUSPENDED}


def test_every_change_is_told_and_has_its_reasons():
    """An event for each; and for what may be asked for, reasons of everyone who may ask."""
    assert set(EVENTS) == set(Change)
    asked_for = {change for change, _ in REASONS}
    assert asked_for == {Change.SUSPEND, Change.RESUME, Change.DEACTIVATE}
    assert set(REASONS) == {(change, initiator) for change in asked_for for initiator in Initiator}
