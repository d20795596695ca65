"""Message authentication codes against published vectors."""

import pytest

from tests.vector_files import octets, rows
from tokenvault.emv.errors import EmvError, KeyLengthError
from tokenvault.emv.mac import aes_cmac, pad, retail_mac, tdes_cmac


@pytest.mark.parametrize("row", rows("cmac"))
def test_cmac(row):
    """CMAC over AES and TDES gives each published code."""
    code = tdes_cmac if row["alg"] == "tdes" else aes_cmac
    assert code(octets(row, "key"), octets(row, "msg")) == octets(row, "mac")


@pytest.mark.parametrize("row", rows("iso9797_mac"))
def test_retail_mac(row):
    """MAC algorithm 3 gives each published code under its padding method."""
    assert retail_mac(octets(row, "key"), octets(row, "data"), row["padding"]) == octets(row, "expect")


@pytest.mark.parametrize(
    ("data", "method", "padded"),
    [
        (b"", 1, bytes(8)),
        (b"12345678", 1, b"12345678"),
        (b"123", 1, b"123" + bytes(5)),
        (b"", 2, b"\x80" + bytes(7)),
        (b"12345678", 2, b"12345678\x80" + bytes(7)),
    ],
)
def test_padding(data, method, padded):
    """Method 1 pads only where needed, method 2 always."""
    assert pad(data, method) == padded


def test_unknown_padding_and_key_length():
    """A padding method or a key that the standard does not know is refused."""
    with pytest.raises(EmvError):
        pad(b"", 3)
    with pytest.raises(KeyLengthError):
        retail_mac(bytes(8), b"")
