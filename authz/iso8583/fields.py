"""Field tables: a dialect of ISO 8583 as data, in the shape that users of `pyiso8583` already have."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FIELDS = 128
LENGTH_BYTES_MAX = 4


class DialectError(ValueError):
    """A field table that cannot be used; the text names the entry."""


@dataclass(frozen=True)
class FieldSpec:
    """How one field is written.

    data_encoding: "b" for binary (values are hexadecimal text) or a Python text codec such as ascii or cp500.
    length_encoding: a text codec, "b" for an unsigned binary number or "bcd" for packed digits.
    length_bytes: how many bytes the length in front takes, 0 for a field of fixed length.
    max_length: in characters; for "b" in bytes, or in half-bytes where counts_nibbles.
    left_pad, right_pad: the digit that fills an odd number of half-bytes.
    content: the standard's content class (n, an, ans, b, z, x+n), or empty where the table does not say.
    """

    name: str
    data_encoding: str
    length_encoding: str
    length_bytes: int
    max_length: int
    counts_nibbles: bool = False
    left_pad: str = ""
    right_pad: str = ""
    content: str = ""

    @property
    def is_binary(self) -> bool:
        """Whether values are hexadecimal text for bytes."""
        return self.data_encoding == "b"


@dataclass(frozen=True)
class Dialect:
    """A full table: message type, primary bitmap and fields 1 to 128."""

    name: str
    message_type: FieldSpec
    primary_bitmap: FieldSpec
    fields: tuple[FieldSpec, ...]
    """Index 0 is unused; index n is field n."""

    @classmethod
    def of(cls, name: str, table: dict[str, dict[str, Any]]) -> "Dialect":
        """Read a table as `pyiso8583` has it: keys t, p, 1 to 128, and h without length. Raises: DialectError."""
        header = table.get("h", {})
        if header.get("max_len") or header.get("len_type"):
            raise DialectError("entry 'h': message headers are not supported")
        message_type = _field_spec("t", table)
        fields = [message_type, *(_field_spec(str(number), table) for number in range(1, FIELDS + 1))]
        return cls(name, message_type, _field_spec("p", table), tuple(fields))


def _field_spec(key: str, table: dict[str, dict[str, Any]]) -> FieldSpec:
    try:
        entry = table[key]
        spec = FieldSpec(
            name=str(entry.get("desc", "")),
            data_encoding=entry["data_enc"],
            length_encoding=entry["len_enc"],
            length_bytes=int(entry["len_type"]),
            max_length=int(entry["max_len"]),
            counts_nibbles=entry.get("len_count", "bytes") == "nibbles",
            left_pad=entry.get("left_pad") or "",
            right_pad=entry.get("right_pad") or "",
            content=entry.get("content", ""),
        )
        for encoding in (spec.data_encoding, spec.length_encoding):
            if encoding not in ("b", "bcd"):
                "".encode(encoding)
    except (KeyError, TypeError, ValueError, LookupError) as error:
        raise DialectError(f"entry {key!r}: {type(error).__name__}: {error}") from None
    if not 0 <= spec.length_bytes <= LENGTH_BYTES_MAX or spec.max_length < 0:
        raise DialectError(f"entry {key!r}: len_type is 0 to {LENGTH_BYTES_MAX} and max_len is not negative")
    return spec


@cache
def built_in(name: str = "ascii_1987") -> Dialect:
    """A dialect that comes with Tapwright: ISO 8583:1987, ASCII, binary bitmaps and binary DE 55."""
    text = files("authz.iso8583").joinpath(f"dialects/{name}.json").read_text()
    return Dialect.of(name, json.loads(text))
