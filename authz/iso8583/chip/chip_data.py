"""Decodes chip data (DE 55) into a command: its tags, the cryptogram, and the data that it covers."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.iso8583.chip.data_objects import after_padding, check_template, is_template, read_object
from authz.iso8583.chip.signed_data import Circumstances, hold_against_message
from authz.iso8583.encoding.scan import MONTHS_AND_DAYS, Buffer, Places, is_one_of
from authz.iso8583.format_errors import BAD_TAG, MISSING_TAG, NO_PROBLEM, PART
from authz.vocabulary.commands import CardholderVerification, CryptogramOutcome, Flag

SIGNED_BYTES = 40
"""What the cryptogram of a Tapwright token covers: the ten tags of table 26 (33 bytes) and tag 9F10 (7 bytes)."""
SIGNED_BYTES_MAX = 44
"""The same where a limited-use key signs, whose index ends tag 9F10."""

# Where parts lie in the signed bytes.
SIGNED_ATC = slice(31, 33)
SIGNED_KEY_INDEX, SIGNED_VERSION = 34, 35

CHIP_TAG_BYTES = {
    "9F02": 6, "9F03": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9A": 3, "9C": 1, "9F37": 4, "82": 2, "9F36": 2, "9F10": 7,
    "9F26": 8, "9F27": 1,
}  # fmt: skip
"""What DE 55 must hold, in bytes: tags in the order of the signed bytes, then the cryptogram and its kind."""
TAGS = tuple(CHIP_TAG_BYTES)
"""The same tags, in the order of the places from `new_tags`."""
_TAGS = tuple(int(tag, 16) for tag in TAGS)
_TAG_BYTES = tuple(CHIP_TAG_BYTES.values())
_AMOUNT, _OTHER_AMOUNT, _COUNTRY, _CURRENCY, _DATE, _TYPE, _ATC = 0, 1, 2, 4, 5, 6, 9
_ISSUER_DATA, _CRYPTOGRAM, _INFORMATION = 10, 11, 12
_ABSENT = -1  # in place of a tag's offset
_KEY_INDEX_BYTES = SIGNED_BYTES_MAX - SIGNED_BYTES
_ISSUER_DATA_LENGTH_BYTE = 6

# Where the card verification results lie in tag 9F10, and what `tokenvault.emv.cryptograms.cryptogram_versions` puts
# into them, in numbers of our own: machine code is kept by the sources of this package alone.
_SECOND_RESULT, _LAST_RESULT = 4, 6
DEVICE_VERIFIED = 0x04
SIGNED_FOR_MASK, SIGNED_FOR_REMOTE, SIGNED_FOR_QR_CODE = 0x03, 0x01, 0x02

_GOODS_AND_SERVICES = 0  # tag 9C

_ARQC = 0x80  # the two high bits of tag 9F27: authorization request cryptogram (EMV Book 3, 6.5.5.4)


def new_tags() -> Places:
    """Room for the places of one message's tags."""
    return np.zeros(len(_TAGS), np.int32)


@compiled
def asks_online(buffer: Buffer, tags: Places) -> Any:
    """Whether the cryptogram is one that asks for an online decision (ARQC)."""
    return buffer[tags[_INFORMATION]] & 0xC0 == _ARQC


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
def find_tags(buffer: Buffer, start: Integer, length: Integer, tags: Places) -> Integer:
    """Find the tags of DE 55 on its outermost level; what templates hold only has to be well encoded.

    tags: from `new_tags`, filled with offsets of values.

    Returns: NO_PROBLEM, or what is wrong with field 55.
    """
    tags[:] = _ABSENT
    end = start + length
    position = after_padding(buffer, start, end)
    while position < end:
        problem, tag, value, value_end = read_object(buffer, position, end)
        if problem == NO_PROBLEM and is_template(buffer, position):
            problem = check_template(buffer, value, value_end)
        if problem != NO_PROBLEM:
            return np.int64(problem) + 55
        size = value_end - value
        for slot in range(len(_TAGS)):
            if tag == _TAGS[slot]:
                is_longer = slot == _ISSUER_DATA and size == _TAG_BYTES[slot] + _KEY_INDEX_BYTES
                if tags[slot] != _ABSENT or not (size == _TAG_BYTES[slot] or is_longer):
                    return BAD_TAG + 55 + PART * (slot + 1)
                tags[slot] = value
        position = after_padding(buffer, value_end, end)
    for slot in range(len(_TAGS)):
        if tags[slot] == _ABSENT:
            return MISSING_TAG + 55 + PART * (slot + 1)
    return NO_PROBLEM


@compiled
def read_cryptogram(
    buffer: Buffer,
    places: Places,
    tags: Places,
    command: Any,
    signed: Buffer,
    arqc: Buffer,
    around: Circumstances,
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
    for byte in range(len(arqc)):
        arqc[byte] = buffer[tags[_CRYPTOGRAM] + byte]
    amount = packed_number(buffer, tags[_AMOUNT], 6)
    cash = packed_number(buffer, tags[_OTHER_AMOUNT], 6)
    currency = packed_number(buffer, tags[_CURRENCY], 2)
    country = packed_number(buffer, tags[_COUNTRY], 2)
    date = packed_number(buffer, tags[_DATE], 3)  # zero where the phone does not know it: a QR code
    transaction_type = packed_number(buffer, tags[_TYPE], 1)
    issuer_data = tags[_ISSUER_DATA]
    if amount < 0:
        return BAD_TAG + 55 + PART * (_AMOUNT + 1)
    if cash < 0:
        return BAD_TAG + 55 + PART * (_OTHER_AMOUNT + 1)
    if currency < 0:
        return BAD_TAG + 55 + PART * (_CURRENCY + 1)
    if country < 0:
        return BAD_TAG + 55 + PART * (_COUNTRY + 1)
    if transaction_type < 0:
        return BAD_TAG + 55 + PART * (_TYPE + 1)
    if date < 0 or (date > 0 and not is_one_of(date % 10_000, MONTHS_AND_DAYS)):
        return BAD_TAG + 55 + PART * (_DATE + 1)
    # The byte before the value is its length in DE 55, the first of the value its length without itself.
    length = np.int64(buffer[issuer_data])
    if np.int64(buffer[issuer_data - 1]) != length + 1:
        return BAD_TAG + 55 + PART * (_ISSUER_DATA + 1)
    if length != _ISSUER_DATA_LENGTH_BYTE:
        for byte in range(_KEY_INDEX_BYTES):
            signed[SIGNED_BYTES + byte] = buffer[issuer_data + _ISSUER_DATA_LENGTH_BYTE + 1 + byte]
        index = packed_number(buffer, issuer_data + _ISSUER_DATA_LENGTH_BYTE + 1, _KEY_INDEX_BYTES)
        if index <= 0:
            return BAD_TAG + 55 + PART * (_ISSUER_DATA + 1)
        command["limited_use_key"] = index
    command["signed_amount_minor"] = amount
    command["signed_currency"] = currency
    command["signed_date"] = date
    if country > 0:
        command["country"] = country
    if transaction_type != _GOODS_AND_SERVICES and transaction_type != np.int64(command["operation"]):
        command["flags"] = np.int64(command["flags"]) | Flag.SIGNED_FOR_ANOTHER_OPERATION
    # A claim like all that was signed, until the network has found the cryptogram right.
    if np.int64(buffer[issuer_data + _SECOND_RESULT]) & DEVICE_VERIFIED:
        command["cardholder_verification"] = CardholderVerification.DEVICE
    signed_for = np.int64(buffer[issuer_data + _LAST_RESULT]) & SIGNED_FOR_MASK
    if signed_for & SIGNED_FOR_REMOTE:
        command["flags"] = np.int64(command["flags"]) | Flag.SIGNED_FOR_REMOTE
    if signed_for & SIGNED_FOR_QR_CODE:  # both bits are for nothing that there is, and fit no entry mode
        command["flags"] = np.int64(command["flags"]) | Flag.SIGNED_FOR_QR_CODE
    hold_against_message(buffer, places, command, cash, country, around)
    command["atc"] = np.int64(buffer[tags[_ATC]]) << 8 | np.int64(buffer[tags[_ATC] + 1])
    command["key_index"] = buffer[issuer_data + 1]
    command["cryptogram_version"] = buffer[issuer_data + 2]
    # Until the network has verified it, a cryptogram counts as wrong; one of another kind than ARQC stays so.
    command["cryptogram_outcome"] = CryptogramOutcome.INVALID
    return NO_PROBLEM
