"""Accepting a loss: ends a damaged journal at its last intact command, on the operator's decision."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from authz.history.history_file import BESIDE, remembered_in
from authz.journal.checkpoint import checkpoints, forget_checkpoint, read_checkpoint
from authz.journal.data_directory import HISTORY, JOURNAL, checkpoints_in, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.journal.marks import BEGINNING, Mark
from authz.journal.replay import check_made_of, replayed
from authz.journal.segment_header import UNNAMED, SegmentHeader
from authz.journal.segment_names import name_of_segment
from authz.state.tables import Counter
from authz.upkeep.journal_exchange import begin_new_journal, exchange, finish_exchange
from authz.upkeep.safeguards import RESERVED_TOGETHER, HighWater, own_checkpoints
from authz.vocabulary.errors import CheckpointDamaged

_BEFORE_LOSS = "journal.before-loss"


@dataclass(frozen=True)
class Accepted:
    """The result. network: that of the journal.  end: its new end.  known: the greatest number in any record of it.

    reserved: no number up to this may be used again.  heard: the last notice of the vault that the journal contains.
    kept: the folder that keeps the journal as it was, None if it did not have to be changed.
    """

    network: bytes
    end: Mark
    known: int
    reserved: int
    heard: int
    kept: Path | None


def accept_loss(directory: Path, kept: HighWater | None, tell_vault: Callable[[Accepted], None]) -> Accepted:
    """End a data directory's journal at its last intact command, or at a later checkpoint. The caller holds the lock.

    Later decisions are lost. The history is rebuilt. If the journal has to be changed, a copy is kept. Records of
    numbers that were used are deleted only after the vault has recorded these numbers: so this can be interrupted
    anywhere, and repeated.
    kept: what the vault has recorded of the journal.
    Raises: JournalOutdated, ForeignFile, OSError; what tell_vault raises.
    """
    finish_exchange(directory)
    reader = SegmentReader(Directory(directory / JOURNAL), None if kept is None else kept.network)
    good, is_changed = _good_journal(directory, reader)
    network = good.network or UNNAMED
    known = _last_known(directory, network, kept)
    end, fitting = good.found_end()[0], _fitting_checkpoints(directory, good)
    reaches = good.begins_after == 0 or any(mark.sequence >= good.begins_after for mark in fitting)
    whole = max([*fitting, end if reaches else BEGINNING, BEGINNING])
    if whole != end:
        _begun_after(directory, network, whole)
        end, is_changed = whole, True
    reserved = max(known, end.sequence, 0 if kept is None else kept.reserved)
    if kept is None or kept.sequence < end.sequence:
        reserved += RESERVED_TOGETHER  # an older vault may have reserved more since
    moved = _moved(directory) if is_changed else None
    heard = int(replayed(history_in(directory)).state.counters[Counter.OUTBOX_SEQUENCE])
    accepted = Accepted(network, end, known, reserved, heard, moved)
    tell_vault(accepted)
    _forget_others(directory, {mark.sequence for mark in fitting})
    return accepted


def _forget_others(directory: Path, fitting: set[int]) -> None:
    """Delete the history file, and the checkpoints that were not made from this journal."""
    for suffix in BESIDE:
        (directory / f"{HISTORY}{suffix}").unlink(missing_ok=True)
    disk = checkpoints_in(directory)
    for sequence in checkpoints(disk):
        if sequence not in fitting:
            forget_checkpoint(disk, sequence)


def _good_journal(directory: Path, reader: SegmentReader) -> tuple[SegmentReader, bool]:
    """The intact part of the journal, copied if the journal is damaged; and whether it is a copy."""
    parts = reader.good_parts()
    if reader.is_whole(parts):
        return reader, False
    made = begin_new_journal(directory)
    for name, size in parts:
        shutil.copyfile(directory / JOURNAL / name, made.path(name))
        made.cut(name, size)
    made.sync_names()
    return SegmentReader(made, reader.network), True


def _last_known(directory: Path, network: bytes, kept: HighWater | None) -> int:
    """The greatest number in the vault, the checkpoints and the history file."""
    found = [mark.sequence for mark in own_checkpoints(directory, network)]
    remembered = remembered_in(directory / HISTORY)
    if remembered is not None and remembered.network == network:
        found += [remembered.sequence, remembered.mark.sequence]
    if kept is not None:
        found.append(kept.sequence)
    return max(found, default=0)


def _fitting_checkpoints(directory: Path, good: SegmentReader) -> list[Mark]:
    """The readable checkpoints that were made from this journal, as far as it reaches."""
    disk, fitting = checkpoints_in(directory), []
    for sequence in checkpoints(disk):
        try:
            found = read_checkpoint(disk, sequence)
            check_made_of(good, found)
        except CheckpointDamaged:
            continue
        fitting.append(Mark(sequence, found.digest))
    return fitting


def _begun_after(directory: Path, network: bytes, mark: Mark) -> None:
    """Make a journal that continues after a checkpoint, or an empty one."""
    made = begin_new_journal(directory)
    if mark != BEGINNING:
        file = made.create(name_of_segment(mark.sequence + 1))
        file.write(SegmentHeader(network, mark).encoded())
        file.sync()
        file.close()
    made.sync_names()


def _moved(directory: Path) -> Path:
    """Put the new journal in place; returns where the earlier one is kept."""
    names = (f"{_BEFORE_LOSS}-{number}" for number in count(1))
    kept_as = next(name for name in names if not (directory / name).exists())
    exchange(directory, kept_as)
    return directory / kept_as
