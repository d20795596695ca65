"""Scenarios on a server that is used on: what they change for everybody is put back, or they say what is not."""

import re
from datetime import datetime

import pytest

from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.scenarios import shared_server
from simulators.scenarios.document import parse_scenario
from simulators.scenarios.playing import play
from simulators.scenarios.servers import running_server

CHANGES = """
scenario: Everything is changed
steps:
  - set_program: {time_zone: Asia/Tokyo}
  - set_policy: {terms: {version: "2030-01"}}
  - issuer: {reachable: no}
  - clock: {frozen: true, advance: 1d}
  - tap: {amount: 3.50}
"""
STAYS = r"clock stays (1 day, 0:00:0\d|23:59:[45]\d) ahead"
"""A day, less the moments for which the clock stood."""

PATHS = ("/v1/program", "/v1/provisioning_policy", "/v1/simulations/clock")


@pytest.fixture(scope="module")
def running():
    """A server whose program is not the one that it began with."""
    with scratch_sandbox() as sandbox:
        with Issuer(sandbox.http_url, sandbox_constants.SANDBOX_API_KEY) as operator:
            operator.call("PUT", "/v1/program", {"time_zone": "Europe/Berlin"})
        yield sandbox


@pytest.fixture
def operator(running):
    """Its operator."""
    with Issuer(running.http_url, sandbox_constants.SANDBOX_API_KEY) as made:
        yield made


def shown(operator):
    """Program, policy and clock, without the numbers of their versions."""
    program, policy, clock = (operator.call("GET", path) for path in PATHS)
    return program["document"], {**policy, "version": 0}, clock


def hours_between(one, other):
    """How far two clocks are apart."""
    moments = [datetime.fromisoformat(each["now"]).timestamp() for each in (one, other)]
    return (moments[1] - moments[0]) / 3_600


def test_accounts_of_the_cast_have_their_products(running, operator):
    """With the cut day that the scenario says, or with none, and with the segment that it pins them to."""
    accounts = "main: {product: 2, cut_day: 9, segment: 4}, other: {product: 3, life_stage: 5}, plain: {}"
    scenario = parse_scenario(f"scenario: A\ncast:\n  accounts: {{{accounts}}}\nsteps:\n  - tap: {{amount: 3.50}}\n")
    with running_server(running.http_url, running.iso_address)(scenario) as server:
        assert play(scenario, server).passed
    newest = operator.call("GET", "/v1/accounts?limit=3")["data"]
    assert sorted((each["product"], each["cut_day"] or 0) for each in newest) == [(0, 0), (2, 9), (3, 1)]
    classified = {each["product"]: (each["segment"], each["life_stage"]) for each in newest}
    assert classified == {0: (None, 0), 2: (4, 0), 3: (None, 5)}


def played(running, text, **options):
    """A scenario on the running server, after which the server is given back."""
    scenario = parse_scenario(text)
    with running_server(running.http_url, running.iso_address, **options)(scenario) as server:
        return play(scenario, server)


def test_program_policy_and_issuer_are_put_back(running, operator):
    """And the clock runs again; that it was set forward stays, and the result says so."""
    *documents, clock = shown(operator)
    result = played(running, CHANGES)
    assert result.passed
    *after, ahead = shown(operator)
    assert after == documents
    assert operator.call("GET", "/v1/simulations/issuer")["reachable"] is True
    assert ahead["frozen"] is False
    assert 23.9 < hours_between(clock, ahead) < 24.1
    (sentence,) = result.left
    assert re.fullmatch(rf"the server's {STAYS}; with --restore it would be set back", sentence)


def test_what_is_as_it_was_is_left_alone(running, operator):
    """A scenario that only pays makes no new version of the program, and leaves nothing to tell."""
    versions = [operator.call("GET", path)["version"] for path in PATHS[:2]]
    result = played(running, "scenario: A\nsteps:\n  - tap: {amount: 3.50}\n")
    assert (result.passed, result.left) == (True, [])
    assert [operator.call("GET", path)["version"] for path in PATHS[:2]] == versions


@pytest.mark.parametrize("was_frozen", [True, False])
def test_the_clock_stands_or_runs_as_it_did(running, operator, was_frozen):
    """Whichever way the scenario has switched it."""
    operator.call("POST", PATHS[2], {"frozen": was_frozen})
    text = f"scenario: A\nsteps:\n  - clock: {{frozen: {'no' if was_frozen else 'yes'}}}\n"
    assert played(running, text).left == []
    assert operator.call("GET", PATHS[2])["frozen"] is was_frozen
    operator.call("POST", PATHS[2], {"frozen": False})


def test_a_clock_that_stood_catches_up(running, operator):
    """As if nobody had frozen it: an hour passes on the wall while the scenario has it frozen."""
    wall, left = [1_000_000.0], []
    before = operator.call("GET", PATHS[2])
    with shared_server.put_back_afterwards(running.http_url, left, lambda: wall[0]):
        operator.call("POST", PATHS[2], {"frozen": True})
        wall[0] += 3_600
    after = operator.call("GET", PATHS[2])
    assert (left, after["frozen"]) == ([], False)
    assert 0.99 < hours_between(before, after) < 1.1


def test_a_clock_that_was_frozen_does_not_catch_up(running, operator):
    """However long the scenario took."""
    wall, left = [1_000_000.0], []
    operator.call("POST", PATHS[2], {"frozen": True})
    before = operator.call("GET", PATHS[2])
    with shared_server.put_back_afterwards(running.http_url, left, lambda: wall[0]):
        wall[0] += 3_600
    assert (left, operator.call("GET", PATHS[2])) == ([], before)
    operator.call("POST", PATHS[2], {"frozen": False})


def test_restored_by_a_snapshot(running, operator):
    """Everything is as it was, the clock and the number of accounts, too; no snapshot is left."""
    before, accounts = shown(operator), operator.call("GET", "/v1/accounts?limit=100")["data"]
    result = played(running, CHANGES, restores=True)
    assert (result.passed, result.left) == (True, [])
    *after, clock = shown(operator)
    assert after == list(before[:2])
    assert abs(hours_between(before[2], clock)) < 0.1
    assert operator.call("GET", "/v1/accounts?limit=100")["data"] == accounts
    assert operator.call("GET", "/v1/simulations/snapshots")["data"] == []


def test_a_server_that_goes_away_meanwhile():
    """The result says that nothing was put back, and why."""
    left = []
    with scratch_sandbox() as gone:
        entered = shared_server.put_back_afterwards(gone.http_url, left)
        entered.__enter__()
    entered.__exit__(None, None, None)
    (sentence,) = left
    assert sentence.startswith("the server's program, policy and clock are not put back: ")


def test_the_verb_says_what_stays(running, operator, tmp_path, capsys):
    """On standard output, in JUnit XML and in the report; nothing with `--restore`, which needs a server."""
    file, junit, page = tmp_path / "changes.yaml", tmp_path / "j.xml", tmp_path / "r.html"
    file.write_text(CHANGES)
    host, port = running.iso_address
    run = ["scenario", "run", str(file), "--junit", str(junit), "--html", str(page)]
    server = ["--url", running.http_url, "--iso", f"{host}:{port}"]
    assert main([*run, *server]) == 0
    assert re.search(rf"{re.escape(str(file))}: the server's {STAYS}", capsys.readouterr().out)
    assert re.search(STAYS, junit.read_text())
    assert re.search(STAYS, page.read_text())
    assert main([*run, *server, "--restore"]) == 0
    assert not re.search(STAYS, capsys.readouterr().out + junit.read_text() + page.read_text())
    assert main([*run, "--restore"]) == 2
    assert capsys.readouterr().err == "tapwright: --restore is for a server that runs: name it with --url\n"
    assert main([*run, "--url", "http://127.0.0.1:1", "--restore"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("tapwright: the network of the server at http://127.0.0.1:1 cannot be saved: ")
    assert "Traceback" not in said.out + said.err
