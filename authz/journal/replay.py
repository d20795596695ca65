"""Replay: rebuilds state and answers from a journal, for recovery and for explanations."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import structlog

from authz.journal.checkpoint import Checkpoint, checkpoints, intact_checkpoints
from authz.journal.disk import Disk
from authz.journal.marks import Mark
from authz.journal.records import Batch, Durable, JournalReader, gathered, is_another_at
from authz.kernel.accounts.local_days import pass_day
from authz.kernel.application import apply
from authz.kernel.checks.findings import Findings, new_findings
from authz.kernel.undefined_values import first_undefined, undefined_value
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, journaled_document
from authz.program.tables import NUMBER_VERSION
from authz.state.tables import Counter, State, made_by, new_state, with_program, with_room
from authz.vocabulary.commands import COMMAND, Records, new_results, of_ranges
from authz.vocabulary.errors import CheckpointDamaged, JournalFromElsewhere
from authz.vocabulary.layouts import read

log = structlog.get_logger()

REPLAYED_TOGETHER = 8192
"""So many commands are applied in one call; how they were batched when they came makes no difference."""


def apply_batch(state: State, commands: Records, attachment: bytes = b"") -> tuple[State, Records, Findings]:
    """Apply commands in order. attachment: the document of the program that they activate.

    Returns: the state (with tables grown where needed), RESULT[n], and the findings of the last command.
    """
    if attachment:
        version = int(state.program.numbers[NUMBER_VERSION]) + 1
        pass_day(state, np.int64(commands["time_us"][0]))  # its terms hold from the day behind this one
        state = with_program(state, compiled_program(journaled_document(attachment), version))
    commands = np.require(commands.view(COMMAND), requirements="W")  # compiled code sees one kind of array
    state = with_room(state, len(commands), int(np.count_nonzero(of_ranges(commands["kind"]))))
    results = new_results(len(commands))
    findings = new_findings()
    apply(state, commands, results, findings)
    return state, results, findings


def replayed_batch(state: State, batch: Batch) -> tuple[State, Records, Findings]:
    """Apply a batch of a journal under the numbers that it has there. Returns: see `apply_batch`."""
    state.counters[Counter.SEQUENCE] = batch.sequence - 1
    return apply_batch(state, batch.commands, batch.attachment)


def check_made_of(journal: JournalReader, found: Checkpoint) -> None:
    """Whether a checkpoint was made of the commands that a journal holds, as far as it holds them.

    Raises: CheckpointDamaged.
    """
    if found.network != (journal.network or found.network):
        raise CheckpointDamaged(
            f"the checkpoint of command {found.sequence} belongs to another network, {found.network.hex()}"
        )
    if is_another_at(journal, Mark(found.sequence, found.digest)):
        raise CheckpointDamaged(
            f"the checkpoint of command {found.sequence} was made from other commands than those in the journal"
        )


@dataclass(frozen=True)
class History:
    """A journal and the checkpoints that were made of it: what replay needs to come to any moment."""

    journal: JournalReader
    checkpoints: Disk | None = None

    def begin(self, at: int | None = None) -> Checkpoint:
        """The latest known state before a command, or before the journal's end.

        Raises: CheckpointDamaged where the journal begins later than the last state that can be read.
        """
        begins_after = self.journal.begins_after
        if self.checkpoints is not None:
            for found in intact_checkpoints(self.checkpoints, None if at is None else at - 1):
                if found.sequence < begins_after:
                    continue
                try:
                    check_made_of(self.journal, found)
                except CheckpointDamaged as error:
                    log.error("checkpoint_passed_over", error=str(error))
                else:
                    return found
        if begins_after:
            raise CheckpointDamaged(
                f"the journal begins after command {begins_after}, and there is no readable checkpoint of that command "
                "or a later one"
            )
        return Checkpoint(0, new_state(), b"")

    def earliest(self) -> Checkpoint:
        """The earliest known state from which the journal can be replayed. Raises: CheckpointDamaged."""
        for sequence in sorted(checkpoints(self.checkpoints)) if self.checkpoints and self.journal.begins_after else ():
            if sequence >= self.journal.begins_after:
                with suppress(CheckpointDamaged):
                    return self.begin(at=sequence + 1)
        return self.begin(at=1)


def replayed(history: History, until: int | None = None) -> Checkpoint:
    """The state at a journal's end, or after one command. Raises: CheckpointDamaged, JournalFromElsewhere."""
    start = history.begin(None if until is None else until + 1)
    state, document, sequence = start.state, start.document, start.sequence
    for batch in gathered(history.journal.read(after=sequence, until=until), REPLAYED_TOGETHER):
        document = batch.attachment or document
        place, field = first_undefined(batch.commands)
        if place >= 0:
            raise JournalFromElsewhere(batch.sequence + place, *undefined_value(batch.commands, place, field))
        state, _, _ = replayed_batch(state, batch)
        sequence = batch.sequence + len(batch.commands) - 1
    return Checkpoint(sequence, state, document)


def replayed_batches(history: History, after: int, until: int | None = None) -> Iterator[Durable]:
    """Every command behind a sequence with what it brought about, exactly as it was; of what was given up, nothing."""
    start = replayed(history, after) if after >= history.journal.begins_after else history.earliest()
    state = start.state
    for batch in gathered(history.journal.read(after=start.sequence, until=until), REPLAYED_TOGETHER):
        state, results, _ = replayed_batch(state, batch)
        yield Durable(batch.sequence, batch.commands, results, *made_by(state))


@dataclass(frozen=True)
class ReplayedCommand:
    """One command, its result and its findings, exactly as they were, and the state and program that it left."""

    command: np.void
    result: np.void
    findings: Findings
    state: State
    document: ProgramDocument


def replayed_command(history: History, sequence: int) -> ReplayedCommand | None:
    """One command as it was; None if the journal does not hold it."""
    if sequence <= history.journal.begins_after:
        return None
    before = replayed(history, sequence - 1)
    batch = next(iter(history.journal.read(after=sequence - 1, until=sequence)), None)
    if batch is None:
        return None
    return _at(before.state, batch, before.document)


def _at(state: State, batch: Batch, document: bytes) -> ReplayedCommand:
    state, results, findings = replayed_batch(state, batch)
    document = batch.attachment or document
    program = journaled_document(document) if document else ProgramDocument()
    return ReplayedCommand(read(batch.commands[0]), results[0], findings, state, program)
