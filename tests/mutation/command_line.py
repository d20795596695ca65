"""The command line of mutation testing."""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from itertools import groupby

from tests.forking import end_copies_on_sigterm
from tests.mutation.equivalents import equivalents
from tests.mutation.mutants import Mutant, mutants_in
from tests.mutation.reporting import difference, survivor, table
from tests.mutation.running import Outcome, run
from tests.mutation.targets import ROOT, TARGETS, tests_of


def main(arguments: list[str] | None = None) -> int:
    """Run the program. Returns the exit code: 1 where fewer were killed than `--at-least` asks for."""
    options = _parser().parse_args(arguments)
    try:
        mutants = [mutant for path in options.paths or TARGETS for mutant in chosen(path)]
    except (FileNotFoundError, ValueError) as error:
        print(f"tests.mutation: {error}", file=sys.stderr)
        return 2
    if options.sample is not None and options.sample < len(mutants):
        drawn = set(random.Random(options.seed).sample(mutants, options.sample))
        mutants = [mutant for mutant in mutants if mutant in drawn]
    if options.list:
        print(*mutants, sep="\n")
        return 0
    if len(mutants) == 1:
        print(difference(mutants[0]))
    end_copies_on_sigterm()
    try:
        outcomes = _run_and_tell(mutants, options.jobs)
    except ValueError as error:
        print(f"tests.mutation: {error}", file=sys.stderr)
        return 2
    killed = sum(outcome.is_killed for outcome in outcomes)
    return 0 if 100 * killed >= options.at_least * len(mutants) else 1


def _run_and_tell(mutants: list[Mutant], jobs: int) -> list[Outcome]:
    """Survivors as they come, then the figures."""
    begin = time.monotonic()
    outcomes = []
    written_down = equivalents()
    reasons = {mutant: entry.why for mutant in mutants for entry in written_down if entry.is_of(mutant)}
    for outcome in _outcomes(mutants, jobs):
        outcomes.append(outcome)
        if len(mutants) == 1 and outcome.is_killed:
            print(f"{outcome.verdict} by {outcome.by or 'a test that did not end'}")
        if not outcome.is_killed:
            print(survivor(outcome, reasons.get(outcome.mutant, "")), flush=True)
        if len(outcomes) % 100 == 0:
            print(f"{len(outcomes)} of {len(mutants)} in {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    print(table(outcomes, set(reasons)))
    print(f"{len(mutants)} mutants in {time.monotonic() - begin:.0f} s")
    return outcomes


def chosen(path: str) -> list[Mutant]:
    """The mutants of a file, a folder, a line (`FILE:LINE`), or one mutant by its name.

    Raises: FileNotFoundError, ValueError.
    """
    file, _, rest = path.partition(":")
    mutants = mutants_in(ROOT, file.removeprefix(f"{ROOT}/"))
    if rest:
        mutants = [mutant for mutant in mutants if f"{mutant}:".startswith(f"{mutant.path}:{rest}:")]
    if not mutants:
        raise ValueError(f"there are no mutants at {path}")
    tests_of(mutants[0].path)
    return mutants


def _outcomes(mutants: list[Mutant], jobs: int) -> Iterator[Outcome]:
    """Folder of tests by folder of tests."""
    for tests, group in groupby(
        sorted(mutants, key=lambda each: tests_of(each.path)), lambda each: tests_of(each.path)
    ):
        yield from run(list(group), tests, jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="folder, file, FILE:LINE, or one mutant by its name")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time (1)")
    parser.add_argument("--list", action="store_true", help="only name the mutants")
    parser.add_argument("--at-least", type=float, default=0, metavar="PERCENT", help="fail if fewer are killed")
    return parser
