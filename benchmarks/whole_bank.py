"""A whole bank on one machine: 92,621,400 accounts with a card each, 2,650,000 tokens in phones.

    python -m benchmarks.whole_bank

Generated, loaded through the engine's own commands, and written as a checkpoint. A new process then opens an engine
from it, answers its first authorization, and is put under load: decisions of the kernel in batches, beside those of a
bank of a million in the same process, and durable batches of the engine.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from authz.engine import Engine
from authz.journal.checkpoint import Checkpoint, write_checkpoint
from authz.journal.data_directory import JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.journal.replay import apply_batch
from authz.program.compilation import compiled_program
from authz.program.document import canonical
from authz.state.tables import Counter, State, new_state, with_program, with_rows
from benchmarks import machine
from benchmarks.kernel import BATCH, batches_per_second, loaded
from benchmarks.portfolio import NOW_US, notices, program, taps

ACCOUNTS, TOKENS = 92_621_400, 2_650_000
_CHUNK = 100_000
_GIGABYTE = 1e9


def load(accounts: int, tokens: int) -> tuple[State, int]:
    """A bank in memory, and how many commands it took."""
    state = with_rows(new_state(16), {"accounts": accounts, "cards": accounts, "tokens": tokens})
    sequence = 0
    first = 0
    while first < accounts:
        count = min(_CHUNK, (tokens if first < tokens else accounts) - first)
        commands = notices(first, count, with_tokens=first < tokens)
        state, _, _ = apply_batch(state, commands)
        first += count
        sequence += len(commands)
    return state, sequence


def write(directory: Path, accounts: int, tokens: int) -> None:
    """Make the bank and its checkpoint in a data directory; prints what that took."""
    before, started = machine.resident_bytes(), time.perf_counter()
    state, sequence = load(accounts, tokens)
    taken = time.perf_counter() - started
    held = machine.resident_bytes() - before
    print(f"loaded: {taken:.0f} s, {sequence / taken:,.0f} commands a second; {held / accounts:.1f} bytes an account")
    document = program(20)
    state = with_program(state, compiled_program(document, 1))
    started = time.perf_counter()
    write_checkpoint(checkpoints_in(directory), Checkpoint(sequence, state, canonical(document)))
    size = sum(path.stat().st_size for path in directory.rglob("*.checkpoint"))
    print(f"checkpoint: {time.perf_counter() - started:.0f} s, {size / _GIGABYTE:.2f} GB", flush=True)
    journal = directory / JOURNAL
    journal.mkdir(parents=True)
    (journal / f"{sequence + 1:020d}.journal").touch()


async def _durable(engine: Engine, tokens: int, batches: int) -> tuple[float, list[float]]:
    """Seconds to the first durable answer, and durable decisions a second of batches of a thousand."""
    random, counters = np.random.default_rng(7), np.zeros(tokens, np.uint16)
    started = time.perf_counter()
    results = await engine.run(taps(random, counters, 1, 1))
    first = time.perf_counter() - started
    assert results["reason"][0] == 0
    figures = []
    for number in range(batches):
        commands = taps(random, counters, 1_000, 2 + 1_000 * number)
        started = time.perf_counter()
        results = await engine.run(commands)
        figures.append(1_000 / (time.perf_counter() - started))
        assert not results["reason"].any()
    return first, figures


async def _open(directory: Path, tokens: int, batches: int) -> dict[str, list[float]]:
    started = time.perf_counter()
    engine = Engine(
        SegmentJournal(Directory(directory / JOURNAL)),
        lambda: NOW_US,
        lambda error: sys.exit(str(error)),
        checkpoints_in(directory),
    )
    opened = time.perf_counter() - started
    first, durable = await _durable(engine, tokens, batches)
    resident = machine.resident_bytes()
    accounts = int(engine.state.counters[Counter.ACCOUNTS])
    figures = {
        "open s": [opened],
        "first authorization s": [first],
        "resident GB": [resident / _GIGABYTE],
        "bytes an account": [resident / accounts],
        "durable batches of 1,000 a second": durable,
    }
    print(f"opened from the checkpoint: {opened:.1f} s; first durable authorization {first * 1000:.1f} ms later")
    print(f"resident: {resident / _GIGABYTE:.2f} GB, {resident / accounts:.1f} bytes an account, the interpreter's too")
    print(f"durable decisions, batches of 1,000: {machine.spread(durable)} a second", flush=True)
    state = engine.state
    await engine.close()
    million = with_program(loaded(1_000_000, batches * BATCH), state.program)
    small = batches_per_second(million, 1_000_000, batches)
    del million
    # The taps of the batches begin with the first transaction counter of each token, which some have used.
    state.tokens["atc_highest"], state.tokens["atc_window"] = 0, 0
    whole = batches_per_second(state, tokens, batches)
    print(f"kernel, all {tokens:,} tokens: {machine.spread(whole)} a second")
    times = float(np.median(small) / np.median(whole))
    print(f"kernel, a bank of a million:   {machine.spread(small)}; {times:.2f} times as fast")
    return figures | {"kernel, whole bank": whole, "kernel, a million": small}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help=f"with a card each ({ACCOUNTS})")
    parser.add_argument("--tokens", type=int, default=TOKENS, help=f"in phones ({TOKENS})")
    parser.add_argument("--batches", type=int, default=100, help="of 4,096 decisions (100)")
    parser.add_argument("--directory", type=Path, help="where checkpoint and journal live (a temporary directory)")
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--part", choices=["write", "open"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "write":
        write(options.directory, options.accounts, options.tokens)
        return
    if options.part == "open":
        figures = asyncio.run(_open(options.directory, options.tokens, options.batches))
        if options.json:
            options.json.write_text(json.dumps(figures))
        return
    print(machine.describe())
    print(f"{options.accounts:,} accounts and cards, {options.tokens:,} tokens", flush=True)
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-", dir=options.directory) as scratch:
        for part in ("write", "open"):
            command = [sys.executable, "-m", "benchmarks.whole_bank", "--part", part, "--directory", scratch]
            command += ["--accounts", str(options.accounts), "--tokens", str(options.tokens)]
            command += ["--batches", str(options.batches)]
            command += ["--json", str(options.json)] if options.json else []
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
