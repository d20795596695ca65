"""A recipe: how something is added to Tapwright, place by place, and what uses it afterwards."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """A line, or one statement, that is inserted after a line of a file: after the first one that begins so.

    line: with the indentation that it has there.
    """

    path: str
    after: str
    line: str

    def put(self, tree: Path) -> None:
        """Write it."""
        file = tree / self.path
        lines = file.read_text().splitlines(keepends=True)
        place = lines.index(self.line_before(tree) + "\n")
        file.write_text("".join([*lines[: place + 1], self.line + "\n", *lines[place + 1 :]]))

    def line_before(self, tree: Path) -> str:
        """The whole line after which it is inserted."""
        return next(line for line in (tree / self.path).read_text().splitlines() if line.startswith(self.after))


@dataclass(frozen=True)
class Change:
    """Whole lines of a file that are replaced. They stand there once."""

    path: str
    there: str
    instead: str

    def put(self, tree: Path) -> None:
        """Write it."""
        file = tree / self.path
        content = file.read_text()
        assert content.count(f"{self.there}\n") == 1, self.there
        file.write_text(content.replace(f"{self.there}\n", f"{self.instead}\n"))


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
class CopiedFile:
    """A file that is another one but for some text. replacements: pairs of what is there and what replaces it."""

    path: str
    source: str
    replacements: tuple[tuple[str, str], ...]

    def put(self, tree: Path) -> None:
        """Write it."""
        content = (tree / self.source).read_text()
        for there, instead in self.replacements:
            assert content.count(there) == 1, there
            content = content.replace(there, instead)
        NewFile(self.path, content).put(tree)


@dataclass(frozen=True)
class Recipe:
    """How something is added.

    places: everything that is written by hand.  explanation: what a reader should know first.  use: a program that uses
    what was added.  tests: those that cover it without a change of theirs.  generators: modules to run afterwards.
    generated: files that these rewrite.  documents: texts that then stand in a document, by its name.
    """

    heading: str
    explanation: str
    places: tuple[Line | Change | NewFile | CopiedFile, ...]
    use: str
    tests: tuple[str, ...] = ()
    generators: tuple[str, ...] = ()
    generated: frozenset[str] = frozenset()
    documents: dict[str, str] = field(default_factory=dict)
