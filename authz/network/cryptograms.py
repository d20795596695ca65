"""Stateless, fast ARQC verification and ARPC generation: keys are derived from the issuer master key and PAN.

The same algorithms as `tokenvault.emv.cryptograms.cryptogram_versions`, with the card key's cipher kept between taps
and one CMAC object serving both ARQC and ARPC of a tap; a test holds the two against each other.
"""

import hmac
from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tokenvault.emv.cryptograms.cryptogram_versions import (
    LIMITED_USE_AES,
    TAPWRIGHT_AES,
    TOKEN_CRYPTOGRAM_VERSIONS,
    CryptogramVersion,
)
from tokenvault.emv.keys import key_derivation
from tokenvault.emv.keys.limited_use_keys import INDEX_DIGITS

CARDS_KEPT_MAX = 65536

IssuerKeys = Callable[[int, int], bytes | None]
"""(cryptogram version, key index) -> issuer master key, or None where there is none."""

_AES_DIVERSIFIER_REST = bytes(14)
_NO_UNPREDICTABLE_NUMBER = bytes(4)
"""Tapwright's versions derive session keys from the counter alone."""


class AnswerKey(Protocol):
    """What a verified tap leaves behind for its answer."""

    def arpc(self, arqc: bytes, card_status_update: bytes) -> bytes:
        """ARPC method 2, 4 bytes (EMV Book 2, 8.2.2)."""


class _AesAnswerKey:
    __slots__ = ("_code",)

    def __init__(self, code: CMAC) -> None:
        self._code = code

    def arpc(self, arqc: bytes, card_status_update: bytes) -> bytes:
        self._code.update(arqc + card_status_update)
        return self._code.finalize()[:4]


class _AesCard:
    """A card key as a cipher: making one costs more than a whole verification."""

    __slots__ = ("_cipher",)

    def __init__(self, card_key: bytes) -> None:
        self._cipher: CipherContext = Cipher(algorithms.AES(card_key), modes.ECB()).encryptor()  # noqa: S305

    def verified(self, atc: bytes, data: bytes, arqc: bytes) -> AnswerKey | None:
        code = CMAC(algorithms.AES(self._cipher.update(atc + _AES_DIVERSIFIER_REST)))
        answer_code = code.copy()
        code.update(data)
        return _AesAnswerKey(answer_code) if hmac.compare_digest(code.finalize()[:8], arqc) else None


class _AesKey:
    """A limited-use key, which signs by itself."""

    __slots__ = ("_algorithm",)

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.AES(key)

    def verified(self, atc: bytes, data: bytes, arqc: bytes) -> AnswerKey | None:
        code = CMAC(self._algorithm)
        answer_code = code.copy()
        code.update(data)
        return _AesAnswerKey(answer_code) if hmac.compare_digest(code.finalize()[:8], arqc) else None


class _VersionAnswerKey:
    __slots__ = ("_atc", "_card_key", "_version")

    def __init__(self, version: CryptogramVersion, card_key: bytes, atc: bytes) -> None:
        self._version, self._card_key, self._atc = version, card_key, atc

    def arpc(self, arqc: bytes, card_status_update: bytes) -> bytes:
        atc = int.from_bytes(self._atc, "big")
        return self._version.arpc(self._card_key, atc, _NO_UNPREDICTABLE_NUMBER, arqc, card_status_update)


class _Card:
    """Any version by the functions that define it; `_AesCard` and `_AesKey` are the same at speed."""

    __slots__ = ("_card_key", "_version")

    def __init__(self, version: CryptogramVersion, card_key: bytes) -> None:
        self._version, self._card_key = version, card_key

    def verified(self, atc: bytes, data: bytes, arqc: bytes) -> AnswerKey | None:
        expected = self._version.arqc_over(self._card_key, int.from_bytes(atc, "big"), _NO_UNPREDICTABLE_NUMBER, data)
        right = hmac.compare_digest(expected, arqc)
        return _VersionAnswerKey(self._version, self._card_key, atc) if right else None


class CryptogramVerifier:
    """Verifies the cryptograms of Tapwright's tokens; keeps the ciphers of the cards it has seen last."""

    def __init__(self, issuer_keys: IssuerKeys) -> None:
        self._issuer_keys = issuer_keys
        self._cards: dict[tuple[int, int, int, int, int], _AnyCard | None] = {}

    def verified(
        self,
        pan: int,
        psn: int,
        version: int,
        key_index: int,
        limited_use_key: int,
        atc: bytes,
        data: bytes,
        arqc: bytes,
    ) -> AnswerKey | None:
        """The answer key of a right cryptogram, None for a wrong one.

        pan and psn: as numbers.  limited_use_key: index of the key that signed, 0 for the card key.  atc: 2 bytes.
        data: what the cryptogram covers, unpadded.  arqc: 8 bytes.
        """
        name = (pan, psn, version, key_index, limited_use_key)
        try:
            card = self._cards[name]
        except KeyError:
            card = self._new_card(*name)
            if len(self._cards) >= CARDS_KEPT_MAX:
                del self._cards[next(iter(self._cards))]
            self._cards[name] = card
        return card.verified(atc, data, arqc) if card is not None else None

    def _new_card(self, pan: int, psn: int, version: int, key_index: int, limited_use_key: int) -> "_AnyCard | None":
        known = TOKEN_CRYPTOGRAM_VERSIONS.get(version)
        issuer_key = self._issuer_keys(version, key_index)
        if known is None or issuer_key is None or psn > 99 or known.uses_limited_keys != (limited_use_key != 0):
            return None
        key = key_derivation.card_key(issuer_key, str(pan), f"{psn:02d}", known.option)
        if known.uses_limited_keys:
            if limited_use_key >= 10**INDEX_DIGITS:
                return None
            key = known.limited_use_key(key, f"{limited_use_key:0{INDEX_DIGITS}d}")
        if known is TAPWRIGHT_AES:
            return _AesCard(key)
        return _AesKey(key) if known is LIMITED_USE_AES else _Card(known, key)


_AnyCard = _AesCard | _AesKey | _Card
