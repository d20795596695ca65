"""BER-TLV and data object lists: published samples and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.encodings import qr, tlv
from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS
from tokenvault.emv.errors import EmvError, TlvError


def _tree(objects):
    return [(tag, bytes.fromhex(value) if isinstance(value, str) else _tree(value)) for tag, value in objects]


@pytest.mark.parametrize("row", rows("ber_tlv", kind="decode"))
def test_decode(row):
    """Published encodings decode to their trees."""
    assert tlv.decode(octets(row, "hex")) == _tree(row["expect"])


@pytest.mark.parametrize("row", rows("ber_tlv", kind="encode"))
def test_encode(row):
    """Published trees encode to their bytes."""
    assert tlv.encode(_tree(row["tree"])) == octets(row, "expect")


@pytest.mark.parametrize("row", rows("ber_tlv", kind="length"))
def test_length(row):
    """Lengths take the form that the published samples show, and read back."""
    assert tlv.encode_length(row["value_length"]) == octets(row, "expect")
    assert tlv.read_length(octets(row, "expect"), 0) == (row["value_length"], len(octets(row, "expect")))


@pytest.mark.parametrize("row", rows("ber_tlv", kind="tag"))
def test_tag(row):
    """Tags end where the published samples end."""
    assert tlv.read_tag(octets(row, "hex") + b"\x01") == (row["hex"], row["tag_bytes"])


@pytest.mark.parametrize("row", rows("ber_tlv", kind="must_reject"))
def test_must_reject(row):
    """Cut-off encodings are refused."""
    with pytest.raises(TlvError):
        tlv.decode(octets(row, "hex"))


@pytest.mark.parametrize("row", rows("ber_tlv", kind="dol_parse"))
def test_object_list(row):
    """A published data object list reads into tags and lengths."""
    entries = tlv.decode_object_list(octets(row, "dol"))
    assert entries == [tuple(entry) for entry in row["expect"]]
    assert sum(length for _, length in entries) == row["total_length"]


@pytest.mark.parametrize("row", rows("ber_tlv", kind="dol_fill"))
def test_fill_object_list(row):
    """A published data object list fills to its bytes."""
    values = {tag: bytes.fromhex(value) for tag, value in row["values"].items()}
    assert tlv.fill_object_list(tlv.decode_object_list(octets(row, "dol")), values) == octets(row, "expect")


@pytest.mark.parametrize(
    ("tag", "length", "value", "filled"),
    [
        ("9F02", 6, "0123", "000000000123"),
        ("9F02", 2, "000123", "0123"),
        ("5A", 10, "4761739001010010", "4761739001010010FFFF"),
        ("9F26", 4, "0102030405", "01020304"),
        ("9F26", 4, "0102", "01020000"),
        ("DF01", 0, "01", ""),
        ("9F01", 6, "1234", "000000001234"),
        ("9F15", 1, "5411", "11"),
        ("9F19", 6, "0140000001", "000140000001"),
        ("9F20", 4, "1234", "1234FFFF"),
        ("5F30", 2, "201F", "201F"),
        ("5F30", 3, "0201", "000201"),
        ("5F28", 1, "0840", "40"),
        ("9F42", 3, "0978", "000978"),
        ("9F16", 15, "4D31", "4D31" + "00" * 13),
        ("9F1C", 4, "5445524D31323334", "5445524D"),
        ("9F4E", 6, "53686F70", "53686F700000"),
        ("9F66", 6, "36000000", "360000000000"),
        ("5F55", 1, "4445", "44"),
    ],
)
def test_fill_cuts_and_pads_by_format(tag, length, value, filled):
    """Numeric values keep their right end, others their left; cn is filled with F."""
    assert tlv.fill_object_list([(tag, length)], {tag: bytes.fromhex(value)}) == bytes.fromhex(filled)


def test_a_missing_value_fills_with_zeros():
    """A tag that nobody has a value for is zeros, even where the format pads with F; so is a template."""
    assert tlv.fill_object_list([("5A", 3)], {}) == bytes(3)
    assert tlv.fill_object_list([("BF0C", 3)], {"BF0C": b"\x01\x02\x03"}) == bytes(3)


@pytest.mark.parametrize("element", DATA_ELEMENTS.values(), ids=lambda element: element.tag)
def test_every_element_fills_by_its_format(element):
    """Each registered element is cut and padded on the side, and with the byte, that its format asks for."""
    short = tlv.fill_object_list([(element.tag, 4)], {element.tag: b"\x12\x34"})
    long = tlv.fill_object_list([(element.tag, 1)], {element.tag: b"\x12\x34"})
    if tlv.is_constructed(element.tag):
        assert (short, long) == (bytes(4), bytes(1))
    elif element.format == "n":
        assert (short, long) == (b"\0\0\x12\x34", b"\x34")
    elif element.format == "cn":
        assert (short, long) == (b"\x12\x34\xff\xff", b"\x12")
    else:
        assert (short, long) == (b"\x12\x34\0\0", b"\x12")


_NUMERIC = (
    "42 5F24 5F25 5F28 5F2A 5F30 5F34 5F36 5F57 9A 9C 9F01 9F02 9F03 9F0C 9F11 9F15 9F19 9F1A 9F21 9F25 9F35 9F39 9F3B "
    "9F3C 9F3D 9F41 9F42 9F43 9F44"
)


def test_the_registry_follows_annex_a():
    """Which elements of EMV Book 3, annex A, have format n or cn; tags, templates and lengths are sound."""
    book_3 = [element for element in DATA_ELEMENTS.values() if element.tag not in ("9F50", "9F5E", "9F6A")]
    assert sorted(element.tag for element in book_3 if element.format == "n") == sorted(_NUMERIC.split())
    assert sorted(element.tag for element in book_3 if element.format == "cn") == ["5A", "9F20"]
    for tag, element in DATA_ELEMENTS.items():
        assert tlv.read_tag(bytes.fromhex(tag)) == (tag, len(tag) // 2)
        assert 0 <= element.length_min <= element.length_max
        assert all(template in DATA_ELEMENTS for template in element.templates.split())


@pytest.mark.parametrize(
    ("data", "tree"),
    [
        ("00", []),
        ("009C0101", [("9C", "01")]),
        ("00009C0101", [("9C", "01")]),
        ("9C01010000", [("9C", "01")]),
        ("9C010100009F350122", [("9C", "01"), ("9F35", "22")]),
        ("E00700009C01010000", [("E0", [("9C", "01")])]),
        ("E0030000009C0100", [("E0", []), ("9C", "00")]),
    ],
)
def test_padding_is_skipped(data, tree):
    """00 bytes before, between and behind objects are no objects, outside templates and inside."""
    assert tlv.decode(bytes.fromhex(data)) == _tree(tree)


def test_a_length_with_leading_zeros():
    """A length of 82 00 02 is two."""
    assert tlv.decode(bytes.fromhex("82820002180057840000000112")) == [("82", b"\x18\0"), ("57", b"\x12")]


_TAGS = st.sampled_from(["9C", "9F02", "5F2A", "DF8101", "82"])
_OBJECTS = st.recursive(
    st.lists(st.tuples(_TAGS, st.binary(max_size=300)), max_size=4),
    lambda inner: st.lists(st.tuples(st.sampled_from(["E0", "BF0C", "61"]), inner), max_size=3),
    max_leaves=8,
)


@given(_OBJECTS)
def test_round_trip(objects):
    """What was encoded decodes to the same tree."""
    assert tlv.decode(tlv.encode(objects)) == objects


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(data):
    """Arbitrary bytes either decode or raise TlvError, nothing else."""
    try:
        tlv.decode(data)
    except TlvError:
        return


def test_bottomless_nesting_is_refused():
    """Objects inside objects without end are refused before they exhaust the stack."""
    data = b""
    for _ in range(40):
        data = b"\xe0" + tlv.encode_length(len(data)) + data
    with pytest.raises(TlvError, match="deeper"):
        tlv.decode(data)


@pytest.mark.parametrize("row", rows("emv_qr", kind="cpm"))
def test_consumer_presented_qr(row):
    """The published consumer-presented code decodes to its tree and encodes back to its text."""
    objects = qr.decode_consumer_presented(row["base64"])
    assert objects == _tree(row["tree"])
    assert tlv.encode(objects) == octets(row, "hex")
    assert qr.encode_consumer_presented(objects[1:]) == row["base64"]


def test_merchant_presented_checksum():
    """The checksum object keeps leading zeros, and the CRC gives its catalogue value."""
    (crc_row,) = rows("emv_qr", kind="crc16")
    (format_row,) = rows("emv_qr", kind="mpm_crc_format")
    assert qr.crc_16(crc_row["ascii"].encode()) == int(crc_row["expect"], 16)
    assert qr.checksum_object(int(format_row["crc_value"], 16)) == format_row["expect"]
    assert qr.merchant_presented_checksum("000201").startswith("6304")


@pytest.mark.parametrize("text", ["", "!!!", "AAAA", "hQVDUFYwMg=="])
def test_other_texts_are_no_payment_code(text):
    """Text that is no consumer-presented code is refused."""
    with pytest.raises(EmvError):
        qr.decode_consumer_presented(text)


def test_a_tag_has_at_most_four_bytes():
    """Four bytes of tag are read; a fifth is refused, and says where the tag began."""
    assert tlv.read_tag(bytes.fromhex("DF81820301")) == ("DF818203", 4)
    with pytest.raises(TlvError, match="tag at byte 1 is longer than 4 bytes"):
        tlv.read_tag(bytes.fromhex("00DF8182838401"), 1)


def test_a_tag_is_read_where_it_begins():
    """With an offset, the tag there and where it ends; at the end of the data, it is cut off."""
    assert tlv.read_tag(bytes.fromhex("9C9F02"), 1) == ("9F02", 3)
    assert tlv.read_tag(bytes.fromhex("9F029C"), 2) == ("9C", 3)
    for data in ("9C", "9C9F", "9CDF81"):
        with pytest.raises(TlvError, match="tag cut off at byte 1"):
            tlv.read_tag(bytes.fromhex(data), 1)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("9C", "length missing at byte 1"),
        ("9C80", "takes 0 bytes; 1 to 4"),
        ("9C850000000000", "takes 5 bytes; 1 to 4"),
        ("9C8201", "length cut off at byte 1"),
        ("9C0201", "value of 9C at byte 2 is cut off: 2 bytes announced, 1 there"),
    ],
)
def test_what_is_wrong_with_an_object_is_said(data, problem):
    """Each way to break off has a sentence of its own, with the place."""
    with pytest.raises(TlvError, match=problem):
        tlv.decode(bytes.fromhex(data))


def test_a_length_of_four_bytes():
    """The longest form of a length is read."""
    assert tlv.decode(bytes.fromhex("9C8400000001FF")) == [("9C", b"\xff")]


@pytest.mark.parametrize(("depth", "is_read"), [(17, True), (18, False)])
def test_how_deep_objects_nest(depth, is_read):
    """Sixteen templates in one more are read, and not one further."""
    data = b""
    for _ in range(depth - 1):
        data = b"\xe0" + tlv.encode_length(len(data)) + data
    if is_read:
        assert tlv.encode(tlv.decode(data)) == data
    else:
        with pytest.raises(TlvError, match="deeper than 16"):
            tlv.decode(data)


def test_primitives_come_depth_first():
    """All that holds no other objects, in the order of the data."""
    objects = [("9C", b"\1"), ("E0", [("82", b"\2"), ("61", [("9F02", b"\3")])]), ("84", b"\4")]
    assert list(tlv.primitives(objects)) == [("9C", b"\1"), ("82", b"\2"), ("9F02", b"\3"), ("84", b"\4")]


def test_an_object_list_that_breaks_off():
    """A tag without its length is named."""
    with pytest.raises(TlvError, match="length of 9F02 missing"):
        tlv.decode_object_list(bytes.fromhex("9C019F02"))


@pytest.mark.parametrize(
    ("length", "encoded"),
    [(0, "00"), (127, "7F"), (128, "8180"), (255, "81FF"), (256, "820100"), (65535, "82FFFF"), (65536, "83010000")],
)
def test_a_length_takes_as_few_bytes_as_it_can(length, encoded):
    """One byte up to 127, then one that tells how many follow."""
    assert tlv.encode_length(length) == bytes.fromhex(encoded)
    assert tlv.read_length(bytes.fromhex(encoded), 0) == (length, len(encoded) // 2)
