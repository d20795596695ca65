"""One cryptogram as it comes about: the key that it begins with, the session key, the input, and the result.

Keys are shown by their check values alone.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tokenvault.emv.ciphers.block_cipher import (
    AES_BLOCK_BYTES,
    aes_check_value,
    aes_encrypt,
    sm4_encrypt,
    tdes_check_value,
)
from tokenvault.emv.cryptograms.cryptogram_versions import CryptogramVersion
from tokenvault.emv.cryptograms.issuer_script import CipherName
from tokenvault.emv.diagnosis.covered_fields import CoveredField, covered_fields, padding_of

TDES_CHECK_BYTES, AES_CHECK_BYTES, SM4_CHECK_BYTES = 3, 5, 3


class Step(StrEnum):
    """The steps of the computation, in order."""

    CARD_KEY = "card_key"
    SESSION_KEY = "session_key"
    INPUT = "input"
    ARQC = "arqc"


def check_value(cipher: CipherName, key: bytes) -> bytes:
    """The check value of a key: 3 bytes for TDES and SM4 (a zero block encrypted), 5 bytes for AES (CMAC of a zero
    block; ANSI X9.24-1, annex A).
    """
    match cipher:
        case "TDES":
            return tdes_check_value(key, TDES_CHECK_BYTES)
        case "AES":
            return aes_check_value(key, AES_CHECK_BYTES)
        case "SM4":
            return sm4_encrypt(key, bytes(AES_BLOCK_BYTES))[:SM4_CHECK_BYTES]


def has_check_value(cipher: CipherName, key: bytes, given: bytes) -> bool:
    """Whether somebody's check value is this key's, in as many bytes as were given. Compared in constant time.

    Of AES keys both kinds count that are in use: by CMAC, and the older one, a zero block encrypted.
    """
    length = len(given)
    match cipher:
        case "TDES":
            return hmac.compare_digest(tdes_check_value(key, length), given)
        case "AES":
            by_cmac = hmac.compare_digest(aes_check_value(key, length), given)
            encrypted = hmac.compare_digest(aes_encrypt(key, bytes(AES_BLOCK_BYTES))[:length], given)
            return by_cmac or encrypted
        case "SM4":
            return hmac.compare_digest(sm4_encrypt(key, bytes(AES_BLOCK_BYTES))[:length], given)


@dataclass(frozen=True)
class Computation:
    """A cryptogram and all that it was made from.

    base_key: what session keys are derived from: the card key, or the limited-use key of a phone; secret.  values:
    tag -> value, at least `cryptogram.INPUT_TAGS` and 9F10.
    """

    version: CryptogramVersion
    base_key: bytes = field(repr=False)
    values: Mapping[str, bytes]

    @property
    def atc(self) -> int:
        """Tag 9F36, 0 to 65535."""
        return int.from_bytes(self.values["9F36"], "big")

    @property
    def session_key(self) -> bytes:
        """What the cryptogram is made with; secret."""
        return self.version.session_key(self.base_key, self.atc, self.values["9F37"])

    @property
    def fields(self) -> tuple[CoveredField, ...]:
        """What the cryptogram covers, unpadded."""
        return covered_fields(self.version, self.values)

    @property
    def data(self) -> bytes:
        """The same as bytes."""
        return b"".join(each.value for each in self.fields)

    @property
    def padding(self) -> bytes:
        """What the MAC appends."""
        return padding_of(self.version, self.data)

    @property
    def arqc(self) -> bytes:
        """The cryptogram, 8 bytes."""
        return self.version.arqc(self.base_key, self.values)
