"""Parses scenario files, and reports every error with line, key and suggestion."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import ValidationError

from simulators.process.did_you_mean import did_you_mean
from simulators.scenarios.expectations import Expectation, read_expectation
from simulators.scenarios.file_errors.located_yaml import (
    Mapping,
    Node,
    NotYaml,
    Sequence,
    Text,
    as_json,
    as_texts,
    is_empty,
    line_at,
    read_yaml,
)
from simulators.scenarios.file_errors.wording import comma_in_amount, misfits_of, unknown_key
from simulators.scenarios.scenario import (
    Head,
    OneOf,
    Planned,
    PlannedStep,
    Repeated,
    Scenario,
    ScenarioError,
    scenario_text,
)
from simulators.scenarios.staging.cast import Cast, Part
from simulators.scenarios.staging.rehearsal import EarlierPayment, Rehearsal
from simulators.scenarios.steps.step import Step
from simulators.scenarios.steps.verbs import VERBS

_BESIDE_THE_VERB = ("name", "expect", "comment")
_SHAPES = {"repeat": ("repeat", "steps"), "one_of": ("one_of",)}
_REPEATED_MAX = 10_000
_WORD_MAX = 60
_SPRAWLING = re.compile(rf"\S{{{_WORD_MAX + 1},}}")
"""What no line of an error shows whole."""
_REFERENCES = {"cards": ("account", "accounts"), "phones": ("card", "cards")}
"""By group of the cast: the key that names a member of another group."""

Model = TypeVar("Model", bound=Part)


def read_scenario(path: Path) -> Scenario:
    """Read a file. Raises: ScenarioError with everything that is wrong, by line."""
    return parse_scenario(scenario_text(path), str(path))


def parse_scenario(text: str, source: str = "scenario") -> Scenario:
    """Read a scenario's text. Raises: ScenarioError with everything that is wrong, by line."""
    try:
        node, problems = read_yaml(text)
    except NotYaml as error:
        raise ScenarioError([f"{source}:{error.line}: {error}"]) from None
    parser = _Parser(source, problems)
    if not isinstance(node, Mapping):
        line = 1 if node is None else node.line
        parser.wrong(line, "", "is not a scenario: a mapping with the keys scenario and steps is expected")
        parser.refuse()
    return parser.scenario(node)


class _Parser:
    """Collects what is wrong while it reads. problems: those that reading the YAML has found."""

    def __init__(self, source: str, problems: list[tuple[int, str]]) -> None:
        self._source = source
        self._problems = list(problems)
        self._known = Rehearsal()

    def wrong(self, line: int, path: str, what: str) -> None:
        """Note what is wrong at a line. path: keys, dots between levels."""
        self._problems.append((line, f"{path}: {what}" if path else what))

    def refuse(self) -> NoReturn:
        """Tell everything that is wrong, by line. Raises: ScenarioError."""
        told = dict.fromkeys((line, _SPRAWLING.sub(_shortened, what)) for line, what in sorted(self._problems))
        raise ScenarioError([f"{self._source}:{line}: {what}" for line, what in told])

    def scenario(self, node: Mapping) -> Scenario:
        """The scenario in the one mapping of a file. Raises: ScenarioError."""
        known = {*Head.model_fields, "steps"}
        parts = {name: value for name, value in node.entries.items() if name in known}
        misspelt = [name for name in node.entries if name not in known]
        for name in misspelt:
            self.wrong(node.keys[name], name, unknown_key(name, known))
        of_head = {name: part for name, part in parts.items() if name not in ("cast", "steps")}
        head = self._model(Head, Mapping(node.line, of_head, node.keys), "")
        self._known.cast = self._cast(parts.get("cast"))
        steps: tuple[Planned, ...] = ()
        if "steps" in parts:
            steps = self._steps(parts["steps"])
        elif not any(did_you_mean(name, ["steps"]) for name in misspelt):
            self.wrong(node.line, "", "lacks steps")
        if self._problems or head is None:
            self.refuse()
        return Scenario(self._source, head.model_copy(update={"cast": self._known.cast}), steps)

    def _model(self, kind: type[Model], node: Mapping, path: str) -> Model | None:
        """A part from its keys, and None where anything of it is wrong."""
        try:
            return kind.model_validate(as_texts(node))
        except ValidationError as error:
            for place, what in misfits_of(error, kind):
                where = tuple(place.split("."))
                said = comma_in_amount(node, where) or what
                self.wrong(line_at(node, where), _joined(path, place), said)
        return None

    # The cast

    def _cast(self, node: Node | None) -> Cast:
        """Whoever of the cast can be read; the names of the others are known all the same."""
        if node is None or is_empty(node):
            return Cast()
        if not isinstance(node, Mapping):
            self.wrong(node.line, "cast", "is a mapping of accounts, cards, phones and terminals")
            return Cast()
        groups, unreadable = {}, {}
        for group, entries in node.entries.items():
            if group not in Cast.model_fields:
                self.wrong(node.keys[group], f"cast.{group}", unknown_key(group, Cast.model_fields))
            elif not isinstance(entries, Mapping):
                self.wrong(entries.line, f"cast.{group}", "is a mapping of names and what each of them is")
            else:
                groups[group] = self._entries(group, entries)
                unreadable[group] = frozenset(entries.entries.keys() - groups[group].keys())
        self._known.unreadable = unreadable
        cast = Cast.model_construct(**{name: field.default for name, field in Cast.model_fields.items()} | groups)
        self._known.cast = cast
        for group in _REFERENCES:
            self._check_references(group, getattr(cast, group), node)
        return cast

    def _entries(self, group: str, node: Mapping) -> dict[str, Part]:
        kind = type(next(iter(Cast.model_fields[group].default.values())))
        found = {}
        for name, entry in node.entries.items():
            path = f"cast.{group}.{name}"
            if not isinstance(entry, Mapping) and not is_empty(entry):
                self.wrong(entry.line, path, f"is a mapping of {', '.join(sorted(kind.model_fields))}")
                continue
            keys = entry if isinstance(entry, Mapping) else Mapping(entry.line, {})
            part = self._model(kind, keys, path)
            if part is None:
                continue
            found[name] = part
            for key, what in part.misfits():
                self.wrong(line_at(keys, (key,)), _joined(path, key), what)
        return found

    def _check_references(self, group: str, entries: dict[str, Part], node: Mapping) -> None:
        """Cards need their accounts, phones their cards."""
        key, other = _REFERENCES[group]
        for name, entry in entries.items():
            if absence := self._known.absence(other, getattr(entry, key)):
                self.wrong(line_at(node, (group, name, key)), f"cast.{group}.{name}.{key}", absence)

    # Steps

    def _steps(self, node: Node, *, may_be_none: bool = False) -> tuple[Planned, ...]:
        if not isinstance(node, Sequence):
            self.wrong(node.line, "", "steps are a list")
            return ()
        if not node.items and not may_be_none:
            self.wrong(node.line, "", "there is no step: a scenario that does nothing would pass")
        planned = (self._step(each) for each in node.items)
        return tuple(step for step in planned if step is not None)

    def _step(self, node: Node) -> Planned | None:
        if isinstance(node, Text) and node.value in VERBS:
            return self._planned(VERBS[node.value], Mapping(node.line, {}), Mapping(node.line, {}))
        if not isinstance(node, Mapping):
            hint = did_you_mean(node.value, VERBS) if isinstance(node, Text) else ""
            self.wrong(node.line, "", f"a step is a mapping with one verb{hint}")
            return None
        for shape, keys in _SHAPES.items():
            if shape in node.entries:
                for key in node.entries.keys() - {*keys}:
                    self.wrong(node.keys[key], key, unknown_key(key, keys))
                return self._repeated(node) if shape == "repeat" else self._one_of(node)
        return self._with_verb(node)

    def _with_verb(self, node: Mapping) -> PlannedStep | None:
        others = [name for name in node.entries if name not in _BESIDE_THE_VERB]
        verbs = [name for name in others if name in VERBS]
        if len(verbs) != 1:
            name = self._text(node, "name")
            if name is not None:
                self._known.named[name] = None
            unknown = ", ".join(others) or "none"
            hint = did_you_mean(others[0], [*VERBS, *_SHAPES]) if len(others) == 1 else ""
            known = ", ".join(sorted(VERBS))
            self.wrong(node.line, "", f"a step has one verb, not {unknown}; there are {known}{hint}")
            return None
        for name in others:
            if name != verbs[0]:
                self.wrong(node.keys[name], name, unknown_key(name, _BESIDE_THE_VERB))
        given = node.entries[verbs[0]]
        if is_empty(given):
            given = Mapping(node.keys[verbs[0]], {})
        if not isinstance(given, Mapping):
            kind = VERBS[verbs[0]]
            keys = "parts of the document" if kind.is_document else ", ".join(sorted(kind.model_fields)) or "nothing"
            self.wrong(given.line, "", f"{verbs[0]} takes a mapping of {keys}")
            return self._planned(kind, None, node)
        return self._planned(VERBS[verbs[0]], given, node)

    def _planned(self, kind: type[Step], given: Mapping | None, beside: Mapping) -> PlannedStep | None:
        """A step from the keys of its verb, None where those are wrong, and what stands beside the verb."""
        step = None if given is None else self._made(kind, given)
        currency = None if step is None else step.currency(self._known)
        expect = Expectation()
        if "expect" in beside.entries:
            expect, problems = read_expectation(beside.entries["expect"], kind, currency)
            self._problems += problems
            for key, what in expect.foreseen(self._known):
                self.wrong(line_at(beside.entries["expect"], (key,)), f"expect.{key}", what)
        name, comment = self._text(beside, "name"), self._text(beside, "comment") or ""
        if step is not None and given is not None:
            self._foresee(step, given, expect)
        if name is not None:
            if self._known.named.get(name) is not None:
                self.wrong(line_at(beside, ("name",)), "name", f"an earlier step has the name {name!r} already")
            self._known.named[name] = None if step is None else step.as_payment(self._known)
        return None if step is None else PlannedStep(beside.line, step, expect, name, comment)

    def _made(self, kind: type[Step], given: Mapping) -> Step | None:
        if kind.is_document:
            return kind.model_validate(as_json(given))
        return self._model(kind, given, kind.verb)

    def _foresee(self, step: Step, given: Mapping, expect: Expectation) -> None:
        """What can be known of a step by those before it, unless it is there to be refused."""
        if step.is_document and expect.is_refusal:
            return
        for key, what in step.foreseen(self._known):
            where = tuple(key.split("."))
            self.wrong(line_at(given, where), _joined(step.verb, key), comma_in_amount(given, where) or what)
        step.leave(self._known)

    def _repeated(self, node: Mapping) -> Repeated | None:
        times, steps = node.entries["repeat"], node.entries.get("steps")
        count = times.value if isinstance(times, Text) and times.value.isascii() and times.value.isdecimal() else "0"
        if not 1 <= int(count[:9]) <= _REPEATED_MAX or steps is None:
            self.wrong(node.line, "", f"repeat takes a number and steps: how often, 1 to {_REPEATED_MAX}, and what")
        planned = () if steps is None else self._steps(steps)
        return Repeated(node.line, int(count[:9]), planned)

    def _one_of(self, node: Mapping) -> OneOf | None:
        blocks = node.entries["one_of"]
        if not isinstance(blocks, Sequence) or not blocks.items:
            self.wrong(node.line, "", "one_of takes a list of steps, or of lists of steps")
            return None
        before, after, planned = self._known.named, [], []
        for block in blocks.items:
            self._known.named = dict(before)
            steps = block if isinstance(block, Sequence) else Sequence(block.line, (block,))
            planned.append(self._steps(steps, may_be_none=True))
            after.append(self._known.named)
        self._known.named = _either(after)
        return OneOf(node.line, tuple(planned))

    def _text(self, node: Mapping, key: str) -> str | None:
        """A text beside a verb."""
        found = node.entries.get(key)
        if found is None or is_empty(found):
            return None
        if not isinstance(found, Text):
            self.wrong(found.line, key, "is a text")
            return None
        return found.value


def _either(branches: list[dict[str, EarlierPayment | None]]) -> dict[str, EarlierPayment | None]:
    """What is known after one of several blocks: what all of them name is certain."""
    found: dict[str, EarlierPayment | None] = {}
    for name in dict.fromkeys(name for branch in branches for name in branch):
        each = [branch.get(name) for branch in branches if name in branch]
        found[name] = EarlierPayment.either(each, in_all=len(each) == len(branches))
    return found


def _shortened(found: re.Match[str]) -> str:
    return f"{found[0][:_WORD_MAX]}..."


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def all_steps(steps: Iterable[Planned]) -> Iterator[PlannedStep]:
    """Every step of a scenario, wherever it stands."""
    for each in steps:
        match each:
            case PlannedStep():
                yield each
            case Repeated():
                yield from all_steps(each.steps)
            case OneOf():
                for block in each.blocks:
                    yield from all_steps(block)
