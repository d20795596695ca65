"""A vault in memory, and devices that can prove who they are."""

import pytest

from tests.clock import ManualClock
from tests.tokenvault.phones import WALLET_KEY, Phone
from tests.tokenvault.vaults import drop_database, new_database_url, new_vault

__all__ = ["WALLET_KEY"]


@pytest.fixture
def clock():
    """The vault's time."""
    return ManualClock()


@pytest.fixture
def vault(clock):
    """An empty vault."""
    url = new_database_url()
    made = new_vault(clock, url)
    yield made
    made.database.dispose()
    drop_database(url)


@pytest.fixture
def phone(vault):
    """A device's key, not registered yet."""
    return Phone(vault)
