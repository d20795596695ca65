"""What fields of a jPOS packager may hold, where a message is held against its table."""

import pytest

from authz.iso8583.dialects.fields import BEHIND_THE_SECOND, DialectError
from authz.iso8583.dialects.jpos_packager import dialect_of_packager
from authz.iso8583.encoding import codec


def dialect_of(rows, *, pad="false", **settings):
    """A packager with fields of some number, class and length."""
    fields = "".join(
        f'<isofield id="{number}" length="{length}" pad="{pad}" name="F{number}" class="org.jpos.iso.{name}"/>'
        for number, name, length in rows
    )
    named = "".join(f' {name}="{value}"' for name, value in settings.items())
    return dialect_of_packager("jpos", f"<isopackager{named}>{fields}</isopackager>")


TYPE, BITMAP = (0, "IFA_NUMERIC", 4), (1, "IFB_BITMAP", 16)


def dialect_with(class_name, place=48, length=19, pad="false"):
    """A field of some class, in a packager with nothing else."""
    return dialect_of([TYPE, BITMAP, (place, class_name, length)], pad=pad)


@pytest.mark.parametrize(
    ("class_name", "takes_letters"), [("IFB_LLHEX", True), ("IFB_LLNUM", False), ("IFB_LLHNUM", False)]
)
def test_half_bytes_and_digits(class_name, takes_letters):
    """A class of hexadecimal digits takes A to F, a class of numbers does not."""
    dialect = dialect_with(class_name)
    for value in ("1234", "12AB"):
        raw = codec.encode({0: "0100", 48: value}, dialect)
        if value.isdigit() or takes_letters:
            assert codec.decode_checked(raw, dialect)[48] == value
        else:
            with pytest.raises(codec.MessageError, match=r"field 48, .*has characters"):
                codec.decode_checked(raw, dialect)


@pytest.mark.parametrize(
    ("class_name", "most"),
    [
        ("IFA_LCHAR", 9), ("IFA_LLCHAR", 99), ("IFA_LLLCHAR", 999), ("IFE_LLCHAR", 99), ("IFB_LLCHAR", 99),
        ("IFB_LLLCHAR", 9_999), ("IFB_LLHCHAR", 255), ("IFB_LLLHCHAR", 65_535),
    ],
)  # fmt: skip
def test_a_field_is_no_longer_than_its_length_can_say(class_name, most):
    """Whatever the file allows: what would not fit the length in front is refused by its field."""
    for written, length in ((most - 1, most - 1), (most, most), (most + 1, most)):
        dialect = dialect_with(class_name, length=written)
        assert dialect.fields[48].max_length == length
        message = {0: "0100", 48: "A" * length}
        assert codec.decode(codec.encode(message, dialect), dialect) == message
        with pytest.raises(codec.MessageError, match=rf"field 48 \(F48\) must have at most {length} characters"):
            codec.encode({0: "0100", 48: "A" * (length + 1)}, dialect)


@pytest.mark.parametrize("length", [1, 70_000])
def test_a_field_without_a_length_in_front_is_as_long_as_the_file_says(length):
    """Nothing else bounds it."""
    assert dialect_with("IF_CHAR", length=length).fields[48].max_length == length


@pytest.mark.parametrize(("place", "is_track"), [(34, False), (35, True), (36, True), (37, False)])
def test_separators_in_tracks(place, is_track):
    """A class of numbers takes one where the field is a track."""
    dialect = dialect_with("IFB_LLNUM", place)
    raw = codec.encode({0: "0100", place: "99995010D2912"}, dialect)
    if is_track:
        assert codec.decode_checked(raw, dialect)[place] == "99995010D2912"
    else:
        with pytest.raises(codec.MessageError, match=rf"field {place}, .*has characters"):
            codec.decode_checked(raw, dialect)


@pytest.mark.parametrize(
    ("class_name", "length", "pad", "value", "written"),
    [
        ("IFA_AMOUNT", 8, "false", "D0000125", "4430303030313235"),
        ("IFE_AMOUNT", 8, "false", "D0000125", "C4F0F0F0F0F1F2F5"),
        ("IFB_AMOUNT", 8, "false", "D0000125", "4400001250"),
        ("IFB_AMOUNT", 8, "true", "D0000125", "4400000125"),
    ],
)
def test_the_bytes_of_a_signed_amount(class_name, length, pad, value, written):
    """In either alphabet, or with packed digits, whose odd one is padded where the file says."""
    dialect = dialect_with(class_name, length=length, pad=pad)
    encoded = codec.encode({0: "0100", 48: value}, dialect)
    assert encoded[12:].hex().upper() == written
    assert codec.decode(encoded, dialect)[48] == value


@pytest.mark.parametrize(
    ("class_name", "length", "most"),
    [("IFEB_LLNUM", 19, 10), ("IFEB_LLNUM", 20, 10), ("IFEB_LLNUM", 21, 11), ("IFB_LLHEX", 9, 18), ("IFB_HEX", 9, 9)],
)
def test_a_length_in_bytes_or_in_half_bytes(class_name, length, most):
    """Digits that are counted by bytes are half as many; bytes that are counted by half-bytes, twice as many."""
    assert dialect_with(class_name, length=length).fields[48].max_length == most


def test_a_field_that_is_not_used():
    """Keeps its name, and is refused in every message."""
    dialect = dialect_with("IF_UNUSED")
    assert (dialect.fields[48].is_unused, dialect.fields[48].name) == (True, "F48")
    with pytest.raises(codec.MessageError, match="field 48 is not in the dialect"):
        codec.encode({0: "0100", 48: "A"}, dialect)


@pytest.mark.parametrize(("length", "third_bitmap"), [(16, 0), (23, 0), (24, BEHIND_THE_SECOND)])
def test_room_for_a_third_bitmap(length, third_bitmap):
    """Field 1 of 24 bytes has it; how many fields there are follows."""
    dialect = dialect_of([TYPE, (1, "IFB_BITMAP", length)])
    assert dialect.third_bitmap == third_bitmap
    assert len(dialect.fields) == (193 if third_bitmap else 129)
    assert dialect.fields[0] == dialect.message_type


@pytest.mark.parametrize(("number", "can_be"), [(1, False), (2, True), (128, True), (129, False)])
def test_the_field_that_a_file_names_for_its_third_bitmap(number, can_be):
    """One of the first two bitmaps' fields."""
    rows = [TYPE, BITMAP, (2, "IFB_BITMAP", 8), (128, "IFB_BITMAP", 8), (129, "IFB_BITMAP", 8)]
    if can_be:
        assert dialect_of(rows, thirdBitmapField=number).third_bitmap == number
    else:
        with pytest.raises(DialectError, match=f"has thirdBitmapField='{number}', but that field is not a bitmap"):
            dialect_of(rows, thirdBitmapField=number)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([BITMAP], "has no isofield with id 0"),
        ([TYPE], "has no isofield with id 1"),
        ([TYPE, (1, "IFB_BITMAP", "x")], "field 1: its length is not a number"),
    ],
)
def test_what_every_packager_must_have(rows, told):
    """The message type and the bitmap."""
    with pytest.raises(DialectError, match=told):
        dialect_of(rows)


def test_blanks_around_a_number():
    """Are none of it."""
    assert dialect_of([TYPE, BITMAP, (" 48 ", "IFA_LLCHAR", " 19\t")], headerLength=" 5 ").fields[48].max_length == 19
