"""Scenarios: those that come along, the format and its errors, and randomness."""

from xml.etree import ElementTree

import pytest
from rich.console import Console

from simulators.cli.actions.scenario import read_all, run_all, scenario_schema, shipped_scenarios
from simulators.cli.command_line import main
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.scenarios.document import all_steps, parse_scenario
from simulators.scenarios.playing import play
from simulators.scenarios.servers import fresh_server, running_server
from simulators.scenarios.steps.verbs import VERBS

_ATTACK_SIMULATIONS = {f"attack_simulation_{kind}" for kind in ("contactless", "device", "guessing", "merchant")}
SLOW = _ATTACK_SIMULATIONS | {"a_random_month"}
SHIPPED = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])
    for path in shipped_scenarios()
]


def played(text):
    """A scenario on a fresh server."""
    scenario = parse_scenario(text)
    with fresh_server(scenario) as server:
        return play(scenario, server)


@pytest.mark.parametrize("path", SHIPPED)
def test_shipped(path):
    """Each passes on a fresh server."""
    (scenario,) = read_all([path])
    with fresh_server(scenario) as server:
        result = play(scenario, server)
    assert not result.skipped
    assert result.passed, (result.broken, result.failed_step and result.failed_step.problem)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_another_seed_plays_differently_and_passes_too(seed):
    """Randomized steps, random faults: whatever the seed, balances come out right."""
    scenarios = read_all(shipped_scenarios(), tags=["random", "network-faults"], seed=seed)
    assert len(scenarios) >= 4
    for result in run_all(scenarios, fresh_server, Console(quiet=True)):
        assert result.passed, (result.scenario.source, result.broken, result.failed_step.problem)


def test_there_are_enough_and_they_use_everything():
    """At least forty, and every verb, every kind of terminal, phone and attack is in some of them."""
    from simulators.attackers.catalogue import ATTACKS
    from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
    from simulators.wallet.card.device_kinds import DEVICE_KINDS

    scenarios = read_all(shipped_scenarios())
    assert len(scenarios) >= 40
    steps = [step.step for scenario in scenarios for step in all_steps(scenario.steps)]
    assert {step.verb for step in steps} >= VERBS.keys()
    casts = [scenario.head.cast for scenario in scenarios]
    assert {part.kind for cast in casts for part in cast.terminals.values()} == TERMINAL_KINDS.keys()
    assert {part.kind for cast in casts for part in cast.phones.values()} == DEVICE_KINDS.keys()
    assert {step.attack for step in steps if step.verb == "attack"} == ATTACKS.keys()


HEAD = "scenario: A test\nsteps:\n"


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("exceeds_limit", "expected exceeds_limit, got approved"),
        ("[exceeds_limit, card_frozen]", "expected exceeds_limit or card_frozen, got approved"),
        ("{approved_amount: 12.51}", "expected approved_amount to be 12.51, got 12.50"),
        ("{flagged: yes}", "expected flagged to be yes, got no"),
        ("{approved_amount: {between: [1, 2]}}", "expected approved_amount to be 1 to 2, got 12.50"),
        ("{response_code: '05'}", "expected response_code to be 05, got 00"),
    ],
)
def test_a_step_that_comes_out_otherwise(expect, problem):
    """The scenario stops there, and says what was expected and what came."""
    result = played(HEAD + f"  - tap: {{amount: 12.50}}\n    expect: {expect}\n  - tap: {{amount: 1.00}}\n")
    assert not result.passed
    assert len(result.steps) == 1
    assert result.failed_step.problem.startswith(problem)


LARGE = """scenario: A rule and a limit
steps:
  - set_program:
      rules: [{id: large, state: live, action: decline, when: {attribute: amount, operator: ">", value: 50000}}]
      limits: [{id: hourly, window: 1h, count_max: 1, reason: exceeds_count_limit}]
"""


@pytest.mark.parametrize(
    ("steps", "by", "problem"),
    [
        ("  - tap: {amount: 600.00}\n", "rule large", "suspected_fraud (rule large)"),
        ("  - tap: {amount: 1.00}\n  - tap: {amount: 1.00}\n", "limit hourly", "exceeds_count_limit (limit hourly)"),
    ],
)
def test_a_decline_names_its_rule_or_limit(steps, by, problem, tmp_path, capsys):
    """On the screen, in JUnit and on the page, and to be expected as the check that failed."""
    file, junit, page = tmp_path / "a.yaml", tmp_path / "j.xml", tmp_path / "r.html"
    file.write_text(LARGE + steps)
    assert main(["scenario", "run", str(file), "--junit", str(junit), "--html", str(page)]) == 1
    told = f"expected success, got {problem}"
    assert told in capsys.readouterr().out
    assert told in ElementTree.parse(junit).getroot().find(".//failure").get("message")
    assert told in page.read_text()
    assert played(LARGE + steps + f"    expect: {{failed_check: {by}}}\n").passed
    result = played(LARGE + steps + "    expect: {failed_check: none}\n")
    assert result.failed_step.problem == f"expected failed_check to be none, got {by}"


def test_the_same_seed_plays_the_same():
    """Amounts, choices, numbers: all from the seed."""
    text = HEAD + "  - repeat: 5\n    steps:\n      - tap: {amount: {between: [1.00, 99.00]}}\n"

    def amounts(seed):
        result = played(text.replace("steps:", f"seed: {seed}\nsteps:", 1))
        return [step.outcome.receipt.amount_minor for step in result.steps]

    assert amounts(1) == amounts(1) != amounts(2)


def test_a_server_that_lacks_a_port():
    """A scenario that needs another dialect is skipped there, not failed."""
    text = "scenario: A\ncast:\n  terminals:\n    terminal: {dialect: bcd_1987}\nsteps:\n  - tap: {amount: 1.00}\n"
    scenario = parse_scenario(text)
    with scratch_sandbox() as running, running_server(running.http_url, running.iso_address)(scenario) as server:
        result = play(scenario, server)
    assert "no port for dialect bcd_1987" in result.skipped
    assert result.passed


def test_the_verb(tmp_path, capsys):
    """Runs files and folders, writes reports, and its exit code says how it went."""
    (tmp_path / "good.yaml").write_text("scenario: Good\ntags: [fine]\nsteps:\n  - tap: {amount: 12.50}\n")
    (tmp_path / "bad.yaml").write_text(HEAD + "  - tap: {amount: 9999.00}\n")
    reports = ["--junit", str(tmp_path / "j.xml"), "--html", str(tmp_path / "r.html")]
    assert main(["scenario", "run", str(tmp_path), "--tag", "fine", *reports]) == 0
    assert "1 of 1 passed" in capsys.readouterr().out
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert main(["scenario", "run", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "1 of 2 passed" in told
    assert "bad.yaml:3: tap: expected success, got insufficient_funds" in told
    (tmp_path / "worse.yaml").write_text("scenario: A\n")
    assert main(["scenario", "run", str(tmp_path)]) == 2
    assert "worse.yaml:1: lacks steps" in capsys.readouterr().err
    assert main(["scenario", "run", str(tmp_path / "none.yaml")]) == 2
    assert main(["scenario", "list"]) == 0
    assert "first_tap.yaml" in capsys.readouterr().out


def test_the_schema():
    """Every verb with what it takes, each with a description."""
    schema = scenario_schema()
    assert schema["x-verbs"].keys() == VERBS.keys()
    for verb in schema["x-verbs"].values():
        for field in verb["properties"].values():
            assert field.get("description"), verb["title"]
    for part in schema["$defs"].values():
        assert all(field.get("description") for field in part.get("properties", {}).values()), part["title"]
