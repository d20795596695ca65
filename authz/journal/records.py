"""The record format of the journal, and the interface to where its bytes are stored.

A record is a 32-byte header, an array of commands, an attachment (the document of a program) and an end mark::

    0   4  magic "TPWR"
    4   4  number of commands
    8   8  sequence of the first command, from 1
    16  4  length of the attachment, bytes
    20  4  CRC-32C of commands and attachment
    24  4  CRC-32C of bytes 0 to 23
    28  4  zero
    ... 4  behind commands and attachment: "RWPT"

All numbers are little-endian. No aligned sector of a whole record is all zeros: every command has a time, text has no
zero bytes, and the end is marked. So zeros tell a write that a crash cut short from a record that was damaged later.
"""

import struct
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import google_crc32c
import numpy as np
import structlog

from authz.journal.marks import Mark
from authz.vocabulary.commands import COMMAND, COMMAND_BYTES, Records, of_ranges
from authz.vocabulary.errors import JournalDamaged

MAGIC = b"TPWR"
END_MARK = b"RWPT"
HEADER_BYTES = 32
SECTOR_BYTES = 512
"""The unit that a disk writes atomically."""
_FIXED = struct.Struct("<4sIQII")
_CHECK = struct.Struct("<I4x")

log = structlog.get_logger()


class Batch(NamedTuple):
    """Commands that were made durable together; read-only. sequence: of the first.  attachment: a program's document.

    A batch with an attachment has one command.
    """

    sequence: int
    commands: Records
    attachment: bytes = b""


@dataclass(frozen=True)
class Durable:
    """Some commands of a journal with all that they have brought about.

    first: the sequence of the first.  commands: COMMAND[n].  results: RESULT[n].  postings: POSTING[m].  expiries:
    EXPIRY[k].  statements: STATEMENT[l].  changes: ACCOUNT_CHANGE[j].
    These are those of all the commands, in their order.
    """

    first: int
    commands: Records
    results: Records
    postings: Records
    expiries: Records
    statements: Records
    changes: Records

    def part(self, start: int, stop: int) -> "Durable":
        """Those commands of it that are at these places."""
        made = (
            getattr(self, name)[self.results[name][:start].sum() : self.results[name][:stop].sum()]
            for name in ("postings", "expiries", "statements", "changes")
        )
        return Durable(self.first + start, self.commands[start:stop], self.results[start:stop], *made)

    @property
    def last(self) -> int:
        """The sequence of the last."""
        return self.first + len(self.commands) - 1

    @property
    def time_us(self) -> int:
        """The time of the last: Unix time in microseconds."""
        return int(self.commands["time_us"][-1])


class JournalReader(Protocol):
    """A source of records. network: the identity of their network, 16 bytes; None if it is not known yet."""

    network: bytes | None

    @property
    def last_sequence(self) -> int:
        """The last command that it holds, 0 for none."""

    @property
    def begins_after(self) -> int:
        """The command that the first one it holds follows: 0 unless older ones were given up."""

    def digest_at(self, sequence: int) -> bytes | None:
        """The running digest (see `marks`) where a command ends a record; None where it does not, or is not held."""

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Batch]:
        """All commands after a sequence, batch by batch, up to until. Numbers that were skipped have no command.

        Raises: JournalDamaged if the next record is damaged or missing.
        """


class Journal(JournalReader, Protocol):
    """An append-only, fenced log of commands. One writer; what it appended is durable when `append` returns."""

    @property
    def next_sequence(self) -> int:
        """The sequence that the next append must name; not the one after the last command if numbers were skipped."""

    def append(self, batch: Batch) -> None:
        """Make a batch durable. Raises: JournalFenced if its sequence is not the next one."""

    def close(self) -> None:
        """Give up the right to write."""


@dataclass(frozen=True)
class RecordHeader:
    """The header of a record."""

    sequence: int
    count: int
    attachment_bytes: int
    checksum: int
    command_bytes: int = COMMAND_BYTES

    @property
    def commands_bytes(self) -> int:
        """How many bytes the commands have."""
        return self.count * self.command_bytes

    @property
    def payload_bytes(self) -> int:
        """How many bytes follow, up to the end mark."""
        return self.commands_bytes + self.attachment_bytes

    @property
    def record_bytes(self) -> int:
        """How many bytes the whole record has."""
        return HEADER_BYTES + self.payload_bytes + len(END_MARK)


def crc32c(data: bytes | memoryview) -> int:
    """CRC-32C (Castagnoli), as in RFC 3720."""
    return int(google_crc32c.value(bytes(data)))


def encode_record(batch: Batch) -> bytes:
    """One record."""
    payload = batch.commands.tobytes() + batch.attachment
    fixed = _FIXED.pack(MAGIC, len(batch.commands), batch.sequence, len(batch.attachment), crc32c(payload))
    return fixed + _CHECK.pack(crc32c(fixed)) + payload + END_MARK


def decode_header(data: bytes, command_bytes: int = COMMAND_BYTES) -> RecordHeader | None:
    """The header in these 32 bytes, or None if they are none. command_bytes: of each command behind it."""
    if len(data) < HEADER_BYTES or data[:4] != MAGIC:
        return None
    if data[_FIXED.size : HEADER_BYTES] != _CHECK.pack(crc32c(data[: _FIXED.size])):
        return None
    _, count, sequence, attachment_bytes, checksum = _FIXED.unpack_from(data)
    return RecordHeader(sequence, count, attachment_bytes, checksum, command_bytes)


def decode_batch(header: RecordHeader, content: bytes, layout: np.dtype[np.void] = COMMAND) -> Batch | None:
    """The content of a record, or None if it is not what the header's checksum covers, or not ended.

    content: what follows the header, with the end mark.  layout: of its commands.
    """
    payload = content[: header.payload_bytes]
    if content[header.payload_bytes :] != END_MARK or crc32c(payload) != header.checksum:
        return None
    commands = np.frombuffer(payload, layout, header.count)
    return Batch(header.sequence, commands, payload[header.commands_bytes :])


def is_cut_short(tail: bytes, offset: int, command_bytes: int = COMMAND_BYTES) -> bool:
    """Whether the bytes at the end of a file are a record that a crash cut short: some never reached the disk.

    An unfinished write lacks its end, or has sectors that are still zero. A record that is complete but has a wrong
    checksum was damaged later, and may have been acknowledged. offset: where tail begins in the file.
    """
    if len(tail) < HEADER_BYTES:
        return True
    header = decode_header(tail[:HEADER_BYTES], command_bytes)
    if header is not None and len(tail) < header.record_bytes:
        return True
    end = HEADER_BYTES if header is None else header.record_bytes
    return any(not any(tail[start:stop]) for start, stop in _sectors(offset, end, len(tail)))


def _sectors(offset: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    """The parts of a tail that lie in one sector each, those that begin before end."""
    start = 0
    while start < end:
        stop = min(SECTOR_BYTES - (offset + start) % SECTOR_BYTES + start, length)
        yield start, stop
        start = stop


def is_another_at(journal: JournalReader, mark: Mark) -> bool:
    """Whether a journal holds the command of a mark, but its commands up to there differ from those of the mark."""
    is_held = journal.begins_after <= mark.sequence <= journal.last_sequence
    return is_held and journal.digest_at(mark.sequence) != mark.digest


def commands_found(journal: JournalReader, sequences: Iterable[int]) -> dict[int, Records]:
    """Some commands of a journal by their sequences, COMMAND[1] each, read in one pass.

    A command that the journal does not hold, or that cannot be read, is left out, and a warning says why. Where the
    journal is damaged, the pass begins again with the next command that is wanted, which may lie behind the damage.
    """
    found: dict[int, Records] = {}
    wanted = deque(sorted(sequences))
    while wanted:
        try:
            begins_after = journal.begins_after
            while wanted and wanted[0] <= begins_after:
                _warn_not_found(wanted.popleft(), f"retention has given up the commands up to {begins_after}")
            for batch in journal.read(wanted[0] - 1, wanted[-1]) if wanted else ():
                while wanted and wanted[0] < batch.sequence + len(batch.commands):
                    place = wanted[0] - batch.sequence
                    found[wanted.popleft()] = batch.commands[place : place + 1].copy()
            while wanted:
                _warn_not_found(wanted.popleft(), "the journal ends before it")
        except (JournalDamaged, OSError) as error:  # OSError: retention may remove a segment meanwhile
            _warn_not_found(wanted.popleft(), str(error))
    return found


def _warn_not_found(sequence: int, why: str) -> None:
    log.warning("command_not_found_in_journal", sequence=sequence, error=why)


def gathered(batches: Iterable[Batch], commands: int) -> Iterator[Batch]:
    """The same commands in larger batches, of at least so many but for the last; one with an attachment stays alone.

    One that closes days ends a batch: room for all that several of them may post and cut is more than a machine has.
    They are read in a thread of its own while the one before is worked on. Each is good until the next is asked for:
    two buffers take turns, since memory never touched before costs more than what is done with it.
    """
    joined = _joined(batches, commands)
    with ThreadPoolExecutor(1, "journal-reader") as reader:
        coming = reader.submit(next, joined, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, joined, None)
            yield batch


def _joined(batches: Iterable[Batch], commands: int) -> Iterator[Batch]:
    buffers, number = [_Buffer(), _Buffer()], 0
    for batch in batches:
        buffer = buffers[number % 2]
        is_full = buffer.count >= commands or buffer.has_ranges
        if buffer.count and (batch.attachment or is_full or batch.sequence != buffer.next_sequence):
            yield buffer.batch()
            number += 1
            buffer = buffers[number % 2]
            buffer.clear()
        if batch.attachment:
            yield batch._replace(commands=batch.commands.copy())
        else:
            buffer.add(batch)
    if buffers[number % 2].count:
        yield buffers[number % 2].batch()


class _Buffer:
    """Room for the commands of several batches."""

    def __init__(self) -> None:
        self._octets = np.zeros(0, np.uint8)
        self._sequence = 0
        self.clear()

    def clear(self) -> None:
        """Nothing is there. has_ranges: whether one of the commands that are there is about a range of accounts."""
        self.count, self.has_ranges = 0, False

    @property
    def next_sequence(self) -> int:
        """The command that could be put behind those that are there."""
        return self._sequence + self.count

    def add(self, batch: Batch) -> None:
        """Put a batch behind those that are there."""
        start, stop = self.count * COMMAND_BYTES, (self.count + len(batch.commands)) * COMMAND_BYTES
        if stop > len(self._octets):
            octets = np.zeros(2 * stop, np.uint8)
            octets[:start] = self._octets[:start]
            self._octets = octets
        self._octets[start:stop] = batch.commands.view(np.uint8)
        self._sequence = self._sequence if self.count else batch.sequence
        self.count += len(batch.commands)
        self.has_ranges = self.has_ranges or bool(of_ranges(batch.commands["kind"]).any())

    def batch(self) -> Batch:
        """All of them."""
        return Batch(self._sequence, self._octets[: self.count * COMMAND_BYTES].view(COMMAND))
