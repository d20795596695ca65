"""Makes checkpoints during operation: a separate process replays the sealed segments.

The engine's process copies nothing and waits for nothing. The price is the memory of a second state while a checkpoint
is made, and idle time of a core.
"""

import asyncio
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from authz.journal.checkpoint import checkpoints, forget_checkpoints, write_checkpoint
from authz.journal.data_directory import JOURNAL, checkpoints_in
from authz.journal.disk import Directory, Disk
from authz.journal.journal_files import SegmentReader
from authz.journal.replay import History, replayed
from authz.journal.segment_header import UNNAMED

CHECKPOINTS_KEPT = 2
"""The last, and one before it should the last be damaged."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Retention:
    """How much of the past is kept. segments: so many sealed ones at least, all of them if None."""

    segments: int | None = None


def make_checkpoint(reader: SegmentReader, disk: Disk, retention: Retention) -> int | None:
    """Write a checkpoint of everything in sealed segments, then give up what retention does not ask for.

    Returns: its sequence; None where there is nothing new.
    Raises: JournalDamaged, CheckpointDamaged.
    """
    sealed = reader.sealed_sequence
    if sealed <= max(checkpoints(disk), default=0):
        return None
    made = replayed(History(reader, disk), sealed)
    write_checkpoint(disk, replace(made, network=reader.network or UNNAMED, digest=reader.digest_at(sealed) or b""))
    kept = checkpoints(disk)[:CHECKPOINTS_KEPT]
    forget_checkpoints(disk, before=kept[-1])
    if retention.segments is not None and len(kept) == CHECKPOINTS_KEPT:
        seals = reader.seals()
        wanted = seals[-1 - min(retention.segments, len(seals) - 1)]
        reader.forget(before=min(wanted, kept[-1]) + 1)
    return sealed


async def keep_making_checkpoints(
    directory: Path, every_segments: int, retention: Retention, poll_seconds: float = 1.0
) -> None:
    """Make a checkpoint of a data directory whenever so many segments were sealed since the last; until cancelled."""
    reader, disk = SegmentReader(Directory(directory / JOURNAL)), checkpoints_in(directory)
    while True:
        await asyncio.sleep(poll_seconds)
        latest = max(checkpoints(disk), default=0)
        new = sum(1 for seal in reader.seals()[1:] if seal > latest)
        if new >= every_segments:
            await _in_a_process(directory, retention)


async def _in_a_process(directory: Path, retention: Retention) -> None:
    keep = [] if retention.segments is None else [str(retention.segments)]
    program = (sys.executable, "-m", "authz.upkeep.at_leisure", str(os.getpid()), "authz.upkeep.checkpointing")
    process = await asyncio.create_subprocess_exec(*program, str(directory), *keep, stderr=asyncio.subprocess.PIPE)
    try:
        _, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()  # what it has not finished has an unfinished name
        await process.wait()
        raise
    if process.returncode:
        log.error("checkpoint_failed", error=errors.decode(errors="replace").strip()[-500:])
    else:
        log.info("checkpoint_made", sequence=max(checkpoints(checkpoints_in(directory)), default=0))


def main(arguments: list[str]) -> None:
    """Make one checkpoint."""
    directory, keep = Path(arguments[0]), int(arguments[1]) if len(arguments) > 1 else None
    make_checkpoint(SegmentReader(Directory(directory / JOURNAL)), checkpoints_in(directory), Retention(keep))


if __name__ == "__main__":
    main(sys.argv[1:])
