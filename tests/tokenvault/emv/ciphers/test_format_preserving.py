"""FF1 against NIST's samples, and as a permutation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.ciphers import format_preserving
from tokenvault.emv.errors import EmvError


@pytest.mark.parametrize("row", rows("ff1"))
def test_samples(row):
    """Each published sample, both ways."""
    arguments = octets(row, "key"), octets(row, "tweak")
    assert format_preserving.encrypt(*arguments, row["pt"], row["radix"]) == row["ct"]
    assert format_preserving.decrypt(*arguments, row["ct"], row["radix"]) == row["pt"]


@given(st.text("0123456789", min_size=6, max_size=40), st.binary(max_size=40), st.binary(min_size=32, max_size=32))
def test_round_trip(text, tweak, key):
    """Decrypting undoes encrypting, and the length stays."""
    encrypted = format_preserving.encrypt(key, tweak, text)
    assert len(encrypted) == len(text)
    assert format_preserving.decrypt(key, tweak, encrypted) == text


@pytest.mark.parametrize(("text", "radix"), [("12345", 10), ("12345a", 10), ("1234567", 1), ("ABCDEFG", 36)])
def test_refusals(text, radix):
    """Texts that are too short or have other characters are refused."""
    with pytest.raises(EmvError):
        format_preserving.encrypt(bytes(16), b"", text, radix)


@pytest.mark.parametrize(("text", "radix"), [("1" * 20, 2), ("z" * 4, 36), ("123456", 10)])
def test_smallest_and_largest_alphabets(text, radix):
    """Two characters and thirty-six are alphabets; a million texts are enough."""
    encrypted = format_preserving.encrypt(bytes(16), b"", text, radix)
    assert len(encrypted) == len(text)
    assert format_preserving.decrypt(bytes(16), b"", encrypted, radix) == text


@pytest.mark.parametrize(("text", "radix"), [("1234567", 37), ("1" * 19, 2), ("zzz", 36), ("2" * 30, 2)])
def test_refusals_are_the_same_both_ways(text, radix):
    """What cannot be encrypted cannot be decrypted either."""
    for way in (format_preserving.encrypt, format_preserving.decrypt):
        with pytest.raises(EmvError):
            way(bytes(16), b"", text, radix)
