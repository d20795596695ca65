"""Where the fields of a message were found when it was decoded."""

from typing import NamedTuple


class FieldPlace(NamedTuple):
    """One part of a message, in bytes from its beginning.

    number: of the field; 0 for the message type, 1 for each of the bitmaps in front, `HEADER` for the header.
    start: where it begins, with the length in front of it.  value: where its value begins.
    end: behind its last byte.  Every part begins where the one before it ends.
    """

    number: int
    start: int
    value: int
    end: int


FieldPlaces = list[FieldPlace]
"""The parts of a message in their order; decoding notes those that it could read."""


def start_of(number: int, places: FieldPlaces) -> int | None:
    """Where a field begins, None where the message has none of this number."""
    return next((place.start for place in places if place.number == number), None)
