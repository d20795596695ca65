"""A continuous record: figures of the programs, with commit, machine and versions, in `benchmarks/results/`.

    python -m benchmarks.record run wire [its arguments]
    python -m benchmarks.record compare wire [older newer]

Each program has a file of lines of JSON, one for each run, the newest last. Runs are numbered from 1; compare takes the
last two where none are named. Only figures of the same machine in the same hour tell a change of the code from the
weather of the machine: so a difference is called one only where the two spreads do not touch.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import machine

PROGRAMS = ("wire", "latency", "kernel", "whole_bank", "close_of_day", "reliefs", "http", "growth", "soak")
RESULTS = Path(__file__).parent / "results"
_LIBRARIES = ("numba", "numpy", "cryptography", "uvloop", "sqlalchemy")


def run(program: str, arguments: list[str], results: Path = RESULTS) -> dict[str, Any]:
    """Run a program and append its figures. Raises: CalledProcessError where it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "figures.json"
        command = [sys.executable, "-m", f"benchmarks.{program}", "--json", str(written), *arguments]
        subprocess.run(command, check=True)
        return append(program, json.loads(written.read_text()), arguments, results)


def append(
    program: str, figures: dict[str, list[float]], arguments: list[str], results: Path = RESULTS
) -> dict[str, Any]:
    """Append the figures of a run: name -> values."""
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "is_changed": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "machine": machine.describe(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "arguments": arguments,
        "figures": figures,
    }
    results.mkdir(exist_ok=True)
    with (results / f"{program}.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")
    return entry


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=Path(__file__).parent, check=False)
    return done.stdout.strip()


def recorded(program: str, results: Path = RESULTS) -> list[dict[str, Any]]:
    """All runs of a program, the oldest first."""
    path = results / f"{program}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def comparison(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """Two runs figure by figure, each with its spread."""
    lines = [f"{'':<62} {older['commit'] or 'older':>12} {newer['commit'] or 'newer':>34}"]
    for name, before in older["figures"].items():
        after = newer["figures"].get(name)
        if after is None:
            continue
        ratio = statistics.median(after) / statistics.median(before) if statistics.median(before) else float("nan")
        is_apart = min(after) > max(before) or max(after) < min(before)
        verdict = f"{ratio:5.2f} times" + ("" if is_apart else ", spreads touch")
        lines.append(f"{name:<62} {_spread(before):>28}  {_spread(after):>28}  {verdict}")
    return lines


def _spread(values: list[float]) -> str:
    middle = statistics.median(values)
    form = ",.0f" if middle >= 100 else ",.2f"
    return f"{middle:{form}} ({min(values):{form}} - {max(values):{form}})"


def main() -> None:
    """Run and record, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "compare"])
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="run: the program's arguments; compare: two numbers")
    options = parser.parse_args()
    if options.action == "run":
        run(options.program, options.rest)
        return
    runs = recorded(options.program)
    numbers = [int(number) for number in options.rest] or [len(runs) - 1, len(runs)]
    if len(numbers) != 2 or not all(1 <= number <= len(runs) for number in numbers):
        raise SystemExit(f"{options.program} has {len(runs)} runs on record: name two of them by number")
    print("\n".join(comparison(*(runs[number - 1] for number in numbers))))


if __name__ == "__main__":
    main()
