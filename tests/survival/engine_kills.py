"""kill -9 of an engine's process under load: what it has acknowledged is there, and the books balance.

    python -m tests.survival.engine_kills [--kills 1000] [--seed 1]

Each life is a copy of this process that opens the engine on the same data directory, decides batch after batch and
makes a checkpoint now and then, until it is killed at a moment drawn by the seed.
"""

import argparse
import asyncio
import os
import random
import signal
import tempfile
import time
from functools import partial
from pathlib import Path

from authz.engine import Engine
from authz.journal.data_directory import JOURNAL, checkpoints_in, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.replay import replayed
from authz.network.warm_up import compile_everything
from authz.state.stored import rows_in_use
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.vocabulary.layouts import joined
from simulators.process.logging_setup import configure_logging
from tests.authz.commands import NOW_US, opening, reversal, tap
from tests.forking import told_by_a_copy

_SEGMENT_BYTES = 40_000
_BATCH_MAX = 12
_LIFE_SECONDS_MAX = 0.12
_CHECKPOINT_CHANCE = 0.02


def survive_engine_kills(directory, kills, seed):
    """Kill an engine so often while it decides; returns how many commands it acknowledged. Raises: AssertionError."""
    configure_logging("warning", "console")
    compile_everything()
    chance, acknowledged = random.Random(seed), 0
    for life in range(kills):
        told = _killed(directory, acknowledged, chance.random() * _LIFE_SECONDS_MAX, seed + life)
        opened = told[0]
        assert opened >= acknowledged, f"life {life}: {acknowledged} commands were acknowledged, {opened} are there"
        acknowledged = told[-1]
    _hold_the_books_together(directory, acknowledged)
    return acknowledged


def _killed(directory, acknowledged, seconds, seed):
    """One life, killed so long after it had opened: the sequences that it told of, the one that it found first."""
    told = []
    copy = told_by_a_copy(partial(_live, directory, seed))
    try:
        process, found = next(copy)
        told.append(found)
        time.sleep(seconds)
        os.killpg(process, signal.SIGKILL)
        for each in copy:  # one by one: the last of them ends with an error
            told.append(each)
    except ChildProcessError:  # that is how a process ends that is killed
        pass
    return told or [acknowledged]


def _live(directory, seed, tell):
    """Open, and decide until killed."""
    asyncio.run(_decide(directory, random.Random(seed), tell))


async def _decide(directory, chance, tell):
    disk = Directory(directory / JOURNAL)
    journal, points = SegmentJournal(disk, segment_bytes=_SEGMENT_BYTES), checkpoints_in(directory)
    engine = Engine(journal, lambda: NOW_US, lambda _error: os._exit(1), points)
    tell((os.getpid(), engine.durable_sequence))
    if not engine.durable_sequence:
        await engine.run(opening())
        tell(engine.durable_sequence)
    while True:
        first = engine.durable_sequence
        batch = [_message(first + place, chance) for place in range(chance.randint(1, _BATCH_MAX))]
        await engine.run(joined(batch))
        tell(engine.durable_sequence)
        if chance.random() < _CHECKPOINT_CHANCE:
            make_checkpoint(SegmentReader(disk), points, Retention())


def _message(number, chance):
    """A tap, or now and then the reversal of one."""
    made = tap(number % 60_000, time_us=NOW_US, stan=number % 1_000_000)
    return reversal(made, time_us=NOW_US) if chance.random() < 0.2 else made


def _hold_the_books_together(directory, acknowledged):
    """From the last checkpoint and from the first command, what the journal says comes to the same."""
    history = history_in(directory)
    shortened, whole = replayed(history), replayed(type(history)(history.journal))
    assert shortened.sequence == whole.sequence >= acknowledged
    assert rows_in_use(shortened.state) == rows_in_use(whole.state)


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1_000, help="how often (1000)")
    parser.add_argument("--seed", type=int, default=1, help="when (1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapwright-kills-") as folder:
        acknowledged = survive_engine_kills(Path(folder), options.kills, options.seed)
    print(f"{options.kills} engines killed under load, {acknowledged:,} commands acknowledged, none lost")


if __name__ == "__main__":
    main()
