"""Lengths of values in words: what a field must have, and what it was given instead."""

from authz.iso8583.dialects.fields import FieldSpec
from authz.iso8583.dialects.possible_values import PAN_DIGITS_MIN

_SECRET = frozenset({2, 14, 34, 35, 36, 45, 48, 52, 53, 55})
"""Fields of card numbers, PINs and keys: whatever was given for them is never shown."""


def wrong_length(number: int, value: str, spec: FieldSpec, length: int) -> str:
    """What is wrong with the length of a value that does not fit its field.

    length: of the value as its table counts.  The value is shown only if its field holds digits of fixed length that
    are no secret, such as an amount or a code, and if it is shorter than a card number, given for the wrong field.
    """
    bound = "at most " if spec.length_bytes else ""
    if spec.length_counts == "bytes" and not spec.is_binary and length != len(value):
        return f"must have {bound}{spec.max_length} bytes in {spec.data_encoding}; the value has {length}"
    given = repr(value) if _may_be_shown(number, value, spec) else "the value"
    return f"must have {bound}{_room(number, spec)}; {given} has {counted(len(value), 'character')}"


def _may_be_shown(number: int, value: str, spec: FieldSpec) -> bool:
    holds_digits = number == 0 or spec.content in ("n", "x+n")
    return holds_digits and not spec.length_bytes and number not in _SECRET and len(value) < PAN_DIGITS_MIN


def _room(number: int, spec: FieldSpec) -> str:
    """What fills a field."""
    is_packed = spec.length_counts == "pairs" or (spec.is_binary and not spec.counts_nibbles)
    count = spec.max_length * 2 if is_packed else spec.max_length
    if spec.content == "x+n":
        return f"C or D and {counted(count - 1, 'digit')}"
    if number == 0 or spec.content == "n":
        return counted(count, "digit")
    return counted(count, "hexadecimal digit" if is_packed else "character")


def counted(count: int, noun: str) -> str:
    """A number of things in words, such as 1 digit or 12 digits."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
