"""Replay: from a journal to the state and the answers it stands for. Recovery and explanation are both this."""

import numpy as np

from authz.commands import Records, new_results
from authz.journal import JournalReader
from authz.kernel.application import apply
from authz.kernel.checks import new_findings
from authz.tables import State, new_state, with_room


def apply_batch(state: State, commands: Records) -> tuple[State, Records, Records]:
    """Apply commands in order.

    Returns: the state (with tables grown where needed), RESULT[n], and the findings of the last command.
    """
    state = with_room(state, len(commands))
    results = new_results(len(commands))
    findings = new_findings()
    apply(state, commands, results, findings)
    return state, results, findings


def replayed(journal: JournalReader) -> State:
    """The state after every command of the journal."""
    state = new_state()
    for _, commands in journal.read():
        state, _, _ = apply_batch(state, commands)
    return state


def replayed_command(journal: JournalReader, sequence: int) -> tuple[np.void, np.void, Records] | None:
    """One command, its result and its findings, exactly as they were; None if the journal does not hold it."""
    state = new_state()
    for first, commands in journal.read(until=sequence):
        position = sequence - first
        if position < len(commands):
            state, _, _ = apply_batch(state, commands[:position])
            _, results, findings = apply_batch(state, commands[position : position + 1])
            return commands[position], results[0], findings
        state, _, _ = apply_batch(state, commands)
    return None
