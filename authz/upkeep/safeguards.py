"""Detects lost journal data by comparison with vault, checkpoints and history.

The vault remembers the journal's end, at most a second behind; checkpoints and the history file remember marks of
their own. A journal that ends before one of them has lost what was acknowledged.
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
"""So many numbers are reserved at once. After a crash those that are left are given to nobody: who has heard of one
that the journal lost never meets it again as something else.
"""


class HighWater(Protocol):
    """What the vault remembers of a journal."""

    @property
    def network(self) -> bytes:
        """Whose it is, 16 bytes."""

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
    """Somebody who remembers the journal. name: as people are told.  mark: what it remembers."""

    name: str
    mark: Mark


def identity_of(journal: SegmentReader, kept: HighWater | None) -> bytes | None:
    """Whose network a data directory is: the vault's word counts, then the journal's; None where it is nobody's yet.

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
    """Everything that remembers this network's journal. history: what the history file remembers."""
    if kept is not None:
        yield Witness("the vault", Mark(kept.sequence, kept.digest))
    for found in own_checkpoints(directory, network):
        yield Witness(f"the checkpoint of command {found.sequence}", found)
    if history is not None:
        yield Witness(HISTORY, history)


def own_checkpoints(directory: Path, network: bytes | None) -> list[Mark]:
    """The marks of the checkpoints that can be read and are a network's, the latest first."""
    disk, found = checkpoints_in(directory), []
    for sequence in checkpoints(disk):
        try:
            whose, mark = mark_of_checkpoint(disk, sequence)
        except CheckpointDamaged:  # it is passed over wherever one is needed, with a line in the log
            continue
        if network in (None, whose):
            found.append(mark)
    return found


def _history_of(directory: Path, journal: SegmentReader) -> Mark | None:
    """What the history file remembers of this journal. A file of another journal is rebuilt when it is opened."""
    remembered = remembered_in(directory / HISTORY)
    if remembered is None or remembered.network != journal.network:
        return None
    is_given_up = remembered.mark.sequence < journal.begins_after  # nobody can say any more whether it was the same
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
