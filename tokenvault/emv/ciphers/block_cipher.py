"""One-shot block encryption with EMV's two ciphers, parity, and key check values.

Every primitive is `cryptography`'s; this module only fixes the key forms that EMV uses.
"""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tokenvault.emv.errors import KeyLengthError

TDES_BLOCK_BYTES = 8
AES_BLOCK_BYTES = 16

_PARITY_TABLE = bytes(byte ^ 1 if bin(byte).count("1") % 2 == 0 else byte for byte in range(256))


def triple_des(key: bytes) -> TripleDES:
    """The TDES algorithm object of a double-length key (16 bytes, K1 K2 K1) or a triple-length one (24 bytes).

    Raises: KeyLengthError for any other length.
    """
    if len(key) == 16:
        return TripleDES(key + key[:8])
    if len(key) == 24:
        return TripleDES(key)
    raise KeyLengthError(f"a TDES key has 16 or 24 bytes, not {len(key)}")


def single_des(key: bytes) -> TripleDES:
    """Single DES (8-byte key) as TDES with three equal parts, the only form in which OpenSSL still offers it.

    Raises: KeyLengthError unless the key has 8 bytes.
    """
    if len(key) != 8:
        raise KeyLengthError(f"a single DES key has 8 bytes, not {len(key)}")
    return TripleDES(key * 3)


def aes(key: bytes) -> algorithms.AES:
    """The AES algorithm object of a 16, 24 or 32-byte key.

    Raises: KeyLengthError for any other length.
    """
    if len(key) not in (16, 24, 32):
        raise KeyLengthError(f"an AES key has 16, 24 or 32 bytes, not {len(key)}")
    return algorithms.AES(key)


def tdes_encrypt(key: bytes, blocks: bytes) -> bytes:
    """Encrypt whole 8-byte blocks independently (ECB) under a double or triple-length TDES key."""
    return Cipher(triple_des(key), modes.ECB()).encryptor().update(blocks)


def tdes_decrypt(key: bytes, blocks: bytes) -> bytes:
    """Decrypt whole 8-byte blocks independently (ECB) under a double or triple-length TDES key."""
    return Cipher(triple_des(key), modes.ECB()).decryptor().update(blocks)


def aes_encrypt(key: bytes, blocks: bytes) -> bytes:
    """Encrypt whole 16-byte blocks independently (ECB) under an AES key."""
    return Cipher(aes(key), modes.ECB()).encryptor().update(blocks)


def single_des_encrypt(key: bytes, block: bytes) -> bytes:
    """Encrypt whole 8-byte blocks under an 8-byte DES key, as parts of older algorithms do."""
    return Cipher(single_des(key), modes.ECB()).encryptor().update(block)


def aes_decrypt(key: bytes, blocks: bytes) -> bytes:
    """Decrypt whole 16-byte blocks independently (ECB) under an AES key."""
    return Cipher(aes(key), modes.ECB()).decryptor().update(blocks)


def sm4_encrypt(key: bytes, blocks: bytes) -> bytes:
    """Encrypt whole 16-byte blocks independently (ECB) under a 16-byte SM4 key (GB/T 32907).

    Raises: KeyLengthError for any other length.
    """
    if len(key) != 16:
        raise KeyLengthError(f"an SM4 key has 16 bytes, not {len(key)}")
    return Cipher(algorithms.SM4(key), modes.ECB()).encryptor().update(blocks)


def aes_check_value(key: bytes, length: int = 5) -> bytes:
    """Key check value of an AES key: the leftmost bytes of the CMAC of a zero block (ANSI X9.24-1, annex A)."""
    code = CMAC(aes(key))
    code.update(bytes(AES_BLOCK_BYTES))
    return code.finalize()[:length]


def with_odd_parity(key: bytes) -> bytes:
    """Set the lowest bit of each byte so that the byte has an odd number of ones, as EMV writes DES keys."""
    return key.translate(_PARITY_TABLE)


def exclusive_or(left: bytes, right: bytes) -> bytes:
    """Byte-wise exclusive or of two strings of one length."""
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def tdes_check_value(key: bytes, length: int = 3) -> bytes:
    """Key check value of a TDES key: the leftmost bytes of a zero block encrypted under it (ANSI X9.24-1, 7.7.2)."""
    return tdes_encrypt(key, bytes(TDES_BLOCK_BYTES))[:length]
