"""Issuer application data (tag 9F10) in its fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import rows
from tokenvault.emv.encodings import issuer_data
from tokenvault.emv.errors import EmvError


@pytest.mark.parametrize(
    ("data", "layout", "version", "results"),
    [
        ("06011203A0B800", "VSDC", "12", "03A0B800"),
        ("06010A03A4A000020102", "VSDC", "0A", "03A4A000"),
        ("07000103A04002010A010000001000D1F61152", "PBOC, UnionPay", "01", "03A04002"),
        ("07010103A0200001", "PBOC, UnionPay", "01", "03A02000"),
        ("0111A00003220000000000000000000322FF", "M/Chip", "11", "A00003220000"),
        ("0A01430304000005070201", "Tapwright, limited-use key", "43", "03040000"),
    ],
)
def test_layouts(data, layout, version, results):
    """Each scheme's layout is told by its length bytes, and nothing of the data is lost."""
    split = issuer_data.split(bytes.fromhex(data))
    assert split.layout == layout
    assert split.field("cryptogram version") == bytes.fromhex(version)
    assert split.field("card verification results") == bytes.fromhex(results)
    assert b"".join(value for _, value in split.fields) == bytes.fromhex(data)


def test_pboc_fields():
    """The published PBOC example has an algorithm and ten bytes of issuer discretionary data."""
    (row,) = rows("emv_cards_end_to_end", cvn="PBOC CVN01")
    split = issuer_data.split(bytes.fromhex(row["tags"]["9F10"]))
    assert split.field("algorithm") == b"\x01"
    assert split.field("issuer discretionary data") == bytes.fromhex("010000001000D1F61152")


def test_common_core():
    """The 32 bytes of EMV's Common Core Definitions: results of five bytes, counters, issuer data."""
    data = bytes.fromhex("0FA501A2380400000102030405060708") + b"\x0f" + bytes(15)
    split = issuer_data.split(data)
    assert split.layout == "Common Core Definitions"
    assert split.field("common core identifier") == b"\xa5"
    assert split.field("card verification results") == bytes.fromhex("A238040000")
    assert split.field("counters") == bytes.fromhex("0102030405060708")


@pytest.mark.parametrize(
    "data", ["", "06", "0601120300", "06011203A0B80003AA", "0701", "07010103A0200001FF", "15018504"]
)
def test_other_data_is_refused(data):
    """Data whose lengths do not come out has no known layout."""
    with pytest.raises(EmvError, match="9F10"):
        issuer_data.split(bytes.fromhex(data))


@given(st.binary(max_size=40))
def test_any_bytes_split_whole_or_are_refused(data):
    """Arbitrary bytes either split into fields that make them up again, or raise EmvError."""
    try:
        split = issuer_data.split(data)
    except EmvError:
        return
    assert b"".join(value for _, value in split.fields) == data


@pytest.mark.parametrize(
    "data",
    [
        "0FA501A2380400000102030405060708" + "0E" + "00" * 15,
        "0EA501A2380400000102030405060708" + "0F" + "00" * 15,
        "0FA501A2380400000102030405060708" + "0F" + "00" * 14,
        "0A0143030400000507020100",
        "0120A00003220000000000000000000322FF",
        "010FA00003220000000000000000000322FF",
        "0111A00003220000000000000000000322",
    ],
)
def test_data_that_only_begins_like_a_layout_is_refused(data):
    """One byte of length too many or too few, or a version number of another scheme, is no layout."""
    with pytest.raises(EmvError, match="9F10"):
        issuer_data.split(bytes.fromhex(data))


def test_a_field_that_a_layout_has_not():
    """Asking VSDC data for counters gives none, nor for issuer discretionary data where none follows."""
    split = issuer_data.split(bytes.fromhex("06011203A0B800"))
    assert (split.field("counters"), split.field("issuer discretionary data")) == (None, None)
    assert [name for name, _ in split.fields] == [
        "length",
        "key index",
        "cryptogram version",
        "card verification results",
    ]
