"""``tapwright emv decode``: prints EMV data as a tree of named objects."""

import sys
from collections.abc import Iterable

from simulators.cli.flags.server_address import UsageError
from simulators.message_tools.hexadecimal import NotHexadecimal, bytes_of
from tokenvault.emv.encodings import issuer_data, tlv
from tokenvault.emv.encodings.card_data import is_card_data, shown_value
from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS
from tokenvault.emv.errors import EmvError, TlvError

_OBJECT_LISTS = {"8C", "8D", "97", "9F38", "9F49", "9F4F", "9F51"}
_ISSUER_DATA = "9F10"


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
        lines.append(f"{head}: {_shown(tag, value)}{_length_remark(tag, value)}")
        if tag in _OBJECT_LISTS:
            lines += _object_list_lines(value, depth + 1)
        elif tag == _ISSUER_DATA:
            lines += _issuer_data_lines(value, depth + 1)
    return lines


def _shown(tag: str, value: bytes) -> str:
    text = shown_value(tag, value)
    readable = value.decode("ascii", "replace")
    is_text = not is_card_data(tag) and len(value) > 2 and readable.isprintable() and readable.isascii()
    return f'{text} "{readable}"' if is_text else text


def _length_remark(tag: str, value: bytes) -> str:
    element = DATA_ELEMENTS.get(tag)
    if element is None or element.has_length(len(value)):
        return ""
    wanted = f"{element.length_min}"
    if element.length_bytes is None:
        wanted += f" to {element.length_max}"
    return f" ({len(value)} bytes, where {wanted} are defined)"


def _issuer_data_lines(value: bytes, depth: int) -> list[str]:
    try:
        data = issuer_data.split(value)
    except EmvError:
        return []
    return [f"{'  ' * depth}{data.layout}"] + [
        f"{'  ' * (depth + 1)}{name}: {part.hex().upper()}" for name, part in data.fields
    ]


def _object_list_lines(value: bytes, depth: int) -> list[str]:
    try:
        entries = tlv.decode_object_list(value)
    except TlvError:
        return []
    names = ((tag, length, DATA_ELEMENTS.get(tag)) for tag, length in entries)
    return [f"{'  ' * depth}{tag} {element.name if element else ''}, {length} bytes" for tag, length, element in names]


def decode_verb(text: str) -> int:
    """Print a tree; returns the exit code: 1 where it is none. Raises: UsageError."""
    try:
        objects = tlv.decode(bytes_of(text, "the EMV data"))
    except NotHexadecimal as error:
        raise UsageError(str(error)) from None
    except TlvError as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in tree_lines(objects)))
    return 0
