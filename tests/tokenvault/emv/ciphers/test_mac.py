"""Message authentication codes against published vectors."""

import psec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.ciphers.mac import aes_cmac, pad, retail_mac, tdes_cbc_mac, tdes_cmac
from tokenvault.emv.errors import EmvError, KeyLengthError


@pytest.mark.parametrize("row", rows("cmac"))
def test_cmac(row):
    """CMAC over AES and TDES gives each published code."""
    code = tdes_cmac if row["alg"] == "tdes" else aes_cmac
    assert code(octets(row, "key"), octets(row, "msg")) == octets(row, "mac")


@pytest.mark.parametrize("row", rows("iso9797_mac"))
def test_retail_mac(row):
    """MAC algorithm 3 gives each published code under its padding method."""
    assert retail_mac(octets(row, "key"), octets(row, "data"), row["padding"]) == octets(row, "expect")


def test_cbc_mac_published():
    """MAC algorithm 1 gives the published value of FIPS 113, appendix 2, where all parts of the key are one DES key."""
    key, data = bytes.fromhex("0123456789ABCDEF"), b"7654321 Now is the time for "
    assert tdes_cbc_mac(key * 2, data, padding=1) == bytes.fromhex("F1D30F6849312CA4")


@given(
    st.sampled_from([16, 24]).flatmap(lambda length: st.binary(min_size=length, max_size=length)),
    st.binary(min_size=1, max_size=100),
    st.sampled_from([1, 2]),
)
def test_cbc_mac_agrees_with_the_oracle(key, data, padding):
    """MAC algorithm 1 over TDES is that of an independent library, under both padding methods."""
    assert tdes_cbc_mac(key, data, padding) == psec.mac.generate_cbc_mac(key, data, padding, 8, psec.mac.Algorithm.DES)


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
    with pytest.raises(EmvError):
        tdes_cbc_mac(bytes(16), b"", 3)
    with pytest.raises(KeyLengthError):
        tdes_cbc_mac(bytes(8), b"")
    for length in (8, 24):
        with pytest.raises(KeyLengthError, match=f"a retail MAC key has 16 bytes, not {length}"):
            retail_mac(bytes(length), b"")


def test_method_2_is_usual():
    """Without another word data is padded by method 2, as EMV does."""
    key, data = bytes(range(16)), b"12345678"
    assert retail_mac(key, data) == retail_mac(key, data, 2) != retail_mac(key, data, 1)
    assert tdes_cbc_mac(key, data) == tdes_cbc_mac(key, data, 2) != tdes_cbc_mac(key, data, 1)
