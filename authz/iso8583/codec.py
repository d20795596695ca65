"""A codec for any dialect: fields to bytes and back. Readable rather than fast; the hot path has `scan`.

A message is a mapping from field number to text: 0 is the message type, 2 to 128 are the fields; binary fields are
upper-case hexadecimal. Bitmaps are implied. `HEADER` is what stands in front, where the dialect has a header.
"""

from collections.abc import Mapping

from authz.iso8583.fields import FIELDS, HEADER, Dialect, FieldSpec

Message = dict[int, str]


class MessageError(ValueError):
    """A message that does not fit its dialect.

    field: number of the field, 0 for the message type, 1 for a bitmap, `HEADER`, None for bytes after the last field.
    fields: what was read before it. The text never holds a field's content.
    """

    def __init__(self, field: int | None, offset: int, reason: str, fields: Message | None = None) -> None:
        names = {None: "trailing bytes", HEADER: "header", 0: "message type"}
        where = names.get(field, f"field {field}")
        super().__init__(f"{where} at byte {offset}: {reason}")
        self.field = field
        self.offset = offset
        self.reason = reason
        self.fields = fields if fields is not None else {}


def encode(message: Mapping[int, str], dialect: Dialect) -> bytes:
    """Encode a message. Raises: MessageError naming the field."""
    numbers = sorted(number for number in message if number not in (HEADER, 0, 1))
    if numbers and not 2 <= numbers[0] <= numbers[-1] <= FIELDS:
        raise MessageError(1, 0, f"fields are numbered 2 to {FIELDS}")
    bitmap = bytearray(16)
    for number in numbers:
        bitmap[(number - 1) // 8] |= 0x80 >> (number - 1) % 8
    has_secondary = any(bitmap[8:])
    if has_secondary:
        bitmap[0] |= 0x80
    encoded = bytearray(_encode_header(message, dialect))
    encoded += _encode_field(0, message.get(0, ""), dialect.message_type, len(encoded))
    encoded += _encode_field(1, bitmap[:8].hex().upper(), dialect.primary_bitmap, len(encoded))
    if has_secondary:
        encoded += _encode_field(1, bitmap[8:].hex().upper(), dialect.fields[1], len(encoded))
    for number in numbers:
        encoded += _encode_field(number, message[number], dialect.fields[number], len(encoded))
    return bytes(encoded)


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
    length = len(value) if spec.counts_nibbles or not spec.is_binary else (len(value) + 1) // 2
    if spec.length_bytes == 0 and length != spec.max_length:
        raise MessageError(number, offset, f"has length {length} instead of {spec.max_length}")
    if length > spec.max_length:
        raise MessageError(number, offset, f"has length {length}, more than {spec.max_length}")
    sign = b""
    if spec.has_sign:
        sign, value = _encode_text(number, value[:1], "ascii", offset), value[1:]
    if spec.is_binary:
        if spec.content == "z":
            value = value.replace("=", "D")  # track 2 in half-bytes knows no other separator
        if len(value) % 2:
            value = spec.left_pad + value + ("" if spec.left_pad else spec.right_pad)
        try:
            data = bytes.fromhex(value)
        except ValueError:
            raise MessageError(number, offset, "is not an even number of hexadecimal digits") from None
    else:
        data = _encode_text(number, value, spec.data_encoding, offset)
    return _encode_length(number, length, spec, offset) + sign + data


def _encode_text(number: int, value: str, encoding: str, offset: int) -> bytes:
    try:
        return value.encode(encoding)
    except UnicodeEncodeError:
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
    message: Message = {}
    reader = _Reader(data, message)
    if dialect.header_bytes:
        message[HEADER] = reader.header(dialect.header_bytes)
    message[0] = reader.field(0, dialect.message_type)
    if not (message[0].isascii() and message[0].isdigit()):
        del message[0]
        raise MessageError(0, 0, "is not four digits", message)
    bitmap = reader.bitmap(dialect.primary_bitmap)
    if bitmap[0] & 0x80:
        bitmap += reader.bitmap(dialect.fields[1])
    for number in range(2, len(bitmap) * 8 + 1):
        if bitmap[(number - 1) // 8] & 0x80 >> (number - 1) % 8:
            message[number] = reader.field(number, dialect.fields[number])
    if reader.offset != len(data):
        raise MessageError(None, reader.offset, f"{len(data) - reader.offset} bytes", message)
    return message


class _Reader:
    """A position in a message, and what was read so far."""

    def __init__(self, data: bytes, message: Message) -> None:
        self._data = data
        self._message = message
        self.offset = 0

    def _error(self, number: int, reason: str) -> MessageError:
        return MessageError(number, self.offset, reason, self._message)

    def _take(self, number: int, count: int) -> bytes:
        taken = self._data[self.offset : self.offset + count]
        if len(taken) != count:
            raise self._error(number, f"is cut off: {count} bytes expected, {len(taken)} there")
        return taken

    def header(self, count: int) -> str:
        raw = self._take(HEADER, count)
        self.offset += count
        return raw.hex().upper()

    def bitmap(self, spec: FieldSpec) -> bytes:
        text = self.field(1, spec)
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise self._error(1, "is not hexadecimal") from None

    def field(self, number: int, spec: FieldSpec) -> str:
        length = self._length(number, spec)
        if not spec.is_binary:
            raw = self._take(number, length)
            try:
                text = raw.decode(spec.data_encoding)
            except UnicodeDecodeError:
                raise self._error(number, f"is not {spec.data_encoding}") from None
        elif spec.has_sign:
            raw = self._take(number, 1 + length // 2)
            text = raw[:1].decode("latin-1") + raw[1:].hex().upper()
        elif spec.counts_nibbles:
            raw = self._take(number, (length + 1) // 2)
            padded = raw.hex().upper()
            # An odd count leaves one half-byte of padding, on the left unless the table says right.
            drop_left = length % 2 == 1 and not spec.right_pad
            text = padded[1:] if drop_left else padded[:length]
        else:
            raw = self._take(number, length)
            text = raw.hex().upper()
        self.offset += len(raw)
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
            raise self._error(number, "has a length that is not a number")
        if int(digits) > spec.max_length:
            raise self._error(number, f"has length {int(digits)}, more than {spec.max_length}")
        self.offset += len(raw)
        return int(digits)
