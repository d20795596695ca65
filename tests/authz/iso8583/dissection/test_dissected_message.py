"""Messages taken apart: every byte has its place, and nothing shows the number of a card, in whatever way written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.iso8583.dialects.fields import BUILT_IN, HEADER, Dialect, built_in
from authz.iso8583.dissection.dissected_message import Dissected, format_of
from authz.iso8583.dissection.known_numbers import KnownNumbers, hexadecimal_without
from authz.iso8583.encoding import codec
from tokenvault.emv.encodings import tlv
from tokenvault.emv.encodings.card_data import card_number, is_card_data, shown_value
from tokenvault.vocabulary.pan import is_luhn_valid, luhn_check_digit

PAN = "9999501000000017"
VALID_PAN = f"999950100000001{luhn_check_digit('999950100000001')}"
MERCHANT = f"99995010000000{luhn_check_digit('99995010000000')}"
CHIP = f"5A08{PAN}5713{PAN}D2912201{0:013d}F9F360200019F2701807704820219808A02303099021234"
KEY_BLOCK = "D0112M6TC00E000099A1B2C3D4E5F6"
PAID = {
    0: "0100",
    2: PAN,
    3: "000000",
    4: "000000001250",
    7: "1124120000",
    11: "123456",
    34: PAN,
    35: f"{PAN}=29122010",
    36: f"01{PAN}=9780000",
    39: "00",
    45: f"B{PAN}^CARDHOLDER/A^29122010",
    48: f"0116{PAN}",
    52: "0123456789ABCDEF",
    55: CHIP,
    96: "0123456789ABCDEF",
    102: PAN,
    123: KEY_BLOCK,
}


def ways_of(digits):
    """Hexadecimal of a number in ASCII, in EBCDIC and as packed digits at either half of a byte."""
    packed = digits if len(digits) % 2 == 0 else digits + "F"
    return [digits.encode("ascii").hex().upper(), digits.encode("cp1047").hex().upper(), packed, f"0{digits}0"]


def _value(number):
    spec = built_in().fields[number]
    length = st.just(spec.max_length) if spec.length_bytes == 0 else st.integers(0, min(spec.max_length, 60))
    if spec.is_binary:
        return length.flatmap(lambda n: st.binary(min_size=n, max_size=n)).map(lambda data: data.hex().upper())
    if spec.content == "x+n":
        return st.from_regex(rf"[CD][0-9]{{{spec.max_length - 1}}}", fullmatch=True)
    alphabet = "0123456789" if spec.content in ("n", "z") else "0123456789ABC xyz"
    return length.flatmap(lambda n: st.text(alphabet, min_size=n, max_size=n))


_NUMBERS = st.lists(st.integers(2, 128).filter(lambda number: number != 65), unique=True, max_size=12)
MESSAGES = _NUMBERS.flatmap(lambda numbers: st.fixed_dictionaries({n: _value(n) for n in numbers})).map(
    lambda fields: {0: "0100", **fields}
)


def _alone(number, value, dialect):
    """The octets of one field, as encoding writes them behind message type and bitmaps."""
    bare, one = codec.encode({0: "0100"}, dialect), codec.encode({0: "0100", number: value}, dialect)
    second = len(one) - len(bare) if number > 64 else 0
    return one[len(bare) + (dialect.fields[1].max_length if second else 0) :]


@pytest.mark.parametrize("name", BUILT_IN)
@given(message=MESSAGES)
def test_every_byte_has_its_place(name, message):
    """Parts follow each other without a gap, and what is between offset and offset + length is the field."""
    dialect = built_in(name)
    encoded = codec.encode(codec.fitting(message, dialect), dialect)
    dissected = Dissected.of(encoded, dialect)
    if not dissected.is_whole:
        return  # characters that the field cannot have
    position = 0
    for part in dissected.fields():
        assert part.offset == position
        assert part.offset <= part.value_offset <= part.offset + part.length
        position += part.length
        if part.number is not None and part.number > 1:
            octets = encoded[part.offset : part.offset + part.length]
            assert octets == _alone(part.number, dissected.message[part.number], dialect)
    assert position == len(encoded)


@given(MESSAGES)
def test_most_messages_are_whole(message):
    """So that the test before looks at something."""
    fields = {number: value for number, value in message.items() if number in (0, 2, 11, 37, 52)}
    assert Dissected.of(codec.encode(fields, built_in()), built_in()).is_whole


@pytest.mark.parametrize("name", BUILT_IN)
def test_nothing_shows_the_number(name):
    """In no field, no data object and no octet: not in ASCII, EBCDIC, or packed."""
    dialect = built_in(name)
    encoded = codec.encode(codec.fitting(PAID, dialect), dialect)
    dissected = Dissected.of(encoded, dialect)
    assert dissected.error is None
    shown = f"{dissected.fields()} {dissected.hexadecimal()}"
    assert any(way in encoded.hex().upper() for way in ways_of(PAN))
    for way in (PAN, PAN[1:], "0123456789ABCDEF", *ways_of(PAN), *ways_of("0123456789ABCDEF"[:10]), KEY_BLOCK[16:]):
        assert way not in shown
    assert "999950******0017" in shown
    assert len(dissected.hexadecimal()) == 2 * len(encoded)
    assert "3939393935303130" not in shown.replace("*", "")


def test_a_number_of_the_other_frame_is_not_shown():
    """An answer may repeat what only the request names as a number of a card."""
    answer = Dissected.of(codec.encode({0: "0110", 39: "00", 63: f"CARD {PAN}"}, built_in()), built_in())
    assert PAN in str(answer.fields())
    assert PAN not in str(answer.fields({PAN}))
    assert PAN.encode().hex() not in answer.hexadecimal({PAN})


@pytest.mark.parametrize("name", list(BUILT_IN))
@pytest.mark.parametrize(
    ("number", "value"),
    [
        (43, f"{VALID_PAN} BERLIN".ljust(40)),
        (46, VALID_PAN),
        (48, f"CARD {VALID_PAN}"),
        (60, f"016,{VALID_PAN},X"),
        (63, VALID_PAN),
        (120, f"FROM {VALID_PAN}"),
        (55, f"DF0108{VALID_PAN}"),
        (55, f"E00BDF0108{VALID_PAN}"),
        (55, f"DF0110{VALID_PAN.encode().hex()}"),
        (55, f"DF0110{VALID_PAN.encode('cp1047').hex()}"),
    ],
)
def test_a_number_where_nothing_says_that_it_is_one(name, number, value):
    """Neither in the field, nor in the octets."""
    dialect = built_in(name)
    message = codec.fitting({0: "0100", 11: "123456", number: value.upper()}, dialect)
    assert number in message
    encoded = codec.encode(message, dialect)
    dissected = Dissected.of(encoded, dialect)
    assert dissected.error is None
    ways = ways_of(VALID_PAN) + [way.encode("ascii").hex().upper() for way in ways_of(VALID_PAN)]
    assert any(way in encoded.hex().upper() for way in ways)
    shown = f"{dissected.fields()} {dissected.hexadecimal()}".upper()
    assert not any(way in shown for way in (VALID_PAN, *ways))


@pytest.mark.parametrize(
    "fields",
    [{42: MERCHANT}, {53: VALID_PAN}, {55: f"9F160F{MERCHANT.encode().hex()}"}, {90: f"{VALID_PAN}{0:026d}"}],
)
def test_other_numbers_are_shown(fields):
    """Of merchants, for example, although their last digit may be that of a card."""
    assert is_luhn_valid(MERCHANT)
    assert "**" not in str(Dissected.of(codec.encode({0: "0100", **fields}, built_in()), built_in()).fields())


@pytest.mark.parametrize("digits", ["99995010000017", "999950100000017", "9999501000000000017"])
def test_numbers_of_any_length(digits):
    """Packed digits may begin and end in the middle of a byte."""
    known = KnownNumbers({digits})
    for written in (
        digits.encode(),
        digits.encode("cp1047"),
        bytes.fromhex(f"0{digits}" + "0" * (len(digits) % 2 == 0)),
    ):
        data = b"AB" + written + b"CD"
        shown = hexadecimal_without(data, list(known.spans_in(data)))
        assert shown == "4142" + "**" * len(written) + "4344"
    assert digits not in known.masked_in(f"A {digits} B")
    assert known.masked_in(f"A {digits} B").startswith("A ")
    assert digits.encode().hex() not in known.masked_in(digits.encode().hex())
    assert digits not in repr(known)


def test_data_objects_have_their_places():
    """Tag, length and value of each, also of those within others; card data is masked."""
    encoded = codec.encode(PAID, built_in())
    (chip,) = [part for part in Dissected.of(encoded, built_in()).fields() if part.number == 55]
    assert chip.value is None
    found = {each.tag: each for each in chip.objects}
    counter = found["9F36"]
    assert encoded[counter.offset : counter.offset + counter.length] == bytes.fromhex("9F36020001")
    assert encoded[counter.value_offset : counter.value_offset + 2] == bytes.fromhex("0001")
    assert counter.name == "Application Transaction Counter"
    template = found["77"]
    (child,) = template.children
    assert (template.value, child.tag, child.value) == (None, "82", "1980")
    assert encoded[child.offset : child.offset + child.length] == bytes.fromhex("82021980")
    assert found["5A"].value == "999950******0017"
    assert found["99"].value == "(card data)"
    assert encoded.hex().upper().count("1234") > 0


def test_data_objects_as_text_have_their_places():
    """Where DE 55 is hexadecimal text, each byte of an object takes two of the message."""
    dialect = built_in("ascii_hex_1987")
    encoded = codec.encode({0: "0100", 11: "123456", 55: "9F36020001"}, dialect)
    (counter,) = Dissected.of(encoded, dialect).fields()[-1].objects
    assert encoded[counter.offset : counter.offset + counter.length] == b"9F36020001"
    assert encoded[counter.value_offset : counter.offset + counter.length] == b"0001"


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_message_that_breaks_off_shows_places_only(cut):
    """What was read may be something else, shifted into its place; its type and DE 11 are shown."""
    encoded = codec.encode(PAID, built_in())[:-cut]
    dissected = Dissected.of(encoded, built_in())
    assert not dissected.is_whole
    shown = {part.number: part.value for part in dissected.fields()}
    assert {value for number, value in shown.items() if number not in (0, 11)} == {None}
    assert (shown[0], shown[11]) == ("0100", "123456")
    assert dissected.refusal.startswith("field ")
    assert dissected.hexadecimal().replace("*", "") == b"0100".hex() + b"123456".hex()
    assert len(dissected.hexadecimal()) == 2 * len(encoded)


@pytest.mark.parametrize(
    ("encoded", "told"),
    [
        (
            codec.encode({0: "0100", 7: "1325120000", 11: "000123"}, built_in()),
            "field 7, at byte 12, has an impossible",
        ),
        (codec.encode({0: "0100", 55: "9F3602"}, built_in()), "field 55, at byte 12, is not valid BER-TLV: value of"),
        (codec.encode({0: "0100", 11: "000123"}, built_in()) + b"1", "the rest of the message, at byte 18, belongs to"),
        (b"", "message type, at byte 0, is cut off"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(encoded, told):
    """The field, the byte where it begins, and the reason."""
    assert Dissected.of(encoded, built_in()).refusal.startswith(told)


@pytest.mark.parametrize("name", BUILT_IN)
@given(data=st.binary(max_size=200))
def test_whatever_comes_is_taken_apart(name, data):
    """Any bytes at all: no error is raised, and as many octets are shown as there are."""
    dissected = Dissected.of(data, built_in(name))
    dissected.fields()
    assert len(dissected.hexadecimal()) == 2 * len(data)


def test_the_header_has_a_place():
    """It has no number."""
    dialect = built_in("unionpay_like")
    encoded = codec.encode({HEADER: "2E" + "AB" * 45, 0: "0800", 7: "1125101500", 11: "000123", 70: "301"}, dialect)
    header, message_type, *_ = Dissected.of(encoded, dialect).fields()
    assert (header.number, header.value, header.length) == (None, "2E" + "AB" * 45, 46)
    assert (message_type.number, message_type.value, message_type.offset) == (0, "0800", 46)
    assert PAN in "".join(str(part.value) for part in Dissected.of(_headed(PAN), dialect).fields())
    assert PAN not in "".join(str(part.value) for part in Dissected.of(_headed(PAN), dialect).fields({PAN}))


def _headed(digits):
    """An echo test behind a header with these digits."""
    fields = {0: "0800", 7: "1125101500", 11: "000123", 70: "301", HEADER: digits.ljust(92, "0")}
    return codec.encode(fields, built_in("unionpay_like"))


def test_the_third_bitmap_has_a_place():
    """In front with the others, or as a field of its own."""
    table = {"t": _entry(4), "p": _entry(8, "b"), **{str(number): _entry(6) for number in range(1, 193)}}
    table |= {"1": _entry(8, "b"), "65": _entry(8, "b")}
    for third in ({}, {"third_bitmap": 65}):
        dialect = Dialect.of("three", table | third)
        encoded = codec.encode({0: "0100", 11: "000123", 130: "ABCDEF"}, dialect)
        parts = Dissected.of(encoded, dialect).fields()
        assert [part.name for part in parts if "itmap" in part.name] == [
            "Primary bitmap", "Secondary bitmap", "Third bitmap",
        ]  # fmt: skip
        assert sum(part.length for part in parts) == len(encoded)


def _entry(length, encoding="ascii"):
    return {"data_enc": encoding, "len_enc": "ascii", "len_type": 0, "max_len": length, "desc": "A field"}


def test_formats():
    """Class, length and encoding, as the table has them."""
    ascii_1987, bcd = built_in(), built_in("bcd_1987")
    assert format_of(ascii_1987.fields[4]) == "n 12 in ascii"
    assert format_of(ascii_1987.fields[2]) == "n ..19 in ascii, length in 2 bytes of ascii"
    assert format_of(ascii_1987.fields[52]) == "b 8 in binary"
    assert format_of(bcd.fields[2]) == "n ..19 in bcd, length in 1 bytes of bcd, counting nibbles"


@pytest.mark.parametrize(
    ("tag", "value", "number"),
    [
        ("5A", f"{PAN}FFFF", PAN),
        ("57", f"{PAN}D29122010", PAN),
        ("9F6B", f"{PAN}D29122010F", PAN),
        ("5A", "12", None),
        ("57", "ABCD", None),
        ("9F36", PAN, None),
    ],
)
def test_numbers_in_data_objects(tag, value, number):
    """Those of a card that may be one."""
    octets = bytes.fromhex(value + "0" * (len(value) % 2))
    assert card_number(tag, octets) == number
    if is_card_data(tag):
        assert value[:16] not in shown_value(tag, octets)


def test_places_of_objects_are_those_of_decoding():
    """With the same tags and values as without places."""
    data = bytes.fromhex("00" + CHIP)
    (first, *_), (placed, *_) = tlv.decode(data), tlv.decode_placed(data)
    assert first == ("5A", data[placed.value : placed.end])
    assert data[placed.start] == 0x5A
