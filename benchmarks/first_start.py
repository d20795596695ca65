"""How long the first start on a machine takes, which compiles the engine, and a start after it.

    python -m benchmarks.first_start [--against TREE]

Each round starts ``tapwright serve`` twice with one cache: the first start finds nothing compiled, the second
everything. TREE is a checkout of another version, whose rounds alternate with those of this one. On a machine that
others use meanwhile, compare the processor's time.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import describe

_HERE = Path(__file__).parents[1]
_READY = re.compile(r"http=\S+ iso8583=\S+:\d+")


@dataclass(frozen=True)
class Start:
    """Seconds from the start of a process to its first line of output, and to the line that says that it is ready; and
    the processor's time for all of it.
    """

    first_line: float
    ready: float
    processor: float


@dataclass(frozen=True)
class Round:
    """A first start, and a warm one."""

    cold: Start
    warm: Start


def start(tree: Path, cache: Path, data: Path) -> Start:
    """Start a server of a checkout, and end it when it is ready. Raises: RuntimeError if it ends before."""
    command = [sys.executable, "-m", "simulators.cli", "serve", "--data-dir", str(data)]
    command += ["--http-port", "0", "--iso-port", "0"]
    environment = os.environ | {"PYTHONPATH": str(tree), "XDG_CACHE_HOME": str(cache)}
    began, used_before, told = time.perf_counter(), _processor_seconds(), []
    is_ready = False
    with subprocess.Popen(
        command, cwd=data.parent, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        assert server.stdout is not None
        for line in server.stdout:
            told.append(time.perf_counter() - began)
            if _READY.search(line):
                is_ready = True
                server.terminate()
                break
    if not is_ready:
        raise RuntimeError(f"{tree}: the server ended before it was ready, with exit code {server.returncode}")
    return Start(told[0], told[-1], _processor_seconds() - used_before)


def _processor_seconds() -> float:
    """What all processes that this one has started and seen ending have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def one_round(tree: Path) -> Round:
    """Start a checkout twice with a cache that is empty at first."""
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch) / "cache"
        return Round(*(start(tree, cache, Path(scratch) / name) for name in ("first", "second")))


def figures_of(rounds: list[Round]) -> dict[str, list[float]]:
    """Seconds by what they are of, one for each round."""
    return {
        "first start, first line": [each.cold.first_line for each in rounds],
        "first start, ready": [each.cold.ready for each in rounds],
        "warm start, ready": [each.warm.ready for each in rounds],
        "compiling": [each.cold.ready - each.warm.ready for each in rounds],
        "first start, processor": [each.cold.processor for each in rounds],
        "compiling, processor": [each.cold.processor - each.warm.processor for each in rounds],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="TREE", help="a checkout of another version to measure in turn")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    print(describe())
    trees = [_HERE, *([options.against.resolve()] if options.against else [])]
    rounds = [[one_round(tree) for tree in trees] for _ in range(options.rounds)]
    figures = [figures_of(list(of_tree)) for of_tree in zip(*rounds, strict=True)]
    for tree, named in zip(trees, figures, strict=True):
        print(tree)
        for name, seconds in named.items():
            print(f"  {name}: {statistics.median(seconds):.2f} s ({min(seconds):.2f} - {max(seconds):.2f})")
    for other in figures[1:]:
        for name, seconds in figures[0].items():
            ratios = [mine / its for mine, its in zip(seconds, other[name], strict=True)]
            print(f"{name}: {statistics.median(ratios):.2f} of it ({min(ratios):.2f} - {max(ratios):.2f})")
    if options.json:
        options.json.write_text(json.dumps(figures[0]))


if __name__ == "__main__":
    main()
