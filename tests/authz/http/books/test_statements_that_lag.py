"""A statement that the history has not reached is not denied; one that cannot be is, however far the history is."""

from datetime import date
from types import SimpleNamespace

import pytest

from authz.http.books.statements import found_statement
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from tests.authz.bank import HOUR_US, Bank
from tests.authz.commands import NOW_US, command, set_account
from tokenvault.vocabulary.errors import NotFound

ACCOUNT = 7
CUT = date(2027, 1, 5)


@pytest.fixture
def state():
    """An account whose last statement is of 2027-01-05."""
    bank = Bank(products=[{"number": 1, "id": "usual"}])
    bank.send(set_account(4, product=1, cut_day=5))
    for days in (0, 60):
        time_us = NOW_US + days * 24 * HOUR_US
        bank.send(command(Kind.ADJUST, account_id=ACCOUNT, amount_minor=100, time_us=time_us))
    return bank.state


def asked(state, day, reached, rows=()):
    """What is found where the history has reached a command of ten."""
    projection = SimpleNamespace(sequence=reached, newest=lambda *_: (list(rows), False))
    return found_statement(SimpleNamespace(state=state, durable_sequence=10), projection, ACCOUNT, day)


def test_what_may_still_come_is_not_denied(state):
    """Until the history is whole."""
    with pytest.raises(HistoryUnavailable):
        asked(state, CUT, 9)
    with pytest.raises(NotFound):
        asked(state, CUT, 10)
    assert asked(state, CUT, 9, [{"closing_minor": 5}]) == {"closing_minor": 5}


def test_what_cannot_come_is_denied_at_once(state):
    """A day after the last statement, and an account without books."""
    with pytest.raises(NotFound):
        asked(state, date(2027, 1, 6), 9)
    with pytest.raises(NotFound):
        asked(Bank().state, CUT, 9)
