"""The compiled scanner: locates frames in a stream and fields in a message without copying.

For dialects with one byte a character, lengths as decimal digits and binary bitmaps; `codec` reads all others.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled, inlined
from authz.iso8583.dialects.fields import FIELDS, Dialect
from authz.iso8583.dialects.possible_values import (
    EXPIRY_DIGITS,
    MONTH_AND_DAY,
    PAN_DIGITS_MAX,
    PAN_DIGITS_MIN,
    PLACES,
    SERVICE_CODE,
    TRACK_2,
    YEAR_AND_MONTH,
)
from authz.iso8583.format_errors import (
    BAD_CHARACTERS,
    BAD_CONTENT,
    BAD_LENGTH,
    CUT_OFF,
    NO_PROBLEM,
    TRAILING_BYTES,
)

Buffer = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int32]

FRAME_HEADER_BYTES = 2
MESSAGE_TYPE_BYTES, BITMAP_BYTES = 4, 8

_LENGTH_BYTES, _MAX_LENGTH, _CONTENT = 0, 1, 2
_BINARY, _TEXT, _DIGITS, _SIGNED = 0, 1, 2, 3
_ZERO, _NINE = 0x30, 0x39
_FIRST_PRINTABLE, _LAST_PRINTABLE = 0x20, 0x7E
_EQUALS_SIGN, _LETTER_C, _LETTER_D = 0x3D, 0x43, 0x44

# `possible_values` as arrays: what each place is, and for each kind of numbers a bit for each number.
_NUMBERS = (*dict.fromkeys(place.numbers for place in PLACES), SERVICE_CODE)
_FIELD, _OFFSET, _EVERY, _KIND_OF_NUMBERS, _DIGITS_THERE = 0, 1, 2, 3, 4
_PLACES = np.array(
    [[place.field, place.offset, place.every, _NUMBERS.index(place.numbers), place.numbers.digits] for place in PLACES],
    np.int64,
)
_PROBLEM_OF = np.array([numbers.problem for numbers in _NUMBERS], np.int64)
_POSSIBLE = np.packbits(
    [[number in numbers.possible for number in range(10_000)] for numbers in _NUMBERS], axis=1, bitorder="little"
)
_YEAR_AND_MONTH, _SERVICE_CODE = _NUMBERS.index(YEAR_AND_MONTH), _NUMBERS.index(SERVICE_CODE)
MONTHS_AND_DAYS = _NUMBERS.index(MONTH_AND_DAY)
_SERVICE_CODE_DIGITS = SERVICE_CODE.digits


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
        content = _BINARY if spec.is_binary else {"n": _DIGITS, "x+n": _SIGNED}.get(spec.content, _TEXT)
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
def has_own_characters(buffer: Buffer, start: Integer, end: Integer, content: Integer) -> Any:
    """Whether a field holds what its class may: digits (n), C or D and digits (x+n), printable text, or any bytes."""
    if content == _BINARY:
        return True
    if content == _SIGNED:
        if start == end or (buffer[start] != _LETTER_C and buffer[start] != _LETTER_D):
            return False
        start += 1
    for position in range(start, end):
        byte = buffer[position]
        if byte < _FIRST_PRINTABLE or byte > _LAST_PRINTABLE:
            return False
        if content != _TEXT and (byte < _ZERO or byte > _NINE):
            return False
    return True


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
        return BAD_CHARACTERS
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
        if not has_own_characters(buffer, position, position + length, np.int64(table[field, _CONTENT])):
            return BAD_CHARACTERS + field
        places[field, 0], places[field, 1] = position, length
        position += length
    return TRAILING_BYTES if position != end else NO_PROBLEM


@inlined
def has_field(places: Places, field: Integer) -> Any:
    """Whether a message has a field, empty or not. places: as `scan_message` has filled them."""
    return places[field, 1] >= 0


@compiled
def is_one_of(number: Integer, numbers: Integer) -> Any:
    """Whether a number of at most four digits is one of some. numbers: their place in `_NUMBERS`."""
    return _POSSIBLE[numbers, number >> 3] >> (number & 7) & 1 != 0


@compiled
def impossible_value(buffer: Buffer, places: Places) -> Integer:
    """Hold every date, time and code of a message against what is possible, as `possible_values.impossible_value` does.

    places: as `scan_message` has filled them.  Returns: NO_PROBLEM, or what is wrong and where.
    """
    for row in range(len(_PLACES)):
        field = _PLACES[row, _FIELD]
        if not has_field(places, field):
            continue
        length = np.int64(places[field, 1])
        numbers, digits = _PLACES[row, _KIND_OF_NUMBERS], _PLACES[row, _DIGITS_THERE]
        offset: Integer = _PLACES[row, _OFFSET]
        while offset + digits <= length:
            number = number_at(buffer, places[field, 0] + offset, digits)
            if number < 0 or not is_one_of(number, numbers):
                return np.int64(_PROBLEM_OF[numbers] + field)
            if _PLACES[row, _EVERY] == 0:
                break
            offset += _PLACES[row, _EVERY]
    if has_field(places, TRACK_2):
        return problem_of_track_2(buffer, np.int64(places[TRACK_2, 0]), np.int64(places[TRACK_2, 1]))
    return NO_PROBLEM


@compiled
def pan_length_on_track(buffer: Buffer, start: Integer, length: Integer) -> Integer:
    """How many digits stand in front of the first character that is none."""
    digits = 0
    while digits < length and _ZERO <= buffer[start + digits] <= _NINE:
        digits += 1
    return digits


@compiled
def problem_of_track_2(buffer: Buffer, start: Integer, length: Integer) -> Integer:
    """DE 35: PAN, separator, expiry, then a service code where there is a digit (ISO/IEC 7813)."""
    pan_length = pan_length_on_track(buffer, start, length)
    expiry, end = start + pan_length + 1, start + length
    service_code = expiry + EXPIRY_DIGITS
    if pan_length < PAN_DIGITS_MIN or pan_length > PAN_DIGITS_MAX or service_code > end:
        return BAD_CONTENT + TRACK_2
    separator = buffer[expiry - 1]
    year_and_month = number_at(buffer, expiry, EXPIRY_DIGITS)
    if (separator != _EQUALS_SIGN and separator != _LETTER_D) or year_and_month < 0:
        return BAD_CONTENT + TRACK_2
    if not is_one_of(year_and_month, _YEAR_AND_MONTH):
        return np.int64(_PROBLEM_OF[_YEAR_AND_MONTH]) + TRACK_2
    if service_code == end or not _ZERO <= buffer[service_code] <= _NINE:
        return NO_PROBLEM
    number: Integer = -1
    if service_code + _SERVICE_CODE_DIGITS <= end:
        number = number_at(buffer, service_code, _SERVICE_CODE_DIGITS)
    if number < 0 or not is_one_of(number, _SERVICE_CODE):
        return np.int64(_PROBLEM_OF[_SERVICE_CODE]) + TRACK_2
    return NO_PROBLEM


def new_places() -> Places:
    """Room for the places of one message's fields."""
    return np.zeros((FIELDS + 1, 2), np.int32)
