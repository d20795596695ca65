"""What the codec says of a message that does not fit: where, what, and nothing of what is in it."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from authz.iso8583.dialects.fields import BUILT_IN, HEADER, UNUSED, Dialect, DialectError, built_in
from authz.iso8583.encoding import codec


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            {0: "0100", 200: "1"},
            "field 200: there is no such field in ascii_1987; fields are numbered 2 to 128",
        ),
        (
            {0: "0100", 129: ""},
            "field 129: there is no such field in ascii_1987; fields are numbered 2 to 128",
        ),
        ({0: "01"}, "message type must have 4 digits; '01' has 2 characters"),
        ({}, "message type must have 4 digits; '' has 0 characters"),
        ({0: "0100", 4: "abc"}, "field 4 (amount, transaction) must have 12 digits; 'abc' has 3 characters"),
        ({0: "0100", 3: "1"}, "field 3 (processing code) must have 6 digits; '1' has 1 character"),
        ({0: "0100", 66: ""}, "field 66 (settlement code) must have 1 digit; '' has 0 characters"),
        (
            {0: "0100", 28: "C1"},
            "field 28 (amount, transaction fee) must have C or D and 8 digits; 'C1' has 2 characters",
        ),
        (
            {0: "0100", 2: "1" * 20},
            "field 2 (primary account number) must have at most 19 digits; the value has 20 characters",
        ),
        ({0: "0100", 39: "5"}, "field 39 (response code) must have 2 characters; the value has 1 character"),
        ({0: "0100", 52: "xy" * 8}, "field 52 (PIN data) is not an even number of hexadecimal digits"),
        (
            {0: "0100", 55: "00" * 256},
            "field 55 (ICC data) must have at most 510 hexadecimal digits; the value has 512 characters",
        ),
        ({0: "0100", 43: "\u0416" * 40}, "field 43 (card acceptor name and location) has characters outside ascii"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(message, told):
    """The field by number and name, and the reason; there is no message yet, and so no byte of it."""
    with pytest.raises(codec.MessageError) as refused:
        codec.encode(message, built_in())
    assert str(refused.value) == told
    assert refused.value.offset is None
    assert refused.value.fields == {}


@pytest.mark.parametrize("dialect", BUILT_IN)
@pytest.mark.parametrize(
    ("number", "value"),
    [(2, "9" * 20), (4, "9999501000000011"), (14, "251"), (35, "9" * 38), (45, "7" * 77),
     (48, "7" * 1000), (52, "1234"), (52, "123456"), (53, "123456"), (55, "5A" * 300)],
)  # fmt: skip
def test_secrets_are_not_shown(dialect, number, value):
    """Nor is what may be the number of a card, given for another field."""
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", number: value}, built_in(dialect))
    told = str(refused.value)
    assert value not in told
    assert f"; the value has {len(value)} characters" in told


def test_digits_in_half_bytes():
    """Whatever else they are written as, they are digits."""
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", 4: "12.50"}, built_in("bcd_1987"))
    assert str(refused.value) == "field 4 (amount, transaction) has characters other than digits"
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", 4: "1250"}, built_in("bcd_1987"))
    assert str(refused.value) == "field 4 (amount, transaction) must have 12 digits; '1250' has 4 characters"


def with_field(number, **changes):
    """The network's own dialect with one field changed, or one more above 128 behind a third bitmap."""
    fields = [*built_in().fields, *[UNUSED] * 64]
    fields[number] = replace(fields[number], is_unused=False, **changes)
    third_bitmap = 1 if number > 128 else 0
    return replace(built_in(), fields=tuple(fields if third_bitmap else fields[:129]), third_bitmap=third_bitmap)


CARD_DATA = (2, 14, 34, 35, 36, 45)
KEYS_AND_PINS = (48, 52, 53, 55)


@pytest.mark.parametrize("number", [*range(2, 65)])
def test_secrets_are_not_shown_however_a_table_writes_them(number):
    """Where a dialect has digits of fixed length in their fields, not even a few digits of one are told."""
    digits = {"data_encoding": "ascii", "length_bytes": 0, "max_length": 16, "content": "n"}
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", number: "4711"}, with_field(number, **digits))
    given = "the value" if number in CARD_DATA + KEYS_AND_PINS else "'4711'"
    assert str(refused.value).endswith(f" must have 16 digits; {given} has 4 characters")


@pytest.mark.parametrize(("value", "is_shown"), [("1234567", True), ("12345678", False)])
def test_what_may_be_a_card_number_is_not_shown(value, is_shown):
    """A value of eight digits or more may be one, given for the wrong field."""
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", 4: value}, built_in())
    assert (value in str(refused.value)) == is_shown


@pytest.mark.parametrize(
    ("raw", "dialect", "field", "offset", "reason", "code", "read"),
    [
        (b"01", "ascii_1987", 0, 0, "is cut off: 4 bytes expected, 2 there", "cut_off", {}),
        (b"01x0", "ascii_1987", 0, 0, "is not four digits", "wrong_characters", {}),
        (b"0100", "ascii_1987", 1, 4, "is cut off: 8 bytes expected, 0 there", "cut_off", {0: "0100"}),
        (b"0100" + b"20000000000000ZZ", "ascii_hex_1987", 1, 4, "is not hexadecimal", "wrong_characters", {0: "0100"}),
        (
            b"0100" + bytes(8) + b"xy", "ascii_1987", 0, 12, "belongs to no field: 2 bytes", "trailing_bytes",
            {0: "0100"},
        ),
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


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"01", "message type, at byte 0, is cut off: 4 bytes expected, 2 there"),
        (b"0100\0\0", "primary bitmap, at byte 4, is cut off: 8 bytes expected, 2 there"),
        (b"0100\x80" + bytes(9), "secondary bitmap, at byte 12, is cut off: 8 bytes expected, 2 there"),
        (b"0100\x10" + bytes(7) + b"0", "field 4, at byte 12, is cut off: 12 bytes expected, 1 there"),
        (b"0100" + bytes(8) + b"x", "the rest of the message, at byte 12, belongs to no field: 1 byte"),
    ],
)
def test_errors_of_reading_name_the_byte(raw, told):
    """And bitmaps by what they are."""
    with pytest.raises(codec.MessageError) as refused:
        codec.decode(raw, built_in())
    assert str(refused.value) == told


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
            with pytest.raises(codec.MessageError, match=rf"field {number}, .*has characters") as refused:
                codec.decode_checked(raw, dialect)
            assert refused.value.error.code == "wrong_characters"


def test_letters_among_digits():
    """In a field of class n, whether a character or half a byte is each."""
    for name in ("ascii_1987", "bcd_1987"):
        raw = codec.encode({0: "0100", 11: "00012A"}, built_in(name))
        assert codec.decode(raw, built_in(name))[11] == "00012A"
        with pytest.raises(codec.MessageError, match=r"field 11, .*has characters"):
            codec.decode_checked(raw, built_in(name))


def test_hexadecimal_text_counts_pairs():
    """Half a pair cannot be written."""
    dialect = with_field(48, length_counts="pairs")
    raw = codec.encode({0: "0100", 48: "ABCD"}, dialect)
    assert raw[12:] == b"002ABCD"
    assert codec.decode(raw, dialect)[48] == "ABCD"
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", 48: "ABC"}, dialect)
    assert (refused.value.offset, refused.value.reason) == (None, "is not an even number of hexadecimal digits")


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
            with pytest.raises(codec.MessageError, match="field 2, at byte 14, has a digit where its"):
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
    assert str(refused.value) == "third bitmap, at byte 20, is cut off: 8 bytes expected, 4 there"


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


@pytest.mark.parametrize("field", [8, 64, 66, 72, 73, 128])
def test_a_bit_that_announces_no_bitmap(field):
    """Those of one byte with the bit that does: a dialect with a third bitmap has none unless bit 65 says so."""
    dialect = with_field(130, length_bytes=2, max_length=10)
    message = {0: "0100", field: "0" * built_in().fields[field].max_length * (2 if field in (64, 128) else 1)}
    assert codec.decode(codec.encode(message, dialect), dialect) == message


@pytest.mark.parametrize(("last", "dialect"), [(128, built_in()), (192, with_field(192, max_length=16))])
def test_the_last_field_of_a_dialect_fits_it(last, dialect):
    """There is none behind it, whether it has two bitmaps or three."""
    assert codec.fitting({0: "0100", last: "00" * 8, last + 1: "00" * 8}, dialect) == {0: "0100", last: "00" * 8}


def test_a_header_where_the_dialect_has_none():
    """Is left out."""
    assert codec.encode({HEADER: "00", 0: "0800"}, built_in()) == codec.encode({0: "0800"}, built_in())


@pytest.mark.parametrize("header", ["", "00", "000", "000000", "xyzt"])
def test_a_header_that_is_none(header):
    """It has as many bytes as the dialect says, in hexadecimal; without one, it is zeros."""
    dialect = replace(built_in(), header_bytes=2)
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({HEADER: header, 0: "0800"}, dialect)
    assert (refused.value.field, refused.value.offset) == (HEADER, None)
    assert str(refused.value) == "header is not 2 bytes in hexadecimal"
    assert codec.encode({HEADER: "ABCD", 0: "0800"}, dialect)[:6] == b"\xab\xcd0800"
    assert codec.encode({0: "0800"}, dialect)[:6] == b"\0\x000800"


def test_a_separator_in_binary_data():
    """Only track 2 has one; elsewhere it is no hexadecimal digit."""
    with pytest.raises(codec.MessageError, match=r"field 52 \(PIN data\) is not an even number of hexadecimal digits"):
        codec.encode({0: "0100", 52: "0123456789ABCDE="}, built_in())


@pytest.mark.parametrize("letters", ["É", "ÉÉ", "É€"])
def test_letters_of_several_bytes_take_the_room_of_blanks(letters):
    """In a field of fixed length, down to a single blank."""
    dialect = with_field(43, data_encoding="utf-8")
    raw = codec.encode({0: "0100", 43: letters.ljust(40)}, dialect)
    assert len(raw) == 12 + 40
    assert codec.decode(raw, dialect)[43] == letters.ljust(40)
    with pytest.raises(codec.MessageError, match=r"field 43 \(.*\) must have 40 bytes in utf-8; the value has 4[1-9]"):
        codec.encode({0: "0100", 43: letters.ljust(40, "x")}, dialect)


def test_characters_that_are_none():
    """Where a length counts characters, each is read by itself: the field is named in which one is no character."""
    dialect = with_field(48, data_encoding="utf-8", length_counts="characters")
    raw = codec.encode({0: "0100", 48: "\u00c9t\u00e9"}, dialect)
    assert codec.decode(raw, dialect)[48] == "\u00c9t\u00e9"
    with pytest.raises(codec.MessageError) as refused:
        codec.decode(raw[:-1] + b"\xff", dialect)
    assert (refused.value.field, refused.value.offset, refused.value.reason) == (48, 15, "is not utf-8")
    assert refused.value.error.code == "wrong_characters"


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
