"""A vault in memory, and devices that can prove who they are."""

import pytest

from tests.clock import ManualClock
from tests.tokenvault.devices import WALLET_KEY, Phone
from tests.tokenvault.vaults import new_vault

__all__ = ["WALLET_KEY"]


@pytest.fixture
def clock():
    """The vault's time."""
    return ManualClock()


@pytest.fixture
def vault(clock):
    """An empty vault."""
    made = new_vault(clock)
    yield made
    made.database.dispose()


@pytest.fixture
def phone(vault):
    """A device's key, not registered yet."""
    return Phone(vault)
