"""Field tables: a dialect of ISO 8583 as data, in the shape that users of `pyiso8583` already have.

Files that hold one are read by `dialect_files`.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from authz.iso8583.dialects import text_encodings  # noqa: F401 - makes code page 1047 known

FIELDS = 128
FIELDS_MAX = 192
"""With a third bitmap."""
LENGTH_BYTES_MAX = 6
BEHIND_THE_SECOND = 1
_TEXT_COUNTS = ("characters", "pairs")
HEADER = -1
"""In place of a field's number: the header in front of the message type, hexadecimal."""


class DialectError(ValueError):
    """A field table that cannot be used; the text names the entry."""


@dataclass(frozen=True)
class FieldSpec:
    """How one field is written.

    data_encoding: "b" for binary (values are hexadecimal text) or a Python text codec such as ascii, utf-8 or cp1047.
    length_encoding: a text codec, "b" for an unsigned binary number or "bcd" for packed digits.
    length_bytes: how many bytes the length in front takes, 0 for a field of fixed length.
    max_length: the most that the length may be, in what it counts.
    length_counts: bytes, nibbles (half-bytes), characters (where some take several bytes) or pairs (of characters, so
    hexadecimal text by its bytes).
    left_pad, right_pad: the digit that fills an odd number of half-bytes.
    content: the standard's content class (n, an, ans, b, z, x+n), or empty where the table does not say.
    has_sign: one character, C or D, in front of half-bytes (x+n), written in sign_encoding.
    is_pad_stripped: the length counts bytes, and the right_pad behind an odd number of digits is no digit.
    is_filled: whatever its length, a field takes the room of the longest.
    is_unused: the dialect has no such field.
    """

    name: str
    data_encoding: str
    length_encoding: str
    length_bytes: int
    max_length: int
    length_counts: str = "bytes"
    left_pad: str = ""
    right_pad: str = ""
    content: str = ""
    has_sign: bool = False
    sign_encoding: str = "ascii"
    is_pad_stripped: bool = False
    is_filled: bool = False
    is_unused: bool = False

    @property
    def counts_nibbles(self) -> bool:
        """Whether its length counts half-bytes."""
        return self.length_counts == "nibbles"

    @property
    def is_binary(self) -> bool:
        """Whether values are hexadecimal text for bytes."""
        return self.data_encoding == "b"

    def place(self, number: int) -> str:
        """What errors call the field of this number, such as ``field 4 (amount, transaction)``; empty if just that."""
        name = self.name.partition(" (")[0]
        if number <= 1 or not name:
            return ""
        return f"field {number} ({name[0].lower() + name[1:] if name[1:2].islower() else name})"


UNUSED = FieldSpec("Unused", "ascii", "ascii", 0, 0, is_unused=True)


@dataclass(frozen=True)
class Framing:
    """How messages are delimited on a connection: by a length in front, which counts header and message.

    length_encoding: "b" for an unsigned big-endian number, "bcd" for packed digits, or a text codec for digits.
    """

    length_bytes: int = 2
    length_encoding: str = "b"

    def length(self, head: bytes) -> int:
        """The length that stands in front of a message. Raises: ValueError if it is not a number."""
        match self.length_encoding:
            case "b":
                return int.from_bytes(head, "big")
            case "bcd":
                return int(head.hex())
            case encoding:
                return int(head.decode(encoding))

    def framed(self, message: bytes) -> bytes:
        """A message behind its length."""
        match self.length_encoding:
            case "b":
                return len(message).to_bytes(self.length_bytes, "big") + message
            case "bcd":
                return bytes.fromhex(str(len(message)).rjust(2 * self.length_bytes, "0")) + message
            case encoding:
                return str(len(message)).rjust(self.length_bytes, "0").encode(encoding) + message


BINARY_LENGTH = Framing()


@dataclass(frozen=True)
class Dialect:
    """A full table: message type, primary bitmap and fields 1 to 128 or 192.

    header_bytes: in front of the message type.
    third_bitmap: 0 where there is none; `BEHIND_THE_SECOND` where bit 65 says that it follows the second; else the
    number of the field that holds it.
    about: what it is, in a few words, for people.
    """

    name: str
    message_type: FieldSpec
    primary_bitmap: FieldSpec
    fields: tuple[FieldSpec, ...]
    """Index 0 is unused; index n is field n."""
    header_bytes: int = 0
    framing: Framing = BINARY_LENGTH
    third_bitmap: int = 0
    about: str = ""

    @classmethod
    def of(cls, name: str, table: dict[str, dict[str, Any]]) -> "Dialect":
        """Read a table as `pyiso8583` has it: keys t, p, 1 to 128, and h for a header of fixed length.

        Of our own are a key framing with length_bytes and length_encoding, see `Framing`; entries 129 to 192, of fields
        that a third bitmap announces; a key third_bitmap, the field that holds it, where bit 65 does not just say that
        it follows the second; and a key about, whose desc says what the dialect is. Raises: DialectError.
        """
        header = _field_spec("h", table) if "h" in table else None
        if header is not None and header.length_bytes:
            raise DialectError("entry 'h': only a header of fixed length can be read")
        message_type = _field_spec("t", table)
        fields = [message_type, *(_field_spec(str(number), table) for number in range(1, FIELDS + 1))]
        above = range(FIELDS + 1, FIELDS_MAX + 1)
        third_bitmap = _third_bitmap(table) if any(str(number) in table for number in above) else 0
        if third_bitmap:
            fields += [_field_spec(str(number), table) if str(number) in table else UNUSED for number in above]
            _check_third_bitmap(third_bitmap, fields[third_bitmap])
        return cls(
            name,
            message_type,
            _field_spec("p", table),
            tuple(fields),
            0 if header is None else header.max_length,
            _framing(table.get("framing", {})),
            third_bitmap,
            _about(table.get("about", {})),
        )


def _third_bitmap(table: dict[str, Any]) -> int:
    field = table.get("third_bitmap", BEHIND_THE_SECOND)
    if not (isinstance(field, int) and 1 <= field <= FIELDS):
        raise DialectError(f"entry 'third_bitmap': must be the number of a field, 2 to {FIELDS}")
    return field


def _check_third_bitmap(number: int, spec: FieldSpec) -> None:
    """A bitmap is a field of 8 bytes, or of 16 characters of hexadecimal text. Raises: DialectError."""
    if spec.length_bytes or spec.length_counts != "bytes" or spec.max_length != (8 if spec.is_binary else 16):
        raise DialectError(f"entry '{number}': must have 8 bytes, because it holds the third bitmap")


def _about(entry: Any) -> str:
    if not isinstance(entry, dict):
        raise DialectError('entry \'about\': must have the form {"desc": "what the dialect is"}')
    return str(entry.get("desc", ""))


def _framing(entry: dict[str, Any]) -> Framing:
    try:
        framing = replace(BINARY_LENGTH, **entry)
        framing.length(framing.framed(b"")[: framing.length_bytes])
    except (TypeError, ValueError, LookupError) as error:
        raise DialectError(f"entry 'framing': {type(error).__name__}: {error}") from None
    return framing


def _field_spec(key: str, table: dict[str, dict[str, Any]]) -> FieldSpec:
    try:
        entry = table[key]
        spec = FieldSpec(
            name=str(entry.get("desc", "")),
            data_encoding=entry["data_enc"],
            length_encoding=entry["len_enc"],
            length_bytes=int(entry["len_type"]),
            max_length=int(entry["max_len"]),
            length_counts=str(entry.get("len_count", "bytes")),
            left_pad=entry.get("left_pad") or "",
            right_pad=entry.get("right_pad") or "",
            content=entry.get("content", ""),
            has_sign=bool(entry.get("has_sign", False)),
            sign_encoding=entry.get("sign_enc", "ascii"),
        )
        for encoding in (spec.data_encoding, spec.length_encoding, spec.sign_encoding):
            if encoding not in ("b", "bcd"):
                "".encode(encoding)
    except (KeyError, TypeError, ValueError, LookupError) as error:
        raise DialectError(f"entry {key!r}: {type(error).__name__}: {error}") from None
    if not 0 <= spec.length_bytes <= LENGTH_BYTES_MAX or spec.max_length < 0:
        raise DialectError(f"entry {key!r}: len_type must be 0 to {LENGTH_BYTES_MAX}, and max_len must not be negative")
    if spec.length_counts not in ("nibbles", "bytes") and (spec.is_binary or spec.length_counts not in _TEXT_COUNTS):
        raise DialectError(f"entry {key!r}: len_count must be bytes or nibbles, or for text also characters or pairs")
    return spec


_FOLDER = files("authz.iso8583.dialects")
BUILT_IN = tuple(sorted(file.name.removesuffix(".json") for file in _FOLDER.iterdir() if file.name.endswith(".json")))
"""The dialects that come with Tapwright, by name: a dialect is a file beside this one, and is called like its file."""


@cache
def built_in(name: str = "ascii_1987") -> Dialect:
    """A dialect that comes with Tapwright, by its name in `BUILT_IN`. Raises: DialectError."""
    if name not in BUILT_IN:
        raise DialectError(f"there is no dialect {name}; there are {', '.join(BUILT_IN)}")
    return Dialect.of(name, json.loads(_FOLDER.joinpath(f"{name}.json").read_text()))
