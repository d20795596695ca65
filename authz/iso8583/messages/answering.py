"""Compiled batch encoding of answers to decided messages. What the fields mean: ``docs/wire.md``."""

from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import Integer, compiled, inlined
from authz.iso8583.encoding.scan import FRAME_HEADER_BYTES, Buffer, Places, has_field, number_at, scan_message
from authz.vocabulary.commands import Operation, Records
from authz.vocabulary.reasons import ANSWERS, LAST_APPROVAL, Reason

_ECHOED = (3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49)
_ANSWER_BYTES_MAX = 512
_BASE_32 = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
_DECISION_PREFIX = np.frombuffer(b"auth_", np.uint8)
_DECISION_CHARACTERS = 13
_REFERENCE_CHARACTERS = 29

# DE 54: account type 30 is a credit account; amount types of ISO 8583:1987.
_REQUESTS = (10, 20)
"""The first three digits of the message types of requests."""
_LEDGER_BALANCE, _AVAILABLE_BALANCE, _ORIGINAL_AMOUNT = 1, 2, 57
_CREDIT_ACCOUNT = 30
_ADDITIONAL_AMOUNT_CHARACTERS = 20
_CREDIT_SIGN, _DEBIT_SIGN = 0x43, 0x44

RESPONSE_CODES = np.array([list(ANSWERS[reason].response_code.encode("ascii")) for reason in Reason], np.uint8)
"""DE 39 by reason: uint8[reasons, 2]."""


@inlined
def put_octets(out: Buffer, position: Integer, source: Buffer, start: Integer, length: Integer) -> Integer:
    """Copy bytes; return the position behind them."""
    for place in range(length):
        out[position + place] = source[start + place]
    return position + length


@compiled
def put_number(out: Buffer, position: Integer, value: Integer, digits: Integer) -> Integer:
    """Write a decimal number with leading zeros; return the position behind it."""
    for digit in range(digits):
        out[position + digits - 1 - digit] = 0x30 + value % 10
        value //= 10
    return position + digits


@compiled
def put_decision(out: Buffer, position: Integer, sequence: Integer) -> Integer:
    """Write DE 62, the decision's identifier, in the form of `tokenvault.vocabulary.identifiers`."""
    position = put_number(out, position, len(_DECISION_PREFIX) + _DECISION_CHARACTERS, 3)
    for character in _DECISION_PREFIX:
        out[position] = character
        position += 1
    for digit in range(_DECISION_CHARACTERS):
        out[position] = _BASE_32[sequence >> 5 * (_DECISION_CHARACTERS - 1 - digit) & 31]
        position += 1
    return position


@compiled
def put_additional_amount(
    out: Buffer, position: Integer, amount_type: Integer, currency: Integer, amount: Integer
) -> Integer:
    """Write one of DE 54's amounts: account type, amount type, currency, sign, amount."""
    position = put_number(out, position, _CREDIT_ACCOUNT, 2)
    position = put_number(out, position, amount_type, 2)
    position = put_number(out, position, currency, 3)
    out[position] = _CREDIT_SIGN if amount >= 0 else _DEBIT_SIGN
    return put_number(out, position + 1, amount if amount >= 0 else -amount, 12)


@compiled
def put_additional_amounts(out: Buffer, position: Integer, result: Any, asked: Integer, currency: Integer) -> Integer:
    """Write DE 54: balances where they were asked for, the amount asked for where a part was approved."""
    billing_currency = np.int64(result["billing_currency"])
    if np.int64(result["reason"]) == Reason.PARTIALLY_APPROVED:
        position = put_number(out, position, _ADDITIONAL_AMOUNT_CHARACTERS, 3)
        return put_additional_amount(out, position, _ORIGINAL_AMOUNT, currency, asked)
    position = put_number(out, position, 2 * _ADDITIONAL_AMOUNT_CHARACTERS, 3)
    # What is owed is a debit balance.
    ledger, available = -np.int64(result["posted_minor"]), np.int64(result["available_minor"])
    position = put_additional_amount(out, position, _LEDGER_BALANCE, billing_currency, ledger)
    return put_additional_amount(out, position, _AVAILABLE_BALANCE, billing_currency, available)


@compiled
def put_reference(out: Buffer, position: Integer, reference: Buffer) -> Integer:
    """Write a payment account reference (PAR)."""
    return put_octets(out, position, reference, 0, _REFERENCE_CHARACTERS)


@compiled
def put_chip_data(
    out: Buffer, position: Integer, issuer_data: Buffer, issuer_data_bytes: Integer, reference: Buffer
) -> Integer:
    """Write DE 55: issuer authentication data (tag 91), then the PAR (tag 9F24)."""
    reference_bytes = _REFERENCE_CHARACTERS + 3 if reference[0] != 0 else 0
    position = put_number(out, position, issuer_data_bytes + 2 + reference_bytes, 3)
    out[position] = 0x91
    out[position + 1] = issuer_data_bytes
    position += 2
    position = put_octets(out, position, issuer_data, 0, issuer_data_bytes)
    if reference_bytes == 0:
        return position
    out[position], out[position + 1], out[position + 2] = 0x9F, 0x24, _REFERENCE_CHARACTERS
    return put_reference(out, position + 3, reference)


@compiled
def put_answer(
    buffer: Buffer,
    places: Places,
    table: Places,
    result: Any,
    reference: Buffer,
    issuer_data: Buffer,
    issuer_data_bytes: Integer,
    out: Buffer,
) -> Integer:
    """Write one framed answer at the start of out; return how many bytes it takes."""
    reason, rate = np.int64(result["reason"]), np.int64(result["conversion_rate"])
    is_approved = reason <= LAST_APPROVAL
    is_converted = rate > 0 and is_approved
    is_part = reason == Reason.PARTIALLY_APPROVED
    # Of a card that pays only a request has a proof: whoever sends an advice or a reversal is told no balances.
    is_request = number_at(buffer, places[0, 0], 3) in _REQUESTS
    is_balance = is_approved and is_request and number_at(buffer, places[3, 0], 2) == Operation.BALANCE_INQUIRY
    position: Integer = FRAME_HEADER_BYTES
    put_number(out, position, number_at(buffer, places[0, 0], 3) * 10 + 10, 4)
    bitmap = position + 4
    position = bitmap + 8
    for place in range(bitmap, position):
        out[place] = 0
    for field in range(2, 63):
        written: Integer = position
        if field == 4 and is_part:
            written = put_number(out, position, np.int64(result["approved_minor"]), 12)
        elif field == 6 and is_converted:
            written = put_number(out, position, np.int64(result["billing_minor"]), 12)
        elif field == 10 and is_converted:
            written = put_number(out, position, rate, 8)
        elif field == 38 and is_approved:
            written = put_number(out, position, np.int64(result["approval_code"]), 6)
        elif field == 39:
            written = put_octets(out, position, RESPONSE_CODES[reason], 0, 2)
        elif field == 51 and is_converted:
            written = put_number(out, position, np.int64(result["billing_currency"]), 3)
        elif field == 54 and (is_balance or is_part):
            asked, currency = number_at(buffer, places[4, 0], 12), number_at(buffer, places[49, 0], 3)
            written = put_additional_amounts(out, position, result, asked, currency)
        elif field == 55 and issuer_data_bytes > 0:
            written = put_chip_data(out, position, issuer_data, issuer_data_bytes, reference)
        elif field == 56 and reference[0] != 0:
            written = put_reference(out, put_number(out, position, _REFERENCE_CHARACTERS, 3), reference)
        elif field == 62:
            written = put_decision(out, position, np.int64(result["sequence"]))
        elif field in _ECHOED and has_field(places, field):
            # The length in front of a variable field stands right before its content.
            start, length_bytes = np.int64(places[field, 0]), np.int64(table[field, 0])
            length = np.int64(places[field, 1]) + length_bytes
            written = put_octets(out, position, buffer, start - length_bytes, length)
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
    references: npt.NDArray[np.uint8],
    issuer_data: npt.NDArray[np.uint8],
    issuer_data_bytes: npt.NDArray[np.uint8],
    out: Buffer,
) -> Integer:
    """Write the answers to many messages, one after the other; return how many bytes they take.

    results: RESULT[n].  references: uint8[n, 29], their payment account references.  issuer_data: uint8[n, 8], tag 91,
    of which issuer_data_bytes[n] count.  out: from `room_for_answers`.
    """
    position: Integer = 0
    for i in range(len(frames)):
        scan_message(buffer, frames[i, 0], frames[i, 1], table, places)
        position += put_answer(
            buffer, places, table, results[i], references[i], issuer_data[i], issuer_data_bytes[i], out[position:]
        )
    return position


def room_for_answers(count: int) -> Buffer:
    """A buffer that so many answers fit into."""
    return np.empty(count * _ANSWER_BYTES_MAX, np.uint8)
