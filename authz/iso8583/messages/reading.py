"""Compiled batch parsing of token messages into commands.

What the fields mean is written down in ``docs/wire.md``; this module is that page as code.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled
from authz.arrays.hash_index import text_key
from authz.iso8583.chip.chip_data import TAGS, asks_online, read_cryptogram
from authz.iso8583.chip.signed_data import Circumstances, hold_against_clock
from authz.iso8583.dialects.possible_values import PAN_DIGITS_MAX, PAN_DIGITS_MIN
from authz.iso8583.encoding.scan import (
    Buffer,
    Places,
    has_field,
    impossible_value,
    number_at,
    pan_length_on_track,
    scan_message,
)
from authz.iso8583.format_errors import (
    BAD_CONTENT,
    BAD_LENGTH,
    CONTRADICTION,
    KIND,
    MISSING,
    NO_PROBLEM,
    PART,
    FormatError,
)
from authz.iso8583.messages.additional_data import read_cash_back, read_position, read_private_data
from authz.vocabulary.commands import (
    NO_POSITION,
    Channel,
    CryptogramOutcome,
    Flag,
    Kind,
    Records,
)
from authz.vocabulary.layouts import MESSAGE
from authz.vocabulary.reasons import ANSWERS, LAST_APPROVAL, Reason

OTHER_MESSAGE = -1
"""In place of a problem: a message type that this module does not read."""

_REQUIRED = (3, 4, 7, 11, 22, 32, 37, 41, 49)

_PREAUTHORIZED = 6  # DE 25

_TEXTS = ("retrieval_reference", "terminal", "merchant", "merchant_name", "merchant_city")
_RETRIEVAL_REFERENCE, _TERMINAL, _MERCHANT, _NAME, _CITY = (MESSAGE.fields[name][1] for name in _TEXTS)  # type: ignore[index]
_RETRIEVAL_REFERENCE_BYTES, _TERMINAL_BYTES, _MERCHANT_BYTES, _NAME_BYTES, _CITY_BYTES = (
    MESSAGE[name].itemsize for name in _TEXTS
)

_APPROVAL_CODES = tuple(
    int.from_bytes(ANSWERS[reason].response_code.encode(), "big") for reason in Reason if reason <= LAST_APPROVAL
)


@compiled
def kind_of(message_type: Integer) -> Integer:
    """What a message type asks for, repeats included, or -1."""
    function = message_type // 10
    if function == 10:
        return Kind.AUTHORIZATION_REQUEST
    if function == 12:
        return Kind.AUTHORIZATION_ADVICE
    if function == 20:
        return Kind.FINANCIAL_REQUEST
    if function == 22:
        return Kind.FINANCIAL_ADVICE
    if function == 40:
        return Kind.REVERSAL_REQUEST
    if function == 42:
        return Kind.REVERSAL_ADVICE
    return -1


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
def read_card(buffer: Buffer, places: Places, command: Any) -> Integer:
    """Token PAN and expiry from DE 35, or DE 2 and DE 14; where both are sent they must agree."""
    track, pan = places[35], places[2]
    if not has_field(places, 35) and not has_field(places, 2):
        return MISSING + 2
    start: Integer = np.int64(pan[0])
    length: Integer = np.int64(pan[1])
    expiry = number_at(buffer, places[14, 0], 4) if has_field(places, 14) else 0
    if has_field(places, 35):
        start, length = np.int64(track[0]), pan_length_on_track(buffer, track[0], track[1])
        if has_field(places, 2):
            if pan[1] != length:
                return CONTRADICTION + 2
            for digit in range(length):
                if buffer[pan[0] + digit] != buffer[start + digit]:
                    return CONTRADICTION + 2
        expiry_on_track = number_at(buffer, start + length + 1, 4)
        if has_field(places, 14) and expiry != expiry_on_track:
            return CONTRADICTION + 14
        expiry = expiry_on_track
    if length < PAN_DIGITS_MIN or length > PAN_DIGITS_MAX:
        return BAD_LENGTH + 2
    number = np.uint64(0)
    for digit in range(start, start + length):
        number = number * np.uint64(10) + np.uint64(buffer[digit] - 0x30)
    command["token_pan"] = number
    command["expiry"] = expiry
    return NO_PROBLEM


@compiled
def read_original(buffer: Buffer, places: Places, command: Any) -> Integer:
    """DE 90: message type (4), STAN (6), transmission time (10), acquirer (11), forwarder (11) of the original."""
    start = places[90, 0]
    original_type = number_at(buffer, start, 4)
    kind = kind_of(original_type)
    if kind < 0 or kind == Kind.REVERSAL_REQUEST or kind == Kind.REVERSAL_ADVICE:
        return BAD_CONTENT + 90
    command["flags"] = np.int64(command["flags"]) | Flag.HAS_ORIGINAL
    command["original_type"] = original_type
    command["original_stan"] = number_at(buffer, start + 4, 6)
    command["original_transmitted"] = number_at(buffer, start + 10, 10)
    command["original_acquirer"] = number_at(buffer, start + 20, 11)
    return NO_PROBLEM


@compiled
def read_replacement(buffer: Buffer, places: Places, command: Any) -> Integer:
    """DE 95: the remaining amount of the original, in its currency (12 digits), then amounts that are ignored."""
    amount = number_at(buffer, places[95, 0], 12)
    if amount < 0:
        return BAD_CONTENT + 95
    command["replacement_minor"] = amount
    command["flags"] = np.int64(command["flags"]) | Flag.HAS_REPLACEMENT
    return NO_PROBLEM


@compiled
def read_completion_count(buffer: Buffer, places: Places, command: Any) -> Integer:
    """DE 60: which completion this is (2 digits) and of how many (2)."""
    if places[60, 1] < 4:
        return BAD_CONTENT + 60
    this, all_of_them = number_at(buffer, places[60, 0], 2), number_at(buffer, places[60, 0] + 2, 2)
    if not 1 <= this <= all_of_them:
        return BAD_CONTENT + 60
    if this < all_of_them:
        command["flags"] = np.int64(command["flags"]) | Flag.MORE_FOLLOWS
    return NO_PROBLEM


@compiled
def read_outcome(buffer: Buffer, places: Places, command: Any) -> None:
    """DE 39 of an advice: what was decided elsewhere."""
    code = np.int64(buffer[places[39, 0]]) << 8 | np.int64(buffer[places[39, 0] + 1])
    for approval in _APPROVAL_CODES:
        if code == approval:
            return
    command["flags"] = np.int64(command["flags"]) | Flag.DECLINED_ELSEWHERE


@compiled
def read_optional(buffer: Buffer, places: Places, command: Any) -> Integer:
    """Read the optional fields of a message."""
    problem: Integer = NO_PROBLEM
    if has_field(places, 23):
        command["pan_sequence_number"] = number_at(buffer, places[23, 0], 3)
    if has_field(places, 18):
        command["merchant_category"] = number_at(buffer, places[18, 0], 4)
    if has_field(places, 19):
        command["country"] = number_at(buffer, places[19, 0], 3)
    if has_field(places, 25) and number_at(buffer, places[25, 0], 2) == _PREAUTHORIZED:
        command["flags"] = np.int64(command["flags"]) | Flag.PREAUTHORIZATION
    if has_field(places, 48):
        problem = read_private_data(buffer, places, command)
    if problem == NO_PROBLEM and has_field(places, 54):
        problem = read_cash_back(buffer, places, command)
    if problem == NO_PROBLEM and places[59, 1] > 0:
        problem = read_position(buffer, places, command)
    if problem == NO_PROBLEM and places[60, 1] > 0:
        problem = read_completion_count(buffer, places, command)
    if problem == NO_PROBLEM and has_field(places, 90):
        problem = read_original(buffer, places, command)
    if problem == NO_PROBLEM and has_field(places, 95):
        problem = read_replacement(buffer, places, command)
    return problem


@compiled
def copy_text(buffer: Buffer, place: Places, target: Buffer, start: Integer, length: Integer) -> None:
    """Copy a field's characters into a fixed-width part of a record."""
    for character in range(min(length, place[1])):
        target[start + character] = buffer[place[0] + character]


@compiled
def read_name_and_city(buffer: Buffer, place: Places, target: Buffer) -> None:
    """DE 43: the card acceptor's name (25 characters) and city (13). The scan lets only printable characters pass."""
    copy_text(buffer, place, target, _NAME, _NAME_BYTES)
    for character in range(_NAME_BYTES, min(_NAME_BYTES + _CITY_BYTES, place[1])):
        target[_CITY + character - _NAME_BYTES] = buffer[place[0] + character]


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
    around: Circumstances,
) -> Integer:
    """Read one message. Returns: NO_PROBLEM, OTHER_MESSAGE, or what is wrong and where."""
    problem = scan_message(buffer, start, end, table, places)
    if problem == NO_PROBLEM:
        problem = impossible_value(buffer, places)
    if problem != NO_PROBLEM:
        return problem
    message_type = number_at(buffer, start, 4)
    kind = kind_of(message_type)
    if kind < 0 or message_type % 10 > 1:
        return OTHER_MESSAGE
    for field in _REQUIRED:
        if places[field, 1] <= 0:
            return MISSING + field
    is_reversal = kind == Kind.REVERSAL_REQUEST or kind == Kind.REVERSAL_ADVICE
    if is_reversal and not has_field(places, 90):
        return MISSING + 90
    command["kind"] = kind
    command["flags"] = Flag.REPEAT if message_type % 10 == 1 else 0
    command["latitude"] = command["longitude"] = NO_POSITION
    command["amount_minor"] = number_at(buffer, places[4, 0], 12)
    command["operation"] = number_at(buffer, places[3, 0], 2)
    command["transmitted"] = number_at(buffer, places[7, 0], 10)
    command["stan"] = number_at(buffer, places[11, 0], 6)
    command["entry_mode"] = number_at(buffer, places[22, 0], 3)
    command["channel"] = channel_of(np.int64(command["entry_mode"]))
    command["acquirer"] = number_at(buffer, places[32, 0], places[32, 1])
    command["currency"] = number_at(buffer, places[49, 0], 3)
    problem = read_card(buffer, places, command)
    if problem == NO_PROBLEM:
        problem = read_optional(buffer, places, command)
    if problem == NO_PROBLEM and not is_reversal and has_field(places, 55):
        if not has_field(places, 23):
            return MISSING + 23
        problem = read_cryptogram(buffer, places, tags, command, signed, arqc, around)
    if problem != NO_PROBLEM:
        return problem
    if kind == Kind.AUTHORIZATION_REQUEST or kind == Kind.FINANCIAL_REQUEST:
        hold_against_clock(command, around)
    if has_field(places, 52) and not is_reversal:
        command["flags"] = np.int64(command["flags"]) | Flag.PIN_ENTERED
    if (kind == Kind.AUTHORIZATION_ADVICE or kind == Kind.FINANCIAL_ADVICE) and has_field(places, 39):
        read_outcome(buffer, places, command)
    copy_text(buffer, places[37], command_bytes, _RETRIEVAL_REFERENCE, _RETRIEVAL_REFERENCE_BYTES)
    copy_text(buffer, places[41], command_bytes, _TERMINAL, _TERMINAL_BYTES)
    copy_text(buffer, places[42], command_bytes, _MERCHANT, _MERCHANT_BYTES)
    read_name_and_city(buffer, places[43], command_bytes)
    if has_field(places, 42):
        command["merchant_key"] = text_key(buffer, places[42, 0], places[42, 1])
    return NO_PROBLEM


def format_error_of(problem: int) -> FormatError:
    """A problem of the compiled reading as what is answered and logged."""
    part, field = problem // PART, problem % KIND
    return FormatError(field, problem % PART - field, TAGS[part - 1] if part else "")


@compiled
def read_transactions(
    buffer: Buffer,
    frames: Places,
    table: Places,
    places: Places,
    tags: Places,
    commands: Records,
    command_bytes: npt.NDArray[np.uint8],
    signed: npt.NDArray[np.uint8],
    arqcs: npt.NDArray[np.uint8],
    online: npt.NDArray[np.uint8],
    problems: Places,
    around: Circumstances,
) -> None:
    """Read many messages.

    frames: int32[n, 2].  places, tags: room for one message's, see `new_places` and `new_tags`.  commands: MESSAGE[n],
    zero.  command_bytes: the same memory as uint8[n, COMMAND_BYTES].  signed: uint8[n, 44].  arqcs: uint8[n, 8].
    online: uint8[n], 1 where a cryptogram asks for an online decision.  problems: int32[n].
    around: what they are held against.
    """
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
            around,
        )
        if problems[i] == NO_PROBLEM and commands[i]["cryptogram_outcome"] == CryptogramOutcome.INVALID:
            online[i] = 1 if asks_online(buffer, tags) else 0
