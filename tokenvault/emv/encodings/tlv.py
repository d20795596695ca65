"""BER-TLV data objects and data object lists (EMV Book 3, annex B and 5.4).

00 bytes before, between and behind data objects are padding, on the outermost level and in every template. A length may
have leading zeros (``82 00 02`` is 2); what is written has the shortest form.

A decoded object is a ``(tag, value)`` pair: the tag as upper-case hexadecimal, the value as bytes for a primitive
object and as a list of pairs for a constructed one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS
from tokenvault.emv.errors import TlvError

DataObject: TypeAlias = "tuple[str, bytes | list[DataObject]]"

_TAG_BYTES_MAX = 4
_LENGTH_BYTES_MAX = 4
_NESTING_MAX = 16


def read_tag(data: bytes, offset: int = 0) -> tuple[str, int]:
    """Read one tag; return it and the offset behind it. Raises TlvError if the data ends inside it."""
    end = offset + 1
    if data[offset:end] and data[offset] & 0x1F == 0x1F:
        while data[end : end + 1] and data[end] & 0x80 and end - offset < _TAG_BYTES_MAX:
            end += 1
        end += 1
    if end > len(data):
        raise TlvError(f"tag cut off at byte {offset}")
    if end - offset > _TAG_BYTES_MAX:
        raise TlvError(f"tag at byte {offset} is longer than {_TAG_BYTES_MAX} bytes")
    return data[offset:end].hex().upper(), end


def read_length(data: bytes, offset: int) -> tuple[int, int]:
    """Read one length (short or long form); return it and the offset behind it."""
    if offset >= len(data):
        raise TlvError(f"length missing at byte {offset}")
    first = data[offset]
    if first < 0x80:
        return first, offset + 1
    count = first & 0x7F
    if not 1 <= count <= _LENGTH_BYTES_MAX:
        raise TlvError(f"length at byte {offset} takes {count} bytes; 1 to {_LENGTH_BYTES_MAX} are allowed")
    end = offset + 1 + count
    if end > len(data):
        raise TlvError(f"length cut off at byte {offset}")
    return int.from_bytes(data[offset + 1 : end], "big"), end


def encode_length(length: int) -> bytes:
    """A length in as few bytes as BER allows: short form below 128, long form from there."""
    if length < 0x80:
        return bytes([length])
    content = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(content)]) + content


def is_constructed(tag: str) -> bool:
    """Whether objects under this tag hold other objects (bit 6 of the first byte)."""
    return bool(int(tag[:2], 16) & 0x20)


class PlacedObject(NamedTuple):
    """A data object and where it is, in bytes from the beginning of the outermost level.

    start: of its tag.  value: where its value begins.  end: behind its value.
    children: the objects in a constructed one, None for a primitive one.
    """

    tag: str
    start: int
    value: int
    end: int
    children: "list[PlacedObject] | None"


def decode(data: bytes) -> list[DataObject]:
    """Decode a sequence of data objects, constructed ones to their leaves.

    Raises: TlvError with the byte offset (inside its parent) where the data breaks off or nests too deep.
    """
    return _without_places(data, decode_placed(data))


def decode_placed(data: bytes) -> list[PlacedObject]:
    """The same, with where each object is. Raises: TlvError, as `decode` does."""
    return _placed(data, base=0, depth=0)


def _without_places(data: bytes, objects: list[PlacedObject]) -> list[DataObject]:
    return [
        (each.tag, data[each.value : each.end] if each.children is None else _without_places(data, each.children))
        for each in objects
    ]


def _placed(data: bytes, base: int, depth: int) -> list[PlacedObject]:
    """base: where the data begins on the outermost level."""
    if depth > _NESTING_MAX:
        raise TlvError(f"objects nest deeper than {_NESTING_MAX}")
    objects: list[PlacedObject] = []
    offset = _after_padding(data, 0)
    while offset < len(data):
        tag, after_tag = read_tag(data, offset)
        length, start = read_length(data, after_tag)
        end = start + length
        if end > len(data):
            there = len(data) - start
            raise TlvError(f"value of {tag} at byte {start} is cut off: {length} bytes announced, {there} there")
        children = _placed(data[start:end], base + start, depth + 1) if is_constructed(tag) else None
        objects.append(PlacedObject(tag, base + offset, base + start, base + end, children))
        offset = _after_padding(data, end)
    return objects


def _after_padding(data: bytes, offset: int) -> int:
    while data[offset : offset + 1] == b"\x00":
        offset += 1
    return offset


def encode(objects: Iterable[DataObject]) -> bytes:
    """Encode data objects, each length in its shortest form."""
    encoded = bytearray()
    for tag, value in objects:
        content = value if isinstance(value, bytes) else encode(value)
        encoded += bytes.fromhex(tag) + encode_length(len(content)) + content
    return bytes(encoded)


def primitives(objects: Iterable[DataObject]) -> Iterator[tuple[str, bytes]]:
    """Every primitive object, depth first."""
    for tag, value in objects:
        if isinstance(value, bytes):
            yield tag, value
        else:
            yield from primitives(value)


def decode_object_list(data: bytes) -> list[tuple[str, int]]:
    """Decode a data object list (DOL) into (tag, length in bytes) pairs (EMV Book 3, 5.4)."""
    entries: list[tuple[str, int]] = []
    offset = 0
    while offset < len(data):
        tag, offset = read_tag(data, offset)
        if offset >= len(data):
            raise TlvError(f"length of {tag} missing in the data object list")
        entries.append((tag, data[offset]))
        offset += 1
    return entries


def fill_object_list(entries: Iterable[tuple[str, int]], values: Mapping[str, bytes]) -> bytes:
    """Concatenate values as a data object list asks for them.

    A tag without a value, and a constructed one, is filled with 00 bytes. A longer value is cut and a shorter one
    padded: on the left with 00 for numeric elements (format n), on the right otherwise, with FF for compressed numeric
    ones (cn) and else 00. Formats are those of `data_elements`; a tag that is not registered counts as binary.
    Source: EMV Book 3, 5.4.
    """
    return b"".join(_filled(tag, length, values.get(tag)) for tag, length in entries)


def _filled(tag: str, length: int, value: bytes | None) -> bytes:
    if value is None or is_constructed(tag):
        return bytes(length)
    match DATA_ELEMENTS[tag].format if tag in DATA_ELEMENTS else "b":
        case "n":
            return value[max(len(value) - length, 0) :].rjust(length, b"\x00")
        case "cn":
            return value[:length].ljust(length, b"\xff")
        case _:
            return value[:length].ljust(length, b"\x00")
