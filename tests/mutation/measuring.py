"""Which test runs which line, and how long it takes: measured once for a state of the sources."""

import hashlib
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import coverage

from tests.forking import in_copies
from tests.mutation.collected import Items, passes
from tests.mutation.targets import ROOT

CACHE = ROOT / ".mutation"
_IMPORT = "import"
_SECONDS_MAX = 5.0


@dataclass(frozen=True)
class Measured:
    """What tests do. seconds: by test.  lines: by test, the lines that it runs, by file from the root."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]

    def tests_of(self, path: str, lines: Iterable[int]) -> list[str]:
        """The tests that run one of these lines, the fastest first."""
        wanted = set(lines)
        tests = [test for test in self.seconds if not wanted.isdisjoint(self.lines[test].get(path, ()))]
        return sorted(tests, key=self.seconds.__getitem__)

    def without_the_longest(self) -> "Measured":
        """Without tests that take the time of hundreds: what only they would notice has no test of its own."""
        asked = {test: seconds for test, seconds in self.seconds.items() if seconds <= _SECONDS_MAX}
        return Measured(asked, {test: self.lines[test] for test in (*asked, _IMPORT)})

    def runs_at_import(self, path: str, lines: Iterable[int]) -> bool:
        """Whether importing the tests runs one of these lines."""
        return not set(lines).isdisjoint(self.lines[_IMPORT].get(path, ()))


class Measuring:
    """A tracer of the lines of a package: what runs from now on counts as import, until tests are measured."""

    def __init__(self, tests: str) -> None:
        self._package = tests.removeprefix("tests/")
        self._tests = tests
        self._tracer = coverage.Coverage(
            data_file=None, config_file=False, source=[str(ROOT / self._package)], messages=False
        )
        self._tracer.start()
        self._tracer.switch_context(_IMPORT)

    def measure(self, items: Items, jobs: int = 1) -> Measured:
        """What the tests do: those that were not measured before, or have changed since, run once, in copies.

        Raises: ValueError if one fails without any mutant.
        """
        file = CACHE / f"{self._package}.json"
        state = {"sources": self._sources(), "files": {name: _digest([ROOT / name]) for name in _files_of(items)}}
        known = json.loads(file.read_text()) if file.exists() else {"sources": ""}
        kept = {test for test in items if _is_kept(test, known, state)}
        new = {test: item for test, item in items.items() if test not in kept}
        if new:
            print(f"measuring which lines {len(new)} tests run ...", file=sys.stderr, flush=True)
        measured = Measured({}, {})
        names = list(new)
        parts = [{test: new[test] for test in names[part::jobs]} for part in range(jobs)]
        for _, told in in_copies([(None, partial(self._run, part)) for part in parts], jobs):
            if told is None:
                raise ValueError("the tests could not be measured: one of them took the process with it")
            if told["failed"]:
                raise ValueError(f"these tests fail without any mutant: {', '.join(told['failed'])}")
            measured.seconds.update(told["seconds"])
            measured.lines.update(told["lines"])
        self._tracer.stop()
        for test in kept:
            measured.seconds[test], measured.lines[test] = known["seconds"][test], known["lines"][test]
        if new:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(state | asdict(measured)))
        return measured.without_the_longest()

    def _run(self, items: Items) -> dict[str, Any]:
        seconds, failed = {}, []
        for test, item in items.items():
            self._tracer.switch_context(test)
            begin = time.process_time()
            if not passes(item):
                failed.append(test)
            seconds[test] = time.process_time() - begin
        self._tracer.stop()
        data = self._tracer.get_data()
        lines: dict[str, dict[str, list[int]]] = {test: {} for test in [_IMPORT, *items]}
        for file in data.measured_files():
            name = Path(file).relative_to(ROOT).as_posix()
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in filter(None, contexts):
                    lines[context].setdefault(name, []).append(line)
        return {"seconds": seconds, "lines": lines, "failed": failed}

    def _sources(self) -> str:
        """A digest of everything that tells what tests do, but for the tests themselves."""
        paths = [*(ROOT / self._package).glob("**/*.py"), *(ROOT / self._tests).glob("**/*.py")]
        return _digest([path for path in paths if not path.name.startswith("test_")])


def _files_of(tests: Iterable[str]) -> set[str]:
    return {test.partition("::")[0] for test in tests}


def _is_kept(test: str, known: dict[str, Any], state: dict[str, Any]) -> bool:
    name = test.partition("::")[0]
    return (
        known["sources"] == state["sources"]
        and known["files"].get(name) == state["files"][name]
        and test in known["seconds"]
    )


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(paths):
        digest.update(path.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
