"""Plays a scenario on a server, step by step, and compares each outcome with its expectation."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import structlog

from simulators.parties.issuer_client import IssuerRefused
from simulators.scenarios.expectations import Expectation
from simulators.scenarios.scenario import OneOf, Planned, PlannedStep, Repeated, Scenario
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.stage import NotPlayable, Server, Stage
from simulators.scenarios.staging.values import Amount
from simulators.scenarios.steps.step import played
from simulators.terminals.iso_link import LinkError
from simulators.terminals.message_log import Traced
from simulators.testkit.decision_table import failed_check
from simulators.wallet.phone import NoNetwork, WalletRefused
from tokenvault.reference_data.currencies import CURRENCIES

log = structlog.get_logger()


@dataclass(frozen=True)
class StepResult:
    """One step as it was played. problem: what was expected otherwise, empty where nothing was.

    messages: what went over the lines meanwhile.
    """

    planned: PlannedStep
    outcome: Outcome
    problem: str
    messages: tuple[Traced, ...]

    @property
    def passed(self) -> bool:
        """Whether it came out as expected."""
        return not self.problem


@dataclass
class ScenarioResult:
    """One scenario as it was played. skipped: why it could not be, empty otherwise.  broken: what went wrong in it.

    left: what stays changed on a server that is used on, known when the server is given back.
    """

    scenario: Scenario
    steps: list[StepResult] = field(default_factory=list)
    skipped: str = ""
    broken: str = ""
    seconds: float = 0.0
    left: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every step came out as expected."""
        return not self.broken and all(step.passed for step in self.steps)

    @property
    def failed_step(self) -> StepResult | None:
        """The step that did not."""
        return next((step for step in self.steps if not step.passed), None)


def play(scenario: Scenario, server: Server) -> ScenarioResult:
    """Play a scenario until a step comes out otherwise."""
    result, started = ScenarioResult(scenario, left=server.left), time.monotonic()
    try:
        with Stage(server, scenario.head.cast, scenario.head.seed) as stage:
            for planned in _in_order(scenario.steps, stage):
                step = _played(planned, stage)
                result.steps.append(step)
                if not step.passed:
                    break
    except NotPlayable as error:
        result.skipped = str(error)
    except httpx.TransportError as error:
        result.broken = f"the server at {server.http_url} cannot be reached: {error}"
    except (IssuerRefused, WalletRefused, NoNetwork, LinkError) as error:
        result.broken = f"the cast could not be made ready: {error}"
    except Exception as error:
        # Ours to mend: the report says where it happened, and the log of level debug how.
        log.debug("scenario_broken", scenario=scenario.source, exc_info=True)
        result.broken = f"an internal error of Tapwright, please report it: {error}"
    result.seconds = time.monotonic() - started
    return result


def _in_order(steps: Iterable[Planned], stage: Stage) -> Iterator[PlannedStep]:
    """The steps as they are played: repeated, and one of several at random."""
    for each in steps:
        match each:
            case PlannedStep():
                yield each
            case Repeated():
                for _ in range(each.times):
                    yield from _in_order(each.steps, stage)
            case OneOf():
                yield from _in_order(stage.random.choice(each.blocks), stage)


def _played(planned: PlannedStep, stage: Stage) -> StepResult:
    mark = len(stage.trace.messages)
    outcome = played(planned.step, stage)
    if planned.name is not None and outcome.receipt is not None:
        stage.receipts[planned.name] = outcome.receipt
    currency = outcome.receipt.currency if outcome.receipt else _currency(planned, stage)
    problem = disappointment(planned.expect, outcome, currency)
    return StepResult(planned, outcome, problem, tuple(stage.trace.since(mark)))


def _currency(planned: PlannedStep, stage: Stage) -> str:
    """The currency that a step's amounts are in where there is no receipt."""
    account = getattr(planned.step, "account", None)
    return stage.cast.accounts[account].currency if account is not None else "EUR"


def disappointment(expect: Expectation, outcome: Outcome, currency: str) -> str:
    """What came out otherwise than expected; empty where nothing did."""
    if expect.reasons and outcome.reason not in expect.reasons:
        return f"expected {' or '.join(expect.reasons)}, got {outcome.told}"
    if not expect.reasons and not expect.values and not outcome.went_well:
        return f"expected success, got {outcome.told}"
    seen = _values(outcome)
    for name, wanted in expect.values.items():
        if name not in seen:
            return f"expected {name} to be {_shown(wanted)}, got {outcome.told}, which says nothing of it"
        found = _as_amount(seen[name], currency) if isinstance(wanted, Amount) else seen[name]
        if not _is_equal(wanted, found, currency):
            return f"expected {name} to be {_shown(wanted)}, got {_shown(found)}"
    return ""


def _values(outcome: Outcome) -> dict[str, Any]:
    """What can be expected: a step's own values, and the check that failed."""
    if not outcome.decision:
        return outcome.values
    rules = [rule["id"] for rule in outcome.decision.get("rules", []) if rule["outcome"] == "matched"]
    return {"failed_check": failed_check(outcome.decision), "rules": rules, **outcome.values}


def _as_amount(minor: int, currency: str) -> Amount:
    return Amount(Decimal(minor).scaleb(-CURRENCIES[currency].exponent))


def _is_equal(wanted: Any, found: Any, currency: str) -> bool:
    if isinstance(wanted, Amount):
        return wanted.currency in (None, currency) and wanted.holds(found.least)
    if isinstance(wanted, list):
        return isinstance(found, list) and sorted(map(str, found)) == sorted(map(str, wanted))
    return bool(wanted == found)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
