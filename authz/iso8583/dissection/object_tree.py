"""DE 55 as a tree of data objects with their names and places."""

from dataclasses import dataclass, field

from authz.iso8583.dissection.known_numbers import KnownNumbers, Spans
from tokenvault.emv.encodings import card_data, tlv
from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS


@dataclass(frozen=True)
class DissectedObject:
    """One data object. tag: hexadecimal.  name: empty where the tag is not registered.

    value: hexadecimal as it may be shown, None for a constructed object.
    offset, length: in the message, tag and length included.  value_offset: where its value begins. All in bytes.
    """

    tag: str
    name: str
    value: str | None
    offset: int
    length: int
    value_offset: int
    children: "list[DissectedObject]" = field(default_factory=list)


@dataclass(frozen=True)
class ObjectTree:
    """The data objects of a DE 55, as they are in a message.

    base: where the value of the field begins in the message.  width: how many bytes of the message one byte takes.
    """

    content: bytes = field(repr=False)
    objects: list[tlv.PlacedObject] = field(repr=False)
    base: int
    width: int

    @classmethod
    def read(cls, value: str, base: int, width: int) -> "ObjectTree":
        """value: hexadecimal. Raises: EmvError; ValueError for what is no hexadecimal."""
        content = bytes.fromhex(value)
        return cls(content, tlv.decode_placed(content), base, width)

    def card_numbers(self) -> set[str]:
        """The numbers of cards in it."""
        numbers: set[str] = set()
        for each in _leaves(self.objects):
            value = self.content[each.value : each.end]
            certain = card_data.card_number(each.tag, value)
            numbers |= {certain} if certain is not None else card_data.possible_numbers(each.tag, value)
        return numbers

    def hidden(self) -> Spans:
        """Where values are that must not be shown."""
        return [
            (self._place(each.value), self._place(each.end))
            for each in _leaves(self.objects)
            if card_data.is_card_data(each.tag)
            or card_data.possible_numbers(each.tag, self.content[each.value : each.end])
        ]

    def shown(self, numbers: KnownNumbers) -> list[DissectedObject]:
        """The tree for people."""
        return [self._shown(each, numbers) for each in self.objects]

    def _shown(self, placed: tlv.PlacedObject, numbers: KnownNumbers) -> DissectedObject:
        element = DATA_ELEMENTS.get(placed.tag)
        value = None
        if placed.children is None:
            value = numbers.masked_in(card_data.shown_value(placed.tag, self.content[placed.value : placed.end]))
        return DissectedObject(
            placed.tag,
            element.name if element is not None else "",
            value,
            self._place(placed.start),
            self.width * (placed.end - placed.start),
            self._place(placed.value),
            [self._shown(each, numbers) for each in placed.children or ()],
        )

    def _place(self, offset: int) -> int:
        return self.base + self.width * offset


def _leaves(objects: list[tlv.PlacedObject]) -> list[tlv.PlacedObject]:
    found: list[tlv.PlacedObject] = []
    for each in objects:
        found += [each] if each.children is None else _leaves(each.children)
    return found
