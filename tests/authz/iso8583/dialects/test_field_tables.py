"""Field tables at their bounds: how many fields there are, where a third bitmap may be, what errors call a field."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from authz.iso8583.dialects.dialect_files import read_dialect
from authz.iso8583.dialects.fields import UNUSED, Dialect, DialectError, built_in
from authz.iso8583.dialects.possible_values import has_own_characters, impossible_value
from authz.iso8583.format_errors import IMPOSSIBLE_CODE, FormatError

TABLE = json.loads(files("authz.iso8583").joinpath("dialects/ascii_1987.json").read_text())
BITMAP = {"desc": "Bitmap", "data_enc": "b", "len_enc": "ascii", "len_type": 0, "max_len": 8}
BITMAP_AS_TEXT = BITMAP | {"data_enc": "ascii", "max_len": 16}


@pytest.mark.parametrize(
    ("name", "number", "place"),
    [
        ("Amount, transaction", 4, "field 4 (amount, transaction)"),
        ("PIN data", 52, "field 52 (PIN data)"),
        ("Y axis", 59, "field 59 (Y axis)"),
        ("Retrieval reference number (RRN)", 37, "field 37 (retrieval reference number)"),
        ("Primary account number", 2, "field 2 (primary account number)"),
        ("Bitmap, secondary", 1, ""),
        ("Message type", 0, ""),
        ("", 4, ""),
    ],
)
def test_what_errors_call_a_field(name, number, place):
    """Its number and its name within a sentence; what has no number of a field is called otherwise."""
    assert replace(UNUSED, name=name).place(number) == place


def test_a_header_has_one_length():
    """There is nothing in front of it that could say how long it is."""
    header = {"data_enc": "b", "len_enc": "ascii", "len_type": 0, "max_len": 5}
    assert Dialect.of("mine", TABLE | {"h": header}).header_bytes == 5
    with pytest.raises(DialectError, match="entry 'h': only a header of fixed length can be read"):
        Dialect.of("mine", TABLE | {"h": header | {"len_type": 2}})


@pytest.mark.parametrize("number", [2, 65, 128])
@pytest.mark.parametrize("bitmap", [BITMAP, BITMAP_AS_TEXT])
def test_where_a_third_bitmap_may_be(number, bitmap):
    """In any field of the first two, as 8 bytes or as 16 characters of hexadecimal text."""
    table = TABLE | {"130": TABLE["44"], "third_bitmap": number, str(number): bitmap}
    dialect = Dialect.of("mine", table)
    assert (dialect.third_bitmap, len(dialect.fields)) == (number, 193)
    for wrong in (bitmap["max_len"] - 1, bitmap["max_len"] + 1):
        with pytest.raises(DialectError, match=f"entry '{number}': must have 8 bytes"):
            Dialect.of("mine", table | {str(number): bitmap | {"max_len": wrong}})


@pytest.mark.parametrize("number", [0, 129])
def test_where_no_third_bitmap_can_be(number):
    """Before the first field, and behind the last that two bitmaps announce."""
    with pytest.raises(DialectError, match="entry 'third_bitmap': must be the number of a field, 2 to 128"):
        Dialect.of("mine", TABLE | {"130": TABLE["44"], "third_bitmap": number, "129": BITMAP})


def test_fields_are_found_by_their_number():
    """128 of them, unless a table has more; in front of the first stands the message type."""
    dialect = built_in()
    assert len(dialect.fields) == 129
    assert dialect.fields[0] == dialect.message_type


def test_a_file_that_holds_no_table(tmp_path):
    """A list of fields is none."""
    path = tmp_path / "list.json"
    path.write_text("[]")
    with pytest.raises(DialectError, match="is not a JSON object of fields"):
        read_dialect(path)


@pytest.mark.parametrize(
    ("amounts", "error"),
    [
        ("", None),
        ("3040", None),
        ("304097", None),
        ("304000", None),
        ("3040000", FormatError(54, IMPOSSIBLE_CODE)),
        ("3040978D000000000100304000", None),
        ("3040978D0000000001003040000", FormatError(54, IMPOSSIBLE_CODE)),
    ],
)
def test_a_code_that_is_cut_off_is_not_looked_at(amounts, error):
    """DE 54 may end within an amount: that it does is found where its structure is read."""
    assert impossible_value({54: amounts}) == error


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("C00000000", True), ("D12345678", True), ("C", True), ("", False), ("X00000000", False), ("000000000", False),
        ("CA0000000", False), ("C0000000A", False), ("CC0000000", False),
    ],
)  # fmt: skip
def test_the_characters_of_a_signed_amount(text, is_own):
    """Class x+n: C or D, and nothing but digits from the first to the last."""
    assert has_own_characters(text, replace(UNUSED, content="x+n")) == is_own
