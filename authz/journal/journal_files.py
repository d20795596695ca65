"""The journal's files: append-only segments in one directory, with one durable write per append.

A torn tail, the last append before a crash, was never acknowledged: it is passed over, and cut off by the next append.
Damage anywhere else refuses to be read, names file and offset, and changes nothing. Every segment says whose it is and
what it continues, so that one that is missing, cut short or somebody else's is noticed by the next.
"""

from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import numpy as np
import structlog

from authz.journal.disk import Appending, Disk
from authz.journal.earlier_layouts import EARLIER_HEADER_BYTES, EARLIER_LAYOUTS, EARLIER_MAGIC, digest_of
from authz.journal.marks import BEGINNING, Mark
from authz.journal.records import HEADER_BYTES, MAGIC, Batch, decode_batch, decode_header, encode_record, is_cut_short
from authz.journal.segment_header import SEGMENT_HEADER_BYTES, UNNAMED, SegmentHeader, decoded_header
from authz.journal.segment_names import first_of_segment, is_segment, name_of_segment
from authz.vocabulary.commands import COMMAND, Records
from authz.vocabulary.errors import EngineStopped, ForeignFile, JournalDamaged, JournalFenced, JournalOutdated

SEGMENT_BYTES = 64 * 1024 * 1024

log = structlog.get_logger()


class _Record(NamedTuple):
    """One record of a segment. start, end: bytes of the file, of its first command and behind its end mark.

    mark: where the journal stands behind it.
    """

    batch: Batch
    start: int
    end: int
    mark: Mark


class SegmentReader:
    """Reads the segments of one directory; another process may append to them meanwhile.

    network: the network that they must belong to, 16 bytes; None for that of the first segment.
    earlier: the layout of their commands, where they are of an earlier version.
    """

    def __init__(self, disk: Disk, network: bytes | None = None, earlier: np.dtype[np.void] | None = None) -> None:
        self._disk = disk
        self.network = network
        self._earlier = earlier
        self._layout = COMMAND if earlier is None else earlier
        self._headers: dict[str, SegmentHeader] = {}

    def segments(self) -> list[str]:
        """The names of all segments, in order."""
        return [name for name in self._disk.names() if is_segment(name)]

    @property
    def begins_after(self) -> int:
        """The command that the first one follows, see `JournalReader.begins_after`."""
        seals = self.seals()
        return seals[0] if seals else 0

    @property
    def last_sequence(self) -> int:
        """See `JournalReader.last_sequence`; the last segment is walked for it."""
        return self.found_end()[0].sequence

    def found_end(self) -> tuple[Mark, str | None, int]:
        """Where it ends: the mark, the last segment that was begun, and how many bytes of that are good."""
        self.seals()  # whoever asks wants to hear of any segment that is not ours
        names = self.segments()
        name = next((name for name in reversed(names) if name in self._headers), None)
        if name is None:
            return BEGINNING, None, 0
        mark, size = self._headers[name].before, SEGMENT_HEADER_BYTES
        for record in self._records(name, is_last=name == names[-1]):
            mark, size = record.mark, record.end
        return mark, name, size

    def seals(self) -> list[int]:
        """The last command before each segment. Raises: JournalDamaged, JournalOutdated, ForeignFile."""
        headers = [self._header(name, is_last=is_last) for name, is_last in self._named()]
        return [header.before.sequence for header in headers if header is not None]

    @property
    def sealed_sequence(self) -> int:
        """The last command in a segment that nothing is added to any more, 0 for none."""
        return max(self.seals(), default=0)

    def forget(self, before: int) -> None:
        """Delete the segments that hold nothing but commands before a sequence, the oldest first."""
        for name, seal in zip(self.segments(), self.seals()[1:], strict=False):
            if seal >= before:
                return
            self._disk.remove(name)
            self._disk.sync_names()  # so that what is left never has a gap

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Batch]:
        """See `JournalReader.read`."""
        reached: Mark | None = None
        for name, is_last in self._named(after):
            header = self._header(name, is_last=is_last)
            if header is not None:
                self._check_continues(name, header, reached, after)
                reached = header.before
            for record in self._records(name, is_last=is_last):
                reached = record.mark
                first, behind = max(record.batch.sequence, after + 1), reached.sequence + 1
                if behind <= first:
                    continue
                if until is not None and first > until:
                    return  # what comes next may be in the middle of being written
                end = None if until is None else until + 1 - record.batch.sequence
                wanted = slice(first - record.batch.sequence, end)
                yield record.batch._replace(sequence=first, commands=record.batch.commands[wanted])
                if until is not None and behind > until:
                    return

    def digest_at(self, sequence: int) -> bytes | None:
        """The running digest where a command ends a record; None where it does not, or is not held."""
        if sequence == self.begins_after == 0:
            return BEGINNING.digest
        named = self._named(sequence)
        for header in (self._header(name, is_last=is_last) for name, is_last in named):
            if header is not None and header.before.sequence == sequence:
                return header.before.digest
        for name, is_last in named:
            for record in self._records(name, is_last=is_last):
                if record.mark.sequence >= sequence:
                    return record.mark.digest if record.mark.sequence == sequence else None
        return None

    def good_parts(self) -> list[tuple[str, int]]:
        """The segments up to the first that is damaged or missing, and how many bytes of each are good.

        Raises: ForeignFile, JournalOutdated.
        """
        parts: list[tuple[str, int]] = []
        reached = BEGINNING
        for name, is_last in self._named():
            try:
                header = self._header(name, is_last=is_last)
                if header is None:
                    break
                if parts:
                    self._check_continues(name, header, reached, 0)
                parts.append((name, SEGMENT_HEADER_BYTES))
                reached = header.before
                for record in self._records(name, is_last=is_last):
                    parts[-1], reached = (name, record.end), record.mark
            except JournalDamaged:
                break
        return parts

    def is_whole(self, parts: list[tuple[str, int]]) -> bool:
        """Whether good parts are all that there is, but for the torn tail of a crash."""
        try:
            self.found_end()
        except JournalDamaged:
            return False
        return [name for name, _ in parts] == [name for name in self.segments() if name in self._headers]

    def places(self, after: int, known: tuple[str, int] | None = None) -> Iterator[tuple[str, int, Batch]]:
        """Batches behind a sequence that one ends with, each with its segment and where its first command begins.

        known: the segment and the byte where the batch behind that sequence begins, where that is known.
        """
        reached = after
        for name, is_last in self._named(after):
            header = self._header(name, is_last=is_last)
            if header is not None and header.before.sequence > reached:
                raise self._is_missing(name, header.before.sequence, reached)
            begin = (known[1], after) if known is not None and known[0] == name else None
            for record in self._records(name, is_last=is_last, begin=begin):
                if record.batch.sequence > after:
                    yield name, record.start, record.batch
                    reached = record.mark.sequence

    def commands_at(self, name: str, positions: list[int]) -> Records:
        """The commands at some positions of a segment, as `places` has returned them."""
        with self._disk.open(name) as file:
            octets = bytearray()
            for position in positions:
                file.seek(position)
                octets += file.read(self._layout.itemsize)
        return np.frombuffer(bytes(octets), self._layout)

    def _named(self, after: int = 0) -> list[tuple[str, bool]]:
        """The segments that hold commands behind a sequence, in order, and whether each is the last one."""
        names = self.segments()
        behind = [name for name, following in pairwise(names) if first_of_segment(following) > after + 1]
        return [*((name, False) for name in behind), *((name, True) for name in names[-1:])]

    def _check_continues(self, name: str, header: SegmentHeader, reached: Mark | None, after: int) -> None:
        """A segment begins where the one before it ends. Raises: JournalDamaged."""
        before = header.before
        if before.sequence > after if reached is None else before.sequence != reached.sequence:
            raise self._is_missing(name, before.sequence, after if reached is None else reached.sequence)
        if reached is not None and self._earlier is None and before.digest != reached.digest:
            raise JournalDamaged(
                self._disk.path(name), 0, "it does not continue the segment before it: their digests differ"
            )

    def _is_missing(self, name: str, before: int, there: int) -> JournalDamaged:
        """The error where the commands that a segment continues are missing."""
        why = f"it continues after command {before}, but the commands before it end with command {there}"
        return JournalDamaged(self._disk.path(name), 0, why)

    def _records(self, name: str, *, is_last: bool, begin: tuple[int, int] | None = None) -> Iterator[_Record]:
        """The records of one segment, up to its end or to the torn tail of the last one.

        begin: the byte where the first record that is wanted begins, and the command before it, where that is known;
        the marks then tell no digests.
        """
        header = self._header(name, is_last=is_last)
        if header is None:
            return
        with self._disk.open(name) as file:
            first, mark = first_of_segment(name), header.before
            end = SEGMENT_HEADER_BYTES if self._earlier is None else EARLIER_HEADER_BYTES
            if begin is not None:
                end, mark = begin[0], Mark(begin[1], b"")
                first = max(first, mark.sequence + 1)
            file.seek(end)
            for octets, batch in _batches(file, self._layout):
                if batch.sequence != first:
                    raise JournalDamaged(
                        self._disk.path(name), end, f"expected command {first}, found {batch.sequence}"
                    )
                mark = mark.then(octets, first + len(batch.commands) - 1)
                first, start, end = mark.sequence + 1, end + HEADER_BYTES, file.tell()
                yield _Record(batch, start, end, mark)
            file.seek(end)
            self._check_tail(name, end, file.read(), first, is_last=is_last)

    def _header(self, name: str, *, is_last: bool) -> SegmentHeader | None:
        """The header of a segment; None for an empty segment whose header a crash cut short.

        Raises: JournalDamaged, JournalOutdated, ForeignFile.
        """
        known = self._headers.get(name)
        if known is not None:
            return known
        with self._disk.open(name) as file:
            octets = file.read(SEGMENT_HEADER_BYTES)
        header = decoded_header(octets) if self._earlier is None else self._earlier_header(name, octets)
        if header is None:
            if octets[:EARLIER_HEADER_BYTES] in EARLIER_LAYOUTS:
                raise JournalOutdated(self._disk.path(name).parent)
            if is_last and (len(octets) < SEGMENT_HEADER_BYTES or not any(octets)):
                return None
            raise JournalDamaged(self._disk.path(name), 0, "not a journal segment of this version")
        if self.network is None:
            self.network = header.network
        if header.network != self.network:
            raise ForeignFile(self._disk.path(name), header.network, self.network)
        if header.before.sequence >= first_of_segment(name):
            raise JournalDamaged(
                self._disk.path(name), 0, f"its header says that it continues after command {header.before.sequence}"
            )
        self._headers[name] = header
        return header

    def _earlier_header(self, name: str, octets: bytes) -> SegmentHeader | None:
        """The header of a segment by an earlier version, completed from the segment's name."""
        if octets[:EARLIER_HEADER_BYTES] != EARLIER_MAGIC + digest_of(self._layout):
            return None
        return SegmentHeader(UNNAMED, Mark(first_of_segment(name) - 1, BEGINNING.digest))

    def _check_tail(self, name: str, end: int, tail: bytes, expected: int, *, is_last: bool) -> None:
        """Check that after the last intact record there is only an unfinished write. Raises: JournalDamaged."""
        path = self._disk.path(name)
        if not tail or next(_batches(BytesIO(tail), self._layout), None) is not None:
            return  # a record that is whole now was appended while those before it were read: a later reading has it
        if not is_last:
            raise JournalDamaged(path, end, "a record is damaged, and later segments follow it")
        position = tail.find(MAGIC, 1)
        while position >= 0:
            following = decode_header(tail[position : position + HEADER_BYTES], self._layout.itemsize)
            if following is not None and following.sequence > expected:
                raise JournalDamaged(path, end, f"a record is damaged, and command {following.sequence} follows it")
            position = tail.find(MAGIC, position + 1)
        if not is_cut_short(tail, end, self._layout.itemsize):
            raise JournalDamaged(path, end, "the last record is complete, but its checksum is wrong")


class SegmentJournal(SegmentReader):
    """A `Journal` in a directory of its own.

    network: the network that it must belong to; None for that of its first segment.
    Raises: JournalDamaged where its last segment is. JournalOutdated. ForeignFile.
    """

    def __init__(self, disk: Disk, segment_bytes: int = SEGMENT_BYTES, network: bytes | None = None) -> None:
        super().__init__(disk, network)
        self._segment_bytes = segment_bytes
        self._file: Appending | None = None
        self._closed = False
        self.reopen()

    def reopen(self) -> None:
        """Look anew at what is in the directory, after its files were exchanged. Raises: as the constructor."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._headers.clear()
        self.end, self._last, self._size = self.found_end()
        """The end of the journal; all commands up to here are durable."""
        self.network = self.network or UNNAMED
        self.next_sequence = self._following

    @property
    def last_sequence(self) -> int:
        """See `Journal.last_sequence`."""
        return self.end.sequence

    @property
    def _following(self) -> int:
        """The sequence number that the last segment continues with; for an empty segment, the number in its name."""
        return max(self.end.sequence + 1, 1 if self._last is None else first_of_segment(self._last))

    def digest_at(self, sequence: int) -> bytes | None:
        """See `JournalReader.digest_at`."""
        end = self.end
        return end.digest if sequence == end.sequence else super().digest_at(sequence)

    def set_aside(self, until: int) -> None:
        """Skip the sequence numbers up to this one, which may be in use elsewhere. Call it before the first append."""
        self.next_sequence = max(self.next_sequence, until + 1)

    def append(self, batch: Batch) -> None:
        """See `Journal.append`. A failed write leaves the journal closed: what reached the disk is unknown."""
        if self._closed:
            raise EngineStopped("the journal is closed")
        if batch.sequence != self.next_sequence:
            raise JournalFenced(
                f"the batch begins with command {batch.sequence}, but the journal expects command {self.next_sequence}"
            )
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
        self.end = self.end.then(record[:HEADER_BYTES], self.next_sequence - 1)

    def _writable(self) -> Appending:
        """The segment that the next record goes to."""
        if self._file is None and self._last is not None:
            if self._size < self._disk.size(self._last):
                log.warning("journal_tail_cut", path=str(self._disk.path(self._last)), offset=self._size)
                self._disk.cut(self._last, self._size)
            is_next = self.next_sequence == self._following and self._last == self.segments()[-1]
            if is_next and self._headers[self._last].is_of_now:
                self._file = self._disk.extend(self._last)
        if self._file is None or self._size >= self._segment_bytes:
            self._file = self._new_segment()
        return self._file

    def _new_segment(self) -> Appending:
        if self._file is not None:
            self._file.close()
        name = name_of_segment(self.next_sequence)
        for left in self.segments():
            if left not in self._headers or left == name:  # begun by a crash, and empty
                self._disk.remove(left)
        file = self._disk.create(name)
        header = SegmentHeader(self.network or UNNAMED, self.end)
        file.write(header.encoded())
        file.sync()
        self._disk.sync_names()  # a file is durable only when its name is
        self._headers[name] = header
        self._last, self._size = name, SEGMENT_HEADER_BYTES
        return file

    def close(self) -> None:
        """See `Journal.close`."""
        self._closed = True
        if self._file is not None:
            self._file.close()
            self._file = None


def _batches(file: BinaryIO, layout: np.dtype[np.void]) -> Iterator[tuple[bytes, Batch]]:
    """Batches from the file's position up to the first that is broken or incomplete, each with its header."""
    while (header := decode_header(octets := file.read(HEADER_BYTES), layout.itemsize)) is not None:
        batch = decode_batch(header, file.read(header.record_bytes - HEADER_BYTES), layout)
        if batch is None:
            return
        yield octets, batch
