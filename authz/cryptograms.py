"""Verifying ARQCs and making ARPCs at speed, stateless: keys derive from the issuer's master key and the token PAN.

The same algorithms as `tokenvault.emv.cryptogram_versions`, with the card key's cipher kept between taps and one CMAC
object serving both ARQC and ARPC of a tap; a test holds the two against each other.
"""

import hmac
from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tokenvault.emv import cryptogram, key_derivation
from tokenvault.emv.cryptogram_versions import TAPWRIGHT_AES, TOKEN_CRYPTOGRAM_VERSIONS
from tokenvault.emv.mac import retail_mac

CARDS_KEPT_MAX = 65536

IssuerKeys = Callable[[int, int], bytes | None]
"""(cryptogram version, key index) -> issuer master key, or None where there is none."""

_AES_DIVERSIFIER_REST = bytes(14)


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


class _TdesAnswerKey:
    __slots__ = ("_session_key",)

    def __init__(self, session_key: bytes) -> None:
        self._session_key = session_key

    def arpc(self, arqc: bytes, card_status_update: bytes) -> bytes:
        return cryptogram.arpc_method_2_tdes(self._session_key, arqc, card_status_update)


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


class _TdesCard:
    __slots__ = ("_card_key",)

    def __init__(self, card_key: bytes) -> None:
        self._card_key = card_key

    def verified(self, atc: bytes, data: bytes, arqc: bytes) -> AnswerKey | None:
        session_key = key_derivation.session_key_tdes(self._card_key, atc + bytes(6))
        right = hmac.compare_digest(retail_mac(session_key, data), arqc)
        return _TdesAnswerKey(session_key) if right else None


class CryptogramVerifier:
    """Verifies the cryptograms of Tapwright's tokens; keeps the ciphers of the cards it has seen last."""

    def __init__(self, issuer_keys: IssuerKeys) -> None:
        self._issuer_keys = issuer_keys
        self._cards: dict[tuple[int, int, int, int], _AesCard | _TdesCard | None] = {}

    def verified(
        self, pan: int, psn: int, version: int, key_index: int, atc: bytes, data: bytes, arqc: bytes
    ) -> AnswerKey | None:
        """The answer key of a right cryptogram, None for a wrong one.

        pan and psn: as numbers.  atc: 2 bytes.  data: what the cryptogram covers, unpadded.  arqc: 8 bytes.
        """
        name = (pan, psn, version, key_index)
        try:
            card = self._cards[name]
        except KeyError:
            card = self._new_card(*name)
            if len(self._cards) >= CARDS_KEPT_MAX:
                del self._cards[next(iter(self._cards))]
            self._cards[name] = card
        return card.verified(atc, data, arqc) if card is not None else None

    def _new_card(self, pan: int, psn: int, version: int, key_index: int) -> _AesCard | _TdesCard | None:
        known = TOKEN_CRYPTOGRAM_VERSIONS.get(version)
        issuer_key = self._issuer_keys(version, key_index)
        if known is None or issuer_key is None or psn > 99:
            return None
        card_key = key_derivation.card_key(issuer_key, str(pan), f"{psn:02d}", known.option)
        return _AesCard(card_key) if known is TAPWRIGHT_AES else _TdesCard(card_key)
