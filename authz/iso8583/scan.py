"""The compiled scan: finds frames in a stream and fields in a message, and copies nothing.

For dialects with one byte a character, lengths as decimal digits and binary bitmaps; `codec` reads all others.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.compiled import Integer, compiled
from authz.iso8583.fields import FIELDS, Dialect

Buffer = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int32]

FRAME_HEADER_BYTES = 2
MESSAGE_TYPE_BYTES, BITMAP_BYTES = 4, 8

# What is wrong with a message: the kind here, plus the number of the field.
NO_PROBLEM = 0
MISSING = 1000
CUT_OFF = 2000
BAD_LENGTH = 3000
BAD_CONTENT = 4000
TRAILING_BYTES = 5000

_PROBLEM_WORDS = {
    MISSING: "is missing",
    CUT_OFF: "is cut off",
    BAD_LENGTH: "has a length that its table does not allow",
    BAD_CONTENT: "has content that does not fit it",
}

_LENGTH_BYTES, _MAX_LENGTH, _CONTENT = 0, 1, 2
_BINARY, _TEXT, _DIGITS = 0, 1, 2
_ZERO, _NINE = 0x30, 0x39


def problem_text(problem: int) -> str:
    """A problem in words, without any of the message's content."""
    if problem == TRAILING_BYTES:
        return "bytes follow the last field"
    kind, field = problem // 1000 * 1000, problem % 1000
    where = {0: "message type", 1: "bitmap"}.get(field, f"field {field}")
    return f"{where} {_PROBLEM_WORDS[kind]}"


def scan_table(dialect: Dialect) -> Places:
    """A dialect as the scan needs it: for each field length bytes, greatest length and what it may contain.

    Raises: ValueError if the dialect is not one that the scan can read.
    """
    table = np.zeros((FIELDS + 1, 3), np.int32)
    for number, spec in enumerate(dialect.fields):
        single_byte = spec.is_binary or spec.data_encoding in ("ascii", "latin-1")
        if (
            not single_byte
            or spec.counts_nibbles
            or (spec.length_bytes and spec.length_encoding not in ("ascii", "latin-1"))
        ):
            raise ValueError(f"the scan does not read field {number} of dialect {dialect.name}")
        content = _BINARY if spec.is_binary else _DIGITS if spec.content == "n" else _TEXT
        table[number] = spec.length_bytes, spec.max_length, content
    if not (dialect.primary_bitmap.is_binary and dialect.fields[1].is_binary):
        raise ValueError(f"the scan reads binary bitmaps only, not those of dialect {dialect.name}")
    return table


@compiled
def split_frames(buffer: Buffer, frames: Places, length_max: Integer) -> Any:
    """Find whole frames: two-byte big-endian length, then so many bytes.

    frames: int32[n, 2], filled with start and end of each message.
    Returns: number of frames, bytes used by them, and the announced length of the next frame if it is over length_max,
    else 0.
    """
    position: Integer = 0
    count = 0
    while position + FRAME_HEADER_BYTES <= len(buffer) and count < len(frames):
        length = np.int64(buffer[position]) << 8 | np.int64(buffer[position + 1])
        if length > length_max:
            return count, position, length
        end = position + FRAME_HEADER_BYTES + length
        if end > len(buffer):
            break
        if length > 0:
            frames[count, 0] = position + FRAME_HEADER_BYTES
            frames[count, 1] = end
            count += 1
        position = end
    return count, position, 0


@compiled
def number_at(buffer: Buffer, start: Integer, length: Integer) -> Integer:
    """The decimal number in so many digits, or -1 if there is anything but digits. At most 18 digits."""
    value: Integer = 0
    for position in range(start, start + length):
        digit = np.int64(buffer[position])
        if digit < _ZERO or digit > _NINE:
            return -1
        value = value * 10 + digit - _ZERO
    return value


@compiled
def scan_message(buffer: Buffer, start: Integer, end: Integer, table: Places, places: Places) -> Integer:
    """Find the fields of one message.

    table: from `scan_table`.  places: int32[129, 2], filled with offset and length; length -1 where absent.
    Returns: NO_PROBLEM, or what is wrong and where.
    """
    places[:, 1] = -1
    position = start + MESSAGE_TYPE_BYTES
    if position > end:
        return CUT_OFF
    places[0, 0], places[0, 1] = start, MESSAGE_TYPE_BYTES
    if number_at(buffer, start, MESSAGE_TYPE_BYTES) < 0:
        return BAD_CONTENT
    bitmap = position
    position += BITMAP_BYTES
    if position > end:
        return CUT_OFF + 1
    last = 64
    if buffer[bitmap] & 0x80:
        last = 128
        position += BITMAP_BYTES
        if position > end:
            return CUT_OFF + 1
    for field in range(2, last + 1):
        if not buffer[bitmap + (field - 1) // 8] & (0x80 >> (field - 1) % 8):
            continue
        length: Integer = np.int64(table[field, _MAX_LENGTH])
        length_bytes = np.int64(table[field, _LENGTH_BYTES])
        if length_bytes > 0:
            if position + length_bytes > end:
                return CUT_OFF + field
            length = number_at(buffer, position, length_bytes)
            if length < 0 or length > table[field, _MAX_LENGTH]:
                return BAD_LENGTH + field
            position += length_bytes
        if position + length > end:
            return CUT_OFF + field
        content = table[field, _CONTENT]
        if content != _BINARY:
            for character in range(position, position + length):
                byte = buffer[character]
                if byte > 0x7F or (content == _DIGITS and (byte < _ZERO or byte > _NINE)):
                    return BAD_CONTENT + field
        places[field, 0], places[field, 1] = position, length
        position += length
    return TRAILING_BYTES if position != end else NO_PROBLEM


def new_places() -> Places:
    """Room for the places of one message's fields."""
    return np.zeros((FIELDS + 1, 2), np.int32)
