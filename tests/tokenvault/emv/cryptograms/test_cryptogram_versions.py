"""Cryptogram versions: their numbers and names, and what a token's issuer application data says."""

import pytest

from tokenvault.emv.ciphers.mac import aes_cmac
from tokenvault.emv.cryptograms import cryptogram_versions
from tokenvault.emv.cryptograms.cryptogram_versions import CryptogramVersion, SignedFor
from tokenvault.emv.errors import EmvError
from tokenvault.emv.keys.key_derivation import DerivationOption

VERSIONS = [
    (cryptogram_versions.VSDC_10, "VSDC CVN 10", 10),
    (cryptogram_versions.VSDC_18, "VSDC CVN 18", 18),
    (cryptogram_versions.VSDC_22, "VSDC CVN 22", 22),
    (cryptogram_versions.MCHIP_16, "M/Chip CVN 16", 16),
    (cryptogram_versions.MCHIP_17, "M/Chip CVN 17", 17),
    (cryptogram_versions.MCHIP_20, "M/Chip CVN 20", 20),
    (cryptogram_versions.MCHIP_21, "M/Chip CVN 21", 21),
    (cryptogram_versions.INTERAC_133, "Interac CVN 133", 133),
    (cryptogram_versions.PBOC_01, "PBOC CVN 01", 1),
    (cryptogram_versions.TAPWRIGHT_AES, "Tapwright AES", 0xA6),
    (cryptogram_versions.TAPWRIGHT_SM4, "Tapwright PBOC-like SM4", 0xA5),
    (cryptogram_versions.LIMITED_USE_TDES, "Tapwright LUK TDES", 0x43),
    (cryptogram_versions.LIMITED_USE_AES, "Tapwright LUK AES", 0xA7),
]


def test_every_version_is_listed_here():
    """So that none is without a test."""
    known = [value for value in vars(cryptogram_versions).values() if isinstance(value, CryptogramVersion)]
    assert [version for version, _, _ in VERSIONS] == known


@pytest.mark.parametrize(("version", "name", "number"), VERSIONS)
def test_number_and_padding_of_a_version(version, name, number):
    """The number that its cards put into tag 9F10; and CVN 10 alone fills up with zeros only (ISO/IEC 9797-1)."""
    assert (version.name, version.number) == (name, number)
    assert version.padding == (1 if version is cryptogram_versions.VSDC_10 else 2)
    assert version.option in tuple(DerivationOption)


def test_versions_of_tokens_are_found_by_their_numbers():
    """The vault finds the version of a token that it issued by the number in tag 9F10."""
    issued = cryptogram_versions.TOKEN_CRYPTOGRAM_VERSIONS
    assert {number: version.name for number, version in issued.items()} == {
        0x12: "VSDC CVN 18",
        0xA6: "Tapwright AES",
        0xA5: "Tapwright PBOC-like SM4",
        0x43: "Tapwright LUK TDES",
        0xA7: "Tapwright LUK AES",
    }


def test_which_versions_use_limited_keys():
    """Two versions sign with keys for a few taps; the others with keys of the card."""
    limited = {version.name for version, _, _ in VERSIONS if version.uses_limited_keys}
    assert limited == {"Tapwright LUK TDES", "Tapwright LUK AES"}


@pytest.mark.parametrize(("key_index", "data"), [(0, "06001201020304"), (255, "06FF1201020304")])
def test_issuer_application_data(key_index, data):
    """Length, key index, version and results, for the first master key and the last."""
    built = cryptogram_versions.issuer_application_data(cryptogram_versions.VSDC_18, key_index, b"\1\2\3\4")
    assert built == bytes.fromhex(data)


def test_issuer_application_data_of_a_limited_use_key():
    """The index of the key that signs stands at the end, and the length counts it."""
    version = cryptogram_versions.LIMITED_USE_TDES
    built = cryptogram_versions.issuer_application_data(version, 1, b"\1\2\3\4", "6789012")
    assert built == bytes.fromhex("0A01430102030406789012")


@pytest.mark.parametrize(("key_index", "results"), [(-1, bytes(4)), (256, bytes(4)), (1, bytes(3)), (1, bytes(5))])
def test_issuer_application_data_that_cannot_be_built(key_index, results):
    """A key index over a byte, or results of another length, are refused."""
    with pytest.raises(EmvError, match="one-byte key index and four bytes"):
        cryptogram_versions.issuer_application_data(cryptogram_versions.VSDC_18, key_index, results)


@pytest.mark.parametrize("cardholder_verified", [True, False])
@pytest.mark.parametrize("purpose", SignedFor)
def test_results_of_a_payment_read_back(purpose, cardholder_verified):
    """What a payment was signed for, and whether the device verified its holder, can be told from tag 9F10."""
    personalized = bytes.fromhex("06011203040000")  # as if an earlier payment had left the bit of a verified holder
    data = cryptogram_versions.with_results(personalized, purpose, cardholder_verified=cardholder_verified)
    assert cryptogram_versions.signed_for(data) is purpose
    assert cryptogram_versions.device_verified_cardholder(data) is cardholder_verified
    assert data[:4] == personalized[:4]


def test_where_the_results_of_a_payment_stand():
    """A verified holder is a bit of the second result, what was signed for the end of the fourth."""
    personalized = bytes.fromhex("06011203A00000")
    verified = cryptogram_versions.with_results(personalized, SignedFor.QR_CODE, cardholder_verified=True)
    assert verified == bytes.fromhex("06011203A40002")
    assert cryptogram_versions.device_verified_cardholder(bytes.fromhex("06011203040000")) is True
    assert cryptogram_versions.device_verified_cardholder(bytes.fromhex("060112FFFBFFFF")) is False


@pytest.mark.parametrize(
    ("data", "purpose"),
    [
        ("06011203000000", SignedFor.TAP),
        ("06011203000001", SignedFor.REMOTE),
        ("06011203000002", SignedFor.QR_CODE),
        ("06011203000003", None),
        ("060112030000FC", SignedFor.TAP),
    ],
)
def test_what_a_cryptogram_is_good_for(data, purpose):
    """The last two bits of the results say it; one number of the four has no meaning."""
    assert cryptogram_versions.signed_for(bytes.fromhex(data)) is purpose


def test_the_answer_of_an_aes_version():
    """Method 2 with the session key of the transaction: four bytes of the CMAC over cryptogram and status update."""
    version, card_key, arqc, update = (
        cryptogram_versions.TAPWRIGHT_AES,
        bytes(range(16)),
        bytes(range(8)),
        b"\0\x80\0\0",
    )
    session_key = version.session_key(card_key, 7, bytes(4))
    assert version.arpc(card_key, 7, bytes(4), arqc, update) == aes_cmac(session_key, arqc + update)[:4]
