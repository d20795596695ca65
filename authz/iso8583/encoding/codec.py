"""A codec for any dialect: fields to bytes and back. Readable rather than fast; the hot path has `scan`.

A message is a mapping from field number to text: 0 is the message type, 2 to 128 are the fields, to 192 in a dialect
with a third bitmap; binary fields are upper-case hexadecimal. Bitmaps are implied. `HEADER` is what stands in front,
where the dialect has a header.
"""

import codecs
import unicodedata
from collections.abc import Mapping

from authz.iso8583.dialects.fields import BEHIND_THE_SECOND, FIELDS, HEADER, Dialect, FieldSpec
from authz.iso8583.dialects.possible_values import impossible_value
from authz.iso8583.format_errors import (
    BAD_CHARACTERS,
    BAD_CONTENT,
    BAD_LENGTH,
    CUT_OFF,
    KINDS,
    TRAILING_BYTES,
    FormatError,
)
from authz.iso8583.message_types import is_of_another_version

Message = dict[int, str]

_SIGNS = ("C", "D")
_PADDING = ("0", "F")
"""What stands for nothing in half a byte, whichever of them a table writes."""


class MessageError(ValueError):
    """A message that does not fit its dialect.

    field: number of the field, 0 for the message type, 1 for a bitmap, `HEADER`, None for bytes after the last field.
    offset: where in the message; None where the message is whole, and a value of it cannot be.
    fields: what was read before it.  kind: of the format error, see `format_errors`; part: of the field.
    The text never holds a field's content.
    """

    def __init__(
        self,
        field: int | None,
        offset: int | None,
        reason: str,
        fields: Message | None = None,
        *,
        kind: int = BAD_CONTENT,
        part: str = "",
    ) -> None:
        names = {None: "trailing bytes", HEADER: "header", 0: "message type"}
        where = names.get(field, f"field {field}")
        super().__init__(f"{where}{'' if offset is None else f' at byte {offset}'}: {reason}")
        self.field = field
        self.offset = offset
        self.reason = reason
        self.fields = fields if fields is not None else {}
        self.error = FormatError(max(field or 0, 0), kind, part)


def encode(message: Mapping[int, str], dialect: Dialect) -> bytes:
    """Encode a message. Raises: MessageError naming the field."""
    implied = _implied_fields(dialect)
    numbers = sorted(number for number in message if number not in implied)
    last = len(dialect.fields) - 1
    if numbers and not 2 <= numbers[0] <= numbers[-1] <= last:
        raise MessageError(1, 0, f"fields are numbered 2 to {last}")
    has_third = bool(numbers) and numbers[-1] > FIELDS
    if has_third and dialect.third_bitmap != BEHIND_THE_SECOND:
        numbers = sorted([*numbers, dialect.third_bitmap])
    bitmap = _bitmap(numbers)
    if has_third and dialect.third_bitmap == BEHIND_THE_SECOND:
        bitmap[0] |= 0x80
        bitmap[8] |= 0x80
        in_front = bitmap
    elif any(bitmap[8:16]):
        bitmap[0] |= 0x80
        in_front = bitmap[:16]
    else:
        in_front = bitmap[:8]
    encoded = bytearray(_encode_header(message, dialect))
    encoded += _encode_field(0, message.get(0, ""), dialect.message_type, len(encoded))
    for start in range(0, len(in_front), 8):
        spec = dialect.fields[1] if start else dialect.primary_bitmap
        encoded += _encode_field(1, in_front[start : start + 8].hex().upper(), spec, len(encoded))
    for number in numbers:
        value = bitmap[16:].hex().upper() if number in implied else message[number]
        encoded += _encode_field(number, value, dialect.fields[number], len(encoded))
    return bytes(encoded)


def _implied_fields(dialect: Dialect) -> set[int]:
    """What the bitmap does not announce: header, message type, and the fields that are bitmaps."""
    if not dialect.third_bitmap:
        return {HEADER, 0, 1}
    return {HEADER, 0, 1, 65 if dialect.third_bitmap == BEHIND_THE_SECOND else dialect.third_bitmap}


def _bitmap(numbers: list[int]) -> bytearray:
    """A bit for each field, in three bitmaps."""
    bitmap = bytearray(24)
    for number in numbers:
        bitmap[(number - 1) // 8] |= 0x80 >> (number - 1) % 8
    return bitmap


def _encode_header(message: Mapping[int, str], dialect: Dialect) -> bytes:
    """The header, zeros where the message has none."""
    text = message.get(HEADER, "00" * dialect.header_bytes)
    if not dialect.header_bytes:
        return b""
    try:
        header = bytes.fromhex(text)
    except ValueError:
        header = b""
    if len(header) != dialect.header_bytes:
        raise MessageError(HEADER, 0, f"is not {dialect.header_bytes} bytes in hexadecimal")
    return header


def _encode_field(number: int, value: str, spec: FieldSpec, offset: int) -> bytes:
    if spec.is_unused:
        raise MessageError(number, offset, "is not in the dialect")
    data = _encode_content(number, value, spec, offset)
    length = _length_of(value, data, spec)
    if spec.length_bytes == 0 and length != spec.max_length:
        raise MessageError(number, offset, f"has length {length} instead of {spec.max_length}")
    if length > spec.max_length:
        raise MessageError(number, offset, f"has length {length}, more than {spec.max_length}")
    if spec.is_filled:
        data = data.ljust(spec.max_length, b"\0" if spec.is_binary else " ".encode(spec.data_encoding))
    return _encode_length(number, length, spec, offset) + data


def _encode_content(number: int, value: str, spec: FieldSpec, offset: int) -> bytes:
    """A value without the length in front."""
    if not spec.is_binary:
        return _encode_characters(number, value, spec, offset)
    sign = b""
    if spec.has_sign:
        if value[:1] not in _SIGNS:
            raise MessageError(number, offset, "does not begin with C or D")
        sign, value = _encode_text(number, value[0], spec.sign_encoding, offset), value[1:]
    if spec.content == "z" or spec.counts_nibbles:
        value = value.replace("=", "D")  # the separator of track 2 in half-bytes
    if len(value) % 2:
        value = spec.left_pad + value + ("" if spec.left_pad else spec.right_pad)
    try:
        return sign + bytes.fromhex(value)
    except ValueError:
        raise MessageError(number, offset, "is not an even number of hexadecimal digits") from None


def _encode_characters(number: int, value: str, spec: FieldSpec, offset: int) -> bytes:
    """Text. Where characters take several bytes, blanks at the end of a field of fixed length make room for them."""
    if spec.length_counts == "pairs" and len(value) % 2:
        raise MessageError(number, offset, "is not an even number of hexadecimal digits")
    data = _encode_text(number, value, spec.data_encoding, offset)
    excess = len(data) - spec.max_length
    if 0 < excess <= len(data) - len(value) and spec.length_bytes == 0 and data.endswith(b" " * excess):
        return data[:-excess]
    return data


def _length_of(value: str, data: bytes, spec: FieldSpec) -> int:
    """How long a value is, as its table counts."""
    match spec.length_counts:
        case "nibbles" | "characters":
            return len(value)
        case "pairs":
            return len(value) // 2
        case _:
            return len(data)


def _encode_text(number: int, value: str, encoding: str, offset: int) -> bytes:
    try:
        return value.encode(encoding)
    except UnicodeError:
        raise MessageError(number, offset, f"has characters outside {encoding}") from None


def _encode_length(number: int, length: int, spec: FieldSpec, offset: int) -> bytes:
    if spec.length_bytes == 0:
        return b""
    match spec.length_encoding:
        case "b":
            return length.to_bytes(spec.length_bytes, "big")
        case "bcd":
            return bytes.fromhex(str(length).rjust(2 * spec.length_bytes, "0"))
        case encoding:
            return _encode_text(number, str(length).rjust(spec.length_bytes, "0"), encoding, offset)


def decode(data: bytes, dialect: Dialect) -> Message:
    """Decode a whole message.

    Raises: MessageError naming the field and holding what was read before it.
    """
    return _decoded(data, dialect, is_checked=False)


def decode_checked(data: bytes, dialect: Dialect) -> Message:
    """Decode a whole message, and hold each field against what it can be: its characters, dates, times and codes.

    In another version than that of 1987 dates and times have another form, and are not checked.
    Raises: MessageError as `decode` does; where a value cannot be, it holds the whole message.
    """
    message = _decoded(data, dialect, is_checked=True)
    impossible = None if is_of_another_version(message[0]) else impossible_value(message)
    if impossible is not None:
        verb = KINDS[impossible.kind].verb
        raise MessageError(impossible.field, None, verb, message, kind=impossible.kind)
    return message


def fitting(message: Mapping[int, str], dialect: Dialect) -> Message:
    """A message without the fields that a dialect has no room for."""
    fits: Message = {}
    for number, value in message.items():
        if number >= len(dialect.fields):
            continue
        if number > 1:
            try:
                _encode_field(number, value, dialect.fields[number], 0)
            except MessageError:
                continue
        fits[number] = value
    return fits


def _decoded(data: bytes, dialect: Dialect, *, is_checked: bool) -> Message:
    message: Message = {}
    reader = _Reader(data, message, is_checked=is_checked)
    if dialect.header_bytes:
        message[HEADER] = reader.header(dialect.header_bytes)
    message[0] = reader.field(0, dialect.message_type)
    if not (message[0].isascii() and message[0].isdigit()):
        del message[0]
        raise MessageError(0, 0, "is not four digits", message, kind=BAD_CHARACTERS)
    bitmap = reader.bitmap(1, dialect.primary_bitmap)
    if bitmap[0] & 0x80:
        bitmap += reader.bitmap(1, dialect.fields[1])
    if dialect.third_bitmap == BEHIND_THE_SECOND and len(bitmap) == 16 and bitmap[8] & 0x80:
        bitmap += reader.bitmap(1, dialect.fields[1])
    implied, number = _implied_fields(dialect), 1
    while (number := number + 1) <= len(bitmap) * 8:
        if not bitmap[(number - 1) // 8] & 0x80 >> (number - 1) % 8:
            continue
        if number not in implied:
            message[number] = reader.field(number, dialect.fields[number])
        elif dialect.third_bitmap == number:
            bitmap = bitmap.ljust(16, b"\0") + reader.bitmap(number, dialect.fields[number])
    if reader.offset != len(data):
        left = len(data) - reader.offset
        raise MessageError(None, reader.offset, f"{left} bytes", message, kind=TRAILING_BYTES)
    return message


class _Reader:
    """A position in a message, and what was read so far."""

    def __init__(self, data: bytes, message: Message, *, is_checked: bool) -> None:
        self._data = data
        self._message = message
        self._is_checked = is_checked
        self.offset = 0

    def _error(self, number: int, reason: str, kind: int = BAD_CONTENT) -> MessageError:
        return MessageError(number, self.offset, reason, self._message, kind=kind)

    def _take(self, number: int, count: int) -> bytes:
        taken = self._data[self.offset : self.offset + count]
        if len(taken) != count:
            raise self._error(number, f"is cut off: {count} bytes expected, {len(taken)} there", CUT_OFF)
        return taken

    def header(self, count: int) -> str:
        raw = self._take(HEADER, count)
        self.offset += count
        return raw.hex().upper()

    def bitmap(self, number: int, spec: FieldSpec) -> bytes:
        text = self.field(number, spec)
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise self._error(number, "is not hexadecimal", BAD_CHARACTERS) from None

    def field(self, number: int, spec: FieldSpec) -> str:
        if spec.is_unused:
            raise self._error(number, "is not in the dialect")
        length = self._length(number, spec)
        if not spec.is_binary:
            raw = self._characters(number, length, spec)
            text = self._text(number, raw, spec.data_encoding)
            if spec.length_bytes == 0:
                text = text.ljust(length)  # a character of several bytes took the room of the blanks
        elif spec.has_sign:
            raw = self._take(number, 1 + length // 2)
            sign = self._text(number, raw[:1], spec.sign_encoding)
            if sign not in _SIGNS:
                raise self._error(number, "does not begin with C or D", BAD_CHARACTERS)
            text = sign + self._half_bytes(number, raw[1:], length - 1, spec)
        elif spec.counts_nibbles:
            raw = self._take(number, (length + 1) // 2)
            text = self._half_bytes(number, raw, length, spec)
        else:
            raw = self._take(number, length)
            text = raw.hex().upper()
            if spec.is_pad_stripped:
                text = text.removesuffix(spec.right_pad)
        if self._is_checked and not _has_own_characters(text, spec):
            raise self._error(number, KINDS[BAD_CHARACTERS].verb, BAD_CHARACTERS)
        self.offset += len(raw)
        if spec.is_filled:
            self.offset += len(self._take(number, spec.max_length - length))
        return text

    def _characters(self, number: int, length: int, spec: FieldSpec) -> bytes:
        """The bytes of a text."""
        match spec.length_counts:
            case "characters":
                return self._so_many_characters(number, length, spec.data_encoding)
            case "pairs":
                return self._take(number, 2 * length)
            case _:
                return self._take(number, length)

    def _so_many_characters(self, number: int, length: int, encoding: str) -> bytes:
        """As many bytes as so many characters take, which shows only in reading them."""
        decoder, count, characters = codecs.getincrementaldecoder(encoding)(), 0, 0
        while characters < length:
            count += 1
            taken = self._take(number, count)
            try:
                characters += len(decoder.decode(taken[-1:]))
            except UnicodeError:
                raise self._error(number, f"is not {encoding}", BAD_CHARACTERS) from None
        return self._take(number, count)

    def _text(self, number: int, raw: bytes, encoding: str) -> str:
        try:
            return raw.decode(encoding)
        except UnicodeError:
            raise self._error(number, f"is not {encoding}", BAD_CHARACTERS) from None

    def _half_bytes(self, number: int, raw: bytes, count: int, spec: FieldSpec) -> str:
        """Digits of a field. An odd count has a half-byte of padding, on the left unless the dialect differs."""
        padded = raw.hex().upper()
        if count % 2 == 0:
            return padded
        pad, text = (padded[-1], padded[:-1]) if spec.right_pad else (padded[0], padded[1:])
        if pad not in (*_PADDING, spec.right_pad or spec.left_pad):
            raise self._error(number, "has a digit where its table has padding")
        return text

    def _length(self, number: int, spec: FieldSpec) -> int:
        if spec.length_bytes == 0:
            return spec.max_length
        raw = self._take(number, spec.length_bytes)
        match spec.length_encoding:
            case "b":
                digits = str(int.from_bytes(raw, "big"))
            case "bcd":
                digits = raw.hex()
            case encoding:
                digits = raw.decode(encoding, "replace")
        if not (digits.isascii() and digits.isdigit()):
            raise self._error(number, "has a length that is not a number", BAD_LENGTH)
        if int(digits) > spec.max_length:
            raise self._error(number, f"has length {int(digits)}, more than {spec.max_length}", BAD_LENGTH)
        self.offset += len(raw)
        return int(digits)


def _has_own_characters(text: str, spec: FieldSpec) -> bool:
    """Whether a field holds what its class may: digits (n), C or D and digits (x+n), or none that only control (Cc)."""
    if spec.content == "x+n":
        return text[:1] in _SIGNS and _are_digits(text[1:])
    if spec.content == "n":
        return _are_digits(text)
    return spec.is_binary or all(unicodedata.category(character) != "Cc" for character in text)


def _are_digits(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit())
