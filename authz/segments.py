"""A journal in files: append-only segments in one directory, one durable write for each append.

Opening cuts off a torn tail, which is the last append before a crash, never acknowledged. Damage anywhere else refuses
to open, names file and offset, and changes nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import structlog

from authz.commands import LAYOUT_DIGEST
from authz.errors import EngineStopped, JournalDamaged, JournalFenced
from authz.journal import HEADER_BYTES, MAGIC, Batch, decode_batch, decode_header, encode_record

SEGMENT_BYTES = 64 * 1024 * 1024
_SEGMENT_MAGIC = b"TAPWRJ02"
_SEGMENT_HEADER = _SEGMENT_MAGIC + LAYOUT_DIGEST

log = structlog.get_logger()


class SegmentReader:
    """Reads the segments of one directory and changes nothing; safe while somebody else appends."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, until: int | None = None) -> Iterator[Batch]:
        """See `JournalReader.read`."""
        for path in self._paths():
            with path.open("rb") as file:
                file.seek(len(_SEGMENT_HEADER))
                for batch in _batches(file):
                    if until is not None and batch.sequence > until:
                        return
                    yield batch

    def _paths(self) -> list[Path]:
        return sorted(self._directory.glob("*.journal"))


class SegmentJournal(SegmentReader):
    """A `Journal` in a directory of its own."""

    def __init__(self, directory: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        super().__init__(directory)
        self._segment_bytes = segment_bytes
        directory.mkdir(parents=True, exist_ok=True)
        self.next_sequence = 1
        self._descriptor: int | None = None
        self._size = 0
        paths = self._paths()
        for path in paths:
            self._size = self._check_segment(path, is_last=path == paths[-1])
        if paths and self._size:
            self._descriptor = os.open(paths[-1], os.O_WRONLY | os.O_APPEND)
        else:
            self._start_segment()

    def _check_segment(self, path: Path, *, is_last: bool) -> int:
        """Walk one segment; return its good length in bytes, after cutting off a torn tail."""
        with path.open("rb") as file:
            header = file.read(len(_SEGMENT_HEADER))
            if header != _SEGMENT_HEADER:
                torn = is_last and path.stat().st_size < len(_SEGMENT_HEADER)
                if not torn:
                    raise JournalDamaged(path, 0, "not a journal segment of this version")
                path.unlink()
                return 0
            end = file.tell()
            for batch in _batches(file):
                if batch.sequence != self.next_sequence:
                    raise JournalDamaged(path, end, f"expected command {self.next_sequence}, found {batch.sequence}")
                self.next_sequence += len(batch.commands)
                end = file.tell()
            file.seek(end)
            tail = file.read()
        if tail:
            self._cut_tail(path, end, tail, is_last=is_last)
        return end

    def _cut_tail(self, path: Path, end: int, tail: bytes, *, is_last: bool) -> None:
        if not is_last:
            raise JournalDamaged(path, end, "a record is broken and later segments follow")
        position = tail.find(MAGIC, 1)
        while position >= 0:
            following = decode_header(tail[position : position + HEADER_BYTES])
            if following is not None and following.sequence > self.next_sequence:
                raise JournalDamaged(path, end, f"a record is broken and command {following.sequence} follows it")
            position = tail.find(MAGIC, position + 1)
        log.warning("journal_tail_cut", path=str(path), offset=end, cut_bytes=len(tail))
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, end)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _start_segment(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        path = self._directory / f"{self.next_sequence:020d}.journal"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        _write_all(self._descriptor, _SEGMENT_HEADER)
        os.fsync(self._descriptor)
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)  # a file is durable only when its name is
        finally:
            os.close(directory)
        self._size = len(_SEGMENT_HEADER)

    def append(self, batch: Batch) -> None:
        """See `Journal.append`. A failed write leaves the journal closed: what reached the disk is unknown."""
        if self._descriptor is None:
            raise EngineStopped("the journal is closed")
        if batch.sequence != self.next_sequence:
            raise JournalFenced(f"append names command {batch.sequence}, the journal expects {self.next_sequence}")
        if self._size >= self._segment_bytes:
            self._start_segment()
        record = encode_record(batch)
        try:
            _write_all(self._descriptor, record)
            os.fdatasync(self._descriptor)
        except OSError:
            self.close()
            raise
        self._size += len(record)
        self.next_sequence += len(batch.commands)

    def close(self) -> None:
        """See `Journal.close`."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _batches(file: BinaryIO) -> Iterator[Batch]:
    """Batches from the file's position up to the first that is broken or incomplete."""
    while (header := decode_header(file.read(HEADER_BYTES))) is not None:
        batch = decode_batch(header, file.read(header.payload_bytes))
        if batch is None:
            return
        yield batch


def _write_all(descriptor: int, data: bytes) -> None:
    written = 0
    while written < len(data):
        written += os.write(descriptor, data[written:])
