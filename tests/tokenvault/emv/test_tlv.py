"""BER-TLV and data object lists: published samples and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv import qr, tlv
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
    ],
)
def test_fill_cuts_and_pads_by_format(tag, length, value, filled):
    """Numeric values keep their right end, others their left; cn is filled with F."""
    assert tlv.fill_object_list([(tag, length)], {tag: bytes.fromhex(value)}) == bytes.fromhex(filled)


def test_a_missing_value_fills_with_zeros():
    """A tag that nobody has a value for is zeros, even where the format pads with F."""
    assert tlv.fill_object_list([("5A", 3)], {}) == bytes(3)


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
