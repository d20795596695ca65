"""The compiled reading of DE 55 beside the library's: the same objects, or both refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.iso8583.chip.chip_data import CHIP_TAG_BYTES, find_tags, new_tags
from authz.iso8583.chip.data_objects import after_padding, check_template, is_template, read_object
from authz.iso8583.format_errors import NO_PROBLEM
from tokenvault.emv.encodings import tlv
from tokenvault.emv.errors import TlvError

_VALUES = {tag: bytes(range(1, length + 1)) for tag, length in CHIP_TAG_BYTES.items()}


def _compiled_objects(data):
    """What the compiled path reads on the outermost level, None where it refuses."""
    buffer = np.frombuffer(data, np.uint8)
    objects, position = [], after_padding(buffer, 0, len(buffer))
    while position < len(buffer):
        problem, tag, value, end = read_object(buffer, position, len(buffer))
        if problem == NO_PROBLEM and is_template(buffer, position):
            problem = check_template(buffer, value, end)
        if problem != NO_PROBLEM:
            return None
        objects.append((f"{tag:02X}", data[value:end]))
        position = after_padding(buffer, end, len(buffer))
    return objects


def _library_objects(data):
    """The same by the library. Constructed values are cut out again, since it returns them as trees."""
    try:
        tree = tlv.decode(data)
    except TlvError:
        return None
    objects, offset = [], 0
    for tag, _ in tree:
        while data[offset] == 0:
            offset += 1
        read, offset = tlv.read_tag(data, offset)
        length, offset = tlv.read_length(data, offset)
        assert read == tag
        objects.append((tag, data[offset : offset + length]))
        offset += length
    return objects


_PADDING = st.integers(0, 3).map(bytes)
_TAGS = st.sampled_from(["9C", "82", "9F02", "5F2A", "DF8101", "9F818001", "9F8001", "1F00"])
_TEMPLATES = st.sampled_from(["E0", "BF0C", "61", "7F60"])


@st.composite
def _length(draw, length):
    """A length in a form that BER allows: the shortest, or with leading zeros."""
    shortest = (length.bit_length() + 7) // 8 or 1
    count = draw(st.integers(0 if length < 0x80 else shortest, 4))
    return bytes([length]) if count == 0 else bytes([0x80 | count]) + length.to_bytes(max(count, shortest), "big")


@st.composite
def _objects(draw, depth=0):
    parts = [draw(_PADDING)]
    for _ in range(draw(st.integers(0, 3))):
        is_leaf = depth == 3 or draw(st.booleans())
        tag = draw(_TAGS if is_leaf else _TEMPLATES)
        value = draw(st.binary(max_size=12)) if is_leaf else draw(_objects(depth + 1))
        parts += [bytes.fromhex(tag), draw(_length(len(value))), value, draw(_PADDING)]
    return b"".join(parts)


@settings(max_examples=300)
@given(_objects())
def test_both_read_the_same_objects(data):
    """Padding anywhere, lengths with leading zeros, templates: both read, and read the same."""
    objects = _library_objects(data)
    assert objects is not None
    assert _compiled_objects(data) == objects


@settings(max_examples=500)
@given(_objects() | st.binary(max_size=30), st.data())
def test_both_refuse_the_same_bytes(data, draw):
    """Of damaged or arbitrary bytes, both read the same objects or both refuse."""
    raw = bytearray(data)
    if raw:
        raw[draw.draw(st.integers(0, len(raw) - 1))] = draw.draw(
            st.sampled_from([0, 0x1F, 0x80, 0x81, 0x84, 0x85, 0xFF])
        )
        del raw[draw.draw(st.integers(0, len(raw))) :]
    assert _compiled_objects(bytes(raw)) == _library_objects(bytes(raw))


@pytest.mark.parametrize("depth", [15, 16, 17, 18])
def test_both_nest_equally_deep(depth):
    """Templates in templates are refused from the same depth on."""
    data = b""
    for _ in range(depth):
        data = b"\xe0" + tlv.encode_length(len(data)) + data
    assert (_compiled_objects(data) is None) == (_library_objects(data) is None) == (depth > 16)


@pytest.mark.parametrize("length", ["{:02X}", "81{:02X}", "8200{:02X}", "830000{:02X}", "84000000{:02X}"])
def test_chip_data_with_padding(length):
    """Tags of DE 55 are found behind padding and behind lengths of every form."""
    data = bytes(2)
    for tag, value in _VALUES.items():
        data += bytes.fromhex(tag + length.format(len(value))) + value + bytes(1)
    tags = new_tags()
    assert find_tags(np.frombuffer(data, np.uint8), 0, len(data), tags) == NO_PROBLEM
    found = [data[place : place + size] for place, size in zip(tags, CHIP_TAG_BYTES.values(), strict=False)]
    assert found == list(_VALUES.values())


def test_a_broken_template_in_chip_data_is_refused():
    """A template that nothing is read from is held against the encoding all the same."""
    good = tlv.encode([*_VALUES.items(), ("E0", [("9C", b"\0")])])
    assert find_tags(np.frombuffer(good, np.uint8), 0, len(good), new_tags()) == NO_PROBLEM
    broken = good[:-2] + b"\x05\x00"
    assert find_tags(np.frombuffer(broken, np.uint8), 0, len(broken), new_tags()) != NO_PROBLEM
