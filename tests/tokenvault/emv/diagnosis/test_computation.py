"""A cryptogram step by step: the fields of its input are the input, and no key shows."""

import pytest

from tests.tokenvault.emv.diagnosis.taps import VALUES, computation_of
from tokenvault.emv.ciphers.block_cipher import aes_encrypt
from tokenvault.emv.ciphers.mac import pad
from tokenvault.emv.cryptograms import cryptogram, cryptogram_versions
from tokenvault.emv.cryptograms.cryptogram_versions import CryptogramVersion
from tokenvault.emv.diagnosis.computation import Computation, check_value, has_check_value
from tokenvault.emv.diagnosis.covered_fields import covered_fields, padding_of
from tokenvault.emv.errors import EmvError

VERSIONS = [value for value in vars(cryptogram_versions).values() if isinstance(value, CryptogramVersion)]
M_CHIP_DATA = bytes.fromhex("011103A4000000000000AABB0102030405060708")[:18]
KEY = bytes(range(16))
WHOLE = ["length", "key index", "cryptogram version", "card verification results"]


def issuer_data_of(version):
    """Tag 9F10 in the layout of a version's cards."""
    return (
        M_CHIP_DATA if version.name.startswith("M/Chip") else bytes([6, 1, version.number]) + bytes.fromhex("03A40000")
    )


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_the_fields_are_the_input(version):
    """In order and without gaps, for the card of every profile; the cryptogram over them is the version's own."""
    values = {**VALUES, "9F10": issuer_data_of(version)}
    fields = covered_fields(version, values)
    computed = Computation(version, KEY, values)
    joined = b"".join(field.value for field in fields)
    assert joined == computed.data == cryptogram.cryptogram_input(values, version.covered_issuer_data(values["9F10"]))
    end = 0
    for field in fields:
        assert (field.offset, field.length) == (end, len(field.value))
        end += field.length
    assert computed.arqc == version.arqc(KEY, values)
    assert [field.tag for field in fields][:10] == list(cryptogram.INPUT_TAGS)
    assert {field.tag for field in fields[10:]} == {"9F10"}


def test_parts_of_issuer_data_have_names():
    """Whole, the parts of its layout; of CVN 17 the results and the counters; without a layout one field."""
    for version, data, parts in (
        (cryptogram_versions.VSDC_18, "06011203A40000", WHOLE),
        (cryptogram_versions.VSDC_10, "06010A03A40000", ["card verification results"]),
        (cryptogram_versions.MCHIP_17, M_CHIP_DATA.hex(), ["card verification results", "counters"]),
        (cryptogram_versions.VSDC_18, "FFFF", []),
    ):  # fmt: skip
        fields = covered_fields(version, {**VALUES, "9F10": bytes.fromhex(data)})[10:]
        names = [field.name.partition(": ")[2] for field in fields]
        assert names == (parts or [""])


def test_what_the_mac_appends():
    """By method 1, by method 2, and what a CMAC needs: nothing behind whole blocks."""
    for version, data, padding in (
        (cryptogram_versions.VSDC_10, bytes(37), "000000"),
        (cryptogram_versions.VSDC_10, bytes(40), ""),
        (cryptogram_versions.VSDC_18, bytes(40), "8000000000000000"),
        (cryptogram_versions.TAPWRIGHT_AES, bytes(40), "8000000000000000"),
        (cryptogram_versions.TAPWRIGHT_AES, bytes(32), ""),
        (cryptogram_versions.TAPWRIGHT_SM4, bytes(32), "80" + 15 * "00"),
    ):
        assert padding_of(version, data).hex() == padding
    assert padding_of(cryptogram_versions.VSDC_18, b"x") == pad(b"x", 2)[1:]


def test_tags_that_are_missing_are_named():
    """All of them."""
    with pytest.raises(EmvError, match="lacks 9F36, 9F10"):
        covered_fields(cryptogram_versions.VSDC_18, {tag: value for tag, value in VALUES.items() if tag != "9F36"})


def test_check_values():
    """Published: of the zero keys; shorter and longer ones count, and both kinds of AES."""
    # A zero block under the zero DES key is 8CA64DE9C1B123A7, under the zero AES key 66E94BD4EF8A2C3B.
    assert check_value("TDES", bytes(16)).hex().upper() == "8CA64D"
    assert has_check_value("TDES", bytes(16), bytes.fromhex("8CA64DE9C1"))
    assert not has_check_value("TDES", bytes(16), bytes.fromhex("8CA64DE9C2"))
    assert has_check_value("AES", bytes(16), bytes.fromhex("66E94B"))
    assert has_check_value("AES", bytes(16), check_value("AES", bytes(16)))
    assert check_value("AES", bytes(16)) != aes_encrypt(bytes(16), bytes(16))[:5]
    assert has_check_value("SM4", KEY, check_value("SM4", KEY))
    assert not has_check_value("SM4", KEY, check_value("SM4", bytes(16)))


def test_no_key_is_in_a_representation():
    """Neither of the computation nor of what its key comes from."""
    computation, source = computation_of()
    for shown in (repr(computation), repr(source)):
        for secret in (source.issuer_key, computation.base_key, computation.session_key, source.pan, source.other_pan):
            assert (secret if isinstance(secret, str) else repr(secret)) not in shown
            assert isinstance(secret, str) or secret.hex() not in shown.lower()
