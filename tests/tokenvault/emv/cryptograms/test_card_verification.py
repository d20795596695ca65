"""Card verification values against published values and independent libraries."""

import psec
import pyemv.cvv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.cryptograms import card_verification
from tokenvault.emv.errors import EmvError
from tokenvault.emv.keys.key_derivation import DerivationOption, card_key


@pytest.mark.parametrize("row", rows("card_verification_values", kind="CVV"))
def test_static_value(row):
    """CVV, iCVV and CVV2 as published."""
    value = card_verification.card_verification_value(
        octets(row, "cvk"), row["pan"], row["expiry"], row["service_code"]
    )
    assert value == row["expect"]


def _card_key(row):
    return card_key(octets(row, "imk"), row["pan"], row["psn"], DerivationOption(row["option"]))


@pytest.mark.parametrize("row", rows("card_verification_values", kind="dCVV"))
def test_dynamic_value(row):
    """dCVV as published."""
    atc = int(row["atc"], 16)
    value = card_verification.dynamic_card_verification_value(
        _card_key(row), row["pan"], row["expiry"], row["service_code"], atc
    )
    assert value == row["expect"]


@pytest.mark.parametrize("row", rows("card_verification_values", kind="CVC3"))
def test_cvc3(row):
    """CVC3 as published, from a track or from its IV; a card shows as many of its last digits as it has room for."""
    key, track = _card_key(row), octets(row, "track_or_ivcvc3")
    vector = track if len(track) == 2 else card_verification.cvc3_initialization_vector(key, track)
    value = card_verification.cvc3(key, vector, octets(row, "un"), int(row["atc"], 16))
    assert value == row["computed"]
    assert value.endswith(row["expect"])


@given(
    st.binary(min_size=16, max_size=16),
    st.text("0123456789", min_size=13, max_size=19),
    st.text("0123456789", min_size=4, max_size=4),
    st.text("0123456789", min_size=3, max_size=3),
)
def test_static_value_agrees_with_the_oracle(key, pan, expiry, service_code):
    """An independent library computes the same CVV."""
    ours = card_verification.card_verification_value(key, pan, expiry, service_code)
    assert ours == psec.cvv.generate_cvv(key, pan, expiry, service_code)


@given(st.binary(min_size=16, max_size=16), st.integers(0, 9999), st.binary(min_size=4, max_size=4))
def test_cvc3_agrees_with_the_oracle(key, atc, unpredictable_number):
    """An independent library computes the same CVC3; it forgets leading zeros."""
    track = bytes.fromhex("1234567890123456D12012061000110000000F")
    vector = card_verification.cvc3_initialization_vector(key, track)
    ours = card_verification.cvc3(key, vector, unpredictable_number, atc)
    assert ours == pyemv.cvv.generate_cvc3(key, track, atc.to_bytes(2, "big"), unpredictable_number).zfill(5)


def test_cvc3_keeps_leading_zeros():
    """A value below 10,000 still has five digits."""
    key = bytes(range(16))
    values = [card_verification.cvc3(key, b"\0\0", bytes(4), atc) for atc in range(200)]
    assert all(len(value) == 5 for value in values)
    assert any(value.startswith("0") for value in values)


def test_bad_input_is_named():
    """What is wrong is named, and no digit of a PAN is shown."""
    with pytest.raises(EmvError, match="a PAN has 8 to 19 digits"):
        card_verification.card_verification_value(bytes(16), "12A", "3012", "201")
    with pytest.raises(EmvError, match="16 bytes"):
        card_verification.card_verification_value(bytes(8), "4111111111111111", "3012", "201")


@pytest.mark.parametrize("atc", [0, 65535])
def test_a_counter_may_have_any_two_byte_value(atc):
    """The first transaction of a card and the last that its counter can number have a dCVV and a CVC3."""
    value = card_verification.dynamic_card_verification_value(bytes(range(16)), "4111111111111111", "3012", "201", atc)
    assert len(value) == 3
    assert len(card_verification.cvc3(bytes(range(16)), b"\0\0", bytes(4), atc)) == 5


@pytest.mark.parametrize("atc", [-1, 65536])
def test_a_counter_of_more_than_two_bytes_is_refused(atc):
    """A counter that no card can show is refused by name."""
    with pytest.raises(EmvError, match="ATC"):
        card_verification.dynamic_card_verification_value(bytes(16), "4111111111111111", "3012", "201", atc)
    with pytest.raises(EmvError, match="ATC"):
        card_verification.cvc3(bytes(16), bytes(2), bytes(4), atc)


@pytest.mark.parametrize(
    ("expiry", "service_code", "problem"),
    [("301", "201", "an expiry has 4"), ("30126", "201", "an expiry has 4"), ("3012", "20", "a service code has 3")],
)
def test_expiry_and_service_code_have_their_digits(expiry, service_code, problem):
    """A digit too few or too many would move all that follows it; it is refused and named."""
    with pytest.raises(EmvError, match=problem):
        card_verification.card_verification_value(bytes(16), "4111111111111111", expiry, service_code)


@pytest.mark.parametrize(("vector", "number"), [(bytes(3), bytes(4)), (bytes(2), bytes(3))])
def test_cvc3_takes_parts_of_their_lengths(vector, number):
    """An IV or an unpredictable number of another length is refused."""
    with pytest.raises(EmvError, match="CVC3 takes"):
        card_verification.cvc3(bytes(16), vector, number, 1)


@pytest.mark.parametrize("length", [8, 19])
def test_shortest_and_longest_pan(length):
    """PANs of 8 and of 19 digits have verification values."""
    pan = "4" * length
    assert len(card_verification.card_verification_value(bytes(16), pan, "3012", "201")) == 3
    assert len(card_verification.dynamic_card_verification_value(bytes(16), pan, "3012", "201", 7)) == 3
