"""The pytest plugin, as a tester's own test run sees it."""

import os
from pathlib import Path

import pytest

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.scratch_sandbox import scratch_sandbox

pytest_plugins = ["pytester"]


COMPILED = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")


@pytest.fixture(autouse=True)
def _plain(pytester, monkeypatch):
    """A folder of a tester's own, with no settings of ours; the engine's machine code is where it was."""
    monkeypatch.setenv("XDG_CACHE_HOME", COMPILED)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")


def test_a_fresh_network_for_each_test(pytester):
    """Fixtures that pay; nothing of one test is there in the next; the clock can be moved."""
    pytester.makepyfile(
        """
        import pytest

        def test_a_tap(sandbox, phone, terminal):
            receipt = terminal.pay(phone, 1250)
            assert sandbox.reason_of(receipt) == "approved"

        @pytest.mark.parametrize("turn", range(2))
        def test_nothing_is_left(sandbox, clock, turn):
            assert sandbox.issuer.call("GET", "/v1/accounts")["data"] == []
            before = clock()
            clock.advance(86_400)
            assert clock() - before >= 86_400
            account = sandbox.account(credit_limit=1_000)
            watch = sandbox.phone(sandbox.card(account, pin="7391"), kind="watch")
            receipt = sandbox.terminal("atm").withdraw(watch, 600, "7391")
            assert receipt.approved
            assert sandbox.balance(account)["posted"] == 600
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=3)


@pytest.mark.slow
def test_a_failure_tells_why(pytester):
    """The checks of the decision, and the messages."""
    pytester.makepyfile(
        """
        def test_too_much(phone, terminal):
            assert terminal.pay(phone, 999_999_99).approved
        """
    )
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*tapwright: auth_* insufficient_funds*",
            "failed*available_credit: saw 999999.99 EUR; at most 2500.00 EUR",
            "*tapwright: messages*",
            "pos -> 0100 *",
            "pos <- 0110 *39=51*",
        ]
    )


@pytest.mark.slow
def test_a_running_server_by_option(pytester):
    """One network for all tests, the tester's own."""
    pytester.makepyfile(
        """
        def test_first(sandbox, phone, terminal):
            assert terminal.pay(phone, 100).approved

        def test_second(sandbox):
            assert len(sandbox.issuer.call("GET", "/v1/accounts")["data"]) == 1
        """
    )
    with scratch_sandbox() as running:
        host, port = running.iso_address
        options = [f"--tapwright-url={running.http_url}", f"--tapwright-iso={host}:{port}"]
        pytester.runpytest_subprocess("-q", *options).assert_outcomes(passed=2)


_PREPARED = """
import pytest
from types import SimpleNamespace

@pytest.fixture(scope="session")
def tapwright_prepared(tapwright_network):
    kit = tapwright_network
    account = kit.account(credit_limit=10_000)
    print("prepared once")
    return SimpleNamespace(account=account, ada=kit.phone(kit.card(account)), till=kit.terminal())
"""
_SHARING = """
import pytest

@pytest.mark.parametrize("turn", range(3))
def test_everything_is_spent(tapwright_snapshot, sandbox, turn):
    shop = tapwright_snapshot
    assert sandbox.balance(shop.account)["available"] == 10_000
    assert shop.till.buy(shop.ada, 10_000).approved
    assert sandbox.reason_of(shop.till.buy(shop.ada, 1)) == "insufficient_funds"

def test_other_fixtures_are_of_the_same_network(sandbox, terminal, phone, clock, tapwright_snapshot, tapwright_network):
    assert sandbox is tapwright_network
    assert clock is sandbox.clock
    assert terminal.pay(phone, 100).approved
    assert sandbox.balance(tapwright_snapshot.account)["posted"] == 0
    assert terminal.pay(tapwright_snapshot.ada, 100).approved

def test_two_phones(sandbox, tapwright_snapshot):
    assert sandbox.own_phones == [tapwright_snapshot.ada]
"""


def test_a_network_that_is_prepared_once(pytester):
    """Each test finds it as it was prepared, whatever the tests before it did; others have one of their own."""
    pytester.makeconftest(_PREPARED)
    alone = """
def test_alone(sandbox):
    assert sandbox.issuer.call("GET", "/v1/accounts")["data"] == []
"""
    pytester.makepyfile(test_shared=_SHARING, test_alone=alone)
    result = pytester.runpytest_subprocess("-q", "-s")
    result.assert_outcomes(passed=6)
    assert result.stdout.str().count("prepared once") == 1


def test_a_snapshot_without_a_preparation(pytester):
    """Is an empty network, which each test finds empty."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", range(2))
        def test_empty(tapwright_snapshot, sandbox, turn):
            assert tapwright_snapshot is None
            assert sandbox.issuer.call("GET", "/v1/accounts")["data"] == []
            sandbox.phone()
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=2)


@pytest.mark.slow
def test_a_running_server_is_put_back(pytester):
    """By option; the snapshot is gone afterwards, and a failure shows the messages of its own test only."""
    pytester.makeconftest(_PREPARED)
    failing = """
def test_fails(tapwright_snapshot):
    assert not tapwright_snapshot.till.pay(tapwright_snapshot.ada, 333).approved
"""
    pytester.makepyfile(test_shared=_SHARING + failing)
    with scratch_sandbox() as running, Issuer(running.http_url, sandbox_constants.SANDBOX_API_KEY) as operator:
        host, port = running.iso_address
        options = [f"--tapwright-url={running.http_url}", f"--tapwright-iso={host}:{port}"]
        result = pytester.runpytest_subprocess("-q", *options)
        assert operator.call("GET", "/v1/simulations/snapshots")["data"] == []
    result.assert_outcomes(passed=5, failed=1)
    shown = [line for line in result.outlines if line.startswith("pos -> ")]
    assert len(shown) == 1
    assert "4=000000000333" in shown[0]


def test_who_uses_none_of_it_pays_nothing(pytester):
    """The engine is not even imported."""
    pytester.makepyfile("def test_other():\n    import sys\n    assert 'numba' not in sys.modules\n")
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_earlier_fixture(pytester):
    """`tapwright_bench` is the same test kit, with a warning."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.filterwarnings("default")
        def test_same(sandbox, tapwright_bench):
            assert tapwright_bench is sandbox

        def test_strict(tapwright_bench):
            pass
        """
    )
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(passed=1, errors=1, warnings=1)
    result.stdout.fnmatch_lines("*the fixture tapwright_bench is tapwright_kit now; the next version drops*")


_OWN_NETWORK = """
import pytest

@pytest.fixture
def {}():
    return "a network of one's own"
"""


@pytest.mark.parametrize("place", ["conftest.py", "below/conftest.py", "test_own.py"])
def test_a_fixture_that_overrides_the_earlier_one_is_refused(place, pytester):
    """Nothing uses it any more: a tester's own network would silently be another one."""
    pytester.mkdir("below")
    (pytester.path / place).write_text(_OWN_NETWORK.format("tapwright_bench"))
    (pytester.path / "below" / "test_it.py").write_text("def test_it(sandbox):\n    pass\n")
    result = pytester.runpytest_subprocess("-q")
    assert result.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    told = result.stdout.str() + result.stderr.str()
    assert f"{place} overrides the fixture tapwright_bench, which is tapwright_kit now: name it tapwright_kit" in told
    assert "Traceback" not in told


def test_a_fixture_that_overrides_the_kit_is_used(pytester):
    """All others are made of it."""
    pytester.makeconftest(_OWN_NETWORK.format("tapwright_kit"))
    pytester.makepyfile('def test_it(sandbox):\n    assert sandbox == "a network of one\'s own"\n')
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_first_compilation_is_told_although_output_is_captured(pytester):
    """A tester who waits for half a minute sees why, between the dots of the tests."""
    pytester.makeconftest(
        """
        from authz.arrays.compilation_events import compilation_began, compilation_ended
        from authz.network import warm_up, warmth

        def compile_one_function():
            compilation_began()
            compilation_ended()

        warmth.is_warm = lambda: False
        warm_up.compile_everything = compile_one_function
        """
    )
    pytester.makepyfile("def test_one():\n    pass\n\ndef test_two(terminal):\n    print('captured')\n")
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(passed=2)
    told = [line for line in result.outlines if line.startswith("tapwright: ")]
    assert told[0].startswith("tapwright: compiling the engine for this machine; ")
    assert told[1].startswith("tapwright: the engine is compiled: 1 functions in ")
    assert "captured" not in result.stdout.str()
