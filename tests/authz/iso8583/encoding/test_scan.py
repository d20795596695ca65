"""The compiled scan against the codec: both must find the same fields, and refuse the same messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.iso8583.chip import chip_data
from authz.iso8583.dialects.fields import Dialect, built_in
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import new_places, number_at, scan_message, scan_table, split_frames
from authz.iso8583.format_errors import NO_PROBLEM
from authz.iso8583.messages.reading import format_error_of
from tests.authz.iso8583.encoding.test_codec import _MESSAGES, TABLE
from tokenvault.emv.cryptograms.cryptogram_versions import SignedFor, with_results

SCAN_TABLE = scan_table(built_in())


def _scan(raw):
    places = new_places()
    problem = scan_message(np.frombuffer(raw, np.uint8), 0, len(raw), SCAN_TABLE, places)
    return problem, places


@given(_MESSAGES)
def test_finds_what_the_codec_wrote(message):
    """Every field stands where the scan says, and absent fields are absent."""
    raw = codec.encode(message, built_in())
    problem, places = _scan(raw)
    assert problem == NO_PROBLEM
    for field in range(2, 129):
        start, length = places[field].tolist()
        found = raw[start : start + length] if length >= 0 else None
        expected = message.get(field)
        if expected is not None and built_in().fields[field].is_binary:
            assert found.hex().upper() == expected
        else:
            assert (found.decode() if found is not None else None) == expected


@settings(max_examples=300)
@given(_MESSAGES, st.data())
def test_refuses_what_the_codec_refuses(message, data):
    """On damaged messages the scan refuses at least what the codec refuses, and names a problem in words."""
    raw = bytearray(codec.encode(message, built_in()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    problem, _ = _scan(raw)
    try:
        codec.decode(raw, built_in())
        refused = False
    except codec.MessageError:
        refused = True
    assert problem != NO_PROBLEM or not refused
    if problem != NO_PROBLEM:
        assert format_error_of(int(problem)).sentence


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(0, 70))
def test_frames(messages, cut):
    """Whole frames are found, empty ones skipped, and a partial one left for later."""
    stream = b"".join(len(message).to_bytes(2, "big") + message for message in messages)
    kept = stream[: max(0, len(stream) - cut)]
    frames = np.zeros((100, 2), np.int32)
    count, used, oversized = split_frames(np.frombuffer(kept, np.uint8), frames, 4096)
    found = [kept[start:end] for start, end in frames[:count].tolist()]
    expected, position = [], 0
    for message in messages:
        position += 2 + len(message)
        if position <= len(kept):
            expected.append(message)
    assert found == [message for message in expected if message]
    assert used == sum(2 + len(message) for message in expected)
    assert oversized == 0


def test_an_oversized_frame_stops_the_split():
    """A frame that announces too much is reported with its length, after the good ones before it."""
    stream = b"\x00\x01a" + b"\x10\x01" + b"b" * 10
    frames = np.zeros((10, 2), np.int32)
    assert split_frames(np.frombuffer(stream, np.uint8), frames, 4096) == (1, 3, 4097)


def test_numbers():
    """Digits become a number, anything else -1."""
    buffer = np.frombuffer(b"0012x", np.uint8)
    assert number_at(buffer, 0, 4) == 12
    assert number_at(buffer, 0, 5) == -1
    assert number_at(buffer, 0, 0) == 0


@pytest.mark.parametrize("change", [{"data_enc": "cp500"}, {"len_count": "nibbles"}, {"len_type": 1, "len_enc": "bcd"}])
def test_dialects_that_the_scan_cannot_read(change):
    """A table with other encodings than the scan's is refused by field."""
    table = {**TABLE, "32": {**TABLE["32"], **change}}
    with pytest.raises(ValueError, match="field 32"):
        scan_table(Dialect.of("other", table))


def test_what_a_phone_signs_for_has_one_meaning():
    """The engine's numbers are the vault's."""
    ours = (0, chip_data.SIGNED_FOR_REMOTE, chip_data.SIGNED_FOR_QR_CODE)
    assert ours == (SignedFor.TAP, SignedFor.REMOTE, SignedFor.QR_CODE)
    assert all(number & chip_data.SIGNED_FOR_MASK == number for number in ours)
    verified = with_results(bytes(7), SignedFor.TAP, cardholder_verified=True)
    assert verified == bytes(4) + bytes([chip_data.DEVICE_VERIFIED, 0, 0])
