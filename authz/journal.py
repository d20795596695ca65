"""The journal: the one place that knows where bytes go, and how a record of commands is laid out.

A record is a 32-byte header, an array of commands, and what one of them carries along (a program's document)::

    0   4  magic "TPWR"
    4   4  number of commands
    8   8  sequence of the first command, from 1
    16  4  length of the attachment, bytes
    20  4  CRC-32C of commands and attachment
    24  4  CRC-32C of bytes 0 to 23
    28  4  zero

All numbers are little-endian.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import google_crc32c
import numpy as np

from authz.commands import COMMAND, COMMAND_BYTES, Records

MAGIC = b"TPWR"
HEADER_BYTES = 32
_FIXED = struct.Struct("<4sIQII")
_CHECK = struct.Struct("<I4x")


class Batch(NamedTuple):
    """Commands that were made durable together. sequence: of the first.  attachment: what they carry along.

    A batch with an attachment has one command.
    """

    sequence: int
    commands: Records
    attachment: bytes = b""


class JournalReader(Protocol):
    """Somewhere that records can be read from."""

    def read(self, until: int | None = None) -> Iterator[Batch]:
        """All batches in order; none that begins after until."""


class Journal(JournalReader, Protocol):
    """An append-only, fenced log of commands. One writer; what it appended is durable when `append` returns."""

    @property
    def next_sequence(self) -> int:
        """The sequence that the next append must name."""

    def append(self, batch: Batch) -> None:
        """Make a batch durable. Raises: JournalFenced if its sequence is not the next one."""

    def close(self) -> None:
        """Give up the right to write."""


@dataclass(frozen=True)
class RecordHeader:
    """What a record says of itself."""

    sequence: int
    count: int
    attachment_bytes: int
    checksum: int

    @property
    def payload_bytes(self) -> int:
        """How many bytes follow."""
        return self.count * COMMAND_BYTES + self.attachment_bytes


def crc32c(data: bytes | memoryview) -> int:
    """CRC-32C (Castagnoli), as in RFC 3720."""
    return int(google_crc32c.value(bytes(data)))


def encode_record(batch: Batch) -> bytes:
    """One record."""
    payload = batch.commands.tobytes() + batch.attachment
    fixed = _FIXED.pack(MAGIC, len(batch.commands), batch.sequence, len(batch.attachment), crc32c(payload))
    return fixed + _CHECK.pack(crc32c(fixed)) + payload


def decode_header(data: bytes) -> RecordHeader | None:
    """The header in these 32 bytes, or None if they are none."""
    if len(data) < HEADER_BYTES or data[:4] != MAGIC:
        return None
    (check,) = struct.unpack_from("<I", data, _FIXED.size)
    if crc32c(data[: _FIXED.size]) != check:
        return None
    _, count, sequence, attachment_bytes, checksum = _FIXED.unpack_from(data)
    return RecordHeader(sequence, count, attachment_bytes, checksum)


def decode_batch(header: RecordHeader, payload: bytes) -> Batch | None:
    """The content of a record, or None if the payload is not what the header's checksum covers."""
    if len(payload) != header.payload_bytes or crc32c(payload) != header.checksum:
        return None
    # A copy of its own: writable like every other batch, so that compiled code sees one kind of array.
    commands = np.frombuffer(payload, COMMAND, header.count).copy()
    return Batch(header.sequence, commands, payload[header.count * COMMAND_BYTES :])
