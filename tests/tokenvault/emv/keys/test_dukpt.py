"""DUKPT with TDES and AES against the standard's own examples."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tests.vector_files import octets, rows
from tokenvault.emv.ciphers.block_cipher import aes_encrypt, exclusive_or, tdes_encrypt, triple_des
from tokenvault.emv.ciphers.mac import retail_mac
from tokenvault.emv.errors import EmvError, KeyLengthError
from tokenvault.emv.keys import dukpt_aes, dukpt_tdes
from tokenvault.emv.keys.dukpt_aes import KeyType, KeyUsage
from tokenvault.emv.keys.dukpt_tdes import Variant
from tokenvault.emv.pin import pin_block

TDES_TRANSACTIONS = [row for row in rows("dukpt_tdes") if "expect_transaction_key" in row]
AES_TRANSACTIONS = [row for row in rows("dukpt_aes") if "expect_transaction_key" in row]


@pytest.mark.parametrize("row", rows("dukpt_tdes", kind="initial key"))
def test_initial_key_tdes(row):
    """The key a terminal is loaded with."""
    assert dukpt_tdes.initial_key(octets(row, "bdk"), octets(row, "ksn")) == octets(row, "expect")


@pytest.mark.parametrize("row", TDES_TRANSACTIONS)
def test_transaction_tdes(row):
    """Transaction key, PIN block, MACs and data of the standard's examples."""
    base, ksn, data = octets(row, "bdk"), octets(row, "ksn"), row["data"].encode()
    assert dukpt_tdes.transaction_key(base, ksn) == octets(row, "expect_transaction_key")

    def key(variant):
        return dukpt_tdes.working_key(base, ksn, variant)

    assert tdes_encrypt(key(Variant.PIN), octets(row, "clear_pin_block")) == octets(row, "expect_enc_pin_block")
    assert retail_mac(key(Variant.MAC_REQUEST), data, 1)[:4] == octets(row, "expect_mac_request4")
    assert retail_mac(key(Variant.MAC_RESPONSE), data, 1)[:4] == octets(row, "expect_mac_response4")
    cipher = Cipher(triple_des(key(Variant.DATA_REQUEST)), modes.CBC(bytes(8))).encryptor()
    assert cipher.update(data + bytes(-len(data) % 8)) == octets(row, "expect_enc_data_request")


@pytest.mark.parametrize("row", rows("dukpt_aes", kind="initial key"))
def test_initial_key_aes(row):
    """The key a terminal is loaded with."""
    assert dukpt_aes.initial_key(octets(row, "bdk"), octets(row, "ikid")) == octets(row, "expect")


@pytest.mark.parametrize("row", AES_TRANSACTIONS)
def test_transaction_aes(row):
    """Derivation key and every working key of the standard's examples."""
    base, ksn = octets(row, "bdk"), octets(row, "ksn")
    assert dukpt_aes.transaction_key(base, ksn) == octets(row, "expect_transaction_key")
    usages = {"pin": KeyUsage.PIN_ENCRYPTION, "cmac": KeyUsage.MAC_GENERATION, "data": KeyUsage.DATA_ENCRYPTION}
    types = {"aes128": KeyType.AES_128, "aes192": KeyType.AES_192, "aes256": KeyType.AES_256}
    checked = 0
    for name in row:
        parts = name.split("_")
        if parts[0] == "expect" and parts[1] in usages:
            bits = next(part for part in parts if part in types)
            assert dukpt_aes.working_key(base, ksn, usages[parts[1]], types[bits]) == octets(row, name), name
            checked += 1
    assert checked >= 3


@pytest.mark.parametrize("row", [row for row in AES_TRANSACTIONS if "expect_enc_pin_block" in row])
def test_pin_block_aes(row):
    """A format 4 PIN block under a DUKPT key, both ways."""
    key = dukpt_aes.working_key(octets(row, "bdk"), octets(row, "ksn"), KeyUsage.PIN_ENCRYPTION, KeyType.AES_128)
    field = octets(row, "pin_field")
    block = aes_encrypt(key, exclusive_or(aes_encrypt(key, field), pin_block.format_4_pan_field(row["pan"])))
    assert block == octets(row, "expect_enc_pin_block")
    assert pin_block.encipher_format_4(key, row["pin"], row["pan"], lambda _: field[8:]) == block
    assert pin_block.decipher_format_4(key, block, row["pan"]) == row["pin"]


def test_refusals():
    """Serial numbers and keys of other lengths, and counters with too many ones, are refused."""
    with pytest.raises(EmvError, match="10 bytes"):
        dukpt_tdes.transaction_key(bytes(16), bytes(12))
    with pytest.raises(KeyLengthError):
        dukpt_tdes.initial_key(bytes(8), bytes(10))
    with pytest.raises(EmvError, match="12 bytes"):
        dukpt_aes.transaction_key(bytes(16), bytes(10))
    with pytest.raises(EmvError, match="ones"):
        dukpt_aes.transaction_key(bytes(16), bytes(8) + b"\xff\xff\xff\xff")
    with pytest.raises(KeyLengthError):
        dukpt_aes.initial_key(bytes(20), bytes(8))


@pytest.mark.parametrize(
    ("key_type", "length"),
    [
        (KeyType.TDES_DOUBLE, 16),
        (KeyType.TDES_TRIPLE, 24),
        (KeyType.AES_128, 16),
        (KeyType.AES_192, 24),
        (KeyType.AES_256, 32),
    ],
)
def test_a_working_key_is_as_long_as_its_algorithm_wants(key_type, length):
    """A terminal with an AES base key may also hold keys for TDES."""
    key = dukpt_aes.working_key(bytes(range(32)), bytes(11) + b"\1", KeyUsage.PIN_ENCRYPTION, key_type)
    assert len(key) == length


def test_every_use_has_a_key_of_its_own():
    """No two uses of one transaction share a key, under TDES or AES."""
    tdes = {dukpt_tdes.working_key(bytes(range(16)), bytes(9) + b"\1", variant) for variant in Variant}
    aes = {dukpt_aes.working_key(bytes(16), bytes(11) + b"\1", usage, KeyType.AES_128) for usage in KeyUsage}
    assert (len(tdes), len(aes)) == (len(Variant), len(KeyUsage))


def test_uses_have_the_numbers_of_the_standard():
    """ANSI X9.24-3 numbers the uses that go into a key's derivation, and the algorithms."""
    assert [f"{usage:04X}" for usage in KeyUsage] == [
        "1000", "2000", "2001", "2002", "3000", "3001", "3002", "8000", "8001",
    ]  # fmt: skip
    assert [int(key_type) for key_type in KeyType] == [0, 1, 2, 3, 4]


def test_a_counter_of_sixteen_ones():
    """Sixteen ones are the most that a transaction counter of AES may have."""
    assert len(dukpt_aes.transaction_key(bytes(16), bytes(10) + b"\xff\xff")) == 16
    with pytest.raises(EmvError, match="at most 16 ones"):
        dukpt_aes.transaction_key(bytes(16), bytes(9) + b"\1\xff\xff")


def test_an_initial_key_identifier_has_eight_bytes():
    """Identifiers of another length are refused."""
    with pytest.raises(EmvError, match="8 bytes"):
        dukpt_aes.initial_key(bytes(16), bytes(7))


def test_every_bit_of_a_counter_counts():
    """Each of the 21 bits of a TDES counter, and of the 32 of an AES counter, leads to a key of its own."""
    base = bytes(range(16))
    counters = [0, *(1 << bit for bit in range(21))]
    assert len({dukpt_tdes.transaction_key(base, bytes(7) + each.to_bytes(3, "big")) for each in counters}) == 22
    counters = [0, *(1 << bit for bit in range(32))]
    assert len({dukpt_aes.transaction_key(base, bytes(8) + each.to_bytes(4, "big")) for each in counters}) == 33


def test_a_terminal_keeps_its_initial_key():
    """The counter has no part in the key that a terminal is loaded with; the rest of the serial number has."""
    base = bytes(range(16))
    first, last = bytes(7) + bytes.fromhex("000001"), bytes(7) + bytes.fromhex("1FFFFF")
    assert dukpt_tdes.initial_key(base, first) == dukpt_tdes.initial_key(base, last)
    assert dukpt_tdes.initial_key(base, first) != dukpt_tdes.initial_key(base, bytes(7) + bytes.fromhex("200001"))
