"""Card keys and session keys against published vectors."""

import pyemv
import pytest

from tests.vector_files import octets, rows
from tokenvault.emv.ciphers.block_cipher import (
    aes_check_value,
    aes_encrypt,
    tdes_check_value,
    tdes_encrypt,
    with_odd_parity,
)
from tokenvault.emv.ciphers.mac import aes_cmac
from tokenvault.emv.errors import EmvError, KeyLengthError
from tokenvault.emv.keys import key_derivation as derivation
from tokenvault.emv.keys.key_derivation import DerivationOption


def _card_key(row: dict[str, str]) -> bytes:
    if "mk" in row:
        return octets(row, "mk")
    return derivation.card_key(octets(row, "imk"), row["pan"], row["psn"], DerivationOption(row["option"]))


@pytest.mark.parametrize("row", rows("emv_icc_master_key"))
def test_card_keys(row):
    """Options A and B give each published card key, or its check value."""
    key = _card_key(row)
    if "expect_kcv2" in row:
        assert tdes_check_value(key, 2) == octets(row, "expect_kcv2")
        assert key == octets(row, "icc_mk_computed")
    elif row.get("parity_adjusted") is False:
        plain = derivation.card_key(octets(row, "imk"), row["pan"], row["psn"], DerivationOption.A, odd_parity=False)
        assert plain == octets(row, "expect_icc_mk")
        assert key == octets(row, "expect_icc_mk_odd_parity")
    else:
        assert key == octets(row, "expect_icc_mk")


def _session_key(row: dict) -> bytes:
    key = _card_key(row)
    match row["method"]:
        case "CSK":
            return derivation.session_key_tdes(key, octets(row, "r"))
        case "Mastercard SKD":
            return derivation.session_key_mastercard(key, int(row["atc"], 16), octets(row, "un"))
        case "Visa secure messaging (XOR ATC)":
            return derivation.secure_messaging_key_visa(key, int(row["atc"], 16))
        case "EMV2000 tree":
            return derivation.session_key_tree(
                key,
                int(row["atc"], 16),
                height=row["height"],
                branch_factor=row["branch"],
                initial_vector=octets(row, "iv"),
            )
    raise AssertionError(f"no derivation for {row['method']}")


@pytest.mark.parametrize("row", rows("emv_session_keys"))
def test_session_keys(row):
    """Each method gives each published session key, or its check value."""
    key = _session_key(row)
    if "expect_sk" in row:
        assert with_odd_parity(key) == with_odd_parity(octets(row, "expect_sk"))
    else:
        assert tdes_check_value(key, 2) == octets(row, "expect_sk_kcv2")


@pytest.mark.parametrize("row", rows("emv_aes"))
def test_aes_keys(row):
    """Option C and the AES common session key give the published keys."""
    key = derivation.card_key(octets(row, "imk"), row["pan"], row["psn"], DerivationOption.C)
    assert key == octets(row, "expect_icc_mk")
    diversifier = derivation.atc_diversifier(int(row["atc"], 16), 16)
    assert derivation.session_key_aes(key, diversifier) == octets(row, "expect_session_key")


@pytest.mark.parametrize("length", [16, 24, 32])
def test_aes_keys_keep_their_length(length):
    """A card key and a session key have as many bytes as the key they come from."""
    key = derivation.card_key(bytes(length), "4761739001010010", "01", DerivationOption.C)
    assert len(key) == length
    assert len(derivation.session_key_aes(key, derivation.atc_diversifier(1, 16))) == length


@pytest.mark.parametrize("length", [0, 8, 15, 24])
def test_tdes_master_key_length_is_checked(length):
    """A TDES master key of another length is refused."""
    with pytest.raises(KeyLengthError):
        derivation.card_key(bytes(length), "4761739001010010", "01", DerivationOption.A)


@pytest.mark.parametrize(
    ("pan", "psn"), [("47617390010100101234", "00"), ("4761x", "00"), ("4761", "1"), ("4761", "0a")]
)
def test_digits_are_checked(pan, psn):
    """A PAN or sequence number that is not digits of the right number is refused, and the PAN is not repeated."""
    with pytest.raises(EmvError) as refused:
        derivation.card_key(bytes(16), pan, psn, DerivationOption.A)
    assert pan not in str(refused.value)


def test_tree_must_cover_every_counter():
    """A tree with fewer leaves than ATC values is refused."""
    with pytest.raises(EmvError):
        derivation.session_key_tree(bytes(16), 1, height=4, branch_factor=2)


def test_check_values():
    """TDES encrypts a block of zeros, AES authenticates one; the first bytes are shown, as many as the caller wants."""
    key = bytes(range(16))
    assert tdes_check_value(key) == tdes_encrypt(key, bytes(8))[:3]
    assert aes_check_value(key) == aes_cmac(key, bytes(16))[:5]
    assert aes_check_value(key, 3) == aes_cmac(key, bytes(16))[:3]


@pytest.mark.parametrize(
    ("derive", "length"),
    [(derivation.session_key_tdes, 8), (derivation.session_key_aes, 16), (derivation.session_key_sm4, 16)],
)
def test_a_diversifier_is_one_block(derive, length):
    """A session key's diversifier has the length of one cipher block, and no other."""
    assert len(derive(bytes(16), bytes(length))) == 16
    for other in (length - 1, length + 1):
        with pytest.raises(EmvError, match=f"diversifier has {length} bytes, not {other}"):
            derive(bytes(16), bytes(other))


def test_the_counter_of_a_diversifier():
    """The first and the last counter go into two bytes; others are refused."""
    assert derivation.atc_diversifier(0, 8) == bytes(8)
    assert derivation.atc_diversifier(65535, 8) == b"\xff\xff" + bytes(6)
    for atc in (-1, 65536):
        with pytest.raises(EmvError, match="0 to 65535"):
            derivation.atc_diversifier(atc, 8)


def test_an_unpredictable_number_has_four_bytes():
    """M/Chip session keys take no other."""
    with pytest.raises(EmvError, match="4 bytes"):
        derivation.session_key_mastercard(bytes(16), 1, bytes(3))


def test_longest_pan():
    """A PAN of 19 digits has card keys by every option."""
    keys = {derivation.card_key(bytes(16), "4" * 19, "01", option) for option in DerivationOption}
    assert len(keys) == len(DerivationOption)


def test_option_b_hashes_only_long_pans():
    """Up to 16 digits options A and B agree; from 17 on they differ (EMV Book 2, A1.4.2)."""
    for length, is_same in ((16, True), (17, False)):
        options = DerivationOption.A, DerivationOption.B
        by_a, by_b = (derivation.card_key(bytes(16), "4" * length, "01", option) for option in options)
        assert (by_a == by_b) is is_same


def test_aes_session_keys_of_longer_keys():
    """Two blocks, told apart by F0 and 0F in the third byte, cut to the key's length."""
    diversifier = bytes(range(16))
    for length in (24, 32):
        key = bytes(range(length))
        blocks = [aes_encrypt(key, diversifier[:2] + mark + diversifier[3:]) for mark in (b"\xf0", b"\x0f")]
        assert derivation.session_key_aes(key, diversifier) == b"".join(blocks)[:length]


@pytest.mark.parametrize("pan", ["4761739001010000101", "4761739001010002306", "4761739001010004500"])
def test_option_b_where_the_hash_has_too_few_digits(pan):
    """Its letters fill up what its decimal digits leave open, as an independent library has it."""
    key = bytes(range(16))
    assert derivation.card_key(key, pan, "01", DerivationOption.B) == pyemv.kd.derive_icc_mk_b(key, pan, "01")
