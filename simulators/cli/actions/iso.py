"""``tapwright iso``: decode, encode and send ISO 8583 messages in any dialect."""

import re
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import HEADER, Dialect, DialectError
from authz.iso8583.dissection.card_data import shown_fields
from authz.iso8583.dissection.dissected_message import Dissected
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import FormatError
from authz.vocabulary.reasons import ANSWERS
from simulators.cli.actions.emv import tree_lines
from simulators.cli.flags.arguments import DEFAULT_DIALECT
from simulators.cli.flags.server_address import UsageError, no_host
from simulators.message_tools.hexadecimal import NotHexadecimal, bytes_of
from simulators.terminals.iso_link import IsoLink, LineDown, LinkError
from tokenvault.emv.encodings import tlv
from tokenvault.emv.errors import TlvError

_FIELD = re.compile(r"(h|\d{1,3})=(.*)", re.DOTALL)
_CHIP = 55
_IN_ASCII = b"0100".hex()
FORMAT_ERROR, _FORMAT_ERROR = "30", "format error"
"""DE 39 of an answer to a malformed message, in words."""


class MessageTextError(ValueError):
    """A text that is not a message; the error names what is wrong."""


def message_of(parts: Sequence[str]) -> codec.Message:
    """A message from parts such as ``0=0100`` and ``4=000000001250``. Raises: MessageTextError."""
    message: codec.Message = {}
    for part in parts:
        found = _FIELD.fullmatch(part)
        if found is None:
            raise MessageTextError(f"{part!r} is not NUMBER=VALUE")
        number = HEADER if found[1] == "h" else int(found[1])
        if number in message:
            raise MessageTextError(f"field {number} occurs twice")
        message[number] = found[2]
    if 0 not in message:
        raise MessageTextError("the message type is missing: give field 0, such as 0=0100")
    return message


def show_message(message: codec.Message, dialect: Dialect, console: Console) -> None:
    """Print a message field by field, nothing if it has none; numbers of cards masked, PINs left out."""
    fields = shown_fields(message)
    if not fields:
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("field", "name", "value"):
        table.add_column(heading, justify="right" if heading == "field" else "left", overflow="fold")
    for number, value in fields.items():
        spec = dialect.message_type if number == "0" else dialect.fields[int(number)]
        chip = _chip_lines(value) if int(number) == _CHIP else []
        table.add_row(number, spec.name, value if not chip else f"{len(value) // 2} bytes")
        for line in chip:
            table.add_row("", "", line)
        if number == "39":
            meanings = [reason.code for reason, answer in ANSWERS.items() if answer.response_code == value]
            meanings += [_FORMAT_ERROR] if value == FORMAT_ERROR else []
            table.add_row("", "", f"({', '.join(meanings)})" if meanings else "")
        error = FormatError.read(value) if number == "44" else None
        if error is not None:
            table.add_row("", "", f"({error.sentence})")
    console.print(table)


def _chip_lines(value: str) -> list[str]:
    try:
        return tree_lines(tlv.decode(bytes.fromhex(value)))
    except (TlvError, ValueError):
        return []


def decode_verb(dialect_name: str, text: str, *, is_framed: bool) -> int:
    """Print a message; returns the exit code: 1 where it is none, after printing what could be read.

    Raises: UsageError.
    """
    console = Console()
    try:
        dialect, encoded = dialect_named(dialect_name), bytes_of(text, "the message")
    except (DialectError, NotHexadecimal) as error:
        raise UsageError(str(error)) from None
    if is_framed:
        encoded = encoded[dialect.framing.length_bytes :]
    dissected = Dissected.of(encoded, dialect)
    show_message(dissected.message, dialect, console)
    refused = dissected.error
    if refused is not None:
        return _refused(refused if refused.field != 0 else f"{refused} ({_message_type_hint(dialect)})")
    return 0


def _message_type_hint(dialect: Dialect) -> str:
    """What a message should begin with."""
    begins = codec.encode({0: "0100"}, dialect)[dialect.header_bytes :].hex().upper()
    if begins.startswith(_IN_ASCII):
        return f"dialect {dialect.name}: the type is four ASCII digits, {_IN_ASCII}; for BCD use --dialect bcd_1987"
    wanted = "two bytes in BCD, 0100" if dialect.message_type.counts_nibbles else f"four characters, {begins[:8]}"
    return f"dialect {dialect.name}: the type is {wanted}; for ASCII use --dialect {DEFAULT_DIALECT}"


def encode_verb(dialect_name: str, parts: Sequence[str], *, is_framed: bool) -> int:
    """Print a message's bytes in hexadecimal; returns the exit code. Raises: UsageError."""
    try:
        dialect = dialect_named(dialect_name)
        encoded = codec.encode(message_of(parts), dialect)
    except (DialectError, MessageTextError, codec.MessageError) as error:
        raise UsageError(str(error)) from None
    sys.stdout.write((dialect.framing.framed(encoded) if is_framed else encoded).hex().upper() + "\n")
    return 0


def send_verb(dialect_name: str, parts: Sequence[str], address: tuple[str, int], seconds: float) -> int:
    """Send a message and print its answer; returns the exit code. Raises: UsageError, before anything is sent."""
    try:
        dialect = dialect_named(dialect_name)
        message = message_of(parts)
        _check_sendable(message, dialect)
    except codec.MessageError as error:
        raise UsageError(f"nothing was sent: {_by_name(error, dialect)}") from None
    except (DialectError, MessageTextError) as error:
        raise UsageError(str(error)) from None
    link = IsoLink(address, timeout=seconds, dialect=dialect)
    try:
        answer = link.exchange(message)
    except LineDown as error:
        return _refused(no_host(error))
    except LinkError as error:
        return _refused(error)
    finally:
        link.close()
    show_message(answer, dialect, Console())
    return 0


def _check_sendable(message: codec.Message, dialect: Dialect) -> None:
    """Raises: MessageError naming a field that no host could read, so that no answer would name this message.

    What can be read and cannot be, such as a month 13, is sent: how a host answers that is worth seeing.
    """
    encoded = codec.encode(message, dialect)
    try:
        codec.decode_checked(encoded, dialect)
    except codec.MessageError as error:
        if error.offset is not None:
            raise


def _by_name(error: codec.MessageError, dialect: Dialect) -> str:
    """What is wrong with a field, with its name; which byte it begins at says nothing about a message not sent."""
    if error.offset is None or error.field is None or error.field <= 1:
        return str(error)
    return f"{dialect.fields[error.field].place(error.field) or f'field {error.field}'} {error.reason}"


def _refused(error: Exception | str) -> int:
    sys.stderr.write(f"tapwright: {error}\n")
    return 1
