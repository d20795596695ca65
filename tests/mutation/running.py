"""Mutants meet the tests: in functions that are there already where that can be, else in a fresh import."""

import gc
import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.metadata import entry_points
from typing import Any

import pytest

from tests.forking import Tell, end_after, in_copies, told_by_a_copy
from tests.mutation.collected import Items, passes, with_collected
from tests.mutation.installing import NeedsImport, functions_by_file, import_mutated, swap
from tests.mutation.measuring import Measured, Measuring
from tests.mutation.mutants import Mutant
from tests.mutation.names_in_use import NamesInUse
from tests.mutation.targets import ROOT


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"  # a test failed, or nothing could be imported
    TIMED_OUT = "timed out"  # a test did not end, or took the process with it
    SURVIVED = "survived"
    UNTESTED = "untested"  # it survived, and no test comes by


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant. by: the test that noticed it."""

    mutant: Mutant
    verdict: Verdict
    by: str = ""

    @property
    def is_killed(self) -> bool:
        """Whether the tests have noticed."""
        return self.verdict in (Verdict.KILLED, Verdict.TIMED_OUT)


_TO_IMPORT = "to import"
_SECONDS, _TIMES = 2.0, 5.0
"""What a test may take: so much, and so many times what it takes without a mutant."""
_SECONDS_TO_IMPORT = 60.0


_WITHOUT_SERVERS = "--ignore-glob=*/http"
"""Tests of routers need a running server, which does not live on in a copy of the process."""


def run(mutants: list[Mutant], tests: str, jobs: int = 1) -> Iterator[Outcome]:
    """Run a folder of tests against mutants, each in a process of its own. Raises: ValueError if they cannot be run."""
    left, measured, libraries = [], None, []
    for told in told_by_a_copy(partial(_run_by_swapping, mutants, tests, jobs)):
        match told:
            case {"error": error}:
                raise ValueError(error)
            case {"measured": by_name, "libraries": libraries}:
                measured = Measured(**by_name)
            case {"mutant": index, "verdict": verdict} if verdict == _TO_IMPORT:
                left.append(mutants[index])
            case {"mutant": index, "verdict": verdict, "by": by}:
                yield Outcome(mutants[index], Verdict(verdict), by)
    if left:
        assert measured is not None
        _import_all(libraries)
        yield from _run_by_importing(left, tests, measured, jobs)


def _run_by_swapping(mutants: list[Mutant], tests: str, jobs: int, tell: Tell) -> None:
    """In a process that has collected the tests: try what can be tried there, and say what cannot."""

    def use(items: Items) -> None:
        try:
            measured = measuring.measure(items, jobs)
        except ValueError as error:
            tell({"error": str(error)})
            return
        tell({"measured": vars(measured), "libraries": _libraries()})
        functions = functions_by_file()
        gc.freeze()  # what all copies share is left alone
        tasks = []
        for index, mutant in enumerate(mutants):
            if not mutant.function:
                tell({"mutant": index, "verdict": _TO_IMPORT})
                continue
            chosen = measured.tests_of(mutant.path, mutant.lines)
            limits = [(items[test], _limit(measured, test)) for test in chosen]
            task = partial(_try_swapped, mutant, functions.get(str(ROOT / mutant.path), []), limits)
            tasks.append(((index, mutant, bool(chosen)), task))
        for (index, mutant, has_tests), answer in in_copies(tasks, jobs):
            verdict, by = answer or (Verdict.TIMED_OUT, "")
            survived = verdict == Verdict.SURVIVED
            if survived and measured.runs_at_import(mutant.path, mutant.lines):
                verdict = _TO_IMPORT
            elif survived and not has_tests:
                verdict = Verdict.UNTESTED
            tell({"mutant": index, "verdict": verdict, "by": by})

    measuring = Measuring(tests)
    if with_collected(ROOT, [tests], use, _WITHOUT_SERVERS) != pytest.ExitCode.OK:
        tell({"error": f"the tests in {tests} cannot be collected, see above"})


def _try_swapped(mutant: Mutant, functions: list[Any], items: list[tuple[pytest.Item, float]]) -> tuple[str, str]:
    try:
        swap(mutant, functions)
    except NeedsImport:
        return _TO_IMPORT, ""
    for item, limit in items:
        end_after(limit)
        if not passes(item):
            return Verdict.KILLED, item.nodeid
    return Verdict.SURVIVED, ""


def _run_by_importing(mutants: list[Mutant], tests: str, measured: Measured, jobs: int) -> Iterator[Outcome]:
    """In this process, which has imported nothing of ours but this program: each copy imports everything anew."""
    names = NamesInUse(tests, measured)
    tasks = []
    for mutant in mutants:
        chosen = names.tests_of(mutant)
        if chosen:
            tasks.append((mutant, partial(_try_imported, mutant, chosen, measured)))
        else:
            yield Outcome(mutant, Verdict.UNTESTED)
    for mutant, answer in in_copies(tasks, jobs):
        verdict, by = answer or (Verdict.TIMED_OUT, "")
        yield Outcome(mutant, Verdict(verdict), by)


def _try_imported(mutant: Mutant, tests: list[str], measured: Measured) -> tuple[str, str]:
    """Run the tests, the fastest first."""
    verdict = Verdict.KILLED, "import"

    def use(items: Items) -> None:
        nonlocal verdict
        for test in tests:
            end_after(_limit(measured, test))
            if not passes(items[test]):
                verdict = Verdict.KILLED, test
                return
        verdict = Verdict.SURVIVED, ""

    end_after(_SECONDS_TO_IMPORT)
    import_mutated(mutant)
    with_collected(ROOT, {test.partition("::")[0] for test in tests}, use)
    return verdict


def _limit(measured: Measured, test: str) -> float:
    return _SECONDS + _TIMES * measured.seconds[test]


def _libraries() -> list[str]:
    """Foreign modules that the tests have imported, but for pytest's plugins, which it wants to import itself."""
    plugins = {entry.value.partition(".")[0] for entry in entry_points(group="pytest11")} | {"__main__"}
    tops = {name: name.partition(".")[0] for name in sys.modules}
    return [name for name, top in tops.items() if top not in plugins and not (ROOT / top).is_dir()]


def _import_all(libraries: Iterable[str]) -> None:
    for name in libraries:
        with suppress(Exception):
            importlib.import_module(name)
