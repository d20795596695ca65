"""Declines on demand."""

import numpy as np
import pytest

from authz.kernel.checks.forcing import TEST_AMOUNT_BASE
from authz.kernel.checks.numbers import Check
from authz.state.tables import FORCED_MAX, Counter
from authz.vocabulary.commands import CryptogramOutcome, ForcedScope, Kind
from authz.vocabulary.reasons import DECLINES, Reason
from tests.authz.bank import Bank
from tests.authz.commands import command, tap

SUBJECTS = {ForcedScope.TOKEN: 701, ForcedScope.CARD: 70, ForcedScope.TERMINAL: 0}


def force(scope, reason, subject=None, terminal=b"TERM0001"):
    """Ask for a decline."""
    subject = SUBJECTS[scope] if subject is None else subject
    return command(
        Kind.FORCE_REASON,
        scope=scope,
        reason=reason,
        subject=subject,
        terminal=terminal if scope is ForcedScope.TERMINAL else b"",
    )


@pytest.mark.parametrize("scope", ForcedScope)
def test_the_next_authorization_is_declined_as_asked(scope):
    """Once, for that reason, and nothing is held; the one after is decided as ever."""
    bank = Bank()
    assert bank.send(force(scope, Reason.LOST_CARD)) is Reason.APPROVED
    assert bank.send(tap(1)) is Reason.LOST_CARD
    assert bank.held == 0
    assert bank.send(tap(2)) is Reason.APPROVED
    assert bank.state.counters[Counter.FORCED] == 0


def test_others_are_left_alone():
    """Another token, card or terminal is not touched, and an unproven card uses nothing up."""
    bank = Bank()
    bank.send(force(ForcedScope.TOKEN, Reason.LOST_CARD, subject=999))
    bank.send(force(ForcedScope.CARD, Reason.LOST_CARD, subject=999))
    bank.send(force(ForcedScope.TERMINAL, Reason.LOST_CARD, terminal=b"TERM0002"))
    assert bank.send(tap(1)) is Reason.APPROVED
    bank.send(force(ForcedScope.TOKEN, Reason.STOLEN_CARD))
    assert bank.send(tap(2, cryptogram_outcome=CryptogramOutcome.INVALID)) is Reason.INVALID_CRYPTOGRAM
    assert bank.send(tap(2)) is Reason.STOLEN_CARD


def test_the_last_word_counts_and_can_be_taken_back():
    """Asking again replaces what was asked; reason 0 forgets it."""
    bank = Bank()
    bank.send(force(ForcedScope.TOKEN, Reason.LOST_CARD))
    bank.send(force(ForcedScope.TOKEN, Reason.PIN_MISMATCH))
    assert bank.send(tap(1)) is Reason.PIN_MISMATCH
    bank.send(force(ForcedScope.TERMINAL, Reason.LOST_CARD, terminal=b"TERM0002"))
    bank.send(force(ForcedScope.TOKEN, Reason.LOST_CARD))
    bank.send(force(ForcedScope.TOKEN, Reason.STOLEN_CARD))
    assert bank.state.counters[Counter.FORCED] == 2
    bank.send(force(ForcedScope.TOKEN, 0))
    assert bank.state.counters[Counter.FORCED] == 1
    assert bank.send(tap(2)) is Reason.APPROVED


def test_a_number_is_a_token_or_a_card():
    """What is asked of a card is not asked of the token with the same number."""
    bank = Bank()
    bank.send(force(ForcedScope.TOKEN, Reason.LOST_CARD))
    bank.send(force(ForcedScope.CARD, Reason.STOLEN_CARD, subject=SUBJECTS[ForcedScope.TOKEN]))
    assert bank.state.counters[Counter.FORCED] == 2
    assert bank.send(tap(1)) is Reason.LOST_CARD


def test_what_was_used_up_is_not_used_again():
    """And takes nothing from what still waits."""
    bank = Bank()
    bank.send(force(ForcedScope.CARD, Reason.LOST_CARD, subject=999))
    bank.send(force(ForcedScope.TOKEN, Reason.STOLEN_CARD))
    assert bank.send(tap(1)) is Reason.STOLEN_CARD
    assert bank.send(tap(2)) is Reason.APPROVED
    assert bank.state.counters[Counter.FORCED] == 1


def test_no_more_than_there_is_room_for():
    """A full table says so and keeps what it has."""
    bank = Bank()
    for subject in range(FORCED_MAX):
        assert bank.send(force(ForcedScope.TOKEN, Reason.LOST_CARD, subject=10_000 + subject)) is Reason.APPROVED
    assert bank.send(force(ForcedScope.TOKEN, Reason.LOST_CARD)) is Reason.SYSTEM_MALFUNCTION
    assert bank.send(tap(1)) is Reason.APPROVED
    assert bank.send(force(ForcedScope.TOKEN, Reason.STOLEN_CARD, subject=10_000)) is Reason.APPROVED
    assert bank.state.counters[Counter.FORCED] == FORCED_MAX


@pytest.mark.parametrize("number", [0, *(reason for reason in Reason if reason.is_approval), Reason.AWAITING_ISSUER])
def test_no_amount_asks_for_anything_but_a_decline(number):
    """Neither for an approval nor for a question to the issuer."""
    bank = Bank()
    assert bank.send(tap(1, TEST_AMOUNT_BASE + number)) is Reason.EXCEEDS_LIMIT


def test_an_amount_that_integrators_know_by_heart():
    """99,000.42, as the documents have it."""
    assert Bank().send(tap(1, 9_900_042)) is Reason.DO_NOT_HONOR


@pytest.mark.parametrize("reason", DECLINES, ids=lambda reason: reason.code)
def test_every_reason_has_an_amount(reason):
    """An amount asks for each decline, where the program says so."""
    bank = Bank()
    assert bank.send(tap(1, TEST_AMOUNT_BASE + reason)) is reason
    assert np.flatnonzero(bank.findings.checks["reached"]).max() == Check.SIMULATION
    bank.use(test_amounts=False)
    assert bank.send(tap(2, TEST_AMOUNT_BASE + reason)) is Reason.EXCEEDS_LIMIT
