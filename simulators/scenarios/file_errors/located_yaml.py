"""YAML with the line of everything in it, read so that no file can surprise: what is told of scalars is their text.

YAML 1.1 makes 8 of ``010``, 90 of ``1:30``, no of ``NO`` and a date of ``2026-12-01``. Here a scalar is the text that
stands in the file, and what it means is decided by whoever asks for it. Aliases and merge keys work, within bounds.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

Problem = tuple[int, str]
"""A line, counted from 1, and what is wrong there."""

_DEPTH_MAX = 40
_NODES_MAX = 50_000
"""With every alias written out. More than any day of a card takes, and little enough to be read at once."""

_TEXTS = {"null", "bool", "int", "float", "timestamp", "str", "merge", "value"}
_STANDARD_TAG = "tag:yaml.org,2002:"

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters and halves of surrogate pairs, which escapes can name: no report could be written with them."""

_JSON_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?", re.ASCII)


@dataclass(frozen=True)
class Text:
    """A scalar. is_plain: written without quotes, so that it may be meant as a number or truth value."""

    line: int
    value: str
    is_plain: bool


@dataclass(frozen=True)
class Sequence:
    """A list."""

    line: int
    items: "tuple[Node, ...]"


@dataclass(frozen=True)
class Mapping:
    """A mapping. keys: the line of each key."""

    line: int
    entries: "dict[str, Node]"
    keys: dict[str, int] = field(default_factory=dict)


Node = Text | Sequence | Mapping


class NotYaml(Exception):
    """Text that nothing can be read from. line: where it ends to make sense."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


def read_yaml(text: str) -> tuple[Node | None, list[Problem]]:
    """The one document in a text, None where there is nothing in it, and what is wrong in it all the same.

    Raises: NotYaml.
    """
    try:
        _check_depth(text)
        composed = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(_line_of(mark), f"is not valid YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYaml(line, f"is not valid YAML: there is a character U+{error.character:04X}") from None
    if composed is None:
        return None, []
    reading = _Reading()
    node = reading.located(composed)
    return node, sorted(reading.problems)


def _line_of(mark: Any) -> int:
    """The line of one of PyYAML's marks, which count from 0."""
    return 1 if mark is None else int(mark.line) + 1


def _check_depth(text: str) -> None:
    """Refuse what is nested so deep that reading it would exhaust the interpreter's stack. Raises: NotYaml."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH_MAX:
                raise NotYaml(_line_of(event.start_mark), f"is nested more than {_DEPTH_MAX} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reading:
    """Turns composed nodes into located ones. An anchored node is turned once, and counted as often as it is named."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._done: dict[int, tuple[Node, int]] = {}
        self._open: set[int] = set()

    def located(self, node: yaml.Node) -> Node:
        """The node. Raises: NotYaml where it is endless or too large."""
        return self._counted(node)[0]

    def _counted(self, node: yaml.Node) -> tuple[Node, int]:
        identity, line = id(node), _line_of(node.start_mark)
        if identity in self._open:
            raise NotYaml(line, "names itself: an alias stands inside of what it is an alias of")
        if identity not in self._done:
            self._open.add(identity)
            made, count = self._made(node, line)
            self._open.discard(identity)
            if count > _NODES_MAX:
                raise NotYaml(line, f"is more than {_NODES_MAX} values, with every alias written out")
            self._done[identity] = made, count
        return self._done[identity]

    def _made(self, node: yaml.Node, line: int) -> tuple[Node, int]:
        self._check_tag(node, line)
        if isinstance(node, yaml.ScalarNode):
            if found := _UNPRINTABLE.search(str(node.value)):
                self.problems.append((line, f"has a character U+{ord(found[0]):04X}, which no text shows"))
            return Text(line, str(node.value), node.style is None), 1
        if isinstance(node, yaml.SequenceNode):
            items = [self._counted(item) for item in node.value]
            return Sequence(line, tuple(item for item, _ in items)), 1 + sum(count for _, count in items)
        assert isinstance(node, yaml.MappingNode), "there are three kinds of nodes"
        return self._mapping(node, line)

    def _mapping(self, node: yaml.MappingNode, line: int) -> tuple[Mapping, int]:
        entries: dict[str, Node] = {}
        keys: dict[str, int] = {}
        merged: dict[str, Node] = {}
        total = 1
        for key, value in node.value:
            key_line = _line_of(key.start_mark)
            entry, count = self._counted(value)
            total += count
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append((key_line, "a key is a text, not a list or a mapping"))
            elif key.tag == f"{_STANDARD_TAG}merge":
                merged = self._merged(entry, key_line) | merged
            elif key.value in entries:
                self.problems.append((key_line, f"{key.value} comes twice"))
            else:
                entries[key.value], keys[key.value] = entry, key_line
        return Mapping(line, merged | entries, {name: each.line for name, each in merged.items()} | keys), total

    def _merged(self, entry: Node, line: int) -> dict[str, Node]:
        """What a merge key (``<<``) brings in; of several mappings the first that has a key."""
        sources = entry.items if isinstance(entry, Sequence) else (entry,)
        found: dict[str, Node] = {}
        for source in sources:
            if isinstance(source, Mapping):
                found = source.entries | found
            else:
                self.problems.append((line, "<< takes a mapping, or a list of them"))
        return found

    def _check_tag(self, node: yaml.Node, line: int) -> None:
        kind = node.tag.removeprefix(_STANDARD_TAG)
        usual = {yaml.ScalarNode: _TEXTS, yaml.SequenceNode: {"seq"}, yaml.MappingNode: {"map"}}[type(node)]
        if kind not in usual:
            self.problems.append((line, f"has the tag {node.tag!r}, and tags mean nothing here"))


def is_empty(node: Node) -> bool:
    """Whether nothing stands behind a key."""
    return isinstance(node, Text) and node.is_plain and node.value == ""


def line_at(node: Node, path: tuple[str, ...]) -> int:
    """The line of what stands at a path, as far as it can be followed."""
    line = node.line
    for part in path:
        match node:
            case Mapping() if part in node.entries:
                line, node = node.keys[part], node.entries[part]
            case Sequence() if part.isdecimal() and int(part) < len(node.items):
                node = node.items[int(part)]
                line = node.line
            case _:
                return line
    return line


def as_texts(node: Node) -> Any:
    """Mappings, lists and texts: every scalar as it is written, so that 12.50 stays exact.

    What is left empty is an empty mapping, and ``null`` or ``~`` is None.
    """
    match node:
        case Mapping():
            return {name: as_texts(value) for name, value in node.entries.items()}
        case Sequence():
            return [as_texts(item) for item in node.items]
    if node.is_plain and node.value in ("", "~", "null", "Null", "NULL"):
        return {} if node.value == "" else None
    return node.value


def as_json(node: Node) -> Any:
    """A document with numbers and truth values, as a JSON body has them.

    Whole numbers and decimals are those that JSON would take as well: ``010`` and ``1:30`` stay texts.
    """
    match node:
        case Mapping():
            return {name: as_json(value) for name, value in node.entries.items()}
        case Sequence():
            return [as_json(item) for item in node.items]
    return _scalar(node.value) if node.is_plain else node.value


_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "true": True, "yes": True, "on": True, "false": False, "no": False, "off": False,
}  # fmt: skip


def _scalar(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _JSON_INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _JSON_NUMBER.fullmatch(text) else text
