"""Finds past commands in the journal, to explain them."""

from typing import Protocol

import numpy as np

from authz.journal.replay import History, ReplayedCommand, replayed_command
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import ISSUER_DECISION


class Past(Protocol):
    """Finds commands that were decided, see `WholeReplay`."""

    def read_on(self) -> None:
        """Take note of commands that were written since."""

    def written(self, sequence: int) -> np.void | None:
        """One command as it was written, without a replay; None if it is not found."""

    def command(self, sequence: int) -> ReplayedCommand | None:
        """One command with its context at the time, by a replay; None if it is not found."""

    def issuer_decision(self, sequence: int) -> int | None:
        """The command with the issuer's decision on a message that waited for its decisioning webhook, or None."""


class WholeReplay:
    """Replays everything up to a command: correct for every journal, but its time grows with the journal's length."""

    def __init__(self, history: History) -> None:
        self._history = history

    def read_on(self) -> None:
        """See `Past.read_on`: nothing is kept."""

    def written(self, sequence: int) -> np.void | None:
        """See `Past.written`; None where the journal does not hold it."""
        journal = self._history.journal
        if sequence <= journal.begins_after:
            return None
        batch = next(iter(journal.read(after=sequence - 1, until=sequence)), None)
        return None if batch is None else batch.commands[0]

    def command(self, sequence: int) -> ReplayedCommand | None:
        """See `Past.command`; None where the journal does not hold it."""
        return replayed_command(self._history, sequence)

    def issuer_decision(self, sequence: int) -> int | None:
        """See `Past.issuer_decision`."""
        for batch in self._history.journal.read(after=sequence):
            commands = batch.commands
            about = (commands["kind"] == Kind.ISSUER_DECISION) & (
                commands.view(ISSUER_DECISION)["decision"] == sequence
            )
            for place in np.flatnonzero(about)[:1]:
                return batch.sequence + int(place)
        return None
