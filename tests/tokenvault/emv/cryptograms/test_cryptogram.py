"""Application cryptograms and their answers against published vectors."""

import pytest

from tests.vector_files import octets, rows
from tokenvault.emv.ciphers.mac import aes_cmac, pad
from tokenvault.emv.cryptograms import cryptogram, cryptogram_versions
from tokenvault.emv.errors import CryptogramMismatch, EmvError, KeyLengthError
from tokenvault.emv.keys import key_derivation
from tokenvault.emv.keys.key_derivation import DerivationOption

VERSIONS = {
    "Visa CVN10": cryptogram_versions.VSDC_10,
    "Visa CVN18": cryptogram_versions.VSDC_18,
    "Visa CVN22": cryptogram_versions.VSDC_22,
    "Interac CVN133": cryptogram_versions.INTERAC_133,
    "Mastercard CVN16": cryptogram_versions.MCHIP_16,
    "Mastercard CVN17": cryptogram_versions.MCHIP_17,
    "Mastercard CVN20": cryptogram_versions.MCHIP_20,
    "Mastercard CVN21": cryptogram_versions.MCHIP_21,
}


def _keys(row):
    if "sk_ac" in row:
        return b"", octets(row, "sk_ac")
    card_key = key_derivation.card_key(octets(row, "imk"), row["pan"], row["psn"], DerivationOption(row["option"]))
    return card_key, key_derivation.session_key_tdes(card_key, octets(row, "r"))


@pytest.mark.parametrize("row", rows("emv_arqc_arpc"))
def test_arqc_and_arpc(row):
    """TDES cryptograms and both ARPC methods give the published values."""
    card_key, session_key = _keys(row)
    arqc = (
        octets(row, "arqc") if "arqc" in row else cryptogram.arqc_tdes(session_key, octets(row, "data"), row["padding"])
    )
    assert arqc == octets(row, "expect_arqc" if "expect_arqc" in row else "arqc")
    match row.get("arpc_method"):
        case "M1 ICC MK":
            arpc = cryptogram.arpc_method_1_tdes(card_key, arqc, octets(row, "arc_or_csu"))
        case "M1 SK":
            arpc = cryptogram.arpc_method_1_tdes(session_key, arqc, octets(row, "arc_or_csu"))
        case "M2":
            update = row.get("arc_or_csu") or row["csu"]
            proprietary = bytes.fromhex(row.get("proprietary_auth_data", ""))
            arpc = cryptogram.arpc_method_2_tdes(session_key, arqc, bytes.fromhex(update), proprietary)
        case None:
            return
    assert arpc == octets(row, "expect_arpc")


@pytest.mark.parametrize("row", rows("emv_aes"))
def test_aes_arqc_and_arpc(row):
    """AES cryptograms and ARPC method 1 give the published values."""
    session_key = octets(row, "expect_session_key")
    arqc = cryptogram.arqc_aes(session_key, octets(row, "ac_data"))
    assert arqc == octets(row, "expect_arqc")
    arpc = cryptogram.arpc_method_1_aes(session_key, arqc, octets(row, "arc_or_csu"))
    assert arpc == octets(row, "expect_arpc_8")


@pytest.mark.parametrize("row", rows("emv_arqc_input_layout"))
def test_input_layout(row):
    """The cryptogram input concatenates its tags in order; method 2 pads it to blocks."""
    values = {tag[1:]: bytes.fromhex(value) for tag, value in row["tags"].items()}
    data = cryptogram.cryptogram_input(values, values["9F10"])
    assert data == octets(row, "expect_input")
    assert pad(data, 2) == octets(row, "expect_padded")


@pytest.mark.parametrize("row", rows("emv_cvn_end_to_end") + rows("script_mac"))
def test_cryptogram_versions_end_to_end(row):
    """From the issuer's key to ARQC, ARPC and script MAC, for each scheme's cryptogram version."""
    version = VERSIONS[row["cvn"]]
    card_key = key_derivation.card_key(octets(row, "imk_ac"), row["pan"], row["psn"], version.option)
    values = {tag[1:]: bytes.fromhex(value) for tag, value in row["tags"].items()}
    # The vectors give only the covered parts of tag 9F10; set them where the version looks for them.
    values["9F10"] = bytes(version.issuer_part.start or 0) + bytes.fromhex("".join(row["extra_tag"].values()))
    covered = version.covered_issuer_data(values["9F10"])
    assert cryptogram.cryptogram_input(values, covered) == octets(row, "ac_input")
    arqc = version.arqc(card_key, values)
    assert arqc == octets(row, "expect_arqc")
    atc = int(row["tags"]["t9F36"], 16)
    assert version.arpc(card_key, atc, values["9F37"], arqc, octets(row, "arc_or_csu")) == octets(row, "expect_arpc")

    script_card_key = key_derivation.card_key(octets(row, "imk_smi"), row["pan"], row["psn"], version.option)
    script_key = version.script_key(script_card_key, atc, arqc)
    assert cryptogram.script_mac_tdes(script_key, octets(row, "script_mac_input")) == octets(row, "expect_script_mac")


def test_every_bit_of_the_input_counts():
    """Changing any one bit of the covered data changes the AES cryptogram."""
    data = bytes(range(40))
    arqc = cryptogram.arqc_aes(bytes(16), data)
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        assert cryptogram.arqc_aes(bytes(16), bytes(changed)) != arqc


def test_missing_tag_is_named():
    """A cryptogram over incomplete data is refused, and the missing tag is named."""
    with pytest.raises(EmvError, match="9F37"):
        cryptogram.cryptogram_input({tag: b"" for tag in cryptogram.INPUT_TAGS if tag != "9F37"}, b"")


def test_verify_raises_on_a_mismatch():
    """Verification is an exception, not a value that could be overlooked."""
    cryptogram.verify(b"12345678", b"12345678")
    with pytest.raises(CryptogramMismatch):
        cryptogram.verify(b"12345678", b"12345679")


def test_parts_of_an_answer_have_their_lengths():
    """A cryptogram, response code, status update or proprietary data of another length is refused, not misread."""
    methods_1 = cryptogram.arpc_method_1_tdes, cryptogram.arpc_method_1_aes
    methods_2 = cryptogram.arpc_method_2_tdes, cryptogram.arpc_method_2_aes, cryptogram.arpc_method_2_sm4
    for method, second in [*((each, bytes(2)) for each in methods_1), *((each, bytes(4)) for each in methods_2)]:
        with pytest.raises(EmvError, match="cryptogram has 8 bytes"):
            method(bytes(16), bytes(7), second)
        with pytest.raises(EmvError, match=f"has {len(second)} bytes"):
            method(bytes(16), bytes(8), second + b"\0")
    for method in methods_2:
        assert len(method(bytes(16), bytes(8), bytes(4), bytes(8))) == 4
        with pytest.raises(EmvError, match="at most 8 bytes"):
            method(bytes(16), bytes(8), bytes(4), bytes(9))


def test_method_2_under_aes_is_the_start_of_the_code():
    """Four bytes of the CMAC over cryptogram, status update and proprietary data, in this order."""
    key, arqc, update, proprietary = bytes(range(16)), bytes(range(8)), b"\1\2\3\4", b"\5\6"
    answer = cryptogram.arpc_method_2_aes(key, arqc, update, proprietary)
    assert answer == aes_cmac(key, arqc + update + proprietary)[:4]


def test_a_script_mac_has_four_to_eight_bytes():
    """It is the start of the longest; other lengths, and keys of other lengths, are refused."""
    whole = cryptogram.script_mac_tdes(bytes(range(16)), b"command")
    for length in (4, 8):
        assert cryptogram.script_mac_tdes(bytes(range(16)), b"command", length) == whole[:length]
    for length in (3, 9):
        with pytest.raises(EmvError, match="4 to 8 bytes"):
            cryptogram.script_mac_tdes(bytes(16), b"", length)
    with pytest.raises(KeyLengthError, match="a secure messaging key has 16 bytes, not 24"):
        cryptogram.script_mac_tdes(bytes(24), b"")


def test_cryptograms_are_padded_by_method_2_unless_told_otherwise():
    """As EMV has it; CVN 10 alone asks for method 1."""
    key, data = bytes(range(16)), bytes(8)
    assert cryptogram.arqc_tdes(key, data) == cryptogram.arqc_tdes(key, data, 2) != cryptogram.arqc_tdes(key, data, 1)
