"""Limited-use keys against published values."""

import pytest

from tests.vector_files import octets, rows
from tokenvault.emv.cryptograms.cryptogram_versions import LIMITED_USE_AES, LIMITED_USE_TDES
from tokenvault.emv.errors import EmvError
from tokenvault.emv.keys import limited_use_keys
from tokenvault.emv.keys.key_derivation import DerivationOption, card_key
from tokenvault.emv.keys.limited_use_keys import KeyIndex


@pytest.mark.parametrize("row", [row for row in rows("visa_hce_luk") if "mdk" in row])
def test_card_key(row):
    """The card key behind them, by option A."""
    assert card_key(octets(row, "mdk"), row["pan"], row["psn"], DerivationOption.A) == octets(row, "expect_udk")


@pytest.mark.parametrize("row", [row for row in rows("visa_hce_luk") if "expect_luk" in row])
def test_limited_use_key(row):
    """The key as published."""
    assert limited_use_keys.limited_use_key_tdes(octets(row, "udk"), row["index"]) == octets(row, "expect_luk")
    assert LIMITED_USE_TDES.limited_use_key(octets(row, "udk"), row["index"]) == octets(row, "expect_luk")


@pytest.mark.parametrize("row", [row for row in rows("visa_hce_luk") if "device_block" in row])
def test_magnetic_stripe_value(row):
    """The value of magnetic stripe mode as published."""
    value = limited_use_keys.magnetic_stripe_value(octets(row, "luk"), int(row["atc"], 16), octets(row, "device_block"))
    assert value == row["expect"]


def test_our_aes_variant():
    """Fixed by ourselves: nothing public exists to hold it against."""
    key = LIMITED_USE_AES.limited_use_key(bytes(range(16)), "6789012")
    assert key.hex() == "41f0dfe8fdfe3e9918f42002a6010fae"


@pytest.mark.parametrize(
    ("seconds", "counter", "text"),
    [
        (1767225600, 0, "6000100"),  # 2026-01-01T00:00Z
        (1767225600 + 3599, 99, "6000199"),
        (1767225600 + 3600, 7, "6000207"),
        (1798761599, 1, "6876001"),  # the last second of 2026
    ],
)
def test_index(seconds, counter, text):
    """The index says year, hour and counter."""
    assert KeyIndex.at(seconds, counter).text() == text
    assert KeyIndex.parse(text) == KeyIndex.at(seconds, counter)


@pytest.mark.parametrize("text", ["", "60001001", "6000000", "6878501", "60001O1"])
def test_no_index(text):
    """What is no index is refused."""
    with pytest.raises(EmvError):
        KeyIndex.parse(text)


@pytest.mark.parametrize("counter", [-1, 100])
def test_a_key_counter_has_two_digits(counter):
    """More keys than a hundred in an hour have no index."""
    with pytest.raises(EmvError, match="0 to 99"):
        KeyIndex.at(1767225600, counter)


@pytest.mark.parametrize("text", ["6000100", "6878499"])
def test_first_and_last_hour_of_a_leap_year(text):
    """Hours are 0001 to 8784."""
    assert KeyIndex.parse(text).text() == text


def test_limits_of_the_magnetic_stripe_value():
    """Any two-byte counter has a value; other counters and blocks of other lengths are refused."""
    for atc in (0, 65535):
        assert len(limited_use_keys.magnetic_stripe_value(bytes(16), atc, bytes(8))) == 3
    for atc, block in ((-1, bytes(8)), (65536, bytes(8)), (1, bytes(7))):
        with pytest.raises(EmvError, match="device block of 8 bytes and an ATC"):
            limited_use_keys.magnetic_stripe_value(bytes(16), atc, block)


@pytest.mark.parametrize("derive", [limited_use_keys.limited_use_key_tdes, limited_use_keys.limited_use_key_aes])
@pytest.mark.parametrize("index", ["678901", "67890123", "67890A2"])
def test_a_key_is_derived_from_an_index_only(derive, index):
    """Anything else than seven digits is refused."""
    with pytest.raises(EmvError, match="a key index has 7 digits"):
        derive(bytes(16), index)
