"""A bank of one's own, whose clock goes on by months."""

import pytest

from simulators.sandbox.wiring import running_sandbox
from tests.authz.http.books.bank import bank_on
from tests.clock import ManualClock
from tests.conftest import settings_for


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """A bank that starts on 2026-11-24."""
    clock = ManualClock()
    settings = settings_for(tmp_path_factory.mktemp("phone") / "data")
    with running_sandbox(settings, clock) as network, bank_on(network, clock) as opened:
        yield opened
