"""Converts a journal of an earlier record layout: a new one is written beside it and takes its place.

Commands keep their sequences, times and attachments, and segments their names. Fields that earlier versions did
not have are zero, which the kernel takes for "not given": so each message is decided on with the data of its time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from authz.journal.checkpoint import forget_checkpoints
from authz.journal.data_directory import JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.earlier_layouts import EARLIER_HEADER_BYTES, EARLIER_LAYOUTS, ONE_FOR_ALL_KINDS
from authz.journal.journal_files import SegmentReader
from authz.journal.marks import BEGINNING
from authz.journal.records import HEADER_BYTES, Batch, encode_record
from authz.journal.replay import History
from authz.journal.segment_header import NETWORK_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader, decoded_header
from authz.upkeep.journal_exchange import begin_new_journal, exchange, finish_exchange
from authz.vocabulary.commands import COMMAND, Records
from authz.vocabulary.errors import JournalTooOld

BEFORE_UPGRADE = "journal.before-upgrade"
"""The old journal, once the new one has taken its place."""


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade has converted. commands: how many.  kept: where the old journal is now."""

    commands: int
    kept: Path


def upgrade(directory: Path, random_bytes: Callable[[int], bytes]) -> Upgraded | None:
    """Convert a data directory's journal. The caller holds the directory's lock.

    random_bytes: for the identity of the network, which earlier versions did not have; the vault records it.
    Returns: None where there is nothing to convert.
    Raises: JournalTooOld, JournalDamaged, CheckpointDamaged; OSError. The old journal is then as it was.
    """
    finish_exchange(directory)
    layout = _layout_of(directory / JOURNAL)
    if layout is None:
        return None
    kept = directory / BEFORE_UPGRADE
    if kept.exists():
        raise JournalTooOld(f"{kept} already exists: it is the journal from before another upgrade; move it elsewhere")
    reader = SegmentReader(Directory(directory / JOURNAL), earlier=layout)
    saved = checkpoints_in(directory)
    History(reader, saved).begin()  # what cannot be replayed without a checkpoint of its time is not converted
    commands = _convert(reader, begin_new_journal(directory), random_bytes(NETWORK_BYTES))
    forget_checkpoints(saved, before=commands + 1)  # they are of the earlier version too
    exchange(directory, kept_as=BEFORE_UPGRADE)
    return Upgraded(commands, kept)


def _layout_of(journal: Path) -> np.dtype[np.void] | None:
    """The earlier layout of a journal, None where it has this version's. Raises: JournalTooOld."""
    for segment in SegmentReader(Directory(journal)).segments():
        with (journal / segment).open("rb") as file:
            header = file.read(SEGMENT_HEADER_BYTES)
        earlier = header[:EARLIER_HEADER_BYTES]
        if len(earlier) < EARLIER_HEADER_BYTES or not any(header):
            continue  # begun by a crash, and empty
        if earlier in EARLIER_LAYOUTS:
            return EARLIER_LAYOUTS[earlier]
        if decoded_header(header) is not None:
            return None
        raise JournalTooOld(
            f"journal {journal} is too old, or is not a journal: this version cannot convert its records"
        )
    return None


def _convert(reader: SegmentReader, disk: Directory, network: bytes) -> int:
    """Write every segment anew; returns how many commands there were."""
    mark, seals = BEGINNING, reader.seals()
    for name, seal, following in zip(reader.segments(), seals, [*seals[1:], None], strict=False):
        file = disk.create(name)
        try:
            file.write(SegmentHeader(network, mark).encoded())
            for batch in reader.read(after=seal, until=following):
                record = encode_record(Batch(batch.sequence, _converted(batch.commands), batch.attachment))
                file.write(record)
                mark = mark.then(record[:HEADER_BYTES], batch.sequence + len(batch.commands) - 1)
            file.sync()
        finally:
            file.close()
    disk.sync_names()
    return mark.sequence


def _converted(commands: Records) -> Records:
    """The same commands in this version's bytes."""
    converted = np.zeros(len(commands), ONE_FOR_ALL_KINDS)
    for name in commands.dtype.names or ():
        if name in (ONE_FOR_ALL_KINDS.names or ()):
            converted[name] = commands[name]
    return converted.view(COMMAND)
