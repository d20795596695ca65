"""The pytest plugin: fixtures `sandbox`, `phone`, `terminal` and `clock`, and `tapwright_snapshot`.

Each test gets a network of its own in this process, or shares the one that ``--tapwright-url`` names. Tests with
`tapwright_snapshot` share one that is prepared once, and put back before each of them. A test that fails shows the
decisions that were made and the messages that went over its terminals' lines.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from simulators.compatibility.earlier_names import warn_of_earlier_name
from simulators.process.addresses import split

if TYPE_CHECKING:
    from simulators.terminals.terminal import Terminal
    from simulators.testkit.kit import TestKit
    from simulators.testkit.saved_network import SavedNetwork
    from simulators.testkit.server_clock import ServerClock
    from simulators.wallet.phone import Phone

# What needs the engine is imported by the fixtures: a test run that uses none of them must not pay for it.

_KIT = pytest.StashKey["TestKit"]()
_SNAPSHOT = "tapwright_snapshot"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where a server runs already."""
    group = parser.getgroup("tapwright", "payment network sandbox")
    group.addoption("--tapwright-url", help="use this server's HTTP API in place of a fresh network for each test")
    group.addoption("--tapwright-iso", default="127.0.0.1:8583", help="its ISO 8583 port (127.0.0.1:8583)")


def _address(text: str) -> tuple[str, int]:
    """Host and port of an option.  Raises: UsageError."""
    host, port = split(text) or ("", "")
    if not host or not port.isascii() or not port.isdecimal():
        raise pytest.UsageError(f"--tapwright-iso {text!r} is not HOST:PORT, such as 127.0.0.1:8583")
    return host, int(port)


@pytest.fixture
def tapwright_kit(request: pytest.FixtureRequest) -> Iterator["TestKit"]:
    """The test kit that all other fixtures use; tests use it as `sandbox`."""
    if _SNAPSHOT in request.fixturenames:
        request.getfixturevalue(_SNAPSHOT)  # the network goes back before anything is made in it
        yield request.getfixturevalue("tapwright_network")
        return
    with _network_of(request.config) as kit:
        request.node.stash[_KIT] = kit
        yield kit


@pytest.fixture(scope="session")
def tapwright_network(pytestconfig: pytest.Config) -> Iterator["TestKit"]:
    """The test kit of the one network that all tests with `tapwright_snapshot` share."""
    with _network_of(pytestconfig) as kit:
        yield kit


@pytest.fixture(scope="session")
def tapwright_prepared() -> None:
    """Override this: prepare `tapwright_network` here, and return what tests use of it."""


@pytest.fixture(scope="session")
def tapwright_saved(tapwright_network: "TestKit", tapwright_prepared: object) -> Iterator["SavedNetwork"]:
    """The network as `tapwright_prepared` left it, saved."""
    saved = tapwright_network.save()
    yield saved
    saved.delete()


@pytest.fixture
def tapwright_snapshot(
    request: pytest.FixtureRequest,
    tapwright_network: "TestKit",
    tapwright_saved: "SavedNetwork",
    tapwright_prepared: object,
) -> object:
    """The network as `tapwright_prepared` left it, whatever tests did before; gives what that fixture returned.

    In a test that uses it, `sandbox`, `clock`, `phone` and `terminal` belong to that network.
    """
    request.node.stash[_KIT] = tapwright_network
    tapwright_saved.put_back()
    return tapwright_prepared


@contextmanager
def _network_of(config: pytest.Config) -> Iterator["TestKit"]:
    """A fresh network in this process, or the one that runs where the option says; with a test kit."""
    from simulators.process.logging_setup import configure_logging

    url = config.getoption("--tapwright-url")
    if url is None:
        _compile_first(config)  # and only then load what takes its time
    from simulators.sandbox.scratch_sandbox import scratch_sandbox
    from simulators.testkit.kit import TestKit

    if url is not None:
        with TestKit(url, _address(config.getoption("--tapwright-iso"))) as kit:
            yield kit
        return
    configure_logging("error", "console")
    with scratch_sandbox() as running, TestKit(running.http_url, running.iso_address) as kit:
        yield kit


def _compile_first(config: pytest.Config) -> None:
    """Compile the engine where that was not done yet, and say so although the output of tests is captured."""
    from authz.network.warmth import is_warm
    from simulators.process.compilation_notice import compilation_announced

    capture, reporter = map(config.pluginmanager.get_plugin, ("capturemanager", "terminalreporter"))
    if is_warm() or capture is None or reporter is None:
        return

    def write(text: str) -> None:
        reporter.write_line(f"tapwright: {text}")

    with capture.global_and_fixture_disabled(), compilation_announced(write) as notice:
        reporter.write_line("")  # behind the dots of the tests so far
        notice.expect()
        from authz.network.warm_up import compile_everything

        compile_everything()


@pytest.fixture
def tapwright_bench(tapwright_kit: "TestKit") -> "TestKit":
    """The earlier name of `tapwright_kit`."""
    warn_of_earlier_name("the fixture tapwright_bench", "tapwright_kit", stacklevel=1)
    return tapwright_kit


_OVERRIDING = "{} overrides the fixture tapwright_bench, which is tapwright_kit now: name it tapwright_kit"
"""No fixture of the plugin uses the earlier name any more, so overriding it would silently have no effect."""


def pytest_plugin_registered(plugin: object) -> None:
    """Refuse a conftest that overrides `tapwright_bench`.  Raises: UsageError."""
    its = getattr(plugin, "__dict__", {})
    if its.get("tapwright_bench", tapwright_bench) is not tapwright_bench:
        raise pytest.UsageError(_OVERRIDING.format(its.get("__file__", plugin)))


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> None:
    """Refuse a test module or class that overrides `tapwright_bench`.  Raises: CollectError."""
    if name == "tapwright_bench" and obj is not tapwright_bench:
        raise collector.CollectError(_OVERRIDING.format(collector.nodeid))


@pytest.fixture
def sandbox(tapwright_kit: "TestKit") -> "TestKit":
    """A network with the whole test kit, see `simulators.testkit.kit.TestKit`."""
    return tapwright_kit


@pytest.fixture
def clock(tapwright_kit: "TestKit") -> "ServerClock":
    """The network's clock: `advance`, `set_to`, `freeze`, `run`."""
    return tapwright_kit.clock


@pytest.fixture
def phone(tapwright_kit: "TestKit") -> "Phone":
    """A phone with an active token, for an account with a credit limit of 2,500.00 EUR."""
    return tapwright_kit.phone()


@pytest.fixture
def terminal(tapwright_kit: "TestKit") -> "Terminal":
    """A contactless terminal."""
    made: Terminal = tapwright_kit.terminal()
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show decisions and messages of a failed test."""
    report = yield
    kit = item.stash.get(_KIT, None)
    if kit is not None and call.when == "call" and report.failed:
        try:
            report.sections += [(f"tapwright: {title}", text) for title, text in kit.told()]
        except Exception as error:
            report.sections.append(("tapwright", f"nothing can be told: {type(error).__name__}: {error}"))
    return report
