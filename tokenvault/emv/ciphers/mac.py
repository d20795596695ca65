"""Message authentication codes of EMV and its key blocks: retail MAC, CBC-MAC, and CMAC over AES and TDES."""

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tokenvault.emv.ciphers.block_cipher import (
    AES_BLOCK_BYTES,
    TDES_BLOCK_BYTES,
    aes,
    exclusive_or,
    single_des,
    tdes_encrypt,
    triple_des,
)
from tokenvault.emv.errors import EmvError, KeyLengthError

SM4_KEY_BYTES = 16


def pad(data: bytes, method: int, block_bytes: int = TDES_BLOCK_BYTES) -> bytes:
    """Pad data to whole blocks.

    method: 1 adds 00 bytes only where needed (one block for empty data); 2 always adds 80, then 00 bytes.
    Raises: EmvError for another method.
    Source: ISO/IEC 9797-1, 6.3.2 and 6.3.3.
    """
    if method == 2:
        data += b"\x80"
    elif method != 1:
        raise EmvError(f"padding method is 1 or 2, not {method}")
    missing = -len(data) % block_bytes
    return data + bytes(missing if data else block_bytes)


def retail_mac(key: bytes, data: bytes, padding: int = 2) -> bytes:
    """ISO/IEC 9797-1 MAC algorithm 3 over DES, 8 bytes: single DES down the chain, TDES on the last block.

    key: 16 bytes, secret.  data: any length.  padding: method 1 or 2.
    Raises: KeyLengthError if the key has another length.
    Source: ISO/IEC 9797-1, 7.4; EMV Book 2, A1.2.1.
    """
    if len(key) != 16:
        raise KeyLengthError(f"a retail MAC key has 16 bytes, not {len(key)}")
    padded = pad(data, padding)
    chain, last = padded[:-TDES_BLOCK_BYTES], padded[-TDES_BLOCK_BYTES:]
    if chain:
        encryptor = Cipher(single_des(key[:8]), modes.CBC(bytes(TDES_BLOCK_BYTES))).encryptor()
        last = exclusive_or(last, encryptor.update(chain)[-TDES_BLOCK_BYTES:])
    return tdes_encrypt(key, last)


def tdes_cbc_mac(key: bytes, data: bytes, padding: int = 2) -> bytes:
    """ISO/IEC 9797-1 MAC algorithm 1 over TDES, 8 bytes: the last block of a CBC chain from a zero initial vector.

    key: 16 or 24 bytes, secret.  data: any length.  padding: method 1 or 2.
    A CBC-MAC is safe only where no input begins another: inputs of one length, or with their length in front.
    Raises: KeyLengthError, EmvError for another padding method.
    Source: ISO/IEC 9797-1, 7.2.
    """
    padded = pad(data, padding)
    encryptor = Cipher(triple_des(key), modes.CBC(bytes(TDES_BLOCK_BYTES))).encryptor()
    return encryptor.update(padded)[-TDES_BLOCK_BYTES:]


def aes_cmac(key: bytes, data: bytes) -> bytes:
    """AES-CMAC, 16 bytes (NIST SP 800-38B; EMV Book 2, A1.2.2)."""
    code = cmac.CMAC(aes(key))
    code.update(data)
    return code.finalize()


def tdes_cmac(key: bytes, data: bytes) -> bytes:
    """TDES-CMAC, 8 bytes (NIST SP 800-38B)."""
    code = cmac.CMAC(triple_des(key))
    code.update(data)
    return code.finalize()


def sm4_cbc_mac(key: bytes, data: bytes) -> bytes:
    """CBC-MAC over SM4, 16 bytes: zero IV, padding method 2 (ISO/IEC 9797-1, algorithm 1).

    key: 16 bytes, secret.  Data of the caller's own layout only: a CBC-MAC is safe where no input begins another.
    """
    if len(key) != SM4_KEY_BYTES:
        raise KeyLengthError(f"an SM4 key has {SM4_KEY_BYTES} bytes, not {len(key)}")
    padded = pad(data, 2, AES_BLOCK_BYTES)
    encryptor = Cipher(algorithms.SM4(key), modes.CBC(bytes(AES_BLOCK_BYTES))).encryptor()
    return encryptor.update(padded)[-AES_BLOCK_BYTES:]
