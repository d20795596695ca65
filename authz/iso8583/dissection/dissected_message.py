"""A message taken apart: its fields in their order, each with name, format, value and place.

Nothing here shows the number of a card, track data, a PIN or a key, neither as a value nor in the message's octets.
What was read of a message before it broke off may be something else that was shifted into its place, so of such a
message only the places, the message type and DE 11 are shown, by which its sender recognizes it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from authz.iso8583.dialects.fields import HEADER, Dialect, FieldSpec
from authz.iso8583.dissection import card_data
from authz.iso8583.dissection.known_numbers import KnownNumbers, Spans, hexadecimal_without
from authz.iso8583.dissection.object_tree import DissectedObject, ObjectTree
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.field_places import FieldPlace, FieldPlaces, start_of
from tokenvault.emv.encodings import tlv
from tokenvault.emv.errors import EmvError

_CHIP_DATA = 55
_IDENTIFYING = (0, 11)
"""What is shown of a message that breaks off."""
_BITMAPS = ("Primary bitmap", "Secondary bitmap", "Third bitmap")


@dataclass(frozen=True)
class DissectedField:
    """One part of a message. number: as in `FieldPlace`, None for the header.

    value: as it may be shown; None in a message that breaks off.  objects: those in DE 55.
    offset, length: the length in front included.  value_offset: where the value begins. All in bytes.
    """

    number: int | None
    name: str
    format: str
    value: str | None
    offset: int
    length: int
    value_offset: int
    objects: list[DissectedObject] = field(default_factory=list)


@dataclass(frozen=True)
class Dissected:
    """A message, taken apart once. error: why it cannot be accepted, None where it can.

    message: what was read of it, not for people.  is_whole: whether all of it was read, whatever its values may be.
    """

    dialect: Dialect
    encoded: bytes = field(repr=False)
    message: codec.Message = field(repr=False)
    places: FieldPlaces = field(repr=False)
    error: codec.MessageError | None
    is_whole: bool

    @classmethod
    def of(cls, encoded: bytes, dialect: Dialect) -> "Dissected":
        """Take a message apart, whatever it is."""
        places: FieldPlaces = []
        try:
            message = codec.decode_checked(encoded, dialect, places)
        except codec.MessageError as error:  # without an offset where the whole message was read
            return cls(dialect, encoded, error.fields, places, error, is_whole=error.offset is None)
        return cls(dialect, encoded, message, places, _chip_data_error(message, places), is_whole=True)

    @property
    def message_type(self) -> str | None:
        """Its message type, where that could be read."""
        return self.message.get(0)

    @property
    def refusal(self) -> str | None:
        """Why it cannot be accepted, as a sentence with the field and the byte where it begins; None where it can."""
        error = self.error
        if error is None or error.offset is not None or error.error.offset is None:
            return None if error is None else str(error)
        return f"field {error.field}, at byte {error.error.offset}, {error.reason}"

    def card_numbers(self) -> set[str]:
        """The numbers of cards in it."""
        tree = self._tree
        return card_data.card_numbers(self.message) | (tree.card_numbers() if tree is not None else set())

    def fields(self, numbers: Iterable[str] = ()) -> list[DissectedField]:
        """Its parts in their order. numbers: further numbers of cards that must not be shown."""
        known, bitmaps = KnownNumbers({*self.card_numbers(), *numbers}), iter(_BITMAPS)
        return [self._field(place, known, bitmaps) for place in self.places]

    def hexadecimal(self, numbers: Iterable[str] = ()) -> str:
        """Its octets, two asterisks for each that must not be shown. numbers: see `fields`."""
        known = KnownNumbers({*self.card_numbers(), *numbers})
        return hexadecimal_without(self.encoded, [*self._hidden(), *known.spans_in(self.encoded)])

    def _field(self, place: FieldPlace, known: KnownNumbers, bitmaps: Iterator[str]) -> DissectedField:
        number, value = place.number, self.message.get(place.number)
        spec = self.dialect.message_type if number == 0 else self.dialect.fields[number] if number > 0 else None
        objects: list[DissectedObject] = []
        if spec is None:
            name, form = "Header", f"b {self.dialect.header_bytes} in binary"
            value = known.masked_in(value or "")
        elif value is None and number != 0:  # a bitmap, which is implied by the fields that it announces
            spec = self.dialect.primary_bitmap if place is self._primary else spec
            name, form = next(bitmaps), format_of(spec)
            value = self.encoded[place.value : place.end].hex().upper()
        else:
            name, form = spec.name, format_of(spec, "n" if number == 0 else "")
            tree = self._tree if number == _CHIP_DATA else None
            objects = tree.shown(known) if tree is not None else []
            value = _shown(number, value or "", known, is_tree=tree is not None)
        if not self.is_whole and number not in _IDENTIFYING:
            value, objects = None, []
        length = place.end - place.start
        return DissectedField(
            None if number == HEADER else number, name, form, value, place.start, length, place.value, objects
        )

    @property
    def _primary(self) -> FieldPlace | None:
        return next((place for place in self.places if place.number == 1), None)

    def _hidden(self) -> Spans:
        """The bytes that must not be shown, whatever numbers are known."""
        if not self.is_whole:
            shown = [place for place in self.places if place.number in _IDENTIFYING]
            edges = [0, *(edge for place in shown for edge in (place.start, place.end)), len(self.encoded)]
            return list(zip(edges[::2], edges[1::2], strict=True))
        hidden = [(place.value, place.end) for place in self.places if card_data.is_card_data(place.number)]
        tree = self._tree
        if tree is not None:
            return [*hidden, *tree.hidden()]
        return [*hidden, *((place.value, place.end) for place in self.places if place.number == _CHIP_DATA)]

    @cached_property
    def _tree(self) -> ObjectTree | None:
        """The data objects in DE 55, None where there are none or where they cannot be read."""
        for place in self.places:
            if place.number == _CHIP_DATA:
                value = self.message[_CHIP_DATA]
                width = 1 if self.dialect.fields[_CHIP_DATA].is_binary else 2
                try:
                    return ObjectTree.read(value, place.value, width)
                except (EmvError, ValueError):
                    return None
        return None


def _chip_data_error(message: codec.Message, places: FieldPlaces) -> codec.MessageError | None:
    """What is wrong where DE 55 is not valid BER-TLV; its offset is that of the field."""
    if _CHIP_DATA not in message:
        return None
    try:
        tlv.decode_placed(bytes.fromhex(message[_CHIP_DATA]))
    except (EmvError, ValueError) as error:
        wrong = str(error) if isinstance(error, EmvError) else "it is not hexadecimal"
        offset = start_of(_CHIP_DATA, places)
        return codec.MessageError(_CHIP_DATA, offset, f"is not valid BER-TLV: {wrong}", message)
    return None


def _shown(number: int, value: str, known: KnownNumbers, *, is_tree: bool) -> str | None:
    """A field's value for people; that of DE 55 is in its objects."""
    if number == _CHIP_DATA:
        return None if is_tree else "(no data objects)"
    return known.masked_in(card_data.shown_value(number, value))


def format_of(spec: FieldSpec, usual: str = "") -> str:
    """How a dialect writes a field, such as ``n ..19 in ascii, length in 2 bytes of ascii``.

    usual: its content class where the table does not say.
    """
    data = ("bcd" if spec.counts_nibbles or spec.has_sign else "binary") if spec.is_binary else spec.data_encoding
    content = spec.content or usual or ("b" if spec.is_binary else "ans")
    if spec.length_bytes == 0:
        return f"{content} {spec.max_length} in {data}"
    length = "binary" if spec.length_encoding == "b" else spec.length_encoding
    counted = "" if spec.length_counts == "bytes" else f", counting {spec.length_counts}"
    return f"{content} ..{spec.max_length} in {data}, length in {spec.length_bytes} bytes of {length}{counted}"
