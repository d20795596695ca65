"""Fixtures that most tests share: a clock that stands still, and one network for the whole run."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from simulators.parties.issuer_client import Issuer
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.settings.settings import Settings
from simulators.sandbox.wiring import Sandbox, running_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone
from tests.clock import ManualClock
from tests.compiling_ahead import CompilingAhead
from tests.tokenvault.vaults import POSTGRESQL_URL, new_database_url

configure_logging("warning", "console")
hypothesis.settings.register_profile("tapwright", deadline=None)  # machines are noisy, and no test is about time
hypothesis.settings.load_profile("tapwright")


def pytest_configure(config: pytest.Config) -> None:
    """Use the second core for the one thing that takes a minute."""
    config.pluginmanager.register(CompilingAhead())


def pytest_runtestloop() -> None:
    """Modules and thousands of tests are there to stay: a collection that looks at them all again takes a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Verbs that tests run in this process set up logging as a server has it; the next test finds it as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def settings_for(directory: Path) -> Settings:
    """Settings of a server on free ports that logs warnings only; on PostgreSQL where a server is named."""
    database = None if POSTGRESQL_URL is None else new_database_url()
    return Settings(data_dir=directory, http_port=0, iso_port=0, log_level="warning", database=database)


@pytest.fixture(scope="session")
def clock() -> ManualClock:
    """The time of the shared network."""
    return ManualClock()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, clock: ManualClock) -> Iterator[Sandbox]:
    """One running network, shared by all tests; each makes its own accounts."""
    with running_sandbox(settings_for(tmp_path_factory.mktemp("sandbox") / "data"), clock) as running:
        yield running


@pytest.fixture
def issuer(sandbox: Sandbox) -> Iterator[Issuer]:
    """The issuer's client."""
    client = Issuer(sandbox.http_url)
    yield client
    client.close()


@pytest.fixture
def new_phone(sandbox: Sandbox, clock: ManualClock) -> Iterator[Callable[..., Phone]]:
    """Makes phones of the shared network."""
    phones: list[Phone] = []

    def make(name: str = "A phone", **options: object) -> Phone:
        phones.append(Phone(sandbox.http_url, name=name, clock=clock, **options))
        return phones[-1]

    yield make
    for phone in phones:
        phone.close()


@pytest.fixture
def terminal(sandbox: Sandbox, clock: ManualClock) -> Iterator[Terminal]:
    """A terminal of the shared network."""
    made = Terminal(sandbox.iso_address, clock=clock)
    yield made
    made.close()
