"""Test vectors of every profile, computed from fixed public keys: what an implementation is held against.

The keys protect nothing: that for TDES and SM4 is the example key of the SM4 standard (GB/T 32907, appendix A), long
used in EMV examples too; that for AES is the example key of FIPS 197, appendix A.1. Tests compute each vector with code
that shares nothing with this package.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tokenvault.emv.cryptograms import cryptogram_versions
from tokenvault.emv.cryptograms.cryptogram_versions import CryptogramVersion
from tokenvault.emv.diagnosis.computation import Computation
from tokenvault.emv.keys import key_derivation

TDES_KEY = SM4_KEY = "0123456789ABCDEFFEDCBA9876543210"
AES_KEY = "2B7E151628AED2A6ABF7158809CF4F3C"
_ISSUER_KEYS = {"TDES": TDES_KEY, "AES": AES_KEY, "SM4": SM4_KEY}

_PROFILES = (
    (cryptogram_versions.VSDC_10, "06010A03A00000"),
    (cryptogram_versions.VSDC_18, "06011203A00000"),
    (cryptogram_versions.VSDC_22, "06011603A00000"),
    (cryptogram_versions.MCHIP_16, "0110A00003220000000000000000000000FF"),
    (cryptogram_versions.MCHIP_17, "0111A00003220000000000000000000322FF"),
    (cryptogram_versions.MCHIP_20, "0114A00003220000000000000000000000FF"),
    (cryptogram_versions.MCHIP_21, "0115A00003220000000000000000000322FF"),
    (cryptogram_versions.INTERAC_133, "1501850440B100000000B00000000000000000000000"),
    (cryptogram_versions.PBOC_01, "07010103A0000001"),
    (cryptogram_versions.TAPWRIGHT_AES, "0601A603A00000"),
    (cryptogram_versions.TAPWRIGHT_SM4, "0601A503A00000"),
    (cryptogram_versions.LIMITED_USE_TDES, "0A014303A00000"),
    (cryptogram_versions.LIMITED_USE_AES, "0A01A703A00000"),
)
"""Every profile, and its tag 9F10; where a limited-use key signs, without the index of the key at the end."""


@dataclass(frozen=True)
class _Case:
    """A card and a payment. index: of the limited-use key (YHHHHCC), where one signs."""

    pan: str
    psn: str
    index: str
    values: Mapping[str, str]


_CASES = (
    _Case(
        "9999501012345678",
        "01",
        "6789012",
        {
            "9F02": "000000001250",
            "9F03": "000000000000",
            "9F1A": "0276",
            "95": "0000000000",
            "5F2A": "0978",
            "9A": "261124",
            "9C": "00",
            "9F37": "52BF4585",
            "82": "1980",
            "9F36": "0001",
        },
    ),
    # 19 digits, where options A and B differ; every counter byte set; cash-back.
    _Case(
        "9999501012345678903",
        "00",
        "0000100",
        {
            "9F02": "000012345678",
            "9F03": "000000002000",
            "9F1A": "0840",
            "95": "8000048000",
            "5F2A": "0840",
            "9A": "280229",
            "9C": "09",
            "9F37": "FFFFFFFF",
            "82": "3900",
            "9F36": "FFFE",
        },
    ),
)

_ANSWERS = {"1 with card key": "3030", "1 with session key": "3030", "2 with session key": "00820000"}
"""What the issuer's answer covers: response code "00" for method 1, a card status update for method 2."""


@dataclass(frozen=True)
class PublishedVector:
    """One vector; everything in it is public.

    id: lower-case words and digits, joined by hyphens.  issuer_key: 16 bytes.  limited_use_key_index: YHHHHCC, None
    where the card key signs.  values: tag -> value, what the cryptogram covers.  answer: the second part of the ARPC's
    input, response code or card status update.
    """

    id: str
    version: CryptogramVersion
    issuer_key: bytes
    pan: str
    psn: str
    limited_use_key_index: str | None
    values: Mapping[str, bytes]
    answer: bytes

    @property
    def card_key(self) -> bytes:
        """The ICC master key."""
        return key_derivation.card_key(self.issuer_key, self.pan, self.psn, self.version.option)

    @property
    def limited_use_key(self) -> bytes | None:
        """The limited-use key, None where the card key signs."""
        if self.limited_use_key_index is None:
            return None
        return self.version.limited_use_key(self.card_key, self.limited_use_key_index)

    @property
    def computation(self) -> Computation:
        """Session key, input and cryptogram."""
        return Computation(self.version, self.limited_use_key or self.card_key, self.values)

    @property
    def arpc(self) -> bytes:
        """The issuer's answer: 8 bytes by method 1, 4 bytes by method 2."""
        computation = self.computation
        return self.version.arpc(
            computation.base_key, computation.atc, self.values["9F37"], computation.arqc, self.answer
        )


@cache
def published_vectors() -> tuple[PublishedVector, ...]:
    """Two vectors of each profile, in the order of the profiles."""
    return tuple(
        _vector(version, issuer_data, number, case)
        for version, issuer_data in _PROFILES
        for number, case in enumerate(_CASES, 1)
    )


def _vector(version: CryptogramVersion, issuer_data: str, number: int, case: _Case) -> PublishedVector:
    index = case.index if version.uses_limited_keys else None
    whole = issuer_data if index is None else f"{issuer_data}0{index}"
    values = {tag: bytes.fromhex(value) for tag, value in {**case.values, "9F10": whole}.items()}
    return PublishedVector(
        f"{re.sub('[^a-z0-9]+', '-', version.name.lower())}-{number}",
        version,
        bytes.fromhex(_ISSUER_KEYS[version.cipher]),
        case.pan,
        case.psn,
        index,
        values,
        bytes.fromhex(_ANSWERS[version.arpc_method]),
    )
