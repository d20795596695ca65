"""``tapwright emv decode``: EMV data as a tree, with the names of what is in it."""

import sys
from collections.abc import Iterable

from tokenvault.emv import tlv
from tokenvault.emv.data_elements import DATA_ELEMENTS
from tokenvault.emv.errors import TlvError
from tokenvault.errors import FieldError
from tokenvault.pan import Track2, masked

_OBJECT_LISTS = {"9F38", "8C", "8D", "9F49", "97", "DF8", "9F4F"}
_TRACK2, _PAN = "57", "5A"


def tree_lines(objects: Iterable[tlv.DataObject], depth: int = 0) -> list[str]:
    """One line an object, indented by depth; numbers of cards masked."""
    lines = []
    for tag, value in objects:
        element = DATA_ELEMENTS.get(tag)
        name = element.name if element is not None else ""
        head = f"{'  ' * depth}{tag} {name}".rstrip()
        if not isinstance(value, bytes):
            lines += [head, *tree_lines(value, depth + 1)]
            continue
        lines.append(f"{head}: {_shown(tag, value)}")
        if tag in _OBJECT_LISTS:
            lines += _object_list_lines(value, depth + 1)
    return lines


def _shown(tag: str, value: bytes) -> str:
    text = value.hex().upper()
    if tag == _PAN:
        return masked(text.rstrip("F"))
    if tag == _TRACK2:
        try:
            track2 = Track2.decode(value)
        except FieldError:
            return "(no track 2)"
        return f"{masked(track2.pan)} expires {track2.expiry}"
    readable = value.decode("ascii", "replace")
    return f'{text} "{readable}"' if len(value) > 2 and readable.isprintable() and readable.isascii() else text


def _object_list_lines(value: bytes, depth: int) -> list[str]:
    try:
        entries = tlv.decode_object_list(value)
    except TlvError:
        return []
    names = ((tag, length, DATA_ELEMENTS.get(tag)) for tag, length in entries)
    return [f"{'  ' * depth}{tag} {element.name if element else ''}, {length} bytes" for tag, length, element in names]


def decode_verb(text: str) -> int:
    """Print a tree; returns the exit code."""
    try:
        objects = tlv.decode(bytes.fromhex("".join(text.split())))
    except (TlvError, ValueError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in tree_lines(objects)))
    return 0
