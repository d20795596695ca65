"""What the codec says of a message that does not fit: where, what, and nothing of what is in it."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from authz.iso8583.dialects.fields import HEADER, UNUSED, Dialect, DialectError, built_in
from authz.iso8583.encoding import codec


@pytest.mark.parametrize(
    ("message", "offset", "reason", "told"),
    [
        ({0: "0100", 129: ""}, 0, "fields are numbered 2 to 128", "field 1 at byte 0: "),
        ({0: "01"}, 0, "has length 2 instead of 4", "message type at byte 0: "),
        ({0: "0100", 4: "1"}, 12, "has length 1 instead of 12", "field 4 at byte 12: "),
        ({0: "0100", 3: "000000", 32: "1" * 12}, 18, "has length 12, more than 11", "field 32 at byte 18: "),
        ({0: "0100", 52: "xy" * 8}, 12, "is not an even number of hexadecimal digits", "field 52 at byte 12: "),
        ({0: "0100", 43: "\u0416" * 40}, 12, "has characters outside ", "field 43 at byte 12: "),
    ],
)
def test_what_cannot_be_written(message, offset, reason, told):
    """Field, byte and reason, as its parts and as one sentence."""
    with pytest.raises(codec.MessageError) as refused:
        codec.encode(message, built_in())
    assert refused.value.offset == offset
    assert refused.value.reason.startswith(reason)
    assert str(refused.value) == told + refused.value.reason
    assert refused.value.fields == {}


def with_field(number, **changes):
    """The network's own dialect with one field changed, or one more above 128 behind a third bitmap."""
    fields = [*built_in().fields, *[UNUSED] * 64]
    fields[number] = replace(fields[number], is_unused=False, **changes)
    third_bitmap = 1 if number > 128 else 0
    return replace(built_in(), fields=tuple(fields if third_bitmap else fields[:129]), third_bitmap=third_bitmap)


@pytest.mark.parametrize(
    ("raw", "dialect", "field", "offset", "reason", "code", "read"),
    [
        (b"01", "ascii_1987", 0, 0, "is cut off: 4 bytes expected, 2 there", "cut_off", {}),
        (b"01x0", "ascii_1987", 0, 0, "is not four digits", "wrong_characters", {}),
        (b"0100", "ascii_1987", 1, 4, "is cut off: 8 bytes expected, 0 there", "cut_off", {0: "0100"}),
        (b"0100" + b"20000000000000ZZ", "ascii_hex_1987", 1, 20, "is not hexadecimal", "wrong_characters", {0: "0100"}),
        (b"0100" + bytes(8) + b"xy", "ascii_1987", 0, 12, "2 bytes", "trailing_bytes", {0: "0100"}),
        (
            b"0100\x20\0\0\0\0\0\0\0" + b"00", "ascii_1987", 3, 12, "is cut off: 6 bytes expected, 2 there", "cut_off",
            {0: "0100"},
        ),
        (
            b"0100\x40\0\0\0\0\0\0\0" + b"2x", "ascii_1987", 2, 12, "has a length that is not a number", "wrong_length",
            {0: "0100"},
        ),
        (
            b"0100\x40\0\0\0\0\0\0\0" + b"20" + b"1" * 20, "ascii_1987", 2, 12, "has length 20, more than 19",
            "wrong_length", {0: "0100"},
        ),
        (
            b"0100\0\0\0\0\0\x20\0\0" + b"\xe9" * 40, "ascii_1987", 43, 12, "is not ascii", "wrong_characters",
            {0: "0100"},
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read(raw, dialect, field, offset, reason, code, read):
    """Field, byte, reason and kind; and what was read before it."""
    with pytest.raises(codec.MessageError) as refused:
        codec.decode(raw, built_in(dialect))
    error = refused.value
    assert (error.error.field, error.offset, error.reason, error.error.code) == (field, offset, reason, code)
    assert error.fields == read


@pytest.mark.parametrize("name", ["ascii_1987", "bcd_1987", "ebcdic_1987"])
def test_characters_of_the_fields_class(name):
    """Held against its class only where that is asked for; a text may hold anything that does not control."""
    dialect = built_in(name)
    for number, good, bad in ((49, "978", None), (41, "TERM 0~1", "TERM\x00001"), (32, "", None)):
        raw = codec.encode({0: "0100", number: good}, dialect)
        assert codec.decode_checked(raw, dialect) == {0: "0100", number: good}
        if bad is not None:
            raw = codec.encode({0: "0100", number: bad}, dialect)
            assert codec.decode(raw, dialect)[number] == bad
            with pytest.raises(codec.MessageError, match=rf"field {number} .*has characters") as refused:
                codec.decode_checked(raw, dialect)
            assert refused.value.error.code == "wrong_characters"


def test_letters_among_digits():
    """In a field of class n, whether a character or half a byte is each."""
    for name in ("ascii_1987", "bcd_1987"):
        raw = codec.encode({0: "0100", 11: "00012A"}, built_in(name))
        assert codec.decode(raw, built_in(name))[11] == "00012A"
        with pytest.raises(codec.MessageError, match=r"field 11 .*has characters"):
            codec.decode_checked(raw, built_in(name))


def test_hexadecimal_text_counts_pairs():
    """Half a pair cannot be written."""
    dialect = with_field(48, length_counts="pairs")
    raw = codec.encode({0: "0100", 48: "ABCD"}, dialect)
    assert raw[12:] == b"002ABCD"
    assert codec.decode(raw, dialect)[48] == "ABCD"
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", 48: "ABC"}, dialect)
    assert (refused.value.offset, refused.value.reason) == (12, "is not an even number of hexadecimal digits")


@pytest.mark.parametrize("pad", ["0", "F", "7"])
@pytest.mark.parametrize("side", ["left_pad", "right_pad"])
def test_padding_of_half_a_byte(side, pad):
    """Whichever digit the table writes is taken back, and so are 0 and F; another digit is one too many."""
    dialect = with_field(2, data_encoding="b", length_counts="nibbles", **{side: pad})
    for written, is_taken in (("0", True), ("F", True), (pad, True), ("1", False)):
        half_bytes = written + "123" if side == "left_pad" else "123" + written
        raw = b"0100\x40\0\0\0\0\0\0\0" + b"03" + bytes.fromhex(half_bytes)
        if is_taken:
            assert codec.decode(raw, dialect)[2] == "123"
        else:
            with pytest.raises(codec.MessageError, match="field 2 at byte 14: has a digit where its table has padding"):
                codec.decode(raw, dialect)
    assert (
        codec.encode({0: "0100", 2: "123"}, dialect)[14:].hex()
        == (pad + "123" if side == "left_pad" else "123" + pad).lower()
    )


def test_a_third_bitmap_that_is_cut_off():
    """Is a bitmap like the others."""
    dialect = with_field(130, length_bytes=2, max_length=10)
    raw = codec.encode({0: "0100", 130: "A"}, dialect)
    assert codec.decode(raw, dialect) == {0: "0100", 130: "A"}
    with pytest.raises(codec.MessageError) as refused:
        codec.decode(raw[:24], dialect)
    assert (refused.value.field, refused.value.offset, refused.value.error.code) == (1, 20, "cut_off")


@pytest.mark.parametrize("field", [64, 65, 128])
def test_the_last_fields_of_two_bitmaps(field):
    """Need no third one in a dialect that has it; there, field 65 is none."""
    for dialect in (built_in(), with_field(130, length_bytes=2, max_length=10)):
        if field == 65 and dialect.third_bitmap:
            continue
        message = {0: "0100", field: "00" * built_in().fields[field].max_length}
        raw = codec.encode(message, dialect)
        assert len(raw) == (12 if field == 64 else 20) + built_in().fields[field].max_length
        assert codec.decode(raw, dialect) == message


def test_what_fits_a_dialect():
    """What its table has no room for is left out; header and message type stay."""
    message = {HEADER: "00", 0: "0100", 2: "1" * 20, 4: "000000001250", 11: "1", 43: "\u0416" * 40, 130: "A", 200: "A"}
    assert codec.fitting(message, built_in()) == {HEADER: "00", 0: "0100", 4: "000000001250"}
    assert codec.fitting(message, with_field(130, length_bytes=2, max_length=10)).keys() == {HEADER, 0, 4, 130}


def test_a_header_where_the_dialect_has_none():
    """Is left out."""
    assert codec.encode({HEADER: "00", 0: "0800"}, built_in()) == codec.encode({0: "0800"}, built_in())


def test_a_separator_in_binary_data():
    """Only track 2 has one; elsewhere it is no hexadecimal digit."""
    with pytest.raises(codec.MessageError, match="field 52 at byte 12: is not an even number of hexadecimal digits"):
        codec.encode({0: "0100", 52: "0123456789ABCDE="}, built_in())


@pytest.mark.parametrize("letters", ["É", "ÉÉ", "É€"])
def test_letters_of_several_bytes_take_the_room_of_blanks(letters):
    """In a field of fixed length, down to a single blank."""
    dialect = with_field(43, data_encoding="utf-8")
    raw = codec.encode({0: "0100", 43: letters.ljust(40)}, dialect)
    assert len(raw) == 12 + 40
    assert codec.decode(raw, dialect)[43] == letters.ljust(40)
    with pytest.raises(codec.MessageError, match="field 43 at byte 12: has length"):
        codec.encode({0: "0100", 43: letters.ljust(40, "x")}, dialect)


@pytest.mark.parametrize("length_bytes", [0, 6, 7])
def test_how_long_a_length_may_be(length_bytes):
    """Up to six digits, which jPOS's longest classes have."""
    table = json.loads(files("authz.iso8583").joinpath("dialects/ascii_1987.json").read_text())
    table["48"] = {**table["48"], "len_type": length_bytes, "max_len": 5}
    if length_bytes > 6:
        with pytest.raises(DialectError, match="entry '48': len_type must be 0 to 6"):
            Dialect.of("long", table)
    else:
        raw = codec.encode({0: "0100", 48: "HELLO"}, Dialect.of("long", table))
        assert raw[12:] == (b"000005HELLO" if length_bytes else b"HELLO")
