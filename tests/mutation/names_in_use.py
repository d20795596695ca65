"""Which tests what stands outside of functions matters to: those that run a line which uses a name that it defines."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.mutation.measuring import Measured
from tests.mutation.mutants import Mutant
from tests.mutation.targets import ROOT

_Definition = tuple[set[str], range]


class NamesInUse:
    """The names of a package's sources, and the tests that come by where they are used."""

    def __init__(self, tests: str, measured: Measured) -> None:
        self._measured = measured
        self._test_files = {test.partition("::")[0] for test in measured.seconds}
        self._words = {file: set(re.findall(r"\w+", (ROOT / file).read_text())) for file in self._test_files}
        self._definitions: dict[str, list[_Definition]] = {}
        self._bodies: dict[str, list[_Definition]] = {}
        self._uses: dict[str, list[tuple[str, int]]] = {}
        for path in sorted((ROOT / tests.removeprefix("tests/")).glob("**/*.py")):
            self._read(path)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Tests that may notice a mutant, the fastest first."""
        # What a function that is called at import returns is in the names that are made of it.
        called = {mutant.function.partition(".")[0]} - {""}
        names = self._closure(self._defined_at(mutant.path, mutant.line) | called)
        tests = set(self._measured.tests_of(mutant.path, mutant.lines))
        for name in names:
            for path, line in self._uses.get(name, ()):
                tests.update(self._measured.tests_of(path, [line]))
            tests.update(test for test in self._measured.seconds if name in self._words[test.partition("::")[0]])
        return sorted(tests, key=self._measured.seconds.__getitem__)

    def _read(self, path: Path) -> None:
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text())
        self._definitions[name] = list(_definitions(tree.body))
        self._bodies[name] = list(_bodies(tree.body))
        for node in ast.walk(tree):
            used = getattr(node, "id", None) or getattr(node, "attr", None)
            if isinstance(used, str):
                self._uses.setdefault(used, []).append((name, node.lineno))  # type: ignore[attr-defined]

    def _defined_at(self, path: str, line: int) -> set[str]:
        return {name for names, lines in self._definitions[path] if line in lines for name in names}

    def _made_at(self, path: str, line: int) -> set[str]:
        """The names of what is made on a line at import; in a function that is called by then, the function's name."""
        made = self._defined_at(path, line)
        if self._measured.runs_at_import(path, [line]):
            made |= {name for names, lines in self._bodies[path] if line in lines for name in names}
        return made

    def _closure(self, names: set[str]) -> set[str]:
        """With the names of other definitions that are made of these at import."""
        known: set[str] = set()
        while names - known:
            new, known = names - known, set(names)
            for name in new:
                for path, line in self._uses.get(name, ()):
                    names = names | self._made_at(path, line)
        return names


def _definitions(body: list[ast.stmt]) -> Iterator[_Definition]:
    """What statements outside of functions define, and on which lines: of a function, its head."""
    for statement in body:
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                first = min(node.lineno for node in [statement, *statement.decorator_list])
                yield {statement.name}, range(first, statement.body[0].lineno)
            case ast.ClassDef():
                for names, inner in _definitions(statement.body):
                    yield names | {statement.name}, inner
            case ast.Assign(targets):
                yield {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}, lines
            case ast.AnnAssign(ast.Name(name)) | ast.AugAssign(ast.Name(name)):
                yield {name}, lines
            case ast.If(_, inside, other) | ast.For(body=inside, orelse=other):
                yield from _definitions([*inside, *other])


def _bodies(body: list[ast.stmt]) -> Iterator[_Definition]:
    """The functions of a module, and on which lines what they do stands."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield {statement.name}, range(statement.body[0].lineno, (statement.end_lineno or statement.lineno) + 1)
