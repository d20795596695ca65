"""Reconstructs a command's context by replaying the commands of its account only.

Every command but two kinds names its account, and touches no other: so what an account's commands have left is what
the whole journal has left of it. Where that does not hold (meters and rules of a segment, stand-in, declines forced on
a terminal, relief for a range of accounts), or where it would take long, nobody is told anything, and the whole journal
is replayed instead.

The other one is `CLOSE_DAY`, which ends days for many accounts. An account's books are the same without it, for its
next command ends those days first. Only what the end of a day posts is then told of another command, and explanations
leave that out of every command's own postings.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

from authz.journal.journal_files import SegmentReader
from authz.journal.records import END_MARK
from authz.journal.replay import ReplayedCommand
from authz.kernel.accounts.local_days import pass_day
from authz.kernel.application import apply
from authz.kernel.books.opening import roll
from authz.kernel.checks.findings import new_findings
from authz.program.compilation import compiled_program
from authz.program.conditions import comparisons
from authz.program.document import ProgramDocument, journaled_document
from authz.program.segments import classifies
from authz.program.tables import NUMBER_VERSION, Program
from authz.state.tables import Counter, State, new_state, with_program, with_room
from authz.vocabulary.commands import COMMAND_BYTES, ForcedScope, Kind, Records, new_results
from authz.vocabulary.errors import JournalDamaged
from authz.vocabulary.layouts import FORCED_REASON, ISSUER_DECISION, read

log = structlog.get_logger()

COMMANDS_MAX = 1_000
"""An account with more commands than that is replayed with all others."""

INDEXED_MAX = 1 << 24
"""The number of commands that are indexed by account, eight bytes each. Later ones are explained by a whole replay."""

_OF_MANY = (Kind.SWITCH_ISSUER, Kind.RELIEVE_RANGE)
"""What changes accounts that it does not name."""

_ROWS = 64


@dataclass
class _Places:
    """Where commands are stored. firsts: the first sequence of each batch.  counts: how many commands are before it.

    segments, positions: of its first command.
    """

    firsts: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    def index(self, sequence: int) -> int | None:
        """How many commands are before one; None for a number that was set aside."""
        batch = bisect_right(self.firsts, sequence) - 1
        if batch < 0:
            return None
        index = self.counts[batch] + sequence - self.firsts[batch]
        is_behind = batch + 1 < len(self.counts) and index >= self.counts[batch + 1]
        return None if is_behind else index

    def sequences(self, indexes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The sequences of the commands that have so many before them."""
        batches = np.searchsorted(np.array(self.counts, np.int64), indexes, "right") - 1
        found: npt.NDArray[np.int64] = np.array(self.firsts, np.int64)[batches]
        return found + indexes - np.array(self.counts, np.int64)[batches]


@dataclass(frozen=True)
class _InForce:
    """A program, the sequence of the command that activated it, and its time in Unix microseconds."""

    since: int
    time_us: int
    document: ProgramDocument
    program: Program


class AccountReplay:
    """Indexes the commands of a journal by account, and replays those of one. Used by one thread only."""

    def __init__(self, journal: SegmentReader) -> None:
        self._journal = journal
        self._accounts: npt.NDArray[np.uint64] = np.zeros(1 << 16, np.uint64)
        self._count = 0
        self._read_until = 0
        self._places = _Places()
        self._end: tuple[str, int] | None = None
        self._programs = [_InForce(0, 0, ProgramDocument(), compiled_program(ProgramDocument(), 0))]
        self._forced: list[int] = []
        self._is_full = journal.begins_after != 0
        """Whether no further commands are indexed."""
        self._is_told_by_all_since: int | None = None
        """The first command from which on a decision may depend on other accounts' commands; None if there is none."""

    def read_on(self) -> None:
        """Index the commands that were written since. Commands behind damage are not indexed, and so not explained."""
        if self._is_full:
            return
        try:
            self._read_on()
        except JournalDamaged as error:
            log.error("journal_damaged", error=str(error))
            self._is_full = True

    def _read_on(self) -> None:
        for segment, position, batch in self._journal.places(self._read_until, self._end):
            commands, end = batch.commands, self._count + len(batch.commands)
            if end > INDEXED_MAX:
                self._is_full = True
                return
            if end > len(self._accounts):
                self._accounts = np.concatenate([self._accounts, np.zeros(max(end, len(self._accounts)), np.uint64)])
            self._accounts[self._count : end] = commands["account_id"]
            self._places.firsts.append(batch.sequence)
            self._places.counts.append(self._count)
            self._places.segments.append(segment)
            self._places.positions.append(position)
            self._count, self._read_until = end, batch.sequence + len(commands) - 1
            self._end = segment, position + len(commands) * COMMAND_BYTES + len(batch.attachment) + len(END_MARK)
            if batch.attachment:
                self._take_program(batch.sequence, int(commands["time_us"][0]), batch.attachment)
            kinds = commands["kind"]
            forced = np.flatnonzero(kinds == Kind.FORCE_REASON)
            self._forced += (batch.sequence + forced).tolist()
            of_terminal = commands.view(FORCED_REASON)["scope"][forced] == ForcedScope.TERMINAL
            if np.isin(kinds, _OF_MANY).any() or of_terminal.any():
                self._needs_all(batch.sequence)

    def _take_program(self, sequence: int, time_us: int, attachment: bytes) -> None:
        document = journaled_document(attachment)
        self._programs.append(_InForce(sequence, time_us, document, compiled_program(document, len(self._programs))))
        if _counts_a_segment(document):
            self._needs_all(sequence)

    def _needs_all(self, since: int) -> None:
        """Note that decisions from this command on may depend on the commands of all accounts."""
        if self._is_told_by_all_since is None:
            self._is_told_by_all_since = since

    def written(self, sequence: int) -> np.void | None:
        """One command as it was written; None if it is not indexed."""
        return None if self._index(sequence) is None else self._read([sequence])[0][0]

    def command(self, sequence: int) -> ReplayedCommand | None:
        """One command with its context; None if the account's commands do not suffice, or it is not indexed."""
        index = self._index(sequence)
        if index is None or self._is_for_all(sequence):
            return None
        account = self._accounts[index]
        own = self._of(account, slice(index)) if account else np.zeros(0, np.int64)
        forced = [each for each in self._forced if each < sequence]
        wanted = sorted({*own.tolist(), *forced, sequence})
        if len(wanted) > COMMANDS_MAX:
            return None
        return self._replayed(wanted)

    def issuer_decision(self, sequence: int) -> int | None:
        """The command by which the issuer's decisioning webhook has decided on a message that waited, or None."""
        index = self._index(sequence)
        if index is None:
            return None
        later = self._of(self._accounts[index], slice(index + 1, self._count))
        for each, command in zip(later.tolist(), self._read(later.tolist()[:COMMANDS_MAX]), strict=False):
            if command["kind"] == Kind.ISSUER_DECISION and command.view(ISSUER_DECISION)["decision"] == sequence:
                return int(each)
        return None

    def _index(self, sequence: int) -> int | None:
        """Where a command is among those that were read."""
        return self._places.index(sequence) if sequence <= self._read_until else None

    def _of(self, account: np.uint64, part: slice) -> npt.NDArray[np.int64]:
        """The sequences of an account's commands among some."""
        return self._places.sequences(np.flatnonzero(self._accounts[part] == account) + (part.start or 0))

    def _is_for_all(self, sequence: int) -> bool:
        return self._is_told_by_all_since is not None and sequence >= self._is_told_by_all_since

    def _read(self, sequences: list[int]) -> list[Records]:
        """Commands by their sequences, which are in order, one by one."""
        found: list[Records] = []
        by_segment: dict[str, list[int]] = {}
        for sequence in sequences:
            batch = bisect_right(self._places.firsts, sequence) - 1
            offset = (sequence - self._places.firsts[batch]) * COMMAND_BYTES
            by_segment.setdefault(self._places.segments[batch], []).append(self._places.positions[batch] + offset)
        for segment, positions in by_segment.items():
            commands = self._journal.commands_at(segment, positions)
            found += [commands[place : place + 1] for place in range(len(commands))]
        return found

    def _replayed(self, sequences: list[int]) -> ReplayedCommand:
        state, in_force = new_state(_ROWS, self._programs[0].program), self._programs[0]
        results, findings, command = new_results(1), new_findings(), None
        for sequence, command in zip(sequences, self._read(sequences), strict=True):
            while (later := self._next_program(in_force)) is not None and later.since <= sequence:
                pass_day(state, np.int64(later.time_us))  # its terms hold from the day behind this one
                if classifies(in_force.document.segments) or classifies(later.document.segments):
                    state = _with_days_closed(state)
                in_force = later
                state = with_program(state, in_force.program)
            state, results = self._applied(state, command, sequence, findings)
        assert command is not None, "the command itself is among them"
        return ReplayedCommand(read(command[0]), results[0], findings, state, in_force.document)

    def _next_program(self, in_force: _InForce) -> _InForce | None:
        place = int(in_force.program.numbers[NUMBER_VERSION]) + 1
        return self._programs[place] if place < len(self._programs) else None

    @staticmethod
    def _applied(state: State, command: Records, sequence: int, findings: Any) -> tuple[State, Records]:
        """The state and result after one command under its own number."""
        state = with_room(state, 1)
        state.counters[Counter.SEQUENCE] = sequence - 1
        results = new_results(1)
        apply(state, np.require(command.copy(), requirements="W"), results, findings)
        return state, results


def _with_days_closed(state: State) -> State:
    """The same state with the days closed that are over, as they are before a switch of segments."""
    state = with_room(state, 1)
    for row in range(int(state.counters[Counter.ACCOUNTS])):
        roll(state, np.int64(row))
    return state


def _counts_a_segment(document: ProgramDocument) -> bool:
    """Whether a limit or a condition counts what other accounts of the segment have done."""
    asked = [comparison.of for rule in document.rules for comparison in comparisons(rule.when)]
    return "segment" in (*asked, *(limit.scope for limit in document.limits))
