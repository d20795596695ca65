"""States of tokens and cards: each is a row of the vault, which holds what the engine knows it by; the rest follows."""

import pytest

from authz.vocabulary.states import CardState as EngineCardState
from authz.vocabulary.states import TokenState as EngineTokenState
from simulators.sandbox.feeds.vault_feed import command_of
from simulators.vendor_apis.issuer_processor import _STATUSES
from simulators.vendor_apis.token_service import STATUSES
from tokenvault.cards.cards import CardState
from tokenvault.events.outbox import CardNotice, Entry, TokenNotice
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import ENDED, TokenState


def _told(notice):
    return int(command_of(Entry(1, notice))["state"][0])


def _token_notice(state):
    numbers = {"token_id": 1, "account_id": 2, "card_id": 3, "cryptogram_version": 10, "key_index": 1, "device_risk": 0}
    times = {"created_at": 0, "device_created_at": 0}
    texts = {"token_pan": "9999501000000011", "expiry": "2911", "token_requestor_id": "40000000001"}
    domain = {"channels": ["contactless"], "merchant_id": None, "countries": [], "transaction_limit_minor": None}
    return TokenNotice(**numbers, **times, **texts, **domain, payment_account_reference="T" * 29, state=state)


@pytest.mark.parametrize(("states", "engine"), [(TokenState, EngineTokenState), (CardState, EngineCardState)])
def test_the_engine_knows_the_codes(states, engine):
    """Every code is one of the engine's, every one of the engine's is used, and what has its name has its number."""
    assert {state.engine_code for state in states} - {None} == set(engine)
    for state in states:
        if state.name in engine.__members__:
            assert state.engine_code == engine[state.name]


@pytest.mark.parametrize("state", TokenState)
def test_a_token_is_told_by_its_code(state):
    """One that the engine never hears of is set aside, whoever has put it into the outbox."""
    if state.engine_code is None:
        with pytest.raises(ValueError, match=f"a token that is {state}: the engine has no such state"):
            _told(_token_notice(state))
    else:
        assert _told(_token_notice(state)) == state.engine_code


@pytest.mark.parametrize("state", CardState)
def test_a_card_is_told_by_its_code(state):
    """The outbox holds the state by its name."""
    assert _told(CardNotice(1, 2, state)) == state.engine_code


def test_an_unknown_state_is_set_aside():
    """It is an error of the notice, not a state of another number."""
    for notice in (_token_notice("lost"), CardNotice(1, 2, "lost")):
        with pytest.raises(ValueError, match="lost"):
            _told(notice)


def test_vendors_have_a_word_for_every_state():
    """One follows from what the engine knows a state by; these may not change, and a further state has one too."""
    promised = {
        TokenState.REQUESTED: "INACTIVE",
        TokenState.INACTIVE: "INACTIVE",
        TokenState.ACTIVE: "ACTIVE",
        TokenState.SUSPENDED: "SUSPENDED",
        TokenState.DEACTIVATED: "DEACTIVATED",
        TokenState.DECLINED: "DEACTIVATED",
    }
    assert promised.items() <= STATUSES.items()
    assert set(STATUSES) == set(_STATUSES) == set(TokenState)


def test_the_database_keeps_one_living_token_on_a_device():
    """Its index leaves out those that have ended; a migration has to say so too."""
    assert set(schema._ENDED) == set(ENDED)
