"""What fields of a jPOS packager may hold, where a message is held against its table."""

import pytest

from authz.iso8583.dialects.jpos_packager import dialect_of_packager
from authz.iso8583.encoding import codec


def dialect_with(class_name, place=48, length=19):
    """A field of some class, in a packager with nothing else."""
    rows = [(0, "IFA_NUMERIC", 4), (1, "IFB_BITMAP", 16), (place, class_name, length)]
    fields = "".join(
        f'<isofield id="{number}" length="{length}" class="org.jpos.iso.{name}"/>' for number, name, length in rows
    )
    return dialect_of_packager("jpos", f"<isopackager>{fields}</isopackager>")


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
        with pytest.raises(codec.MessageError, match=f"field 48 must have at most {length} characters"):
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
