"""A recipe: how something is added to Tapwright, place by place, and what uses it afterwards."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """A line, or one statement, that is inserted behind a line of a file: behind the first one that begins so."""

    path: str
    behind: str
    line: str

    def put(self, tree: Path) -> None:
        """Write it."""
        file = tree / self.path
        lines = file.read_text().splitlines(keepends=True)
        place = next(i for i, line in enumerate(lines) if line.startswith(self.behind))
        file.write_text("".join([*lines[: place + 1], self.line + "\n", *lines[place + 1 :]]))


@dataclass(frozen=True)
class NewFile:
    """A file that did not exist."""

    path: str
    content: str

    def put(self, tree: Path) -> None:
        """Write it."""
        file = tree / self.path
        assert not file.exists()
        file.write_text(self.content)


@dataclass(frozen=True)
class Recipe:
    """How something is added.

    places: everything that is written by hand.  explanation: what a reader should know first.  use: a program that uses
    what was added.  tests: those that cover it without a change of theirs.  generators: modules to run afterwards.
    generated: files that these rewrite.  documents: texts that then stand in a document, by its name.
    """

    heading: str
    explanation: str
    places: tuple[Line | NewFile, ...]
    use: str
    tests: tuple[str, ...] = ()
    generators: tuple[str, ...] = ()
    generated: frozenset[str] = frozenset()
    documents: dict[str, str] = field(default_factory=dict)
