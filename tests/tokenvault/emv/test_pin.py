"""PIN blocks and PIN verification against published values and an independent library."""

import os

import psec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv import pin_block, pin_verification
from tokenvault.emv.errors import EmvError

PINS = st.text("0123456789", min_size=4, max_size=12)
PANS = st.text("0123456789", min_size=13, max_size=19)
KEYS = st.binary(min_size=16, max_size=16)


@pytest.mark.parametrize("row", [row for row in rows("pin_blocks") if "expect_block" in row and row["format"] != 4])
def test_clear_blocks(row):
    """Formats 0 and 2 lay a PIN out as published, and give it back."""
    block = pin_block.encode(row["format"], row["pin"], row.get("pan"))
    assert block == octets(row, "expect_block")
    assert pin_block.decode(block, row.get("pan")) == row["pin"]


@pytest.mark.parametrize("row", rows("pin_blocks", op="decode"))
def test_published_block_decoded(row):
    """A block of format 3 gives its PIN, whatever fills it."""
    assert pin_block.decode(octets(row, "block"), row["pan"]) == row["expect_pin"]


@pytest.mark.parametrize("row", rows("pin_blocks", op="encipher"))
def test_format_4(row):
    """Format 4 enciphers as published, and deciphers."""
    key = octets(row, "key")
    block = pin_block.encipher_format_4(key, row["pin"], row["pan"], lambda _: octets(row, "random8"))
    assert block == octets(row, "expect_block")
    assert pin_block.decipher_format_4(key, block, row["pan"]) == row["pin"]


@pytest.mark.parametrize("row", rows("pin_blocks", op="pan field"))
def test_format_4_pan_field(row):
    """The PAN field says how long the PAN is."""
    assert pin_block.format_4_pan_field(row["pan"]) == octets(row, "expect_field")


@given(PINS, PANS, st.sampled_from([0, 1, 2, 3]))
def test_every_clear_block_comes_back(pin, pan, block_format):
    """What any format holds is what was put in."""
    block = pin_block.encode(block_format, pin, pan, os.urandom)
    assert block[0] >> 4 == block_format
    assert pin_block.decode(block, pan) == pin


@given(PINS, PANS)
def test_blocks_agree_with_the_oracle(pin, pan):
    """An independent library reads our blocks of formats 0 and 3, and we read its own."""
    assert psec.pinblock.decode_pinblock_iso_0(pin_block.encode(0, pin, pan), pan) == pin
    assert psec.pinblock.decode_pinblock_iso_3(pin_block.encode(3, pin, pan, os.urandom), pan) == pin
    assert pin_block.decode(psec.pinblock.encode_pinblock_iso_3(pin, pan), pan) == pin


@given(PINS, PANS, KEYS)
def test_format_4_agrees_with_the_oracle(pin, pan, key):
    """An independent library deciphers our format 4 blocks, and we its own."""
    ours = pin_block.encipher_format_4(key, pin, pan, os.urandom)
    assert psec.pinblock.decipher_pinblock_iso_4(key, ours, pan) == pin
    assert pin_block.decipher_format_4(key, psec.pinblock.encipher_pinblock_iso_4(key, pin, pan), pan) == pin


def test_a_block_of_another_pan_is_refused():
    """A PIN block moved to another card gives no PIN."""
    block = pin_block.encode(0, "1234", "4111111111111111")
    with pytest.raises(EmvError, match="another PAN"):
        pin_block.decode(block, "4222222222222220")


@pytest.mark.parametrize("row", rows("pin_verification", kind="Visa PVV"))
def test_pin_verification_value(row):
    """PVV as published."""
    value = pin_verification.pin_verification_value(octets(row, "pvk"), int(row["pvki"]), row["pan"], row["pin"])
    assert value == row["expect"]


@given(PINS, PANS, KEYS, st.integers(0, 6))
def test_pin_verification_value_agrees_with_the_oracle(pin, pan, key, index):
    """An independent library computes the same PVV."""
    expected = psec.pin.generate_visa_pvv(key, str(index), pin[:4], pan)
    assert pin_verification.pin_verification_value(key, index, pan, pin) == expected


@pytest.mark.parametrize("row", rows("pin_verification", kind="IBM 3624"))
def test_offset(row):
    """Natural PIN and offset as published, both ways."""
    natural = pin_verification.natural_pin(octets(row, "pvk"), row["validation_data"], row["decimalisation"])
    assert pin_verification.pin_from_offset(natural, row["offset"]) == row["expect_pin"]
    assert pin_verification.offset_of_pin(natural, row["expect_pin"]) == row["offset"]
