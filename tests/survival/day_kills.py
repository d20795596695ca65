"""kill -9 while days are being closed: the books are those of an undisturbed bank, and each statement is there once.

    python -m tests.survival.day_kills [--kills 100] [--seed 1]

Each life is a copy of this process that opens the engine on the same data directory, sets the clock forward by a day or
a few and closes the days that are over, range by range, until it is killed at a moment drawn by the seed. Statements
are those of the journal: what a history is made of.
"""

import argparse
import asyncio
import os
import random
import signal
import tempfile
import time
from collections import Counter as Counted
from functools import partial
from pathlib import Path
from unittest.mock import patch

from authz.engine import Engine
from authz.journal.data_directory import JOURNAL, checkpoints_in, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.replay import replayed, replayed_batches
from authz.network.warm_up import compile_everything
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.vocabulary.commands import Kind
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.feeds import bank_day
from simulators.sandbox.feeds.bank_day import BankDay
from tests.clock import ManualClock
from tests.forking import told_by_a_copy
from tests.simulators.sandbox.feeds.banks import DAY_SECONDS, books_of, open_bank, sandbox_clock

_ACCOUNTS, _ROWS_TOGETHER = 120, 4
"""Thirty commands close a day for all."""
_SEGMENT_BYTES = 40_000
_DAYS_A_LIFE = (1, 3, 9, 31)
_COMMANDS_MAX = 12
_SECONDS_MAX = 0.002
_CHECKPOINT_CHANCE = 0.1


def survive_day_kills(directory, kills, seed):
    """Kill an engine so often while it closes days; returns how many kills came in the middle of a close.

    Raises: AssertionError.
    """
    configure_logging("warning", "console")
    compile_everything()
    chance, midway = random.Random(seed), 0
    directory = Path(directory)
    asyncio.run(_close(directory / "killed", 0, open_first=True))
    asyncio.run(_close(directory / "undisturbed", 0, open_first=True))
    days = 0
    for _ in range(kills):
        days += chance.choice(_DAYS_A_LIFE)
        commands, seconds = chance.randint(0, _COMMANDS_MAX), chance.random() * _SECONDS_MAX
        midway += killed(partial(_live, directory / "killed", days), commands, seconds)
        if chance.random() < _CHECKPOINT_CHANCE:
            disk = Directory(directory / "killed" / JOURNAL)
            make_checkpoint(SegmentReader(disk), checkpoints_in(directory / "killed"), Retention())
    for name in ("killed", "undisturbed"):
        asyncio.run(_close(directory / name, days))
    hold_the_books_together(directory / "killed", directory / "undisturbed")
    return midway


def killed(life, commands, seconds):
    """A life that is killed so long after so many commands; whether it had closed some accounts, and not all.

    life: what a copy of this process does. It tells its process's number first, then of its start, `some` for each
    command, and `closed` at the end.
    """
    told = []
    copy = told_by_a_copy(life)
    try:
        process = next(copy)
        for each in copy:
            told.append(each)
            if len(told) == commands + 1:
                time.sleep(seconds)
                os.killpg(process, signal.SIGKILL)
    except (ChildProcessError, ProcessLookupError):  # that is how a process ends that is killed, or has ended
        pass
    return "some" in told and "closed" not in told


def _live(directory, days, tell):
    """Open, and close until killed."""
    asyncio.run(_close(directory, days, tell))


async def _close(directory, days, tell=None, *, open_first=False):
    """Close all days up to so many behind the first, from what the journal says; tells of each command."""
    real = ManualClock()
    journal = SegmentJournal(Directory(directory / JOURNAL), segment_bytes=_SEGMENT_BYTES)
    clock = sandbox_clock(real)
    engine = Engine(journal, lambda: int(clock() * 1e6), lambda _error: os._exit(1), checkpoints_in(directory))
    if open_first:
        await open_bank(engine, _ACCOUNTS, real)
    real.advance(days * DAY_SECONDS)
    if tell is not None:
        tell(os.getpid())
        tell("opened")
        engine.follow(lambda durable: Kind.CLOSE_DAY in durable.commands["kind"] and tell("some"))
    with patch.object(bank_day, "ROWS_TOGETHER", _ROWS_TOGETHER):
        await BankDay(engine, clock, real).close()
    if tell is not None:
        tell("closed")
    await engine.close()


def hold_the_books_together(killed, undisturbed):
    """The same books, from the first command as from the last checkpoint, and the same statements, each once."""
    history, other = history_in(killed), history_in(undisturbed)
    shortened, whole = replayed(history).state, replayed(type(history)(history.journal)).state
    assert books_of(shortened) == books_of(whole) == books_of(replayed(other).state)
    cut, expected = statements_of(history), statements_of(other)
    assert max(cut.values()) == 1, "a day was closed twice"
    assert cut == expected


def statements_of(history):
    """How often each statement was cut: by account, day and what it says."""
    return Counted(
        (int(each["account_id"]), int(each["day"]), int(each["closing_minor"]), int(each["minimum_minor"]))
        for durable in replayed_batches(type(history)(history.journal), 0)
        for each in durable.statements
    )


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="how often (100)")
    parser.add_argument("--seed", type=int, default=1, help="when (1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapwright-kills-") as folder:
        midway = survive_day_kills(folder, options.kills, options.seed)
    print(f"{options.kills} engines killed, {midway} of them in the middle of a close; books and statements are equal")


if __name__ == "__main__":
    main()
