"""Limited-use keys against published values."""

import pytest

from tests.vector_files import octets, rows
from tokenvault.emv import limited_use_keys
from tokenvault.emv.cryptogram_versions import LIMITED_USE_AES, LIMITED_USE_TDES
from tokenvault.emv.errors import EmvError
from tokenvault.emv.key_derivation import DerivationOption, card_key
from tokenvault.emv.limited_use_keys import KeyIndex


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
