"""Scenarios as files: YAML read with the line of everything in it, so that what is wrong can be found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from simulators.scenarios.cast import Cast, Part
from simulators.scenarios.steps.step import Step
from simulators.scenarios.steps.verbs import VERBS

_BESIDE_THE_VERB = ("name", "expect", "comment")


class ScenarioError(Exception):
    """A file that is no scenario. problems: "file:line: what", in order."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Head(Part):
    """A scenario but for its steps."""

    scenario: str = Field(min_length=1, description="What it is about, in one line.")
    about: str = Field(default="", description="Why somebody should care.")
    tags: list[str] = Field(default=[], description="To choose scenarios by.")
    seed: int = Field(default=1, description="Of everything random; another seed plays it differently.")
    cast: Cast = Field(default=Cast(), description="Who and what takes part.")


@dataclass(frozen=True)
class Expectation:
    """What must come of a step. reasons: one of these; empty for whatever goes well.  values: by name."""

    reasons: tuple[str, ...] = ()
    values: dict[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedStep:
    """One step. name: of its receipt, for later steps.  comment: for readers of the report."""

    line: int
    step: Step
    expect: Expectation
    name: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Repeated:
    """Steps that are played so many times."""

    line: int
    times: int
    steps: tuple["Planned", ...]


@dataclass(frozen=True)
class OneOf:
    """Blocks of steps of which one is played, at random."""

    line: int
    blocks: tuple[tuple["Planned", ...], ...]


Planned = PlannedStep | Repeated | OneOf


@dataclass(frozen=True)
class Scenario:
    """One scenario. source: where it was read from."""

    source: str
    head: Head
    steps: tuple[Planned, ...]


def read_scenario(path: Path) -> Scenario:
    """Read a file. Raises: ScenarioError with everything that is wrong, by line."""
    try:
        text = path.read_text()
    except OSError as error:
        raise ScenarioError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ScenarioError([f"{path}: is no text in UTF-8"]) from None
    return parse_scenario(text, str(path))


def parse_scenario(text: str, source: str = "scenario") -> Scenario:
    """Read a scenario's text. Raises: ScenarioError with everything that is wrong, by line."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise ScenarioError([f"{source}:{line}: is no YAML: {error.problem}"]) from None
    except yaml.YAMLError as error:
        raise ScenarioError([f"{source}: is no YAML: {error}"]) from None
    except RecursionError:
        raise ScenarioError([f"{source}: nests deeper than a scenario can"]) from None
    if not isinstance(node, yaml.MappingNode):
        raise ScenarioError([f"{source}:1: is no scenario: a mapping with the keys scenario and steps is expected"])
    return _Parser(source).scenario(node)


class _Parser:
    """Collects what is wrong while it reads."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._problems: list[tuple[int, str]] = []
        self._cast = Cast()
        self._receipts: set[str] = set()

    def scenario(self, node: yaml.MappingNode) -> Scenario:
        parts = self._mapping(node)
        steps_node = parts.pop("steps", None)
        head = self._head(node, parts)
        steps: tuple[Planned, ...] = ()
        if head is not None:
            self._cast = head.cast
            self._check_cast(node, head.cast)
        if steps_node is None:
            self._wrong(node, "lacks steps")
        else:
            steps = self._steps(steps_node)
        if self._problems or head is None:
            raise ScenarioError([f"{self._source}:{line}: {what}" for line, what in sorted(self._problems)])
        return Scenario(self._source, head, steps)

    def _wrong(self, node: yaml.Node, what: str) -> None:
        self._problems.append((node.start_mark.line + 1, what))

    def _head(self, node: yaml.MappingNode, parts: dict[str, yaml.Node]) -> Head | None:
        try:
            return Head.model_validate({name: self._plain(part) for name, part in parts.items()})
        except ValidationError as error:
            self._validation(node, error)
            return None

    def _check_cast(self, node: yaml.MappingNode, cast: Cast) -> None:
        """Cards need their accounts, phones their cards."""
        for kind, entries, wanted, there in (
            ("cards", cast.cards, "account", cast.accounts),
            ("phones", cast.phones, "card", cast.cards),
        ):
            for name, entry in entries.items():
                named = getattr(entry, wanted)
                if named not in there:
                    where = _at(node, ("cast", kind, name, wanted))
                    self._wrong(where, f"cast.{kind}.{name}: there is no {wanted} {named!r} in the cast")

    def _steps(self, node: yaml.Node) -> tuple[Planned, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(node, "steps are a list")
            return ()
        planned = (self._step(each) for each in node.value)
        return tuple(step for step in planned if step is not None)

    def _step(self, node: yaml.Node) -> Planned | None:
        if isinstance(node, yaml.ScalarNode) and node.value in VERBS:
            return self._planned(node, node.value, None, {})
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, "a step is a mapping with one verb")
            return None
        parts = self._mapping(node)
        if "repeat" in parts:
            return self._repeated(node, parts)
        if "one_of" in parts:
            return self._one_of(node, parts)
        verbs = [name for name in parts if name not in _BESIDE_THE_VERB]
        if len(verbs) != 1 or verbs[0] not in VERBS:
            unknown = ", ".join(verbs) or "none"
            self._wrong(node, f"a step has one verb, not {unknown}; there are {', '.join(sorted(VERBS))}")
            return None
        return self._planned(node, verbs[0], parts[verbs[0]], parts)

    def _planned(
        self, node: yaml.Node, verb: str, arguments: yaml.Node | None, parts: dict[str, yaml.Node]
    ) -> PlannedStep | None:
        kind = VERBS[verb]
        given: Any = {}
        if arguments is not None and not (isinstance(arguments, yaml.ScalarNode) and arguments.value == ""):
            if not isinstance(arguments, yaml.MappingNode):
                self._wrong(arguments, f"{verb} takes a mapping")
                return None
            given = _constructed(arguments) if kind.is_document else self._plain(arguments)
        try:
            step = kind.model_validate(given)
        except ValidationError as error:
            self._validation(arguments or node, error, verb)
            return None
        self._check_references(arguments or node, verb, step)
        name = self._text(parts.get("name"))
        if name is not None:
            self._receipts.add(name)
        expect, comment = self._expectation(parts.get("expect")), self._text(parts.get("comment")) or ""
        return PlannedStep(node.start_mark.line + 1, step, expect, name, comment)

    def _check_references(self, node: yaml.Node, verb: str, step: Step) -> None:
        """What a step names must be in the cast, or be a receipt of a step before."""
        for field_name, group in step.refers_to.items():
            named = getattr(step, field_name)
            if named is None:
                continue
            there = self._receipts if group == "receipts" else getattr(self._cast, group)
            if named not in there:
                what = "earlier step with the name" if group == "receipts" else group[:-1]
                known = ", ".join(sorted(there)) or "none"
                problem = f"{verb}.{field_name}: there is no {what} {named!r}; known: {known}"
                self._wrong(_at(node, (field_name,)), problem)

    def _expectation(self, node: yaml.Node | None) -> Expectation:
        match node:
            case None:
                return Expectation()
            case yaml.ScalarNode():
                return Expectation((str(node.value),))
            case yaml.SequenceNode():
                return Expectation(tuple(self._plain(node)))
            case yaml.MappingNode():
                told = self._plain(node)
                reason = told.pop("reason", ())
                return Expectation((reason,) if isinstance(reason, str) else tuple(reason), told)
        self._wrong(node, "expect is a reason, a list of reasons, or a mapping")
        return Expectation()

    def _repeated(self, node: yaml.Node, parts: dict[str, yaml.Node]) -> Repeated | None:
        times = self._text(parts["repeat"])
        if set(parts) != {"repeat", "steps"} or times is None or not times.isdecimal() or int(times) < 1:
            self._wrong(node, "repeat takes a number and steps")
            return None
        return Repeated(node.start_mark.line + 1, int(times), self._steps(parts["steps"]))

    def _one_of(self, node: yaml.Node, parts: dict[str, yaml.Node]) -> OneOf | None:
        blocks = parts["one_of"]
        if set(parts) != {"one_of"} or not isinstance(blocks, yaml.SequenceNode) or not blocks.value:
            self._wrong(node, "one_of takes a list of steps, or of lists of steps")
            return None
        return OneOf(
            node.start_mark.line + 1,
            tuple(
                self._steps(block) if isinstance(block, yaml.SequenceNode) else self._only(block)
                for block in blocks.value
            ),
        )

    def _only(self, node: yaml.Node) -> tuple[Planned, ...]:
        step = self._step(node)
        return () if step is None else (step,)

    def _text(self, node: yaml.Node | None) -> str | None:
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode):
            self._wrong(node, "is a text")
            return None
        return str(node.value)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, yaml.Node]:
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                self._wrong(key, f"{name} comes twice")
            found[name] = value
        return found

    def _plain(self, node: yaml.Node) -> Any:
        """Mappings, lists and texts: every scalar as it is written, so that 12.50 stays exact. Nothing is None."""
        if isinstance(node, yaml.MappingNode):
            return {name: self._plain(value) for name, value in self._mapping(node).items()}
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(each) for each in node.value]
        if node.tag == "tag:yaml.org,2002:null":
            return {} if node.value == "" else None
        return str(node.value)

    def _validation(self, node: yaml.Node, error: ValidationError, verb: str | None = None) -> None:
        for problem in error.errors():
            path = tuple(str(part) for part in problem["loc"])
            where = ".".join((verb, *path) if verb else path)
            what = problem["msg"].removeprefix("Value error, ")
            self._wrong(_at(node, path), f"{where}: {what}")


def _at(node: yaml.Node, path: Iterable[str]) -> yaml.Node:
    """What stands at a path, as far as it can be followed."""
    for part in path:
        match node:
            case yaml.MappingNode():
                found = next((value for key, value in node.value if str(key.value) == part), None)
                if found is None:
                    return node
                node = found
            case yaml.SequenceNode() if part.isdecimal() and int(part) < len(node.value):
                node = node.value[int(part)]
            case _:
                return node
    return node


def _constructed(node: yaml.Node) -> Any:
    """A document with numbers and truth values as YAML has them."""
    return yaml.constructor.SafeConstructor().construct_document(node)


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
