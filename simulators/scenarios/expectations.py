"""Expectations of a step: reasons and named values."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from authz.vocabulary.reasons import ANSWERS
from simulators.process.did_you_mean import did_you_mean
from simulators.scenarios.file_errors.located_yaml import Mapping, Node, Problem, Sequence, Text, as_texts, line_at
from simulators.scenarios.file_errors.wording import comma_in_amount, misfits_of, unknown_key
from simulators.scenarios.reasons import REASONS, is_reason
from simulators.scenarios.staging.cast import Misfit
from simulators.scenarios.staging.outcome import WENT_WELL
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.values import Amount
from simulators.scenarios.steps.step import Step

_RESPONSE_CODES = {reason.code: answer.response_code for reason, answer in ANSWERS.items()}


@dataclass(frozen=True)
class Expectation:
    """What must come of a step. reasons: one of these; empty for whatever goes well.  values: by name."""

    reasons: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """Expectations that can never be met: limits and rules that no step has set."""
        group, _, name = str(self.values.get("failed_check", "")).partition(" ")
        named = [("failed_check", f"{group}s", name)] if name else []
        named += [("rules", "rules", rule) for rule in self.values.get("rules") or ()]
        for key, kind, name in named:
            if absence := rehearsal.absence(kind, name):
                yield key, absence

    @property
    def is_refusal(self) -> bool:
        """Whether the step is there to be refused."""
        return bool(self.reasons) and WENT_WELL.isdisjoint(self.reasons)


def read_expectation(node: Node, kind: type[Step], currency: str | None) -> tuple[Expectation, list[Problem]]:
    """What stands behind ``expect``, as far as it makes sense, and what of it does not.

    kind: of the step.  currency: of its amounts, where it is known.
    """
    problems: list[Problem] = []
    if isinstance(node, Text | Sequence):
        return Expectation(_reasons(node, "expect", problems)), problems
    reasons: tuple[str, ...] = ()
    if "reason" in node.entries:
        reasons = _reasons(node.entries["reason"], "expect.reason", problems)
    given = {name: entry for name, entry in node.entries.items() if name != "reason"}
    values = _values(Mapping(node.line, given, node.keys), kind, currency, problems)
    if contradiction := _other_code(reasons, values.get("response_code")):
        problems.append((line_at(node, ("response_code",)), f"expect.response_code: {contradiction}"))
    return Expectation(reasons, values), problems


def _reasons(node: Node, path: str, problems: list[Problem]) -> tuple[str, ...]:
    entries = node.items if isinstance(node, Sequence) else (node,)
    texts = [entry for entry in entries if isinstance(entry, Text) and entry.value]
    if len(texts) < len(entries) or not entries:
        problems.append((node.line, f"{path}: is a reason, a list of reasons, or a mapping of reason and values"))
    for text in texts:
        if not is_reason(text.value):
            mean = did_you_mean(text.value, REASONS)
            problems.append((text.line, f"{path}: there is no reason {text.value!r}, see docs/qa-guide.md{mean}"))
    return tuple(text.value for text in texts)


def _other_code(reasons: tuple[str, ...], code: str | None) -> str:
    """Why a response code never comes with the engine's reasons; empty where it can."""
    codes = {reason: _RESPONSE_CODES.get(reason) for reason in reasons}
    if code is None or not codes or code in codes.values() or None in codes.values():
        return ""
    return f"{code!r} never comes with " + ", ".join(f"{reason} ({known})" for reason, known in codes.items())


def _values(node: Mapping, kind: type[Step], currency: str | None, problems: list[Problem]) -> dict[str, Any]:
    known = {"reason", *kind.values.model_fields}
    try:
        found = kind.values.model_validate(as_texts(node))
    except ValidationError as error:
        for place, what in misfits_of(error, kind.values):
            where = tuple(place.split("."))
            said = unknown_key(place, known) if place in node.entries.keys() - known else what
            problems.append((line_at(node, where), f"expect.{place}: {comma_in_amount(node, where) or said}"))
        return {}
    values = {name: getattr(found, name) for name in found.model_fields_set}
    for name, value in values.items():
        if value is None:
            problems.append((line_at(node, (name,)), f"expect.{name}: is left empty"))
        elif isinstance(value, Amount) and currency is not None and (misfit := value.misfit(currency)):
            problems.append((line_at(node, (name,)), f"expect.{name}: {misfit}"))
    return values
