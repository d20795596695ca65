"""The compiled scan at the ends of fields, messages and frames: the codec says the same."""

import numpy as np
import pytest

from authz.iso8583.dialects.fields import Dialect, built_in
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import impossible_value, new_places, scan_message, scan_table, split_frames
from authz.iso8583.format_errors import NO_PROBLEM
from authz.iso8583.messages.reading import format_error_of
from tests.authz.iso8583.encoding.test_codec import TABLE as TABLE_AS_DATA
from tests.authz.iso8583.messages.messages import TABLE, chip, message

WHOLE = codec.encode(message(de55=chip(), de128="00" * 8), built_in())


def said_by_scan(raw, behind=b""):
    """What the scan says of a message in a longer buffer, as a format error; None where it takes it."""
    buffer, places = np.frombuffer(b"xx" + raw + behind, np.uint8), new_places()
    problem = scan_message(buffer, 2, 2 + len(raw), TABLE, places)
    if problem == NO_PROBLEM:
        problem = impossible_value(buffer, places)
    return None if problem == NO_PROBLEM else format_error_of(int(problem))


def said_by_codec(raw):
    """The same of the codec."""
    try:
        codec.decode_checked(raw, built_in())
    except codec.MessageError as error:
        return error.error
    return None


def test_a_message_that_ends_early():
    """The field in which it ends is named, though other messages stand behind it in the buffer."""
    for whole in (WHOLE, codec.encode(message(), built_in())):
        for end in range(len(whole) + 1):
            said = said_by_codec(whole[:end])
            assert (said is None) == (end == len(whole))
            assert said_by_scan(whole[:end], behind=whole[end:] + whole) == said, end


@pytest.mark.parametrize("octet", [0x00, 0x1F, 0x20, 0x2F, 0x30, 0x39, 0x3A, 0x7E, 0x7F, 0x80, 0xFF])
@pytest.mark.parametrize("number", [0, 3, 11, 37, 41, 42])
def test_a_character_in_a_field(number, octet):
    """Digits are 0 to 9, text is printable ASCII: the first and the last of each, and their neighbours."""
    places = new_places()
    scan_message(np.frombuffer(WHOLE, np.uint8), 0, len(WHOLE), TABLE, places)
    start, length = places[number].tolist()
    for place in (start, start + length - 1):
        raw = WHOLE[:place] + bytes([octet]) + WHOLE[place + 1 :]
        is_good = 0x30 <= octet <= 0x39 if number in (0, 3, 11) else 0x20 <= octet <= 0x7E
        assert (said_by_scan(raw) is None) == is_good
        assert said_by_scan(raw) == said_by_codec(raw)


@pytest.mark.parametrize(
    ("length", "said"), [("00", None), ("11", None), ("12", "032 wrong_length"), ("1x", "032 wrong_length")]
)
def test_how_long_a_field_may_be(length, said):
    """Up to what its table allows; DE 32 has up to eleven digits."""
    digits = b"1" * (int(length) if length.isdigit() else 1)
    raw = b"0100\0\0\0\x01\0\0\0\0" + length.encode() + digits
    error = said_by_scan(raw)
    assert (error.additional_response_data if error else None) == said
    assert error == said_by_codec(raw)


def test_the_last_bit_of_the_first_byte_is_a_field():
    """DE 8, which needs no second bitmap."""
    raw = codec.encode({0: "0100", 8: "00000012"}, built_in())
    assert len(raw) == 4 + 8 + 8
    assert said_by_scan(raw) == said_by_codec(raw) is None


def test_what_stands_behind_two_bitmaps_is_no_third():
    """However its bits are set: the first bytes of a PIN block may be any."""
    raw = codec.encode({0: "0100", 52: "FF" * 8, 70: "301"}, built_in())
    assert said_by_scan(raw) == said_by_codec(raw) is None


def test_a_length_of_one_digit():
    """Of a table that has one."""
    dialect = Dialect.of("short", TABLE_AS_DATA | {"44": TABLE_AS_DATA["44"] | {"len_type": 1, "max_len": 9}})
    raw, places = np.frombuffer(codec.encode({0: "0110", 44: "HELLO"}, dialect), np.uint8), new_places()
    assert scan_message(raw, 0, len(raw), scan_table(dialect), places) == NO_PROBLEM
    assert places[44].tolist() == [13, 5]


@pytest.mark.parametrize(
    ("track", "said"),
    [
        ("99995010=2912", None),
        ("9999501=2912", "035 wrong_structure"),
        ("9999501000000000017=2912", None),
        ("99995010000000000017=2912", "035 wrong_structure"),
        ("9999501000000017D2912", None),
        ("9999501000000017C2912", "035 wrong_structure"),
        ("9999501000000017=291", "035 wrong_structure"),
        ("9999501000000017=29x2", "035 wrong_structure"),
        ("9999501000000017", "035 wrong_structure"),
        ("", "035 wrong_structure"),
        ("9999501000000017=2900", "035 impossible_date"),
        ("9999501000000017=2913", "035 impossible_date"),
        ("9999501000000017=2912=", None),
        ("9999501000000017=2912201", None),
        ("9999501000000017=291220", "035 impossible_code"),
        ("9999501000000017=29122x1", "035 impossible_code"),
        ("9999501000000017=2912301", "035 impossible_code"),
        ("9999501000000017=2912201000", None),
    ],
)
def test_track_2(track, said):
    """PAN of 8 to 19 digits, separator, expiry, and where there is a digit a service code of three."""
    raw = codec.encode({0: "0100", 35: track}, built_in())
    error = said_by_scan(raw, behind=b"0" * 40)
    assert (error.additional_response_data if error else None) == said
    assert error == said_by_codec(raw)


@pytest.mark.parametrize(
    ("stream", "room", "found"),
    [
        (b"", 9, ([], 0, 0)),
        (b"\0", 9, ([], 0, 0)),
        (b"\0\1", 9, ([], 0, 0)),
        (b"\0\1a", 9, ([b"a"], 3, 0)),
        (b"\0\0\0\1a\0", 9, ([b"a"], 5, 0)),
        (b"\0\1a\0\2bc\0\2d", 9, ([b"a", b"bc"], 7, 0)),
        (b"\0\1a\0\2bc\0\1d", 2, ([b"a", b"bc"], 7, 0)),
        (b"\1\0" + b"x" * 256, 9, ([b"x" * 256], 258, 0)),
        (b"\1\1" + b"x" * 257, 9, ([], 0, 257)),
        (b"\0\1a\1\1", 9, ([b"a"], 3, 257)),
    ],
)
def test_frames_in_a_stream(stream, room, found):
    """Whole ones with something in them, as many as there is room for, up to one that is longer than 256 bytes."""
    frames = np.zeros((room, 2), np.int32)
    count, used, oversized = split_frames(np.frombuffer(stream, np.uint8), frames, 256)
    assert ([stream[start:end] for start, end in frames[:count].tolist()], used, oversized) == found
