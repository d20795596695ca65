"""A disk that is full at every write in turn: of the journal, of a checkpoint, of the vault, of the history.

    python -m tests.survival.full_disk [--every 1] [--seed 1]

Each life runs in a copy of this process whose writes a preloaded library (`full_disk.c`) counts and fails; then a
second life, with room on the disk, has to keep everything that the first was told.
"""

import argparse
import ctypes
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from authz.network.warm_up import compile_everything
from simulators.process.logging_setup import configure_logging
from tests.forking import Tell, end_after, told_by_a_copy
from tests.survival.short_life import Promise, keeps_its_promises, live

FILES = {"journal": "/journal/", "checkpoint": "/checkpoints/", "vault": "/vault.db", "history": "/history.db"}
"""What their paths contain."""

_LIBRARY = "TAPWRIGHT_FULL_DISK"
_LIFE_SECONDS = 6.0


@dataclass
class Outcome:
    """What came of filling the disk at some of the writes to one kind of file."""

    file: str
    lasting: bool
    writes: int = 0
    tried: int = 0
    approved: int = 0
    broken: list[str] = field(default_factory=list)


def preloaded(arguments: list[str]) -> None:
    """Become this program again, with the library preloaded, unless that is what we are."""
    if _LIBRARY in os.environ:
        return
    with tempfile.TemporaryDirectory(prefix="tapwright-full-disk-") as folder:
        library = Path(folder) / "full_disk.so"
        source = Path(__file__).with_suffix(".c")
        build = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(build, check=True)
        environment = os.environ | {_LIBRARY: str(library), "LD_PRELOAD": str(library)}
        program = [sys.executable, "-m", "tests.survival.full_disk", *arguments]
        sys.exit(subprocess.run(program, env=environment, check=False).returncode)


def tried(file: str, *, lasting: bool, every: int, chance: random.Random) -> Outcome:
    """Fill the disk at one of each so many writes to a kind of file. lasting: it stays full, else for one write."""
    outcome = Outcome(file, lasting, _life(file, 0, lasting=lasting)[1])
    for first in range(1, outcome.writes + 1, every):
        at = min(first + chance.randrange(every), outcome.writes)
        promises, _, broken = _life(file, at, lasting=lasting)
        outcome.tried += 1
        outcome.approved += sum(1 for said, _ in promises if said == "approved")
        outcome.broken += [f"{file}, write {at}: {each}" for each in broken]
    return outcome


def _life(file: str, at: int, *, lasting: bool) -> tuple[list[Promise], int, list[str]]:
    """A life on a disk that is full at one write, 0 for never, and the next: promises, writes, what was broken."""
    with tempfile.TemporaryDirectory(prefix="tapwright-full-disk-") as folder:
        directory = Path(folder) / "data"
        try:
            told = list(told_by_a_copy(partial(_live_on_a_full_disk, directory, FILES[file], at, lasting)))
        except ChildProcessError as error:
            return [], 0, [f"the first life did not end: {error}"]
        promises = [promise for promise in told if promise[0] != "writes"]
        try:
            broken = list(told_by_a_copy(partial(_hold_to_promises, directory, promises)))
        except ChildProcessError as error:
            broken = [f"the second life did not end: {error}"]
        return promises, next(count for said, count in told if said == "writes"), broken


def _live_on_a_full_disk(directory: Path, path: str, at: int, lasting: bool, tell: Tell) -> None:
    end_after(_LIFE_SECONDS)
    library = ctypes.CDLL(os.environ[_LIBRARY])
    library.fill_disk(path.encode(), ctypes.c_long(at), int(lasting))
    library.writes_counted.restype = ctypes.c_long
    live(directory, tell)
    tell(("writes", library.writes_counted()))


def _hold_to_promises(directory: Path, promises: list[Promise], tell: Tell) -> None:
    end_after(_LIFE_SECONDS)
    for broken in keeps_its_promises(directory, promises):
        tell(broken)


def outcomes(every: int, seed: int) -> Iterator[Outcome]:
    """All kinds of files, on a disk that is full from a write on, and for one write."""
    configure_logging("critical", "console")
    compile_everything()
    chance = random.Random(seed)
    for file in FILES:
        for lasting in (True, False):
            yield tried(file, lasting=lasting, every=every, chance=chance)


def main(arguments: list[str]) -> Any:
    """Run and print a table; the exit code is 1 where something was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="one of so many writes (1)")
    parser.add_argument("--seed", type=int, default=1, help="which of them (1)")
    options = parser.parse_args(arguments)
    preloaded(arguments)
    broken = False
    for outcome in outcomes(options.every, options.seed):
        broken = broken or bool(outcome.broken)
        kind = "from a write on" if outcome.lasting else "for one write"
        print(
            f"{outcome.file:10} full {kind:15}: {outcome.tried:4} of {outcome.writes:4} writes, "
            f"{outcome.approved:5} approvals told, {len(outcome.broken)} promises broken",
            flush=True,
        )
        for each in outcome.broken:
            print(f"    {each}", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
