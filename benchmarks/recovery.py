"""Recovery and checkpoints: commands replayed a second, and what a checkpoint costs those who pay meanwhile.

    python -m benchmarks.recovery

A journal of a million accounts and their taps under 20 live rules is replayed as a start would do it, from its first
command and from a checkpoint. Then an engine goes on deciding on it, batch after batch, each answered when durable;
first alone, then while another process makes a checkpoint of everything.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from authz.engine import Engine
from authz.journal.checkpoint import checkpoints
from authz.journal.data_directory import JOURNAL, checkpoints_in, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.journal.records import Batch
from authz.journal.replay import History, replayed
from authz.program.document import canonical
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.vocabulary.commands import Kind, Records, new_commands
from benchmarks import machine
from benchmarks.portfolio import NOW_US, notices, program, taps

_CHUNK = 50_000
_LOAD_BATCH = 256
_BATCHES_PER_SECOND = 80


def make_journal(directory: Path, accounts: int, decisions: int, batch: int) -> np.ndarray:
    """Accounts, a program and taps in batches of so many; returns each account's transaction counter."""
    journal = SegmentJournal(Directory(directory / JOURNAL))
    for first in range(0, accounts, _CHUNK):
        journal.append(Batch(journal.next_sequence, notices(first, min(_CHUNK, accounts - first))))
    switch = new_commands(1)
    switch["kind"], switch["time_us"] = Kind.ACTIVATE_PROGRAM, NOW_US
    journal.append(Batch(journal.next_sequence, switch, canonical(program(20))))
    random, counters = np.random.default_rng(5), np.zeros(accounts, np.uint16)
    for first in range(0, decisions, _CHUNK):
        made = taps(random, counters, min(_CHUNK, decisions - first), first + 1, NOW_US + first)
        for start in range(0, len(made), batch):
            journal.append(Batch(journal.next_sequence, made[start : start + batch]))
    journal.close()
    return counters


def replay_rates(directory: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Commands a second from the first command on; seconds to open with a checkpoint and what follows it."""
    rates, seconds = [], []
    history = history_in(directory)
    for _ in range(rounds):
        started = time.perf_counter()
        sequence = replayed(History(history.journal)).sequence
        rates.append(sequence / (time.perf_counter() - started))
        started = time.perf_counter()
        replayed(history)
        seconds.append(time.perf_counter() - started)
    return rates, seconds


async def _latencies(engine: Engine, batches: list[Records], stop: asyncio.Event | None) -> list[float]:
    """Milliseconds from when a batch was due to its durable answer, until told to stop."""
    times, begun = [], time.perf_counter()
    for number, batch in enumerate(batches):
        if stop is not None and stop.is_set():
            break
        started = begun + number / _BATCHES_PER_SECOND
        await asyncio.sleep(max(0.0, started - time.perf_counter()))
        results = await engine.run(batch)
        times.append((time.perf_counter() - started) * 1e3)
        assert not results["reason"].any(), "every tap is approved"
    return times


async def pauses(directory: Path, counters: np.ndarray, decisions: int, seconds: float) -> None:
    """Latencies alone and while a checkpoint is made."""
    checkpoints_disk = checkpoints_in(directory)
    journal = SegmentJournal(Directory(directory / JOURNAL))
    engine = Engine(journal, lambda: NOW_US + 10**9, lambda error: sys.exit(str(error)), checkpoints_disk)
    random, made = np.random.default_rng(6), []
    for number in range(int(seconds * 3 * _BATCHES_PER_SECOND / 8)):
        first = decisions + 1 + number * 8 * _LOAD_BATCH
        chunk = taps(random, counters, 8 * _LOAD_BATCH, first)
        made += [chunk[start : start + _LOAD_BATCH] for start in range(0, len(chunk), _LOAD_BATCH)]
    third = len(made) // 3
    alone = await _latencies(engine, made[:third], None)
    stop = asyncio.Event()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "authz.upkeep.checkpointing", str(directory))
    started = time.perf_counter()
    load = asyncio.create_task(_latencies(engine, made[third:], stop))
    await process.wait()
    taken = time.perf_counter() - started
    stop.set()
    beside = await load
    await engine.close()
    print(f"  a checkpoint of command {max(checkpoints(checkpoints_disk)):,} took {taken:.1f} s beside the load")
    for name, times in (("alone", alone), ("beside it", beside)):
        quantiles = np.percentile(times, [50, 99, 99.9])
        print(
            f"  {len(times):6,} batches of {_LOAD_BATCH} {name:<10} p50 {quantiles[0]:.2f} ms, "
            f"p99 {quantiles[1]:.2f} ms, p99.9 {quantiles[2]:.2f} ms, longest {max(times):.2f} ms"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--accounts", type=int, default=1_000_000, help="accounts, with a card and a token each (1000000)"
    )
    parser.add_argument("--decisions", type=int, default=1_000_000, help="taps in the journal (1000000)")
    parser.add_argument("--batch", type=int, default=256, help="taps of one durable append (256)")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is replayed (3)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=15,
        help="how long the engine decides alone, and at most half as long again beside (15)",
    )
    parser.add_argument("--directory", type=Path, help="where the journal lives (a temporary directory)")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="tapwright-bench-", dir=options.directory) as scratch:
        directory = Path(scratch)
        print(f"fdatasync of 4 KiB: {machine.fdatasync_microseconds(directory):.0f} us (median)")
        counters = make_journal(directory, options.accounts, options.decisions, options.batch)
        reader = SegmentJournal(Directory(directory / JOURNAL))
        total = reader.next_sequence - 1
        made = make_checkpoint_after_accounts(reader, directory, 3 * options.accounts)
        print(f"a journal of {total:,} commands; a checkpoint after {made:,}")
        rates, seconds = replay_rates(directory, options.rounds)
        print(f"  replayed from the first command: {machine.spread(rates)} commands a second")
        print(f"  opened from the checkpoint and the {total - made:,} commands behind it: {np.median(seconds):.2f} s")
        asyncio.run(pauses(directory, counters, options.decisions, options.seconds))


def make_checkpoint_after_accounts(reader: SegmentJournal, directory: Path, at_least: int) -> int:
    """A checkpoint of all sealed segments, which hold at least the accounts."""
    made = make_checkpoint(reader, checkpoints_in(directory), Retention())
    assert made is not None, "the journal has sealed segments"
    assert made >= at_least, "the accounts are in them"
    return made


if __name__ == "__main__":
    main()
