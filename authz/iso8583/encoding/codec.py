"""A codec for any dialect: fields to bytes and back. Readable rather than fast; the hot path has `scan`.

A message is a mapping from field number to text: 0 is the message type, 2 to 128 are the fields, to 192 in a dialect
with a third bitmap; binary fields are upper-case hexadecimal. Bitmaps are implied. `HEADER` is what stands in front,
where the dialect has a header.
"""

import codecs
from collections.abc import Mapping

from authz.iso8583.dialects.fields import BEHIND_THE_SECOND, FIELDS, HEADER, Dialect, FieldSpec
from authz.iso8583.dialects.possible_values import SIGNS, has_own_characters, impossible_value
from authz.iso8583.encoding.field_places import FieldPlace, FieldPlaces, start_of
from authz.iso8583.encoding.value_lengths import counted, wrong_length
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

_NOT_HEXADECIMAL = "is not an even number of hexadecimal digits"
_PADDING = ("0", "F")
"""What stands for nothing in half a byte, whichever of them a table writes."""


_PLACES = {None: "the rest of the message", HEADER: "header", 0: "message type"}
"""What errors call what is no field."""


class MessageError(ValueError):
    """A message that does not fit its dialect.

    field: number of the field, 0 for the message type, 1 for a bitmap, `HEADER`, None for bytes after the last field.
    offset: where in a message that was read; None in one to be written, or where a value in a whole one cannot be.
    fields: what was read before it.  kind: of the format error, see `format_errors`; part: of the field.
    place: what the text calls it, if not by its number.
    The text never holds content that was read, and of content to be written only what `wrong_length` may show.
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
        place: str = "",
    ) -> None:
        where = place or _PLACES.get(field, f"field {field}")
        super().__init__(f"{where}{'' if offset is None else f', at byte {offset},'} {reason}")
        self.field = field
        self.offset = offset
        self.reason = reason
        self.fields = fields if fields is not None else {}
        self.error = FormatError(max(field or 0, 0), kind, part, offset)


def encode(message: Mapping[int, str], dialect: Dialect) -> bytes:
    """Encode a message. Raises: MessageError naming the field."""
    implied = _implied_fields(dialect)
    numbers = sorted(number for number in message if number not in implied)
    last = len(dialect.fields) - 1
    for number in numbers:
        if not 2 <= number <= last:
            reason = f"there is no such field in {dialect.name}; fields are numbered 2 to {last}"
            raise MessageError(number, None, reason, place=f"field {number}:")
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
    encoded += _encode_field(0, message.get(0, ""), dialect.message_type)
    for start in range(0, len(in_front), 8):
        spec = dialect.fields[1] if start else dialect.primary_bitmap
        encoded += _encode_field(1, in_front[start : start + 8].hex().upper(), spec)
    for number in numbers:
        value = bitmap[16:].hex().upper() if number in implied else message[number]
        encoded += _encode_field(number, value, dialect.fields[number])
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
        raise MessageError(HEADER, None, f"is not {dialect.header_bytes} bytes in hexadecimal")
    return header


def _misfit(number: int, spec: FieldSpec, reason: str) -> MessageError:
    """The error for a value that its field cannot carry."""
    return MessageError(number, None, reason, place=spec.place(number))


def _encode_field(number: int, value: str, spec: FieldSpec) -> bytes:
    if spec.is_unused:
        raise MessageError(number, None, "is not in the dialect")
    data = _encode_content(number, value, spec)
    length = _length_of(value, data, spec)
    if length > spec.max_length or (spec.length_bytes == 0 and length != spec.max_length):
        raise _misfit(number, spec, wrong_length(number, value, spec, length))
    if spec.is_filled:
        data = data.ljust(spec.max_length, b"\0" if spec.is_binary else " ".encode(spec.data_encoding))
    return _encode_length(number, length, spec) + data


def _encode_content(number: int, value: str, spec: FieldSpec) -> bytes:
    """A value without the length in front."""
    if not spec.is_binary:
        return _encode_characters(number, value, spec)
    sign = b""
    if spec.has_sign:
        if value[:1] not in SIGNS:
            raise _misfit(number, spec, "does not begin with C or D")
        sign, value = _encode_text(number, value[0], spec, spec.sign_encoding), value[1:]
    if spec.content == "z" or spec.counts_nibbles:
        value = value.replace("=", "D")  # the separator of track 2 in half-bytes
    if len(value) % 2:
        value = spec.left_pad + value + ("" if spec.left_pad else spec.right_pad)
    try:
        return sign + bytes.fromhex(value)
    except ValueError:
        is_digits = spec.counts_nibbles or spec.has_sign
        raise _misfit(number, spec, "has characters other than digits" if is_digits else _NOT_HEXADECIMAL) from None


def _encode_characters(number: int, value: str, spec: FieldSpec) -> bytes:
    """Text. Where characters take several bytes, blanks at the end of a field of fixed length make room for them."""
    if spec.length_counts == "pairs" and len(value) % 2:
        raise _misfit(number, spec, _NOT_HEXADECIMAL)
    data = _encode_text(number, value, spec, spec.data_encoding)
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


def _encode_text(number: int, value: str, spec: FieldSpec, encoding: str) -> bytes:
    try:
        return value.encode(encoding)
    except UnicodeError:
        raise _misfit(number, spec, f"has characters outside {encoding}") from None


def _encode_length(number: int, length: int, spec: FieldSpec) -> bytes:
    if spec.length_bytes == 0:
        return b""
    match spec.length_encoding:
        case "b":
            return length.to_bytes(spec.length_bytes, "big")
        case "bcd":
            return bytes.fromhex(str(length).rjust(2 * spec.length_bytes, "0"))
        case encoding:
            return _encode_text(number, str(length).rjust(spec.length_bytes, "0"), spec, encoding)


def decode(data: bytes, dialect: Dialect) -> Message:
    """Decode a whole message.

    Raises: MessageError naming the field and holding what was read before it.
    """
    return _decoded(data, dialect, is_checked=False)


def decode_checked(data: bytes, dialect: Dialect, places: FieldPlaces | None = None) -> Message:
    """Decode a whole message, and hold each field against what it can be: its characters, dates, times and codes.

    In another version than that of 1987 dates and times have another form, and are not checked.
    places: where the parts that could be read are is added to it, also before an error is raised.
    Raises: MessageError as `decode` does; where a value cannot be, it holds the whole message.
    """
    noted: FieldPlaces = [] if places is None else places
    message = _decoded(data, dialect, is_checked=True, places=noted)
    impossible = None if is_of_another_version(message[0]) else impossible_value(message)
    if impossible is not None:
        error = MessageError(impossible.field, None, KINDS[impossible.kind].verb, message, kind=impossible.kind)
        error.error = error.error.found_at(start_of(impossible.field, noted))
        raise error
    return message


def fitting(message: Mapping[int, str], dialect: Dialect) -> Message:
    """A message without the fields that a dialect has no room for."""
    fits: Message = {}
    for number, value in message.items():
        if number >= len(dialect.fields):
            continue
        if number > 1:
            try:
                _encode_field(number, value, dialect.fields[number])
            except MessageError:
                continue
        fits[number] = value
    return fits


def _decoded(data: bytes, dialect: Dialect, *, is_checked: bool, places: FieldPlaces | None = None) -> Message:
    message: Message = {}
    reader = _Reader(data, message, [] if places is None else places, is_checked=is_checked)
    if dialect.header_bytes:
        message[HEADER] = reader.header(dialect.header_bytes)
    message[0] = reader.field(0, dialect.message_type)
    if not (message[0].isascii() and message[0].isdigit()):
        del message[0]
        raise MessageError(0, 0, "is not four digits", message, kind=BAD_CHARACTERS)
    bitmap = reader.bitmap("primary bitmap", 1, dialect.primary_bitmap)
    if bitmap[0] & 0x80:
        bitmap += reader.bitmap("secondary bitmap", 1, dialect.fields[1])
    if dialect.third_bitmap == BEHIND_THE_SECOND and len(bitmap) == 16 and bitmap[8] & 0x80:
        bitmap += reader.bitmap("third bitmap", 1, dialect.fields[1])
    implied, number = _implied_fields(dialect), 1
    while (number := number + 1) <= len(bitmap) * 8:
        if not bitmap[(number - 1) // 8] & 0x80 >> (number - 1) % 8:
            continue
        if number not in implied:
            message[number] = reader.field(number, dialect.fields[number])
        elif dialect.third_bitmap == number:
            bitmap = bitmap.ljust(16, b"\0") + reader.bitmap("third bitmap", number, dialect.fields[number])
    if reader.offset != len(data):
        reason = f"belongs to no field: {counted(len(data) - reader.offset, 'byte')}"
        raise MessageError(None, reader.offset, reason, message, kind=TRAILING_BYTES)
    return message


class _Reader:
    """A position in a message, and what was read so far."""

    def __init__(self, data: bytes, message: Message, places: FieldPlaces, *, is_checked: bool) -> None:
        self._data = data
        self._message = message
        self._places = places
        self._is_checked = is_checked
        self._place = ""
        self.offset = 0

    def _error(self, number: int, reason: str, kind: int = BAD_CONTENT) -> MessageError:
        return MessageError(number, self.offset, reason, self._message, kind=kind, place=self._place)

    def _take(self, number: int, count: int) -> bytes:
        taken = self._data[self.offset : self.offset + count]
        if len(taken) != count:
            raise self._error(number, f"is cut off: {counted(count, 'byte')} expected, {len(taken)} there", CUT_OFF)
        return taken

    def header(self, count: int) -> str:
        raw = self._take(HEADER, count)
        self._places.append(FieldPlace(HEADER, 0, 0, count))
        self.offset += count
        return raw.hex().upper()

    def bitmap(self, name: str, number: int, spec: FieldSpec) -> bytes:
        self._place, begin = name, self.offset
        text = self.field(number, spec)
        try:
            bitmap = bytes.fromhex(text)
        except ValueError:
            self.offset = begin
            self._places.pop()
            raise self._error(number, "is not hexadecimal", BAD_CHARACTERS) from None
        self._place = ""
        return bitmap

    def field(self, number: int, spec: FieldSpec) -> str:
        if spec.is_unused:
            raise self._error(number, "is not in the dialect")
        begin = self.offset
        length = self._length(number, spec)
        value = self.offset
        if not spec.is_binary:
            raw = self._characters(number, length, spec)
            text = self._text(number, raw, spec.data_encoding)
            if spec.length_bytes == 0:
                text = text.ljust(length)  # a character of several bytes took the room of the blanks
        elif spec.has_sign:
            raw = self._take(number, 1 + length // 2)
            sign = self._text(number, raw[:1], spec.sign_encoding)
            if sign not in SIGNS:
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
        if self._is_checked and not has_own_characters(text, spec):
            raise self._error(number, KINDS[BAD_CHARACTERS].verb, BAD_CHARACTERS)
        self.offset += len(raw)
        if spec.is_filled:
            self.offset += len(self._take(number, spec.max_length - length))
        self._places.append(FieldPlace(number, begin, value, self.offset))
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
