"""PANs: check digit, ranges, masking, track 2, payment account reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.encodings import tlv
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.pan import (
    PanRange,
    Track2,
    check_payment_account_reference,
    is_luhn_valid,
    luhn_check_digit,
    masked,
)


@pytest.mark.parametrize(
    "row", rows("luhn_track2_par", kind="luhn_valid") + rows("luhn_track2_par", kind="luhn_invalid")
)
def test_luhn(row):
    """Published numbers pass or fail the check digit as stated."""
    assert is_luhn_valid(row["pan"]) == (row["kind"] == "luhn_valid")


@pytest.mark.parametrize("row", rows("luhn_track2_par", kind="track2_equivalent"))
def test_track2(row):
    """The published tag 57 reads into its parts and packs back."""
    track = Track2.decode(octets(row, "tag57_hex"))
    expect = row["expect"]
    assert track == Track2(expect["pan"], expect["expiry"], expect["service"], expect["discretionary"])
    assert track.encode() == octets(row, "tag57_hex")
    assert is_luhn_valid(track.pan) == row["pan_luhn_ok"]
    assert track.pan not in repr(track)


@pytest.mark.parametrize("row", rows("luhn_track2_par", kind="par"))
def test_payment_account_reference(row):
    """The published PAR is accepted and travels in tag 9F24."""
    value = check_payment_account_reference(row["value"])
    assert tlv.encode([("9F24", value.encode())]) == octets(row, "tlv")


@pytest.mark.parametrize("value", ["", "a" * 29, "A" * 28, "A" * 30, "A" * 28 + "-"])
def test_other_references_are_refused(value):
    """A PAR of another length or alphabet is refused."""
    with pytest.raises(FieldError):
        check_payment_account_reference(value)


@given(st.text("0123456789", min_size=1, max_size=18))
def test_check_digit_makes_a_number_valid(payload):
    """Any digits with their check digit pass; with any other last digit they fail."""
    right = luhn_check_digit(payload)
    for digit in "0123456789":
        assert is_luhn_valid(payload + digit) == (digit == right)


@given(st.text("0123456789", max_size=19))
def test_masking_hides_enough(pan):
    """At least six digits stay hidden, or all of a short number, and the length is kept."""
    shown = masked(pan)
    assert len(shown) == len(pan)
    assert shown.count("*") >= min(6, len(pan))


def test_range_holds_valid_numbers_of_its_prefix():
    """Every PAN of a range has its prefix, length and check digit, and no two are equal."""
    numbers = PanRange("99990", 8)
    pans = [numbers.pan(index) for index in range(numbers.capacity)]
    assert len(set(pans)) == 100
    assert all(is_luhn_valid(pan) and pan.startswith("99990") and len(pan) == 8 for pan in pans)
    with pytest.raises(FieldError):
        numbers.pan(100)


def test_overlapping_ranges():
    """Ranges overlap when one prefix begins with the other at the same length."""
    assert PanRange("99", 16).overlaps(PanRange("9900", 16))
    assert not PanRange("99", 16).overlaps(PanRange("9900", 15))
    assert not PanRange("98", 16).overlaps(PanRange("99", 16))


@pytest.mark.parametrize("text", ["", "4761", "4761739001010010=2512", "4761739001010010=25X2201", "12=2512201"])
def test_broken_track2_is_refused(text):
    """Text that is no track 2 is refused without repeating it."""
    with pytest.raises(FieldError) as refused:
        Track2.parse(text)
    assert not text or text not in str(refused.value)
