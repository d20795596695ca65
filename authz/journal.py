"""The journal: the one place that knows where bytes go, and how a record of commands is laid out.

A record is a 32-byte header and an array of commands::

    0   4  magic "TPWR"
    4   4  number of commands
    8   8  sequence of the first command, from 1
    16  4  CRC-32C of the commands
    20  4  CRC-32C of bytes 0 to 19
    24  8  zero

All numbers are little-endian.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import google_crc32c
import numpy as np

from authz.commands import COMMAND, COMMAND_BYTES, Records

MAGIC = b"TPWR"
HEADER_BYTES = 32
_FIXED = struct.Struct("<4sIQI")
_CHECK = struct.Struct("<I8x")


class JournalReader(Protocol):
    """Somewhere that records can be read from."""

    def read(self, until: int | None = None) -> Iterator[tuple[int, Records]]:
        """All records in order, each with the sequence of its first command; none that begins after until."""


class Journal(JournalReader, Protocol):
    """An append-only, fenced log of commands. One writer; what it appended is durable when `append` returns."""

    @property
    def next_sequence(self) -> int:
        """The sequence that the next append must name."""

    def append(self, sequence: int, commands: Records) -> None:
        """Make commands durable under consecutive numbers from sequence.

        Raises: JournalFenced if sequence is not the next one.
        """

    def close(self) -> None:
        """Give up the right to write."""


@dataclass(frozen=True)
class RecordHeader:
    """What a record says of itself."""

    sequence: int
    count: int
    checksum: int

    @property
    def payload_bytes(self) -> int:
        """How many bytes of commands follow."""
        return self.count * COMMAND_BYTES


def crc32c(data: bytes | memoryview) -> int:
    """CRC-32C (Castagnoli), as in RFC 3720."""
    return int(google_crc32c.value(bytes(data)))


def encode_record(sequence: int, commands: Records) -> bytes:
    """One record."""
    payload = commands.tobytes()
    fixed = _FIXED.pack(MAGIC, len(commands), sequence, crc32c(payload))
    return fixed + _CHECK.pack(crc32c(fixed)) + payload


def decode_header(data: bytes) -> RecordHeader | None:
    """The header in these 32 bytes, or None if they are none."""
    if len(data) < HEADER_BYTES or data[:4] != MAGIC:
        return None
    (check,) = struct.unpack_from("<I", data, _FIXED.size)
    if crc32c(data[: _FIXED.size]) != check:
        return None
    _, count, sequence, checksum = _FIXED.unpack_from(data)
    return RecordHeader(sequence, count, checksum)


def decode_commands(header: RecordHeader, payload: bytes) -> Records | None:
    """The commands of a record, or None if the payload is not what the header's checksum covers."""
    if len(payload) != header.payload_bytes or crc32c(payload) != header.checksum:
        return None
    # A copy of its own: writable like every other batch, so that compiled code sees one kind of array.
    return np.frombuffer(payload, COMMAND).copy()
