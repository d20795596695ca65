"""Replay: from a journal to the state and the answers it stands for. Recovery and explanation are both this."""

from dataclasses import dataclass

import numpy as np

from authz.commands import Records, new_results
from authz.journal import Batch, JournalReader
from authz.kernel.application import apply
from authz.kernel.checks import Findings, new_findings
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, read_document
from authz.program.tables import NUMBER_VERSION
from authz.tables import State, new_state, with_program, with_room


def apply_batch(state: State, commands: Records, attachment: bytes = b"") -> tuple[State, Records, Findings]:
    """Apply commands in order. attachment: the document of the program that they activate.

    Returns: the state (with tables grown where needed), RESULT[n], and the findings of the last command.
    """
    if attachment:
        version = int(state.program.numbers[NUMBER_VERSION]) + 1
        state = with_program(state, compiled_program(read_document(attachment), version))
    state = with_room(state, len(commands))
    results = new_results(len(commands))
    findings = new_findings()
    apply(state, commands, results, findings)
    return state, results, findings


@dataclass(frozen=True)
class Replayed:
    """A journal's end: the state after it, and the document of the program that is in force."""

    state: State
    document: bytes


def replayed(journal: JournalReader) -> Replayed:
    """The state after every command of the journal."""
    state, document = new_state(), b""
    for batch in journal.read():
        document = batch.attachment or document
        state, _, _ = apply_batch(state, batch.commands, batch.attachment)
    return Replayed(state, document)


@dataclass(frozen=True)
class ReplayedCommand:
    """One command, its result and its findings, exactly as they were, and the state and program that it left."""

    command: np.void
    result: np.void
    findings: Findings
    state: State
    document: ProgramDocument


def replayed_command(journal: JournalReader, sequence: int) -> ReplayedCommand | None:
    """One command as it was; None if the journal does not hold it."""
    state, document = new_state(), b""
    for batch in journal.read(until=sequence):
        document = batch.attachment or document
        if sequence < batch.sequence + len(batch.commands):
            return _at(state, batch, sequence - batch.sequence, document)
        state, _, _ = apply_batch(state, batch.commands, batch.attachment)
    return None


def _at(state: State, batch: Batch, position: int, document: bytes) -> ReplayedCommand:
    state, _, _ = apply_batch(state, batch.commands[:position], b"" if position == 0 else batch.attachment)
    command = batch.commands[position : position + 1]
    state, results, findings = apply_batch(state, command, batch.attachment if position == 0 else b"")
    program = read_document(document) if document else ProgramDocument()
    return ReplayedCommand(command[0], results[0], findings, state, program)
