"""Windows of limits and rules: the table of periods, and lengths of time."""

import pytest

from authz.program.periods import PERIODS, Begins, Period, period_of
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import NOW_US, tap

DAY_US = 86_400_000_000


@pytest.fixture
def fortnight(monkeypatch):
    """A row that the table does not have: fourteen days back from now."""
    row = int.__new__(Period, len(Period))
    row.begins, row.every, row.scope = Begins.BACK_FROM_NOW, 14, None
    monkeypatch.setitem(PERIODS, "fortnight", row)
    return row


def test_a_period_back_from_now(fortnight):
    """Exactly so many days ago is outside; a microsecond less is inside."""
    assert period_of("fortnight") == (fortnight, 14 * DAY_US)
    bank = Bank(limits=[{"id": "once", "window": "fortnight", "count_max": 1}])
    for later_us, expected in (
        (0, Reason.APPROVED),
        (14 * DAY_US - 1, Reason.EXCEEDS_LIMIT),
        (14 * DAY_US, Reason.APPROVED),
    ):
        message = tap(1 + later_us // DAY_US)
        message["time_us"] = NOW_US + later_us
        assert bank.send(message) is expected


@pytest.mark.parametrize(("window", "found"), [("90s", (Period.TRAILING, 90_000_000)), ("week", (Period.WEEK, 0))])
def test_what_a_window_is(window, found):
    """A length has microseconds; what begins with a day has none."""
    assert period_of(window) == found
