"""The binding methods of key block versions: encryption, authentication and the bytes covered.

Versions B (TDES) and D (AES) bind by derivation: both keys are derived from the protection key, and one CMAC over
header and plain key is authentication code and initial vector at once. Versions A and C (TDES) bind by variants: both
keys are the protection key xored with a constant, and the code covers the enciphered key. They are withdrawn, and only
opened.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, modes

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, TDES_BLOCK_BYTES, aes, exclusive_or, triple_des
from tokenvault.emv.ciphers.mac import aes_cmac, tdes_cbc_mac, tdes_cmac
from tokenvault.emv.errors import KeyBlockError, KeyLengthError

_ENCRYPTION, _AUTHENTICATION = 0x0000, 0x0001
_ENCRYPTION_VARIANT, _AUTHENTICATION_VARIANT = b"\x45", b"\x4d"


@dataclass(frozen=True)
class DerivationBinding:
    """Versions B and D. algorithm_numbers: by the protection key's length in bytes (ANSI X9.143, 7.2)."""

    block_bytes: int
    mac: Callable[[bytes, bytes], bytes]
    cipher: Callable[[bytes], CipherAlgorithm]
    algorithm_numbers: dict[int, int]

    @property
    def code_bytes(self) -> int:
        """The length of the authentication code."""
        return self.block_bytes

    def keys(self, protection_key: bytes) -> tuple[bytes, bytes]:
        """The keys that encipher and that authenticate, both secret, each as long as the protection key."""
        _check_length(protection_key, tuple(self.algorithm_numbers))
        return self._derived(protection_key, _ENCRYPTION), self._derived(protection_key, _AUTHENTICATION)

    def _derived(self, protection_key: bytes, use: int) -> bytes:
        length = len(protection_key)
        # Counter, use, separator, algorithm, length in bits.
        number = self.algorithm_numbers[length].to_bytes(2, "big")
        tail = use.to_bytes(2, "big") + b"\0" + number + (length * 8).to_bytes(2, "big")
        count = -(-length // self.block_bytes)
        return b"".join(self.mac(protection_key, bytes([i]) + tail) for i in range(1, count + 1))[:length]

    def close(self, protection_key: bytes, header: bytes, plain: bytes) -> bytes:
        """The enciphered key and its code. plain: whole cipher blocks, secret."""
        encryption, authentication = self.keys(protection_key)
        code = self.mac(authentication, header + plain)
        return Cipher(self.cipher(encryption), modes.CBC(code)).encryptor().update(plain) + code

    def open(self, protection_key: bytes, header: bytes, enciphered: bytes, code: bytes) -> bytes:
        """The plain blocks, secret. Raises: KeyBlockError where the code is another's."""
        encryption, authentication = self.keys(protection_key)
        plain = Cipher(self.cipher(encryption), modes.CBC(code)).decryptor().update(enciphered)
        _compare(self.mac(authentication, header + plain), code)
        return plain


@dataclass(frozen=True)
class VariantBinding:
    """Versions A and C, which differ in what header fields mean and in nothing else (TR-31:2018, 5.3.1)."""

    block_bytes: ClassVar[int] = TDES_BLOCK_BYTES
    code_bytes: ClassVar[int] = 4

    def keys(self, protection_key: bytes) -> tuple[bytes, bytes]:
        """The keys that encipher and that authenticate, both secret. protection_key: 16 or 24 bytes."""
        _check_length(protection_key, (16, 24))
        length = len(protection_key)
        return (
            exclusive_or(protection_key, _ENCRYPTION_VARIANT * length),
            exclusive_or(protection_key, _AUTHENTICATION_VARIANT * length),
        )

    def open(self, protection_key: bytes, header: bytes, enciphered: bytes, code: bytes) -> bytes:
        """The plain blocks, secret. Raises: KeyBlockError where the code is another's."""
        encryption, authentication = self.keys(protection_key)
        _compare(tdes_cbc_mac(authentication, header + enciphered, padding=1)[: self.code_bytes], code)
        initial = header[: self.block_bytes]
        return Cipher(triple_des(encryption), modes.CBC(initial)).decryptor().update(enciphered)


def _check_length(protection_key: bytes, lengths: tuple[int, ...]) -> None:
    if len(protection_key) not in lengths:
        allowed = f"{', '.join(map(str, lengths[:-1]))} or {lengths[-1]}"
        raise KeyLengthError(f"a protection key of this version has {allowed} bytes, not {len(protection_key)}")


def _compare(expected: bytes, code: bytes) -> None:
    if not hmac.compare_digest(expected, code):
        raise KeyBlockError("was altered, or is protected by another key")


DERIVED = {
    "B": DerivationBinding(TDES_BLOCK_BYTES, tdes_cmac, triple_des, {16: 0, 24: 1}),
    "D": DerivationBinding(AES_BLOCK_BYTES, aes_cmac, aes, {16: 2, 24: 3, 32: 4}),
}
"""The versions that are written."""

WITHDRAWN = {"A": VariantBinding(), "C": VariantBinding()}
"""The versions that are only read, where the caller allows it."""
