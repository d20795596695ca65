"""Cryptogram versions as data: which keys, which input, which padding and which ARPC a card profile uses.

The version number of a card stands in its issuer application data (tag 9F10). VSDC-shaped data is
``06 | key index | version | card verification results (4)``, and Tapwright's own tokens use that shape.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, TDES_BLOCK_BYTES
from tokenvault.emv.cryptograms import cryptogram, issuer_script
from tokenvault.emv.cryptograms.issuer_script import CipherName, ScriptProfile
from tokenvault.emv.errors import EmvError
from tokenvault.emv.keys import key_derivation, limited_use_keys

SessionKeyMethod = Literal["card key", "card key AES", "common", "common AES", "common SM4", "mastercard", "PBOC"]
ArpcMethod = Literal["1 with card key", "1 with session key", "2 with session key"]


@dataclass(frozen=True)
class CryptogramVersion:
    """One profile.

    issuer_part: which bytes of tag 9F10 the cryptogram covers; counters_part: which others after them.
    padding: ISO/IEC 9797-1 method (TDES only).  option: how a card key comes from the issuer master key.
    scripts: how issuer scripts are protected, None where nothing is known to take them.
    """

    name: str
    number: int
    option: key_derivation.DerivationOption
    session_key_method: SessionKeyMethod
    issuer_part: slice
    padding: int
    arpc_method: ArpcMethod
    scripts: ScriptProfile | None
    counters_part: slice | None = None

    @property
    def cipher(self) -> CipherName:
        """What keys and MACs are made with."""
        match self.session_key_method:
            case "common AES" | "card key AES":
                return "AES"
            case "common SM4":
                return "SM4"
            case _:
                return "TDES"

    @property
    def uses_limited_keys(self) -> bool:
        """Whether the phone holds keys for a few taps in place of the card key."""
        return self in (LIMITED_USE_TDES, LIMITED_USE_AES)

    def limited_use_key(self, card_key: bytes, index: str) -> bytes:
        """The key with an index (YHHHHCC), 16 bytes, secret; for versions that use limited keys."""
        derive = limited_use_keys.limited_use_key_aes if self.cipher == "AES" else limited_use_keys.limited_use_key_tdes
        return derive(card_key, index)

    def session_key(self, card_key: bytes, atc: int, unpredictable_number: bytes) -> bytes:
        """The key that signs one transaction; secret."""
        match self.session_key_method:
            case "card key" | "card key AES":
                return card_key
            case "common":
                return key_derivation.session_key_tdes(card_key, key_derivation.atc_diversifier(atc, TDES_BLOCK_BYTES))
            case "common AES":
                return key_derivation.session_key_aes(card_key, key_derivation.atc_diversifier(atc, AES_BLOCK_BYTES))
            case "common SM4":
                return key_derivation.session_key_sm4(card_key, key_derivation.atc_diversifier(atc, AES_BLOCK_BYTES))
            case "mastercard":
                return key_derivation.session_key_mastercard(card_key, atc, unpredictable_number)
            case "PBOC":
                return key_derivation.session_key_pboc(card_key, atc)

    def covered_issuer_data(self, data: bytes) -> bytes:
        """What the cryptogram covers of issuer application data (tag 9F10)."""
        counters = b"" if self.counters_part is None else data[self.counters_part]
        return data[self.issuer_part] + counters

    def arqc(self, card_key: bytes, values: Mapping[str, bytes]) -> bytes:
        """The application cryptogram over tag values (at least `cryptogram.INPUT_TAGS` and 9F10), 8 bytes."""
        data = cryptogram.cryptogram_input(values, self.covered_issuer_data(values["9F10"]))
        return self.arqc_over(card_key, int.from_bytes(values["9F36"], "big"), values["9F37"], data)

    def arqc_over(self, card_key: bytes, atc: int, unpredictable_number: bytes, data: bytes) -> bytes:
        """The application cryptogram over its input as bytes, 8 bytes."""
        key = self.session_key(card_key, atc, unpredictable_number)
        match self.cipher:
            case "AES":
                return cryptogram.arqc_aes(key, data)
            case "SM4":
                return cryptogram.arqc_sm4(key, data)
            case "TDES":
                return cryptogram.arqc_tdes(key, data, self.padding)

    def arpc(self, card_key: bytes, atc: int, unpredictable_number: bytes, arqc: bytes, answer: bytes) -> bytes:
        """The issuer's answer to a cryptogram: 8 bytes by method 1, 4 bytes by method 2.

        answer: response code (2 bytes) for method 1, card status update (4 bytes) for method 2.
        """
        key = self.session_key(card_key, atc, unpredictable_number)
        match self.arpc_method:
            case "1 with card key":
                return cryptogram.arpc_method_1_tdes(card_key, arqc, answer)
            case "1 with session key":
                method_1 = cryptogram.arpc_method_1_aes if self.cipher == "AES" else cryptogram.arpc_method_1_tdes
                return method_1(key, arqc, answer)
            case "2 with session key":
                return _METHOD_2[self.cipher](key, arqc, answer)

    def script_key(self, card_key: bytes, atc: int, arqc: bytes) -> bytes:
        """The session key for issuer scripts after this cryptogram, secret.

        card_key: derived from the issuer's master key for secure messaging: the one for integrity gives the key of
        MACs, the one for confidentiality that of enciphered data.
        Raises: EmvError where this version takes no scripts.
        """
        return self._scripts().session_key(self.cipher, card_key, atc, arqc)

    def script_mac(self, card_key: bytes, atc: int, arqc: bytes, header: bytes, data: bytes = b"") -> bytes:
        """The MAC of a script command.

        card_key: for integrity.  header: CLA INS P1 P2 Lc.  data: command data as sent, without the MAC.
        """
        scripts = self._scripts()
        covered = scripts.covered(header, atc, arqc, data)
        return scripts.mac(self.cipher, self.script_key(card_key, atc, arqc), covered)

    def enciphered_script_data(self, card_key: bytes, atc: int, arqc: bytes, data: bytes) -> bytes:
        """Command data as the card deciphers it. card_key: for confidentiality.  data: such as a PIN block, secret."""
        return self._scripts().enciphered(self.cipher, self.script_key(card_key, atc, arqc), data)

    def _scripts(self) -> ScriptProfile:
        if self.scripts is None:
            raise EmvError(f"{self.name} takes no issuer scripts")
        return self.scripts


_METHOD_2: dict[CipherName, Callable[[bytes, bytes, bytes], bytes]] = {
    "TDES": cryptogram.arpc_method_2_tdes,
    "AES": cryptogram.arpc_method_2_aes,
    "SM4": cryptogram.arpc_method_2_sm4,
}

_A, _B, _C = key_derivation.DerivationOption.A, key_derivation.DerivationOption.B, key_derivation.DerivationOption.C
_SM = key_derivation.DerivationOption.SM
_WHOLE, _VSDC_RESULTS, _MCHIP_RESULTS = slice(None), slice(3, 7), slice(2, 8)
_MCHIP_COUNTERS = slice(-8, None)
"""M/Chip data is key index, version, results (6), data authentication code (2), counters (8)."""

_M_CHIP, _BY_ATC, _BY_ARQC = issuer_script.MASTERCARD, issuer_script.VISA_OVER_ATC, issuer_script.VISA_OVER_ARQC
_CARD: ArpcMethod = "1 with card key"
_SESSION: ArpcMethod = "1 with session key"
_METHOD_TWO: ArpcMethod = "2 with session key"

VSDC_10 = CryptogramVersion("VSDC CVN 10", 0x0A, _A, "card key", _VSDC_RESULTS, 1, _CARD, _BY_ATC)
VSDC_18 = CryptogramVersion("VSDC CVN 18", 0x12, _B, "common", _WHOLE, 2, _METHOD_TWO, _BY_ATC)
VSDC_22 = CryptogramVersion("VSDC CVN 22", 0x16, _B, "common", _WHOLE, 2, _METHOD_TWO, _BY_ARQC)
MCHIP_16 = CryptogramVersion("M/Chip CVN 16", 0x10, _A, "mastercard", _MCHIP_RESULTS, 2, _CARD, _M_CHIP)
MCHIP_17 = CryptogramVersion(
    "M/Chip CVN 17", 0x11, _A, "mastercard", _MCHIP_RESULTS, 2, _CARD, _M_CHIP, _MCHIP_COUNTERS
)
MCHIP_20 = CryptogramVersion("M/Chip CVN 20", 0x14, _A, "common", _MCHIP_RESULTS, 2, _SESSION, _M_CHIP)
MCHIP_21 = CryptogramVersion("M/Chip CVN 21", 0x15, _A, "common", _MCHIP_RESULTS, 2, _SESSION, _M_CHIP, _MCHIP_COUNTERS)
INTERAC_133 = CryptogramVersion("Interac CVN 133", 0x85, _A, "mastercard", _WHOLE, 2, _SESSION, issuer_script.INTERAC)
PBOC_01 = CryptogramVersion("PBOC CVN 01", 0x01, _A, "PBOC", _VSDC_RESULTS, 2, _SESSION, issuer_script.PBOC)
"""TDES debit and credit of PBOC and UnionPay as publicly described; the SM4 profile below is another matter."""

TAPWRIGHT_AES = CryptogramVersion("Tapwright AES", 0xA6, _C, "common AES", _WHOLE, 2, _METHOD_TWO, issuer_script.EMV)
"""Our own label: VSDC-shaped issuer application data with EMV's AES algorithms. No scheme uses this number."""

TAPWRIGHT_SM4 = CryptogramVersion(
    "Tapwright PBOC-like SM4", 0xA5, _SM, "common SM4", _WHOLE, 2, _METHOD_TWO, issuer_script.EMV
)
"""Our own label: SM4 and SM3 in the shape of EMV's AES algorithms. No conformance with PBOC or JR/T 0025 is claimed."""

LIMITED_USE_TDES = CryptogramVersion("Tapwright LUK TDES", 0x43, _A, "card key", _WHOLE, 2, _METHOD_TWO, None)
"""Limited-use keys as publicly documented for cloud-based payments, with issuer application data of our own shape."""

LIMITED_USE_AES = CryptogramVersion("Tapwright LUK AES", 0xA7, _C, "card key AES", _WHOLE, 2, _METHOD_TWO, None)
"""Our own label: limited-use keys by AES, for which nothing public exists."""

TOKEN_CRYPTOGRAM_VERSIONS = {
    version.number: version for version in (VSDC_18, TAPWRIGHT_AES, TAPWRIGHT_SM4, LIMITED_USE_TDES, LIMITED_USE_AES)
}
"""The versions that Tapwright issues tokens with, by their number in tag 9F10."""


class SignedFor(IntEnum):
    """What a token's cryptogram is good for: the last two bits of the card verification results in tag 9F10."""

    TAP = 0
    REMOTE = 1  # in an app or a browser
    QR_CODE = 2  # shown by the phone, which does not know the amount


_SECOND_RESULT, _LAST_RESULT = 4, 6
_DEVICE_VERIFIED = 0x04
"""Second byte of the card verification results, third bit: the device has verified its holder for this payment."""


def signed_for(data: bytes) -> SignedFor | None:
    """What the cryptogram of some issuer application data (tag 9F10) is good for; None for a number without meaning."""
    number = data[_LAST_RESULT] & 0x03
    return SignedFor(number) if number in tuple(SignedFor) else None


def device_verified_cardholder(data: bytes) -> bool:
    """Whether issuer application data (tag 9F10) states that the device has verified its holder (CDCVM)."""
    return bool(data[_SECOND_RESULT] & _DEVICE_VERIFIED)


def with_results(data: bytes, signed_for: SignedFor, *, cardholder_verified: bool) -> bytes:
    """Tag 9F10 as it was personalized, with the card verification results of one payment.

    cardholder_verified: by the device, for this payment: by fingerprint, face or its own code.
    """
    results = bytearray(data)
    results[_SECOND_RESULT] &= ~_DEVICE_VERIFIED & 0xFF
    if cardholder_verified:
        results[_SECOND_RESULT] |= _DEVICE_VERIFIED
    results[_LAST_RESULT] |= signed_for
    return bytes(results)


def issuer_application_data(
    version: CryptogramVersion, key_index: int, results: bytes, limited_use_key: str | None = None
) -> bytes:
    """Build VSDC-shaped issuer application data (tag 9F10), 7 bytes; 11 where a limited-use key signs.

    key_index: which issuer master key, 0..255.  results: card verification results, 4 bytes.
    limited_use_key: index of the key that signs, YHHHHCC.
    """
    if len(results) != 4 or not 0 <= key_index <= 0xFF:
        raise EmvError("issuer application data takes a one-byte key index and four bytes of results")
    data = bytes([key_index, version.number]) + results
    if limited_use_key is not None:
        data += bytes.fromhex(f"0{limited_use_key}")
    return bytes([len(data)]) + data
