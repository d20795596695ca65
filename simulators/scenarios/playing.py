"""Playing a scenario on a server, step by step, and holding each outcome against what was expected."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.scenarios.document import Expectation, OneOf, Planned, PlannedStep, Repeated, Scenario
from simulators.scenarios.outcome import Outcome
from simulators.scenarios.stage import NotPlayable, Server, Stage
from simulators.scenarios.steps.step import played
from simulators.terminals.traces import Traced
from tokenvault.currencies import CURRENCIES

_AMOUNTS = ("posted", "held", "available", "approved_amount")


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
    """One scenario as it was played. skipped: why it could not be, empty otherwise.  broken: what went wrong in it."""

    scenario: Scenario
    steps: list[StepResult] = field(default_factory=list)
    skipped: str = ""
    broken: str = ""
    seconds: float = 0.0

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
    result, started = ScenarioResult(scenario), time.monotonic()
    try:
        with Stage(server, scenario.head.cast, scenario.head.seed) as stage:
            for planned in _in_order(scenario.steps, stage):
                step = _played(planned, stage)
                result.steps.append(step)
                if not step.passed:
                    break
    except NotPlayable as error:
        result.skipped = str(error)
    except Exception as error:
        result.broken = f"{type(error).__name__}: {error}"
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
        return f"expected {' or '.join(expect.reasons)}, got {_told(outcome)}"
    if not expect.reasons and not expect.values and not outcome.went_well:
        return f"expected it to go well, got {_told(outcome)}"
    seen = _values(outcome)
    for name, wanted in expect.values.items():
        if name not in seen:
            return f"expected {name} to be {wanted}; there are {', '.join(sorted(seen)) or 'no values'}"
        if not _is_equal(wanted, seen[name], currency if name in _AMOUNTS else None):
            return f"expected {name} to be {wanted}, got {_shown(seen[name], currency if name in _AMOUNTS else None)}"
    return ""


def _told(outcome: Outcome) -> str:
    return f"{outcome.reason} ({outcome.detail})" if outcome.detail else outcome.reason


def _values(outcome: Outcome) -> dict[str, Any]:
    """What can be expected: a step's own values, and the check that failed."""
    checks = outcome.decision["checks"] if outcome.decision else []
    failed = next((check["name"] for check in checks if check["outcome"] == "failed"), "none")
    rules = [rule["id"] for rule in (outcome.decision or {}).get("rules", []) if rule["outcome"] == "matched"]
    known = {"failed_check": failed, "rules": rules} if outcome.decision else {}
    return {**known, **outcome.values}


def _is_equal(wanted: str | list[str], seen: Any, currency: str | None) -> bool:
    if isinstance(wanted, list):
        return isinstance(seen, list) and sorted(map(str, seen)) == sorted(wanted)
    if isinstance(seen, bool):
        return wanted.lower() in (("true", "yes") if seen else ("false", "no"))
    if currency is not None:
        try:
            return bool(Decimal(wanted).scaleb(CURRENCIES[currency].exponent) == seen)
        except InvalidOperation:
            return False
    return str(seen) == wanted


def _shown(seen: Any, currency: str | None) -> str:
    return str(seen) if currency is None else str(Decimal(seen).scaleb(-CURRENCIES[currency].exponent))
