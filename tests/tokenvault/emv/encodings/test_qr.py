"""Merchant-presented QR codes: objects of two digits of ID, two of length, and a value, and their checksum."""

import pytest

from tokenvault.emv.encodings import qr
from tokenvault.emv.errors import EmvError

OBJECTS = [("00", "01"), ("26", [("00", "tapwright"), ("01", "1234")]), ("52", "5411"), ("59", "Caf\u00e9")]
BODY = "00020126210009tapwright010412345204541159" + "04Caf\u00e9"


def _closed(body):
    return body + qr.merchant_presented_checksum(body)


def test_a_code_is_written():
    """Lengths count characters, a template holds objects, the checksum comes last."""
    text = qr.encode_merchant_presented(OBJECTS)
    assert text[:-8] == BODY
    assert text[-8:] == f"6304{qr.crc_16((BODY + '6304').encode()):04X}"


def test_a_code_is_read():
    """Its objects by ID without the checksum; a template stays text until it is opened."""
    read = qr.decode_merchant_presented(qr.encode_merchant_presented(OBJECTS))
    assert read == {"00": "01", "26": "0009tapwright01041234", "52": "5411", "59": "Caf\u00e9"}
    assert qr.read_template(read["26"]) == {"00": "tapwright", "01": "1234"}


def test_letters_of_a_checksum_may_be_small():
    """A checksum in lower case is the same number."""
    text = _closed("000201" + "5802DE")
    assert text[-4:] != text[-4:].lower()
    assert qr.decode_merchant_presented(text[:-4] + text[-4:].lower()) == {"00": "01", "58": "DE"}


@pytest.mark.parametrize(("name", "value"), [("1", "1"), ("123", "1"), ("X1", "1"), ("\u0661\u0662", "1")])
def test_an_id_is_two_digits(name, value):
    """Another ID cannot be written."""
    with pytest.raises(EmvError, match="two digits"):
        qr.encode_merchant_presented([(name, value)])


def test_a_value_has_one_to_ninety_nine_characters():
    """More do not fit two digits of length, and none is no value."""
    for length in (1, 99):
        assert qr.encode_merchant_presented([("59", "x" * length)]).startswith(f"59{length:02d}x")
    for length in (0, 100):
        with pytest.raises(EmvError, match=f"ID 59 has {length} characters; it takes 1 to 99"):
            qr.encode_merchant_presented([("59", "x" * length)])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "payload format indicator 01"),
        (_closed("5802DE"), "payload format indicator 01"),
        (_closed("000202"), "payload format indicator 01"),
        (_closed("5802DE000201"), "payload format indicator 01"),
        ("000201", "ends with its checksum"),
        (_closed("000201") + "5802DE", "ends with its checksum"),
        ("0002016303ABC", "ends with its checksum"),
        (_closed("000201")[:-4] + "0000", "checksum .* is wrong"),
        (_closed("0002015802DE").replace("DE", "FR"), "checksum .* is wrong"),
        ("0002015901\ud8006304ABCD", "no character"),
        ("0002015802D", "ID 58 announces 2 characters, 1 are there"),
        ("0002015800", "ID 58 announces 0 characters"),
        ("000201580", "character 6 begins no object"),
        ("000201X802DE", "character 6 begins no object"),
        ("0002015802DE5802FR", "ID 58 comes twice"),
    ],
)
def test_what_is_wrong_with_a_code_is_said(text, problem):
    """Each way to be no payment code has a sentence of its own."""
    with pytest.raises(EmvError, match=problem):
        qr.decode_merchant_presented(text)
