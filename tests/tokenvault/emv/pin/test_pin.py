"""PIN blocks and PIN verification against published values and an independent library."""

import os

import psec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.ciphers.block_cipher import aes_encrypt, exclusive_or
from tokenvault.emv.errors import EmvError
from tokenvault.emv.pin import pin_block, pin_verification

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


@pytest.mark.parametrize("digits", [4, 12])
@pytest.mark.parametrize("block_format", [0, 1, 2, 3])
def test_shortest_and_longest_pin(block_format, digits):
    """PINs of 4 and of 12 digits fit every format, with PANs of 8 and of 19 digits."""
    for pan in ("4" * 8, "4" * 19):
        block = pin_block.encode(block_format, "1" * digits, pan, os.urandom)
        assert pin_block.decode(block, pan) == "1" * digits


@pytest.mark.parametrize("pin", ["123", "1" * 13, "12a4", ""])
def test_other_pins_are_refused(pin):
    """A PIN has 4 to 12 digits, in whatever format."""
    for block_format in (0, 1, 2, 3):
        with pytest.raises(EmvError, match="a PIN has 4 to 12 digits"):
            pin_block.encode(block_format, pin, "4111111111111111", os.urandom)
    with pytest.raises(EmvError, match="a PIN has 4 to 12 digits"):
        pin_block.encipher_format_4(bytes(16), pin, "4111111111111111", os.urandom)


def test_what_a_format_wants():
    """A PAN, random fill, a format that exists and a PAN of 8 to 19 digits: what is missing is named."""
    for block_format in (0, 3):
        with pytest.raises(EmvError, match="take the PAN"):
            pin_block.encode(block_format, "1234", None, os.urandom)
        for pan in ("4" * 7, "4" * 20):
            with pytest.raises(EmvError, match="a PAN has 8 to 19 digits"):
                pin_block.encode(block_format, "1234", pan, os.urandom)
    for block_format in (1, 3):
        with pytest.raises(EmvError, match=f"format {block_format} takes random fill"):
            pin_block.encode(block_format, "1234", "4111111111111111")
    with pytest.raises(EmvError, match="format 0, 1, 2 or 3"):
        pin_block.encode(4, "1234", "4111111111111111", os.urandom)


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("241234FFFFFFFF", "8 bytes"),
        ("241234FFFFFFFFFFFF", "8 bytes"),
        ("441234FFFFFFFFFF", "known format"),
        ("23123FFFFFFFFFFF", "no PIN|not a PIN block"),
        ("2D1234567890123F", "not a PIN block"),
        ("24123AFFFFFFFFFF", "not a PIN block"),
        ("241234FFFFFFFFF0", "not a PIN block"),
    ],
)
def test_what_is_no_clear_block(block, problem):
    """Another length, format, number of digits, a letter in the PIN or a digit in the fill."""
    with pytest.raises(EmvError, match=problem):
        pin_block.decode(bytes.fromhex(block))


def _bytes_in_turn(*numbers):
    left = list(numbers)
    return lambda count: bytes(left.pop(0) for _ in range(count))


def test_fill_is_drawn_without_preference():
    """Format 1 is filled with any digit, format 3 with A to F; a number that would favour some is drawn anew."""
    block = pin_block.encode(1, "123456789012", None, _bytes_in_turn(0x00, 0x19))
    assert block.hex().upper() == "1C12345678901209"
    pan = "4111111111111111"
    block = pin_block.encode(3, "123456789012", pan, _bytes_in_turn(252, 255, 251, 0))
    plain = bytes(a ^ b for a, b in zip(block, bytes.fromhex("0000111111111111"), strict=True))
    assert plain.hex().upper() == "3C123456789012FA"


def test_format_4_of_short_and_long_pans():
    """PANs of up to 12 digits count as 12; 19 is the most."""
    assert pin_block.format_4_pan_field("1").hex().upper() == "0000000000001" + "0" * 19
    assert pin_block.format_4_pan_field("4" * 19).hex().upper() == "7" + "4" * 19 + "0" * 12
    for pan in ("", "4" * 20):
        with pytest.raises(EmvError, match="a PAN has 1 to 19 digits"):
            pin_block.format_4_pan_field(pan)


def test_a_format_4_block_is_one_cipher_block():
    """Another length, and a block that deciphers to something else, give no PIN."""
    with pytest.raises(EmvError, match="16 bytes"):
        pin_block.decipher_format_4(bytes(16), bytes(8), "4111111111111111")
    with pytest.raises(EmvError, match="another PAN"):
        pin_block.decipher_format_4(bytes(16), bytes(16), "4111111111111111")


@pytest.mark.parametrize(
    ("pan", "pin", "index", "problem"),
    [
        ("4" * 11, "1234", 1, "a PAN has 12 to 19"),
        ("4" * 20, "1234", 1, "a PAN has 12 to 19"),
        ("4" * 16, "123", 1, "a PIN has 4 to 12"),
        ("4" * 16, "1" * 13, 1, "a PIN has 4 to 12"),
        ("4" * 16, "1234", 10, "key index has 1 digits"),
        ("4" * 16, "1234", -1, "key index has 1 digits"),
    ],
)
def test_what_a_pin_verification_value_wants(pan, pin, index, problem):
    """A PAN, a PIN or a key index of another length is refused and named."""
    with pytest.raises(EmvError, match=problem):
        pin_verification.pin_verification_value(bytes(16), index, pan, pin)


@pytest.mark.parametrize(("pan", "pin"), [("4" * 12, "1234"), ("4" * 19, "1" * 12)])
def test_limits_of_a_pin_verification_value(pan, pin):
    """The shortest and the longest PAN and PIN have one."""
    assert len(pin_verification.pin_verification_value(bytes(16), 1, pan, pin)) == 4


@pytest.mark.parametrize("table", ["012345678901234", "01234567890123456", "0123456789ABCDEF"])
def test_a_decimalization_table_has_sixteen_digits(table):
    """Another table is refused before any PIN comes of it."""
    with pytest.raises(EmvError, match="decimalization table has 16 digits"):
        pin_verification.natural_pin(bytes(16), "1234567890123456", table)


@pytest.mark.parametrize(("field", "is_read"), [("441234AAAAAAAAAA", True), ("341234AAAAAAAAAA", False)])
def test_a_format_4_block_says_that_it_is_one(field, is_read):
    """A field that begins with another format's number gives no PIN, however well the rest is laid out."""
    key, pan = bytes(range(16)), "4111111111111111"
    intermediate = aes_encrypt(key, bytes.fromhex(field) + bytes(8))
    block = aes_encrypt(key, exclusive_or(intermediate, pin_block.format_4_pan_field(pan)))
    if is_read:
        assert pin_block.decipher_format_4(key, block, pan) == "1234"
    else:
        with pytest.raises(EmvError, match="not a PIN block"):
            pin_block.decipher_format_4(key, block, pan)
