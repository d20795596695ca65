"""Lists that do not tell of everything yet: they say so, and refuse where more was asked for."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from authz.http.paging import reached
from authz.http.sight import Sight
from authz.http.transactions import found_posting
from authz.vocabulary.errors import HistoryUnavailable
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_text

NOW, BEFORE, LATER = (datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (12, 10, 11))
OPERATOR = Sight(lambda _: None, everything=True)
ENGINE = SimpleNamespace(durable_sequence=20, now_us=int(NOW.timestamp() * 1e6))


def _projection(sequence):
    """A read side that has come to a command of 10 o'clock, and has no rows."""
    return SimpleNamespace(
        sequence=sequence,
        durable_sequence=20,
        time_us=int(BEFORE.timestamp() * 1e6),
        newest=lambda *_: ([], False),
    )


def test_a_list_says_how_far_it_reaches():
    """Up to now where it is whole, else up to where it has come."""
    assert reached(ENGINE, _projection(20), None) == reached(ENGINE, _projection(20), LATER) == NOW
    assert reached(ENGINE, _projection(10), None) == reached(ENGINE, _projection(10), BEFORE) == BEFORE


def test_a_list_that_does_not_reach_far_enough_is_refused():
    """Where the caller names a time that it has not come to."""
    with pytest.raises(HistoryUnavailable):
        reached(ENGINE, _projection(10), LATER)


def test_a_transaction_that_is_not_listed_yet_is_not_called_missing():
    """Only what the history has passed can be called missing."""
    with pytest.raises(HistoryUnavailable):
        found_posting(_projection(10), OPERATOR, to_text(Prefix.TRANSACTION, 15))
    for sequence, number in ((10, 5), (20, 15), (10, 25)):
        with pytest.raises(NotFound):
            found_posting(_projection(sequence), OPERATOR, to_text(Prefix.TRANSACTION, number))
