"""Additional data: cash-back (DE 54), terminal capabilities (DE 48), position (DE 59)."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.iso8583.encoding.scan import Buffer, Places, number_at
from authz.iso8583.format_errors import BAD_CONTENT, CONTRADICTION, NO_PROBLEM
from authz.vocabulary.commands import Flag

_ADDITIONAL_AMOUNT_CHARACTERS = 20  # account type 2, amount type 2, currency 3, sign 1, amount 12
_CASH_BACK = 40
_CREDIT, _DEBIT = 0x43, 0x44

_POINT_OF_SERVICE = 61
"""Subelement of DE 48: what the terminal can do; its first character is 1 where it takes partial approvals."""

_PLUS, _MINUS, _POINT, _ZERO, _NINE, _ONE = 0x2B, 0x2D, 0x2E, 0x30, 0x39, 0x31
_DECIMALS = 5


def subelements(private_data: str) -> dict[str, str]:
    """DE 48 by name of subelement: two digits of name, two of length, content. What is cut off is left out."""
    found, position = {}, 0
    while position + 4 <= len(private_data) and private_data[position : position + 4].isdecimal():
        end = position + 4 + int(private_data[position + 2 : position + 4])
        if end > len(private_data):
            break
        found[private_data[position : position + 2]] = private_data[position + 4 : end]
        position = end
    return found


@compiled
def read_cash_back(buffer: Buffer, places: Places, command: Any) -> Integer:
    """The cash in a purchase, from DE 54."""
    start, length = np.int64(places[54, 0]), np.int64(places[54, 1])
    if length % _ADDITIONAL_AMOUNT_CHARACTERS:
        return BAD_CONTENT + 54
    for position in range(start, start + length, _ADDITIONAL_AMOUNT_CHARACTERS):
        account_type, amount_type = number_at(buffer, position, 2), number_at(buffer, position + 2, 2)
        sign, amount = buffer[position + 7], number_at(buffer, position + 8, 12)
        if account_type < 0 or amount_type < 0 or amount < 0 or (sign != _CREDIT and sign != _DEBIT):
            return BAD_CONTENT + 54
        if amount_type == _CASH_BACK:
            if number_at(buffer, position + 4, 3) != np.int64(command["currency"]):
                return CONTRADICTION + 54
            command["cash_minor"] = amount
    return NO_PROBLEM


@compiled
def read_private_data(buffer: Buffer, places: Places, command: Any) -> Integer:
    """Subelements of DE 48: two digits of name, two of length, content."""
    position, end = np.int64(places[48, 0]), np.int64(places[48, 0]) + np.int64(places[48, 1])
    while position < end:
        if position + 4 > end:
            return BAD_CONTENT + 48
        name, length = number_at(buffer, position, 2), number_at(buffer, position + 2, 2)
        position += 4
        if name < 0 or length < 0 or position + length > end:
            return BAD_CONTENT + 48
        if name == _POINT_OF_SERVICE and length > 0 and buffer[position] == _ONE:
            command["flags"] = np.int64(command["flags"]) | Flag.PARTIAL_APPROVAL
        position += length
    return NO_PROBLEM


@compiled
def read_position(buffer: Buffer, places: Places, command: Any) -> Integer:
    """Where the terminal stands, from DE 59: degrees as ISO 6709 writes them, ``+52.52000+013.40500/``."""
    start, end = np.int64(places[59, 0]), np.int64(places[59, 0]) + np.int64(places[59, 1])
    latitude, middle = degrees_at(buffer, start, end, 2)
    longitude, end_read = degrees_at(buffer, middle, end, 3)
    if end_read < 0 or abs(latitude) > 90 * 10**_DECIMALS or abs(longitude) > 180 * 10**_DECIMALS:
        return BAD_CONTENT + 59
    command["latitude"], command["longitude"] = latitude, longitude
    return NO_PROBLEM


@compiled
def degrees_at(buffer: Buffer, start: Integer, end: Integer, digits: Integer) -> tuple[Integer, Integer]:
    """Signed degrees times 100,000 and the position behind them; position -1 where there are none."""
    if start < 0 or start + 1 + digits > end or (buffer[start] != _PLUS and buffer[start] != _MINUS):
        return 0, -1
    value = number_at(buffer, start + 1, digits)
    position = start + 1 + digits
    if value < 0:
        return 0, -1
    decimals: Integer = 0
    if position < end and buffer[position] == _POINT:
        position += 1
        while position < end and _ZERO <= buffer[position] <= _NINE:
            if decimals < _DECIMALS:
                value = value * 10 + np.int64(buffer[position]) - _ZERO
                decimals += 1
            position += 1
    value *= 10 ** (_DECIMALS - decimals)
    return (-value if buffer[start] == _MINUS else value), position
