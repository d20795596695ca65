"""``tapwright journal``: is it whole, what does it say, make a checkpoint of it, convert an earlier version's."""

import sys
from pathlib import Path

from authz.checkpointing import Retention, make_checkpoint
from authz.data_directory import JOURNAL, DirectoryLock, checkpoints_in
from authz.disk import Directory
from authz.errors import EngineError
from authz.journal_tools import dump, verify
from authz.journal_upgrade import finish_exchange, upgrade
from authz.segments import SegmentReader


def run_journal_verb(action: str, data_directory: Path, first: int, last: int | None) -> int:
    """Carry out one action; returns the exit code. Damage is one line on standard error."""
    if action == "upgrade":
        finish_exchange(data_directory)
    if not (data_directory / JOURNAL).is_dir():
        sys.stderr.write(f"tapwright: there is no journal in {data_directory}\n")
        return 1
    try:
        if action == "verify":
            sys.stdout.write(_verified(data_directory))
        elif action == "dump":
            for line in dump(data_directory, first, last):
                sys.stdout.write(line + "\n")
        elif action == "upgrade":
            sys.stdout.write(_upgraded(data_directory))
        else:
            sys.stdout.write(_checkpointed(data_directory))
    except BrokenPipeError:  # who reads has read enough
        sys.stderr.close()
    except (EngineError, OSError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    return 0


def _verified(data_directory: Path) -> str:
    found = verify(data_directory)
    points = ", ".join(map(str, found.checkpoints)) or "none"
    return (
        f"whole: {found.segments} segments, {found.records} records, "
        f"commands {found.first_sequence} to {found.last_sequence}; checkpoints: {points}\n"
    )


def _checkpointed(data_directory: Path) -> str:
    reader = SegmentReader(Directory(data_directory / JOURNAL))
    made = make_checkpoint(reader, checkpoints_in(data_directory), Retention())
    return "nothing new in sealed segments\n" if made is None else f"checkpoint of command {made}\n"


def _upgraded(data_directory: Path) -> str:
    lock = DirectoryLock(data_directory)
    try:
        made = upgrade(data_directory)
    finally:
        lock.close()
    if made is None:
        return "nothing to upgrade: the journal is of this version\n"
    return f"upgraded {made.commands} commands; the journal as it was is in {made.kept}\n"
