"""Issuer scripts, and whole cards from issuer master key to script, against published values and `pyemv`."""

import pyemv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.ciphers.block_cipher import aes_encrypt, exclusive_or
from tokenvault.emv.ciphers.mac import aes_cmac
from tokenvault.emv.cryptograms import cryptogram_versions, issuer_script
from tokenvault.emv.errors import EmvError, KeyLengthError
from tokenvault.emv.keys import key_derivation
from tokenvault.emv.pin import pin_block

VERSIONS = {
    "Visa CVN10": cryptogram_versions.VSDC_10,
    "Visa CVN18": cryptogram_versions.VSDC_18,
    "Visa CVN22": cryptogram_versions.VSDC_22,
    "Mastercard CVN16": cryptogram_versions.MCHIP_16,
    "Mastercard CVN17": cryptogram_versions.MCHIP_17,
    "Mastercard CVN20": cryptogram_versions.MCHIP_20,
    "Mastercard CVN21": cryptogram_versions.MCHIP_21,
    "Interac CVN133": cryptogram_versions.INTERAC_133,
    "PBOC CVN01": cryptogram_versions.PBOC_01,
}


def _card(row, master):
    version = VERSIONS[row["cvn"]]
    return key_derivation.card_key(octets(row, master), row["pan"], row["psn"], version.option)


def _transaction(row):
    tags = {tag: bytes.fromhex(value) for tag, value in row["tags"].items()}
    return tags, int.from_bytes(tags["9F36"], "big")


@pytest.mark.parametrize("row", rows("emv_cards_end_to_end"), ids=lambda row: row["cvn"])
def test_cryptogram_and_answer(row):
    """From the whole of tag 9F10, each version gives the published ARQC and ARPC."""
    version, card_key, (tags, atc) = VERSIONS[row["cvn"]], _card(row, "imk_ac"), _transaction(row)
    arqc = version.arqc(card_key, tags)
    assert arqc == octets(row, "expect_arqc")
    assert version.arpc(card_key, atc, tags["9F37"], arqc, octets(row, "response")) == octets(row, "expect_arpc")


@pytest.mark.parametrize(
    "row", [row for row in rows("emv_cards_end_to_end") if "expect_script_mac" in row], ids=lambda row: row["cvn"]
)
def test_script_mac(row):
    """Each version authenticates a command without data as published."""
    version, (_, atc) = VERSIONS[row["cvn"]], _transaction(row)
    mac = version.script_mac(_card(row, "imk_smi"), atc, octets(row, "expect_arqc"), octets(row, "script_header"))
    assert mac == octets(row, "expect_script_mac")


@pytest.mark.parametrize(
    ("row", "change"),
    [(row, change) for row in rows("emv_cards_end_to_end") for change in row.get("pin_changes", ())],
    ids=lambda value: value.get("cvn") or value.get("current_pin", "new PIN only"),
)
def test_pin_change_command(row, change):
    """Each version enciphers and authenticates a PIN CHANGE command as published."""
    version, (_, atc), arqc = VERSIONS[row["cvn"]], _transaction(row), octets(row, "expect_arqc")
    expected = octets(change, "expect_command")
    if change["kind"] == "Visa":
        block = issuer_script.visa_pin_change_data(_card(row, "imk_ac"), change["pin"], change.get("current_pin"))
    else:
        block = pin_block.encode(2, change["pin"])
    header, data = expected[:5], version.enciphered_script_data(_card(row, "imk_smc"), atc, arqc, block)
    assert header + data + version.script_mac(_card(row, "imk_smi"), atc, arqc, header, data) == expected


_KEYS = st.binary(min_size=16, max_size=16)
_PANS = st.text("0123456789", min_size=12, max_size=19)
_ORACLES = {
    "Visa CVN10": pyemv.cvn.VisaCVN10,
    "Visa CVN18": pyemv.cvn.VisaCVN18,
    "Visa CVN22": pyemv.cvn.VisaCVN22,
    "Mastercard CVN16": pyemv.cvn.MasterCardCVN16,
    "Mastercard CVN17": pyemv.cvn.MasterCardCVN17,
    "Mastercard CVN20": pyemv.cvn.MasterCardCVN20,
    "Mastercard CVN21": pyemv.cvn.MasterCardCVN21,
    "Interac CVN133": pyemv.cvn.InteracCVN133,
}


@pytest.mark.parametrize("name", _ORACLES)
@given(
    _KEYS, _PANS, st.integers(0, 0xFFFF), st.binary(min_size=8, max_size=8), st.binary(max_size=40), st.integers(0, 99)
)
def test_scripts_agree_with_the_oracle(name, master, pan, atc, arqc, data, psn):
    """For any card and command, MAC and encipherment are those of an independent library."""
    version = VERSIONS[name]
    oracle = _ORACLES[name](master, master, master, pan, f"{psn:02d}")
    card_key = key_derivation.card_key(master, pan, f"{psn:02d}", version.option)
    counter = {"tag_9f36": atc.to_bytes(2, "big")}
    cryptogram = {"tag_9f26": arqc}
    covered = cryptogram if name == "Interac CVN133" else counter | cryptogram
    header = bytes.fromhex("84DA9F5808")
    assert version.script_mac(card_key, atc, arqc, header, data) == oracle.generate_command_mac(
        header, command_data=data, **covered
    )
    keyed = counter if name in ("Visa CVN10", "Visa CVN18") else cryptogram
    if data:
        assert version.enciphered_script_data(card_key, atc, arqc, data) == oracle.encrypt_command_data(data, **keyed)


def test_pboc_scripts_take_the_process_key():
    """PBOC keys for scripts are those of the published example; their MACs have four bytes."""
    version, card_key = cryptogram_versions.PBOC_01, bytes.fromhex("40BF52BFD9AD67456B078A19011A1391")
    assert version.script_key(card_key, 1, bytes(8)) == bytes.fromhex("85FF218BB721253B726B8F8BFFA4326E")
    assert len(version.script_mac(card_key, 1, bytes(8), bytes.fromhex("841E000004"))) == 4


def test_common_core_encipherment():
    """EMV's own encipherment of a PIN block, always padded, gives the published value."""
    card_key = key_derivation.card_key(
        bytes.fromhex("11111111111111112222222222222222"), "1234567890123456", "01", key_derivation.DerivationOption.A
    )
    session_key = issuer_script.EMV.session_key("TDES", card_key, 1, bytes.fromhex("ABCDEF1234567890"))
    enciphered = issuer_script.EMV.enciphered("TDES", session_key, pin_block.encode(2, "9999"))
    assert enciphered == bytes.fromhex("28367E05DE3381C29D30A6055A8DEB86")


def test_scripts_under_aes():
    """AES scripts: a session key over the cryptogram and zeros, CMAC cut to 8 bytes, CBC over padded blocks."""
    version, card_key, arqc = cryptogram_versions.TAPWRIGHT_AES, bytes(range(16)), bytes(range(8))
    session_key = aes_encrypt(card_key, arqc + bytes(8))
    assert version.script_key(card_key, 7, arqc) == session_key
    header, data = bytes.fromhex("84DA9F5818"), bytes(20)
    assert (
        version.script_mac(card_key, 7, arqc, header, data)
        == aes_cmac(session_key, header + b"\x00\x07" + arqc + data)[:8]
    )
    first = aes_encrypt(session_key, bytes(16))
    second = aes_encrypt(session_key, exclusive_or(first, bytes(4) + b"\x80" + bytes(11)))
    assert version.enciphered_script_data(card_key, 7, arqc, data) == first + second


def test_scripts_under_sm4_are_their_own():
    """The SM4 profile has keys, MACs and encipherment of its own, each as long as they should be."""
    version, card_key, arqc = cryptogram_versions.TAPWRIGHT_SM4, bytes(range(16)), bytes(range(8))
    aes = cryptogram_versions.TAPWRIGHT_AES
    header = bytes.fromhex("84DA9F5808")
    mac = version.script_mac(card_key, 7, arqc, header)
    assert len(mac) == 8
    assert mac != aes.script_mac(card_key, 7, arqc, header)
    data = version.enciphered_script_data(card_key, 7, arqc, bytes(16))
    assert len(data) == 32
    assert data != aes.enciphered_script_data(card_key, 7, arqc, bytes(16))


@pytest.mark.parametrize("version", [cryptogram_versions.LIMITED_USE_TDES, cryptogram_versions.LIMITED_USE_AES])
def test_limited_keys_take_no_scripts(version):
    """A phone with limited-use keys holds no keys for scripts, and says so."""
    with pytest.raises(EmvError, match="takes no issuer scripts"):
        version.script_key(bytes(16), 1, bytes(8))


def test_what_scripts_refuse():
    """Headers, cryptograms, data, keys and PINs of a wrong length are refused by name."""
    version = cryptogram_versions.VSDC_22
    with pytest.raises(EmvError, match="header"):
        version.script_mac(bytes(16), 1, bytes(8), bytes(4))
    with pytest.raises(EmvError, match="cryptogram has 8 bytes"):
        version.script_mac(bytes(16), 1, bytes(7), bytes(5))
    with pytest.raises(EmvError, match="at most 255"):
        version.enciphered_script_data(bytes(16), 1, bytes(8), bytes(256))
    assert len(version.enciphered_script_data(bytes(16), 1, bytes(8), bytes(255))) == 264
    with pytest.raises(KeyLengthError):
        issuer_script.visa_pin_change_data(bytes(24), "1234")
    with pytest.raises(EmvError, match="current PIN"):
        issuer_script.visa_pin_change_data(bytes(16), "1234", "123")
    with pytest.raises(EmvError, match="a PIN"):
        issuer_script.visa_pin_change_data(bytes(16), "123")


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_what_every_version_refuses_of_a_script(version):
    """A card key, a cryptogram and a header of a wrong length, each in words."""
    with pytest.raises(KeyLengthError):
        version.script_mac(bytes(15), 1, bytes(8), bytes(5))
    with pytest.raises(EmvError, match="cryptogram has 8 bytes"):
        version.script_mac(bytes(16), 1, bytes(7), bytes(5))
    with pytest.raises(EmvError, match="header"):
        version.script_mac(bytes(16), 1, bytes(8), bytes(4))


def test_m_chip_counters_are_the_last_eight_bytes():
    """Cryptograms over counters leave out the data authentication code that stands before them."""
    data = bytes.fromhex("0111A0000322000000990000000000000322FF")[:18]
    covered = cryptogram_versions.MCHIP_17.covered_issuer_data(data)
    assert covered == data[2:8] + data[10:18]
    assert cryptogram_versions.MCHIP_16.covered_issuer_data(data) == data[2:8]
