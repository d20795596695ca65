"""Replay: from a journal to the state and the answers it stands for. Recovery and explanation are both this."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from authz.checkpoint import Checkpoint, intact_checkpoints
from authz.commands import Records, new_results
from authz.disk import Disk
from authz.errors import CheckpointDamaged, JournalFromElsewhere
from authz.journal import Batch, JournalReader, gathered
from authz.kernel.application import apply
from authz.kernel.checks import Findings, new_findings
from authz.kernel.vocabulary import first_undefined, undefined_value
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, journaled_document
from authz.program.tables import NUMBER_VERSION
from authz.tables import State, new_state, with_program, with_room

REPLAYED_TOGETHER = 8192
"""So many commands are applied in one call; how they were batched when they came makes no difference."""


def apply_batch(state: State, commands: Records, attachment: bytes = b"") -> tuple[State, Records, Findings]:
    """Apply commands in order. attachment: the document of the program that they activate.

    Returns: the state (with tables grown where needed), RESULT[n], and the findings of the last command.
    """
    if attachment:
        version = int(state.program.numbers[NUMBER_VERSION]) + 1
        state = with_program(state, compiled_program(journaled_document(attachment), version))
    commands = np.require(commands, requirements="W")  # compiled code sees one kind of array
    state = with_room(state, len(commands))
    results = new_results(len(commands))
    findings = new_findings()
    apply(state, commands, results, findings)
    return state, results, findings


@dataclass(frozen=True)
class History:
    """A journal and the checkpoints that were made of it: what replay needs to come to any moment."""

    journal: JournalReader
    checkpoints: Disk | None = None

    def begin(self, at: int | None = None) -> Checkpoint:
        """The latest known state before a command, or before the journal's end.

        Raises: CheckpointDamaged where the journal begins later than the last state that can be read.
        """
        first = self.journal.first_sequence
        if self.checkpoints is not None:
            for found in intact_checkpoints(self.checkpoints, None if at is None else at - 1):
                if found.sequence + 1 >= first:
                    return found
        if first > 1:
            raise CheckpointDamaged(
                f"the journal begins with command {first}, and no checkpoint that can be read reaches so far"
            )
        return Checkpoint(0, new_state(), b"")

    def earliest(self) -> Checkpoint:
        """The earliest known state from which the journal can be replayed. Raises: CheckpointDamaged."""
        first = self.journal.first_sequence
        return Checkpoint(0, new_state(), b"") if first == 1 else self.begin(at=first + 1)


def replayed(history: History, until: int | None = None) -> Checkpoint:
    """The state at a journal's end, or after one command. Raises: CheckpointDamaged, JournalFromElsewhere."""
    start = history.begin(None if until is None else until + 1)
    state, document, sequence = start.state, start.document, start.sequence
    for batch in gathered(history.journal.read(after=sequence, until=until), REPLAYED_TOGETHER):
        document = batch.attachment or document
        place, field = first_undefined(batch.commands)
        if place >= 0:
            raise JournalFromElsewhere(batch.sequence + place, *undefined_value(batch.commands, place, field))
        state, _, _ = apply_batch(state, batch.commands, batch.attachment)
        sequence = batch.sequence + len(batch.commands) - 1
    return Checkpoint(sequence, state, document)


@dataclass(frozen=True)
class ReplayedBatch:
    """Commands with their results, and the document of the program that they left in force."""

    sequence: int
    commands: Records
    results: Records
    document: bytes


def replayed_batches(history: History, after: int, until: int | None = None) -> Iterator[ReplayedBatch]:
    """Every command behind a sequence with its result, exactly as they were."""
    start = replayed(history, after) if after else history.earliest()
    state, document = start.state, start.document
    for batch in gathered(history.journal.read(after=start.sequence, until=until), REPLAYED_TOGETHER):
        document = batch.attachment or document
        state, results, _ = apply_batch(state, batch.commands, batch.attachment)
        yield ReplayedBatch(batch.sequence, batch.commands, results, document)


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
    if sequence < history.journal.first_sequence:
        return None
    before = replayed(history, sequence - 1)
    batch = next(iter(history.journal.read(after=sequence - 1, until=sequence)), None)
    if batch is None:
        return None
    return _at(before.state, batch, before.document)


def _at(state: State, batch: Batch, document: bytes) -> ReplayedCommand:
    command = batch.commands
    state, results, findings = apply_batch(state, command, batch.attachment)
    document = batch.attachment or document
    program = journaled_document(document) if document else ProgramDocument()
    return ReplayedCommand(command[0], results[0], findings, state, program)
