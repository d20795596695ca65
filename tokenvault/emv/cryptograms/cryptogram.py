"""Application cryptograms (ARQC) and the issuer's answers to them (ARPC)."""

import hmac
from collections.abc import Mapping

from tokenvault.emv.ciphers.block_cipher import aes_encrypt, exclusive_or, tdes_encrypt
from tokenvault.emv.ciphers.mac import aes_cmac, retail_mac, sm4_cbc_mac
from tokenvault.emv.errors import CryptogramMismatch, EmvError, KeyLengthError

INPUT_TAGS = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
"""Tags whose values a cryptogram covers, in order (EMV Book 2, 8.1.1, table 26); issuer application data follows."""


def cryptogram_input(values: Mapping[str, bytes], issuer_part: bytes) -> bytes:
    """Concatenate what an application cryptogram covers, unpadded.

    values: tag -> value, at least `INPUT_TAGS`.
    issuer_part: what the cryptogram version takes from tag 9F10, see `cryptogram_versions`.
    Raises: EmvError naming the tag that is missing.
    """
    missing = [tag for tag in INPUT_TAGS if tag not in values]
    if missing:
        raise EmvError(f"the cryptogram input lacks {', '.join(missing)}")
    return b"".join(values[tag] for tag in INPUT_TAGS) + issuer_part


def arqc_tdes(session_key: bytes, data: bytes, padding: int = 2) -> bytes:
    """Application cryptogram under a TDES key, 8 bytes: retail MAC (EMV Book 2, 8.1.2 and A1.2.1)."""
    return retail_mac(session_key, data, padding)


def arqc_aes(session_key: bytes, data: bytes) -> bytes:
    """Application cryptogram under an AES key: the leftmost 8 bytes of the CMAC (EMV Book 2, 8.1.2 and A1.2.2)."""
    return aes_cmac(session_key, data)[:8]


def arqc_sm4(session_key: bytes, data: bytes) -> bytes:
    """Application cryptogram of the PBOC-like SM4 profile: the leftmost 8 bytes of the CBC-MAC."""
    return sm4_cbc_mac(session_key, data)[:8]


def arpc_method_1_tdes(key: bytes, arqc: bytes, response_code: bytes) -> bytes:
    """ARPC method 1 under TDES, 8 bytes.

    key: session or card key, as the card's profile says.  arqc: 8 bytes.
    response_code: tag 8A, 2 bytes; issuer authentication data (tag 91) is ARPC || response_code.
    Source: EMV Book 2, 8.2.1.
    """
    _check_lengths(arqc, response_code, 2)
    return tdes_encrypt(key, exclusive_or(arqc, response_code + bytes(6)))


def arpc_method_1_aes(session_key: bytes, arqc: bytes, response_code: bytes) -> bytes:
    """ARPC method 1 under AES, the leftmost 8 bytes of one block (EMV Book 2, 8.2.1)."""
    _check_lengths(arqc, response_code, 2)
    return aes_encrypt(session_key, exclusive_or(arqc, response_code + bytes(6)) + bytes(8))[:8]


def arpc_method_2_tdes(
    session_key: bytes, arqc: bytes, card_status_update: bytes, proprietary_data: bytes = b""
) -> bytes:
    """ARPC method 2 under TDES, 4 bytes.

    card_status_update: 4 bytes.  proprietary_data: at most 8 bytes.
    Issuer authentication data (tag 91) is ARPC || card_status_update || proprietary_data.
    Source: EMV Book 2, 8.2.2.
    """
    data = _method_2_input(arqc, card_status_update, proprietary_data)
    return retail_mac(session_key, data, padding=2)[:4]


def arpc_method_2_aes(
    session_key: bytes, arqc: bytes, card_status_update: bytes, proprietary_data: bytes = b""
) -> bytes:
    """ARPC method 2 under AES: the leftmost 4 bytes of the CMAC (EMV Book 2, 8.2.2)."""
    return aes_cmac(session_key, _method_2_input(arqc, card_status_update, proprietary_data))[:4]


def arpc_method_2_sm4(
    session_key: bytes, arqc: bytes, card_status_update: bytes, proprietary_data: bytes = b""
) -> bytes:
    """ARPC of the PBOC-like SM4 profile in the shape of method 2: the leftmost 4 bytes of the CBC-MAC."""
    return sm4_cbc_mac(session_key, _method_2_input(arqc, card_status_update, proprietary_data))[:4]


def _method_2_input(arqc: bytes, card_status_update: bytes, proprietary_data: bytes) -> bytes:
    _check_lengths(arqc, card_status_update, 4)
    if len(proprietary_data) > 8:
        raise EmvError("proprietary authentication data has at most 8 bytes")
    return arqc + card_status_update + proprietary_data


def _check_lengths(arqc: bytes, second: bytes, second_bytes: int) -> None:
    if len(arqc) != 8:
        raise EmvError("an application cryptogram has 8 bytes")
    if len(second) != second_bytes:
        raise EmvError(f"the second part of the ARPC input has {second_bytes} bytes")


def script_mac_tdes(session_key: bytes, data: bytes, length: int = 8) -> bytes:
    """MAC over an issuer script command, 4 to 8 bytes.

    session_key: 16-byte secure messaging key for integrity.
    data: command header, then ATC, ARQC and command data as the profile orders them.
    Source: EMV Book 2, 9.2.1.
    """
    if not 4 <= length <= 8:
        raise EmvError("a script MAC has 4 to 8 bytes")
    if len(session_key) != 16:
        raise KeyLengthError(f"a secure messaging key has 16 bytes, not {len(session_key)}")
    return retail_mac(session_key, data, padding=2)[:length]


def verify(expected: bytes, received: bytes) -> None:
    """Compare two cryptograms in constant time. Raises: CryptogramMismatch."""
    if not hmac.compare_digest(expected, received):
        raise CryptogramMismatch("the cryptogram does not belong to this data")
