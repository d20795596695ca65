"""Compiled parsing of BER-TLV data objects in DE 55; `tokenvault.emv.encodings.tlv` is its plain counterpart.

Both take the same bytes: 00 bytes before, between and behind objects are padding, a length may have leading zeros, tags
and lengths have at most four bytes (EMV Book 3, annex B).
"""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.iso8583.encoding.scan import Buffer
from authz.iso8583.format_errors import BAD_CONTENT, BAD_LENGTH, CUT_OFF, NO_PROBLEM

_LONGEST_TAG = 0xFFFFFFFF
_LENGTH_BYTES_MAX = 4
_NESTING_MAX = 16
_CONSTRUCTED = 0x20


@compiled
def after_padding(buffer: Buffer, position: Integer, end: Integer) -> Integer:
    """Where the next object begins, or the end."""
    while position < end and buffer[position] == 0:
        position += 1
    return position


@compiled
def read_object(buffer: Buffer, position: Integer, end: Integer) -> Any:
    """The object that begins at a position before the end.

    Returns: NO_PROBLEM or what is wrong, its tag, where its value begins, where the value ends.
    """
    tag: Integer = np.int64(buffer[position])
    position += 1
    if tag & 0x1F == 0x1F:
        more = True
        while more:
            if position >= end:
                return CUT_OFF, tag, position, position
            tag = tag << 8 | np.int64(buffer[position])
            if tag > _LONGEST_TAG:
                return BAD_CONTENT, tag, position, position
            more = buffer[position] & 0x80 != 0
            position += 1
    if position >= end:
        return CUT_OFF, tag, position, position
    size: Integer = np.int64(buffer[position])
    position += 1
    if size >= 0x80:
        length_bytes = size & 0x7F
        if length_bytes < 1 or length_bytes > _LENGTH_BYTES_MAX:
            return BAD_LENGTH, tag, position, position
        if position + length_bytes > end:
            return CUT_OFF, tag, position, position
        size = 0
        for place in range(position, position + length_bytes):
            size = size << 8 | np.int64(buffer[place])
        position += length_bytes
    if position + size > end:
        return CUT_OFF, tag, position, position
    return NO_PROBLEM, tag, position, position + size


@compiled
def is_template(buffer: Buffer, position: Integer) -> Any:
    """Whether the object that begins here holds other objects."""
    return buffer[position] & _CONSTRUCTED != 0


@compiled
def enclosing_template(buffer: Buffer, start: Integer, end: Integer, position: Integer) -> Any:
    """The innermost template around a position, found anew from the outermost one.

    A compiled function has neither memory of its own nor recursion, hence no stack of templates; DE 55 is short.
    start, end: the content of the outermost template, well encoded up to the position.
    Returns: where it ends, and how deep it is, from 1.
    """
    depth = 1
    place: Integer = after_padding(buffer, start, end)
    while place < position:
        _, _, value, value_end = read_object(buffer, place, end)
        if position < value_end:
            end = value_end
            place = after_padding(buffer, value, end)
            depth += 1
        else:
            place = after_padding(buffer, value_end, end)
    return end, depth


@compiled
def check_template(buffer: Buffer, start: Integer, end: Integer) -> Integer:
    """NO_PROBLEM, or what is wrong with the objects in a template, to their leaves."""
    position: Integer = start
    while position < end:
        inner_end, depth = enclosing_template(buffer, start, end, position)
        position = after_padding(buffer, position, inner_end)
        if position == inner_end:
            continue
        problem, _, value, value_end = read_object(buffer, position, inner_end)
        if problem != NO_PROBLEM:
            return np.int64(problem)
        if is_template(buffer, position):
            if depth == _NESTING_MAX:
                return BAD_CONTENT
            position = value
        else:
            position = value_end
    return NO_PROBLEM
