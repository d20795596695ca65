"""A journal in files: append-only segments in one directory, one durable write for each append.

A torn tail, the last append before a crash, was never acknowledged: it is passed over, and cut off by the next append.
Damage anywhere else refuses to be read, names file and offset, and changes nothing.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

import numpy as np
import structlog

from authz.commands import COMMAND, Records
from authz.disk import Appending, Disk
from authz.earlier_layouts import EARLIER_LAYOUTS, digest_of
from authz.errors import EngineStopped, JournalDamaged, JournalFenced, JournalOutdated
from authz.journal import HEADER_BYTES, MAGIC, Batch, decode_batch, decode_header, encode_record, is_cut_short

SEGMENT_BYTES = 64 * 1024 * 1024
SEGMENT_MAGIC = b"TAPWRJ03"
SEGMENT_HEADER = SEGMENT_MAGIC + digest_of(COMMAND)
_SUFFIX = ".journal"

log = structlog.get_logger()


class SegmentReader:
    """Reads the segments of one directory, safely while somebody else appends. layout: of their commands."""

    def __init__(self, disk: Disk, layout: np.dtype[np.void] = COMMAND) -> None:
        self._disk = disk
        self._layout = layout
        self._header = SEGMENT_MAGIC + digest_of(layout)

    def segments(self) -> list[str]:
        """The names of all segments, in order."""
        return [name for name in self._disk.names() if name.endswith(_SUFFIX)]

    @property
    def first_sequence(self) -> int:
        """The first command that the journal holds, or would hold."""
        return min(map(_first_of, self.segments()), default=1)

    def starts(self) -> list[int]:
        """The first command of each segment."""
        return [_first_of(name) for name in self.segments()]

    @property
    def sealed_sequence(self) -> int:
        """The last command in a segment that nothing is added to any more, 0 for none."""
        return max(self.starts(), default=1) - 1

    def forget(self, before: int) -> None:
        """Delete the segments that hold nothing but commands before a sequence, the oldest first."""
        for name, following in pairwise(self.segments()):
            if _first_of(following) > before:
                return
            self._disk.remove(name)
            self._disk.sync_names()  # so that what is left never has a gap

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Batch]:
        """See `JournalReader.read`."""
        names = self.segments()
        expected = after + 1
        for name, following in [*pairwise(names), *((name, None) for name in names[-1:])]:
            if following is not None and _first_of(following) <= expected:
                continue
            for _, batch in self._batches(name, is_last=following is None):
                behind = batch.sequence + len(batch.commands)
                if behind <= expected:
                    continue
                if batch.sequence > expected:
                    raise JournalDamaged(
                        self._disk.path(name), 0, f"expected command {expected}, found {batch.sequence}"
                    )
                end = None if until is None else until + 1 - batch.sequence
                yield batch._replace(sequence=expected, commands=batch.commands[expected - batch.sequence : end])
                expected = behind
                if until is not None and expected > until:
                    return  # what comes next may be in the middle of being written

    def places(self, after: int, known: tuple[str, int] | None = None) -> Iterator[tuple[str, int, Batch]]:
        """Batches behind a sequence that one ends with, each with its segment and where its first command begins.

        known: the segment and the byte where the batch behind that sequence begins, where that is known.
        """
        names = self.segments()
        for name, following in [*pairwise(names), *((name, None) for name in names[-1:])]:
            if following is not None and _first_of(following) <= after + 1:
                continue
            begin = (known[1], after + 1) if known is not None and known[0] == name else None
            for position, batch in self._batches(name, is_last=following is None, begin=begin):
                if batch.sequence > after:
                    yield name, position, batch

    def commands_at(self, name: str, positions: list[int]) -> Records:
        """The commands that begin at some bytes of a segment, as `places` has told."""
        with self._disk.open(name) as file:
            octets = bytearray()
            for position in positions:
                file.seek(position)
                octets += file.read(self._layout.itemsize)
        return np.frombuffer(bytes(octets), self._layout)

    def _batches(
        self, name: str, *, is_last: bool, begin: tuple[int, int] | None = None
    ) -> Iterator[tuple[int, Batch]]:
        """The batches of one segment, up to its end or to the torn tail of the last one, and where each one's commands
        begin.

        begin: the byte and the sequence of the first record that is wanted, where it is not the segment's first.
        """
        with self._disk.open(name) as file:
            if not self._has_header(name, file, is_last=is_last):
                return
            end, expected = begin or (file.tell(), _first_of(name))
            file.seek(end)
            for batch in batches_of(file, self._layout):
                if batch.sequence != expected:
                    raise JournalDamaged(
                        self._disk.path(name), end, f"expected command {expected}, found {batch.sequence}"
                    )
                expected += len(batch.commands)
                start, end = end + HEADER_BYTES, file.tell()
                yield start, batch
            file.seek(end)
            self._check_tail(name, end, file.read(), expected, is_last=is_last)

    def _has_header(self, name: str, file: BinaryIO, *, is_last: bool) -> bool:
        """Whether a segment was begun; one that a crash kept from it holds nothing."""
        header = file.read(len(SEGMENT_HEADER))
        if header == self._header:
            return True
        if header.startswith(SEGMENT_MAGIC) and header[len(SEGMENT_MAGIC) :] in EARLIER_LAYOUTS:
            raise JournalOutdated(self._disk.path(name).parent)
        if is_last and (len(header) < len(SEGMENT_HEADER) or not any(header)):
            return False
        raise JournalDamaged(self._disk.path(name), 0, "not a journal segment of this version")

    def _check_tail(self, name: str, end: int, tail: bytes, expected: int, *, is_last: bool) -> None:
        """What follows the last good record must be a write that never finished. Raises: JournalDamaged."""
        path = self._disk.path(name)
        if not tail:
            return
        if not is_last:
            raise JournalDamaged(path, end, "a record is broken and later segments follow")
        position = tail.find(MAGIC, 1)
        while position >= 0:
            following = decode_header(tail[position : position + HEADER_BYTES], self._layout.itemsize)
            if following is not None and following.sequence > expected:
                raise JournalDamaged(path, end, f"a record is broken and command {following.sequence} follows it")
            position = tail.find(MAGIC, position + 1)
        if not is_cut_short(tail, end, self._layout.itemsize):
            raise JournalDamaged(path, end, "the last record is complete and its checksum is wrong")


class SegmentJournal(SegmentReader):
    """A `Journal` in a directory of its own. Raises: JournalDamaged where its last segment is."""

    def __init__(self, disk: Disk, segment_bytes: int = SEGMENT_BYTES) -> None:
        super().__init__(disk)
        self._segment_bytes = segment_bytes
        self._file: Appending | None = None
        self._closed = False
        self.next_sequence = 1
        self._size = self._good_size()

    def _good_size(self) -> int:
        """Walk the last segment, for the next sequence; returns how many bytes of it are good, 0 for none."""
        names = self.segments()
        if not names:
            return 0
        name = names[-1]
        self.next_sequence, size = _first_of(name), 0
        with self._disk.open(name) as file:
            size = len(SEGMENT_HEADER) if self._has_header(name, file, is_last=True) else 0
        for _, batch in self._batches(name, is_last=True):
            self.next_sequence += len(batch.commands)
            size += len(encode_record(batch))
        if size < self._disk.size(name):
            log.warning("journal_tail_torn", path=str(self._disk.path(name)), offset=size)
        return size

    def append(self, batch: Batch) -> None:
        """See `Journal.append`. A failed write leaves the journal closed: what reached the disk is unknown."""
        if self._closed:
            raise EngineStopped("the journal is closed")
        if batch.sequence != self.next_sequence:
            raise JournalFenced(f"append names command {batch.sequence}, the journal expects {self.next_sequence}")
        record = encode_record(batch)
        try:
            file = self._writable()
            file.write(record)
            file.sync()
        except OSError:
            self.close()
            raise
        self._size += len(record)
        self.next_sequence += len(batch.commands)

    def _writable(self) -> Appending:
        """The segment that the next record goes to."""
        if self._file is None and self._size:
            name = self.segments()[-1]
            if self._size < self._disk.size(name):
                log.warning("journal_tail_cut", path=str(self._disk.path(name)), offset=self._size)
                self._disk.cut(name, self._size)
            self._file = self._disk.extend(name)
        if self._file is None or self._size >= self._segment_bytes:
            self._file = self._new_segment()
        return self._file

    def _new_segment(self) -> Appending:
        if self._file is not None:
            self._file.close()
        name = f"{self.next_sequence:020d}{_SUFFIX}"
        if name in self.segments():  # begun by a crash, and empty
            self._disk.remove(name)
        file = self._disk.create(name)
        file.write(SEGMENT_HEADER)
        file.sync()
        self._disk.sync_names()  # a file is durable only when its name is
        self._size = len(SEGMENT_HEADER)
        return file

    def close(self) -> None:
        """See `Journal.close`."""
        self._closed = True
        if self._file is not None:
            self._file.close()
            self._file = None


def _first_of(name: str) -> int:
    """The first command of a segment."""
    return int(name.removesuffix(_SUFFIX))


def batches_of(file: BinaryIO, layout: np.dtype[np.void] = COMMAND) -> Iterator[Batch]:
    """Batches from the file's position up to the first that is broken or incomplete."""
    while (header := decode_header(file.read(HEADER_BYTES), layout.itemsize)) is not None:
        batch = decode_batch(header, file.read(header.record_bytes - HEADER_BYTES), layout)
        if batch is None:
            return
        yield batch
