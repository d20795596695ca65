"""Detects lost journal data by comparison with vault, checkpoints and history.

The vault records the end of the journal, at most a second late; checkpoints and the history file record marks of their
own. A journal that ends before one of these has lost acknowledged commands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from authz.history.history_file import remembered_in
from authz.journal.checkpoint import checkpoints, mark_of_checkpoint
from authz.journal.data_directory import HISTORY, JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.journal.marks import Mark
from authz.journal.records import is_another_at
from authz.vocabulary.errors import AcknowledgedLoss, CheckpointDamaged

RESERVED_TOGETHER = 10_000_000
"""The number of sequence numbers that are reserved at once. After a crash the rest of them is not used: a number that
the journal may have lost, but that a caller was given, never names another command.
"""


class HighWater(Protocol):
    """What the vault has recorded of a journal."""

    @property
    def network(self) -> bytes:
        """The identity of its network, 16 bytes."""

    @property
    def sequence(self) -> int:
        """Its last command known to be durable."""

    @property
    def digest(self) -> bytes:
        """The running digest there, 32 bytes."""

    @property
    def reserved(self) -> int:
        """No command has a greater number, durable or not."""


@dataclass(frozen=True)
class Witness:
    """A record of the journal outside it. name: for error messages.  mark: the position that was recorded."""

    name: str
    mark: Mark


def identity_of(journal: SegmentReader, kept: HighWater | None) -> bytes | None:
    """The network that a data directory belongs to, by the vault or else by the journal; None for a new directory.

    Raises: ForeignFile, JournalDamaged, JournalOutdated.
    """
    if kept is not None:
        return kept.network
    journal.seals()
    return journal.network


def check(directory: Path, journal: SegmentReader, kept: HighWater | None) -> None:
    """Check that no command is missing at the end of a journal, and that the vault is not older than the journal.

    kept: the journal's position as the vault has recorded it.
    Raises: AcknowledgedLoss, ForeignFile, JournalDamaged. Nothing was changed.
    """
    last, history = journal.last_sequence, _history_of(directory, journal)
    for witness in _witnesses(directory, journal.network, kept, history):
        if witness.mark.sequence > last:
            raise _lost(directory, last, witness)
    if kept is None:
        return
    if is_another_at(journal, Mark(kept.sequence, kept.digest)):
        raise AcknowledgedLoss(
            f"the journal in {directory} is not the one that the vault remembers: it differs at or before command "
            f"{kept.sequence}. {_ways_on(directory, 'journal')}"
        )
    if kept.reserved < last:
        raise _vault_is_older(
            directory,
            f"it has reserved command numbers up to {kept.reserved}, but the journal ends with command {last}",
        )
    if history is not None and history.sequence > kept.sequence:
        raise _vault_is_older(
            directory, f"it has recorded command {kept.sequence}, but {HISTORY} has recorded command {history.sequence}"
        )


def check_all(directory: Path, kept: HighWater | None, last_notice: int) -> SegmentReader:
    """Read a whole journal and check it: see `check` and `check_notices`. Returns its reader."""
    journal = SegmentReader(Directory(directory / JOURNAL), None if kept is None else kept.network)
    check(directory, journal, kept)
    notices = (int(batch.commands["outbox_sequence"].max()) for batch in journal.read(journal.begins_after))
    check_notices(directory, max(notices, default=0), last_notice)
    return journal


def check_notices(directory: Path, heard: int, last_notice: int) -> None:
    """Check that the vault still has the notices that the journal has applied.

    heard: the last notice in the journal.  last_notice: the last notice of the vault.

    Raises: AcknowledgedLoss.
    """
    if heard > last_notice:
        raise _vault_is_older(
            directory, f"its last notice is {last_notice}, but the journal has applied notice {heard}"
        )


def _witnesses(
    directory: Path, network: bytes | None, kept: HighWater | None, history: Mark | None
) -> Iterator[Witness]:
    """All records of this network's journal. history: the mark in the history file."""
    if kept is not None:
        yield Witness("the vault", Mark(kept.sequence, kept.digest))
    for found in own_checkpoints(directory, network):
        yield Witness(f"the checkpoint of command {found.sequence}", found)
    if history is not None:
        yield Witness(HISTORY, history)


def own_checkpoints(directory: Path, network: bytes | None) -> list[Mark]:
    """The marks of a network's readable checkpoints, the latest first."""
    disk, found = checkpoints_in(directory), []
    for sequence in checkpoints(disk):
        try:
            whose, mark = mark_of_checkpoint(disk, sequence)
        except CheckpointDamaged:  # it is skipped wherever a checkpoint is needed, and logged
            continue
        if network in (None, whose):
            found.append(mark)
    return found


def _history_of(directory: Path, journal: SegmentReader) -> Mark | None:
    """The mark of this journal in the history file. A file of another journal is rebuilt when it is opened."""
    remembered = remembered_in(directory / HISTORY)
    if remembered is None or remembered.network != journal.network:
        return None
    is_given_up = remembered.mark.sequence < journal.begins_after  # the commands that would prove it are gone
    return None if is_given_up or is_another_at(journal, remembered.mark) else remembered.mark


def _lost(directory: Path, last: int, witness: Witness) -> AcknowledgedLoss:
    return AcknowledgedLoss(
        f"the journal in {directory} ends with command {last}, but {witness.name} remembers command "
        f"{witness.mark.sequence}: the acknowledged commands in between are lost. {_ways_on(directory, 'journal')}"
    )


def _vault_is_older(directory: Path, why: str) -> AcknowledgedLoss:
    return AcknowledgedLoss(
        f"the vault is older than the journal in {directory}: {why}. {_ways_on(directory, 'vault')}"
    )


def _ways_on(directory: Path, what: str) -> str:
    return f"Restore the {what}, or accept the loss: tapwright journal accept-loss --data-dir {directory}"
