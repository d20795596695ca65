"""The register of EMV's data elements: how long each may be, and that every entry says what its columns promise."""

from typing import get_args

import pytest

from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS, Format, Source

_ONE_LENGTH = {
    1: "5F34 5F36 5F57 87 88 8F 9C 9F11 9F14 9F17 9F22 9F23 9F27 9F35 9F39 9F3D 9F44 9F53 9F5F 9F64 9F67 9F7E",
    2: "5F28 5F2A 5F30 5F55 82 8A 9B 9F07 9F08 9F09 9F13 9F15 9F1A 9F25 9F36 9F3C 9F42 9F45 9F4D 9F60 9F61 9F65 9F6C",
    3: "42 5F24 5F25 5F56 9A 9F21 9F30 9F33 9F34",
    4: "81 9F04 9F18 9F1B 9F37 9F3A 9F68 9F6A 9F7F",
    5: "85 95 9F0D 9F0E 9F0F 9F40",
    6: "89 9F01 9F02 9F03 9F19 9F50 9F62 9F63",
    8: "9F1C 9F1E 9F26 9F5C",
    15: "9F16",
    20: "98",
    29: "9F24",
}
"""Bytes, and the elements that always have so many."""

_SEVERAL_LENGTHS = {
    (0, 10): "5A",
    (0, 19): "57 9F6B",
    (0, 32): "9F10 9F7C",
    (0, 34): "5F53",
    (0, 76): "56",
    (0, 222): "BF0C",
    (0, 248): "90 92 93 9F2D 9F2F 9F46 9F48 9F4B",
    (0, 250): "9F51 9F69",
    (0, 261): "86",
    (1, 2): "9F6D",
    (1, 3): "9F2E 9F32 9F47",
    (1, 4): "9F43",
    (1, 8): "9F1D 9F2A",
    (1, 16): "50 9F12 9F5A",
    (1, 32): "9F05",
    (2, 4): "9F41 9F66",
    (2, 8): "5F2D 9F3B 9F4C",
    (2, 26): "5F20",
    (3, 4): "9F0C",
    (3, 6): "9F5D",
    (4, 32): "9F6E",
    (5, 16): "4F 84 9D 9F06",
    (5, 252): "9F5B",
    (8, 11): "5F54 9F5E",
    (8, 16): "91 9F7D",
    (10, 252): "8E",
    (27, 45): "9F0B",
}
"""Fewest and most bytes, and the elements that may have so many."""

_ANY_LENGTH = (0, 252)
"""What a response of a card has room for: where the books set no length."""

_LENGTHS = {tag: (length, length) for length, tags in _ONE_LENGTH.items() for tag in tags.split()} | {
    tag: lengths for lengths, tags in _SEVERAL_LENGTHS.items() for tag in tags.split()
}


@pytest.mark.parametrize("element", DATA_ELEMENTS.values(), ids=lambda element: element.tag)
def test_an_element_has_the_lengths_of_the_books(element):
    """One byte less than the fewest, or more than the most, is said not to be a value of this element."""
    least, most = _LENGTHS.get(element.tag, _ANY_LENGTH)
    assert [element.has_length(length) for length in (least - 1, least, most, most + 1)] == [False, True, True, False]
    assert element.length_bytes == (least if least == most else None)


def test_every_length_belongs_to_a_registered_element():
    """No length is listed for a tag that is gone, and none of those with any length is a plain number or date."""
    assert set(_LENGTHS) <= set(DATA_ELEMENTS)
    without = {DATA_ELEMENTS[tag].format for tag in set(DATA_ELEMENTS) - set(_LENGTHS)}
    assert without == {"ans", "b", "cn"}


@pytest.mark.parametrize("element", DATA_ELEMENTS.values(), ids=lambda element: element.tag)
def test_an_element_is_described_in_the_terms_of_the_books(element):
    """Its format and its source are EMV's, it is filed under its own tag, and its name is one to read."""
    assert DATA_ELEMENTS[element.tag] is element
    assert element.format in get_args(Format)
    assert element.source in get_args(Source)
    assert " " in element.name or element.name.isalpha()
