"""Compiled reading of 0100 and 0400 into commands, and writing of 0110 and 0410, many messages a call.

What the fields mean is written down in ``docs/wire.md``; this module is that page as code.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.commands import COMMAND, Channel, CryptogramOutcome, Kind, Records
from authz.compiled import Integer, compiled
from authz.iso8583.scan import (
    BAD_CONTENT,
    BAD_LENGTH,
    CUT_OFF,
    FRAME_HEADER_BYTES,
    MISSING,
    NO_PROBLEM,
    Buffer,
    Places,
    number_at,
    scan_message,
)
from authz.reasons import ANSWERS, Reason

OTHER_MESSAGE = -1
"""In place of a problem: a message type that this module does not read."""

AUTHORIZATION_REQUEST, REVERSAL_REQUEST = 100, 400
SIGNED_BYTES = 40
"""What the cryptogram of a Tapwright token covers: the ten tags of table 26 (33 bytes) and tag 9F10 (7 bytes)."""

# Where parts lie in the signed bytes.
SIGNED_ATC = slice(31, 33)
SIGNED_KEY_INDEX, SIGNED_VERSION = 34, 35

_REQUIRED = (3, 4, 7, 11, 22, 32, 37, 41, 49)
_ECHOED = (3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49)
_ANSWER_BYTES_MAX = 256
_BASE_32 = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
_DECISION_PREFIX = np.frombuffer(b"auth_", np.uint8)
_DECISION_CHARACTERS = 13

CHIP_TAG_BYTES = {
    "9F02": 6, "9F03": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9A": 3, "9C": 1, "9F37": 4, "82": 2, "9F36": 2, "9F10": 7,
    "9F26": 8, "9F27": 1,
}  # fmt: skip
"""What DE 55 must hold, in bytes: tags in the order of the signed bytes, then the cryptogram and its kind."""
_TAGS = tuple(int(tag, 16) for tag in CHIP_TAG_BYTES)
_TAG_BYTES = tuple(CHIP_TAG_BYTES.values())
_AMOUNT, _COUNTRY, _CURRENCY, _ATC, _ISSUER_DATA, _CRYPTOGRAM, _INFORMATION = 0, 2, 4, 9, 10, 11, 12
_ISSUER_DATA_LENGTH_BYTE = 6
_ARQC = 0x80  # the two high bits of tag 9F27: authorization request cryptogram (EMV Book 3, 6.5.5.4)

_OFFSETS = {name: COMMAND.fields[name][1] for name in ("retrieval_reference", "terminal", "merchant")}  # type: ignore[index]
_RETRIEVAL_REFERENCE, _TERMINAL, _MERCHANT = _OFFSETS["retrieval_reference"], _OFFSETS["terminal"], _OFFSETS["merchant"]
_RETRIEVAL_REFERENCE_BYTES, _TERMINAL_BYTES, _MERCHANT_BYTES = 12, 8, 15

RESPONSE_CODES = np.array([list(ANSWERS[reason].response_code.encode("ascii")) for reason in Reason], np.uint8)
"""DE 39 by reason: uint8[reasons, 2]."""


@compiled
def packed_number(buffer: Buffer, start: Integer, length: Integer) -> Integer:
    """The decimal number in so many bytes of packed digits, or -1."""
    value: Integer = 0
    for position in range(start, start + length):
        high, low = np.int64(buffer[position]) >> 4, np.int64(buffer[position]) & 15
        if high > 9 or low > 9:
            return -1
        value = value * 100 + high * 10 + low
    return value


@compiled
def channel_of(entry_mode: Integer) -> Integer:
    """The channel behind DE 22, from its first two digits (how the PAN was entered)."""
    pan_entry = entry_mode // 10
    if pan_entry == 7 or pan_entry == 91:
        return Channel.CONTACTLESS
    if pan_entry == 5:
        return Channel.CONTACT_CHIP
    if pan_entry == 2 or pan_entry == 90:
        return Channel.MAGNETIC_STRIPE
    if pan_entry == 81 or pan_entry == 10:
        return Channel.E_COMMERCE
    if pan_entry == 3:
        return Channel.QR_CODE
    if pan_entry == 1:
        return Channel.KEYED
    return Channel.UNKNOWN


@compiled
def find_tags(buffer: Buffer, start: Integer, length: Integer, tags: Places) -> Integer:
    """Find the tags of DE 55 on its outermost level. tags: int32[13], filled with offsets of values.

    Returns: NO_PROBLEM, or what is wrong with field 55.
    """
    tags[:] = -1
    position, end = start, start + length
    while position < end:
        tag = np.int64(buffer[position])
        position += 1
        if tag & 0x1F == 0x1F:
            more = True
            while more:
                if position >= end or tag > 0xFFFFFF:
                    return CUT_OFF + 55
                tag = tag << 8 | np.int64(buffer[position])
                more = buffer[position] & 0x80 != 0
                position += 1
        if position >= end:
            return CUT_OFF + 55
        size = np.int64(buffer[position])
        position += 1
        if size == 0x81 and position < end:
            size = np.int64(buffer[position])
            position += 1
        elif size >= 0x80:
            return BAD_LENGTH + 55
        if position + size > end:
            return CUT_OFF + 55
        for slot in range(len(_TAGS)):
            if tag == _TAGS[slot]:
                if tags[slot] >= 0 or size != _TAG_BYTES[slot]:
                    return BAD_CONTENT + 55
                tags[slot] = position
        position += size
    for slot in range(len(_TAGS)):
        if tags[slot] < 0:
            return MISSING + 55
    return NO_PROBLEM


@compiled
def read_card(buffer: Buffer, places: Places, command: Any) -> Integer:
    """Token PAN and expiry from DE 35, or DE 2 and DE 14; where both are sent they must agree."""
    track, pan = places[35], places[2]
    if track[1] < 0 and pan[1] < 0:
        return MISSING + 2
    pan_start, pan_length = pan[0], pan[1]
    expiry = number_at(buffer, places[14, 0], 4) if places[14, 1] >= 0 else 0
    if track[1] >= 0:
        pan_length_on_track = 0
        while pan_length_on_track < track[1] and 0x30 <= buffer[track[0] + pan_length_on_track] <= 0x39:
            pan_length_on_track += 1
        if pan_length_on_track + 5 > track[1] or buffer[track[0] + pan_length_on_track] not in (0x3D, 0x44):
            return BAD_CONTENT + 35
        expiry_on_track = number_at(buffer, track[0] + pan_length_on_track + 1, 4)
        if expiry_on_track < 0 or (places[14, 1] >= 0 and expiry != expiry_on_track):
            return BAD_CONTENT + 35
        expiry = expiry_on_track
        if pan_length >= 0:
            if pan_length != pan_length_on_track:
                return BAD_CONTENT + 35
            for digit in range(pan_length):
                if buffer[pan_start + digit] != buffer[track[0] + digit]:
                    return BAD_CONTENT + 35
        pan_start, pan_length = track[0], pan_length_on_track
    if pan_length < 8 or pan_length > 19:
        return BAD_CONTENT + (35 if track[1] >= 0 else 2)
    number = np.uint64(0)
    for digit in range(pan_start, pan_start + pan_length):
        number = number * np.uint64(10) + np.uint64(buffer[digit] - 0x30)
    command["token_pan"] = number
    command["expiry"] = expiry
    return NO_PROBLEM


@compiled
def read_cryptogram(
    buffer: Buffer, places: Places, tags: Places, command: Any, signed: Buffer, arqc: Buffer
) -> Integer:
    """DE 55 into the command, the signed bytes and the cryptogram."""
    problem = find_tags(buffer, places[55, 0], places[55, 1], tags)
    if problem != NO_PROBLEM:
        return problem
    position = 0
    for slot in range(_ISSUER_DATA + 1):
        for byte in range(_TAG_BYTES[slot]):
            signed[position] = buffer[tags[slot] + byte]
            position += 1
    arqc[:] = buffer[tags[_CRYPTOGRAM] : tags[_CRYPTOGRAM] + 8]
    amount = packed_number(buffer, tags[_AMOUNT], 6)
    currency = packed_number(buffer, tags[_CURRENCY], 2)
    country = packed_number(buffer, tags[_COUNTRY], 2)
    issuer_data = tags[_ISSUER_DATA]
    if amount < 0 or currency < 0 or country < 0 or buffer[issuer_data] != _ISSUER_DATA_LENGTH_BYTE:
        return BAD_CONTENT + 55
    command["signed_amount_minor"] = amount
    command["signed_currency"] = currency
    command["country"] = country
    command["atc"] = np.int64(buffer[tags[_ATC]]) << 8 | np.int64(buffer[tags[_ATC] + 1])
    command["key_index"] = buffer[issuer_data + 1]
    command["cryptogram_version"] = buffer[issuer_data + 2]
    # Until the network has verified it, a cryptogram counts as wrong; one of another kind than ARQC stays so.
    command["cryptogram_outcome"] = CryptogramOutcome.INVALID
    return NO_PROBLEM


@compiled
def read_original(buffer: Buffer, places: Places, command: Any) -> Integer:
    """DE 90: message type (4), STAN (6), transmission time (10), acquirer (11), forwarder (11) of the original."""
    if places[90, 1] < 0:
        return MISSING + 90
    start = places[90, 0]
    if number_at(buffer, start, 4) != AUTHORIZATION_REQUEST:
        return BAD_CONTENT + 90
    command["original_stan"] = number_at(buffer, start + 4, 6)
    command["original_transmitted"] = number_at(buffer, start + 10, 10)
    command["original_acquirer"] = number_at(buffer, start + 20, 11)
    return NO_PROBLEM


@compiled
def copy_text(buffer: Buffer, place: Places, target: Buffer, start: Integer, length: Integer) -> None:
    """Copy a field's characters into a fixed-width part of a record."""
    for character in range(min(length, place[1])):
        target[start + character] = buffer[place[0] + character]


@compiled
def read_transaction(
    buffer: Buffer,
    start: Integer,
    end: Integer,
    table: Places,
    places: Places,
    tags: Places,
    command: Any,
    command_bytes: Buffer,
    signed: Buffer,
    arqc: Buffer,
) -> Integer:
    """Read one message. Returns: NO_PROBLEM, OTHER_MESSAGE, or what is wrong and where."""
    problem = scan_message(buffer, start, end, table, places)
    if problem != NO_PROBLEM:
        return problem
    message_type = number_at(buffer, start, 4)
    if message_type != AUTHORIZATION_REQUEST and message_type != REVERSAL_REQUEST:
        return OTHER_MESSAGE
    for field in _REQUIRED:
        if places[field, 1] < 0:
            return MISSING + field
    problem = read_card(buffer, places, command)
    if problem == NO_PROBLEM and message_type == REVERSAL_REQUEST:
        problem = read_original(buffer, places, command)
    if problem == NO_PROBLEM and message_type == AUTHORIZATION_REQUEST and places[55, 1] >= 0:
        problem = read_cryptogram(buffer, places, tags, command, signed, arqc)
    if problem != NO_PROBLEM:
        return problem
    command["kind"] = Kind.AUTHORIZE if message_type == AUTHORIZATION_REQUEST else Kind.REVERSE
    command["amount_minor"] = number_at(buffer, places[4, 0], 12)
    command["transmitted"] = number_at(buffer, places[7, 0], 10)
    command["stan"] = number_at(buffer, places[11, 0], 6)
    command["entry_mode"] = number_at(buffer, places[22, 0], 3)
    command["channel"] = channel_of(np.int64(command["entry_mode"]))
    command["acquirer"] = number_at(buffer, places[32, 0], places[32, 1])
    command["currency"] = number_at(buffer, places[49, 0], 3)
    if places[23, 1] >= 0:
        command["pan_sequence_number"] = number_at(buffer, places[23, 0], 3)
    if places[18, 1] >= 0:
        command["merchant_category"] = number_at(buffer, places[18, 0], 4)
    if places[19, 1] >= 0 and places[55, 1] < 0:
        command["country"] = number_at(buffer, places[19, 0], 3)
    copy_text(buffer, places[37], command_bytes, _RETRIEVAL_REFERENCE, _RETRIEVAL_REFERENCE_BYTES)
    copy_text(buffer, places[41], command_bytes, _TERMINAL, _TERMINAL_BYTES)
    copy_text(buffer, places[42], command_bytes, _MERCHANT, _MERCHANT_BYTES)
    return NO_PROBLEM


@compiled
def read_transactions(
    buffer: Buffer,
    frames: Places,
    table: Places,
    places: Places,
    commands: Records,
    command_bytes: npt.NDArray[np.uint8],
    signed: npt.NDArray[np.uint8],
    arqcs: npt.NDArray[np.uint8],
    online: npt.NDArray[np.uint8],
    problems: Places,
) -> None:
    """Read many messages.

    frames: int32[n, 2].  commands: COMMAND[n], zero.  command_bytes: the same memory as uint8[n, COMMAND_BYTES].
    signed: uint8[n, 40].  arqcs: uint8[n, 8].  online: uint8[n], 1 where a cryptogram asks for an online decision.
    problems: int32[n].
    """
    tags = np.zeros(len(_TAGS), np.int32)
    for i in range(len(frames)):
        problems[i] = read_transaction(
            buffer,
            frames[i, 0],
            frames[i, 1],
            table,
            places,
            tags,
            commands[i],
            command_bytes[i],
            signed[i],
            arqcs[i],
        )
        if problems[i] == NO_PROBLEM and commands[i]["cryptogram_outcome"] == CryptogramOutcome.INVALID:
            online[i] = 1 if buffer[tags[_INFORMATION]] & 0xC0 == _ARQC else 0


@compiled
def put_number(out: Buffer, position: Integer, value: Integer, digits: Integer) -> Integer:
    """Write a decimal number with leading zeros; return the position behind it."""
    for digit in range(digits):
        out[position + digits - 1 - digit] = 0x30 + value % 10
        value //= 10
    return position + digits


@compiled
def put_decision(out: Buffer, position: Integer, sequence: Integer) -> Integer:
    """Write DE 62, the decision's identifier, in the form of `tokenvault.identifiers`."""
    position = put_number(out, position, len(_DECISION_PREFIX) + _DECISION_CHARACTERS, 3)
    for character in _DECISION_PREFIX:
        out[position] = character
        position += 1
    for digit in range(_DECISION_CHARACTERS):
        out[position] = _BASE_32[sequence >> 5 * (_DECISION_CHARACTERS - 1 - digit) & 31]
        position += 1
    return position


@compiled
def put_answer(
    buffer: Buffer,
    places: Places,
    table: Places,
    result: Any,
    issuer_data: Buffer,
    issuer_data_bytes: Integer,
    out: Buffer,
) -> Integer:
    """Write one framed 0110 or 0410 at the start of out; return how many bytes it takes."""
    reason = np.int64(result["reason"])
    position: Integer = FRAME_HEADER_BYTES
    put_number(out, position, number_at(buffer, places[0, 0], 4) + 10, 4)
    bitmap = position + 4
    out[bitmap : bitmap + 8] = 0
    position = bitmap + 8
    for field in range(2, 63):
        written: Integer = position
        if field == 38 and reason == Reason.APPROVED:
            written = put_number(out, position, np.int64(result["approval_code"]), 6)
        elif field == 39:
            out[position : position + 2] = RESPONSE_CODES[reason]
            written = position + 2
        elif field == 55 and issuer_data_bytes > 0:
            written = put_number(out, position, issuer_data_bytes + 2, 3)
            out[written] = 0x91
            out[written + 1] = issuer_data_bytes
            out[written + 2 : written + 2 + issuer_data_bytes] = issuer_data[:issuer_data_bytes]
            written += 2 + issuer_data_bytes
        elif field == 62:
            written = put_decision(out, position, np.int64(result["sequence"]))
        elif field in _ECHOED and places[field, 1] >= 0:
            # The length in front of a variable field stands right before its content.
            start, length_bytes = np.int64(places[field, 0]), np.int64(table[field, 0])
            length = np.int64(places[field, 1]) + length_bytes
            out[position : position + length] = buffer[start - length_bytes : start - length_bytes + length]
            written = position + length
        if written > position:
            out[bitmap + (field - 1) // 8] |= np.uint8(0x80 >> (field - 1) % 8)
            position = written
    message_bytes = position - FRAME_HEADER_BYTES
    out[0], out[1] = message_bytes >> 8, message_bytes & 0xFF
    return position


@compiled
def write_answers(
    buffer: Buffer,
    frames: Places,
    table: Places,
    places: Places,
    results: Records,
    issuer_data: npt.NDArray[np.uint8],
    issuer_data_bytes: npt.NDArray[np.uint8],
    out: Buffer,
) -> Integer:
    """Write the answers to many messages, one after the other; return how many bytes they take.

    results: RESULT[n].  issuer_data: uint8[n, 16], tag 91, of which issuer_data_bytes[n] count.
    out: at least n * 256 bytes.
    """
    position: Integer = 0
    for i in range(len(frames)):
        scan_message(buffer, frames[i, 0], frames[i, 1], table, places)
        position += put_answer(buffer, places, table, results[i], issuer_data[i], issuer_data_bytes[i], out[position:])
    return position


def room_for_answers(count: int) -> Buffer:
    """A buffer that so many answers fit into."""
    return np.empty(count * _ANSWER_BYTES_MAX, np.uint8)
