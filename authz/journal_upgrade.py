"""Converting a journal of an earlier record layout: a new one beside the old, which then takes its place.

Commands keep their sequences, times and attachments, and segments their names. What earlier versions did not know is
zero, which is what the kernel takes for "not said": so a message is decided on by what was held against it then.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from authz.checkpoint import checkpoints
from authz.commands import COMMAND, Records, new_commands
from authz.data_directory import JOURNAL, checkpoints_in
from authz.disk import Directory
from authz.earlier_layouts import EARLIER_LAYOUTS
from authz.errors import JournalTooOld
from authz.journal import Batch, encode_record
from authz.replay import History
from authz.segments import SEGMENT_HEADER, SEGMENT_MAGIC, SegmentReader

UPGRADED, BEFORE_UPGRADE = "journal.upgraded", "journal.before-upgrade"
"""The new journal while it is made, and the old one once the new has taken its place."""


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade has converted. commands: how many.  kept: where the old journal is now."""

    commands: int
    kept: Path


def upgrade(directory: Path) -> Upgraded | None:
    """Convert a data directory's journal; whoever calls holds the directory's lock.

    Returns: None where there is nothing to convert.
    Raises: JournalTooOld, JournalDamaged, CheckpointDamaged; OSError. The old journal is then as it was.
    """
    finish_exchange(directory)
    layout = _layout_of(directory / JOURNAL)
    if layout is None:
        return None
    kept = directory / BEFORE_UPGRADE
    if kept.exists():
        raise JournalTooOld(f"{kept} is in the way: it is the journal from before another upgrade; move it elsewhere")
    shutil.rmtree(directory / UPGRADED, ignore_errors=True)
    reader = SegmentReader(Directory(directory / JOURNAL), layout)
    saved = checkpoints_in(directory)
    History(reader, saved).begin()  # what cannot be replayed without a checkpoint of its time is not converted
    commands = _convert(reader, Directory(directory / UPGRADED))
    if reader.first_sequence == 1:
        for sequence in checkpoints(saved):
            saved.remove(f"{sequence:020d}.checkpoint")
        saved.sync_names()
    folder = Directory(directory)
    folder.sync_names()
    folder.rename(JOURNAL, BEFORE_UPGRADE)
    folder.rename(UPGRADED, JOURNAL)
    folder.sync_names()
    return Upgraded(commands, kept)


def finish_exchange(directory: Path) -> None:
    """Put the new journal in its place where a crash came between the two renamings: it was complete before them."""
    if (directory / UPGRADED).is_dir() and (directory / BEFORE_UPGRADE).is_dir() and not (directory / JOURNAL).exists():
        folder = Directory(directory)
        folder.rename(UPGRADED, JOURNAL)
        folder.sync_names()


def _layout_of(journal: Path) -> np.dtype[np.void] | None:
    """The earlier layout of a journal, None where it has this version's. Raises: JournalTooOld."""
    for segment in SegmentReader(Directory(journal)).segments():
        with (journal / segment).open("rb") as file:
            header = file.read(len(SEGMENT_HEADER))
        if len(header) < len(SEGMENT_HEADER) or not any(header):
            continue  # begun by a crash, and empty
        if header == SEGMENT_HEADER:
            return None
        if header.startswith(SEGMENT_MAGIC) and header[len(SEGMENT_MAGIC) :] in EARLIER_LAYOUTS:
            return EARLIER_LAYOUTS[header[len(SEGMENT_MAGIC) :]]
        raise JournalTooOld(f"journal {journal} is too old, or no journal: this version cannot convert its records")
    return None


def _convert(reader: SegmentReader, disk: Directory) -> int:
    """Write every segment anew; returns how many commands there were."""
    count = 0
    starts, names = reader.starts(), reader.segments()
    for name, start, following in zip(names, starts, [*starts[1:], None], strict=True):
        file = disk.create(name)
        try:
            file.write(SEGMENT_HEADER)
            until = None if following is None else following - 1
            for batch in reader.read(after=start - 1, until=until):
                count += len(batch.commands)
                file.write(encode_record(Batch(batch.sequence, _converted(batch.commands), batch.attachment)))
            file.sync()
        finally:
            file.close()
    disk.sync_names()
    return count


def _converted(commands: Records) -> Records:
    """The same commands in this version's layout."""
    converted = new_commands(len(commands))
    for name in commands.dtype.names or ():
        if name in (COMMAND.names or ()):
            converted[name] = commands[name]
    return converted
