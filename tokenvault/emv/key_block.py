"""Key blocks of ANSI X9.143 (TR-31): a key with what it may be used for, enciphered and authenticated together.

Versions B (TDES) and D (AES) bind by derivation: header and key are covered by one CMAC, which is also the IV.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tokenvault.emv.block_cipher import AES_BLOCK_BYTES, TDES_BLOCK_BYTES, aes, triple_des
from tokenvault.emv.errors import EmvError, KeyLengthError
from tokenvault.emv.mac import aes_cmac, tdes_cmac

RandomBytes = Callable[[int], bytes]

_HEADER_CHARACTERS = 16
_ENCRYPTION, _AUTHENTICATION = 0x0000, 0x0001


class KeyBlockError(EmvError):
    """Text that is no key block, or one that this protection key did not make."""


@dataclass(frozen=True)
class KeyBlockHeader:
    """What a key is for. Codes are those of ANSI X9.143, tables 2 to 5.

    usage: 2 characters, such as ``E0`` (EMV master key for application cryptograms).  algorithm: T or A.
    mode: such as ``X`` (to derive from).  key_version: 2 characters.  exportability: E, N or S.
    optional_blocks: (2 characters, text) in order.
    """

    version: str
    usage: str
    algorithm: str
    mode: str
    key_version: str = "00"
    exportability: str = "N"
    optional_blocks: tuple[tuple[str, str], ...] = ()

    def text(self, key_bytes: int) -> str:
        """The header with its lengths filled in, for a key of so many bytes."""
        suite = _suite(self.version)
        optional = "".join(f"{name}{len(value) + 4:02X}{value}" for name, value in self.optional_blocks)
        count = len(self.optional_blocks)
        if len(optional) % suite.block_bytes:
            # The block PB fills up to whole cipher blocks; it counts itself.
            filling = -(len(optional) + 4) % suite.block_bytes
            optional += f"PB{filling + 4:02X}" + "0" * filling
            count += 1
        length = _HEADER_CHARACTERS + len(optional) + 2 * (suite.padded_bytes(key_bytes) + suite.block_bytes)
        fixed = f"{self.usage}{self.algorithm}{self.mode}{self.key_version}{self.exportability}{count:02d}00"
        return f"{self.version}{length:04d}{fixed}{optional}"


@dataclass(frozen=True)
class _Suite:
    """What a version of the key block computes with."""

    block_bytes: int
    mac: Callable[[bytes, bytes], bytes]
    cipher: Callable[[bytes], object]
    algorithm_numbers: dict[int, int]

    def padded_bytes(self, key_bytes: int) -> int:
        """How long the enciphered part is."""
        return -(-(2 + key_bytes) // self.block_bytes) * self.block_bytes

    def derived(self, protection_key: bytes, use: int) -> bytes:
        """A key for one use, as long as the protection key; secret."""
        length = len(protection_key)
        number = self.algorithm_numbers.get(length)
        if number is None:
            raise KeyLengthError(f"this version's protection key has another length than {length} bytes")
        # Counter, use, separator, algorithm, length in bits.
        tail = use.to_bytes(2, "big") + b"\0" + number.to_bytes(2, "big") + (length * 8).to_bytes(2, "big")
        count = -(-length // self.block_bytes)
        return b"".join(self.mac(protection_key, bytes([i]) + tail) for i in range(1, count + 1))[:length]

    def encrypted(self, key: bytes, initial: bytes, data: bytes) -> bytes:
        """CBC without padding."""
        return Cipher(self.cipher(key), modes.CBC(initial)).encryptor().update(data)  # type: ignore[arg-type]

    def decrypted(self, key: bytes, initial: bytes, data: bytes) -> bytes:
        """The inverse of `encrypted`."""
        return Cipher(self.cipher(key), modes.CBC(initial)).decryptor().update(data)  # type: ignore[arg-type]


_SUITES = {
    "B": _Suite(TDES_BLOCK_BYTES, tdes_cmac, triple_des, {16: 0, 24: 1}),
    "D": _Suite(AES_BLOCK_BYTES, aes_cmac, aes, {16: 2, 24: 3, 32: 4}),
}


def _suite(version: str) -> _Suite:
    try:
        return _SUITES[version]
    except KeyError:
        raise KeyBlockError("is not a key block of version B or D") from None


def derived_keys(version: str, protection_key: bytes) -> tuple[bytes, bytes]:
    """The keys that encipher and that authenticate a block, both secret.

    protection_key: key block protection key, 16 or 24 bytes (B) or 16, 24 or 32 bytes (D).
    Raises: KeyBlockError, KeyLengthError.
    """
    suite = _suite(version)
    return suite.derived(protection_key, _ENCRYPTION), suite.derived(protection_key, _AUTHENTICATION)


def wrap(protection_key: bytes, header: KeyBlockHeader, key: bytes, random_bytes: RandomBytes) -> str:
    """A key as a key block, which is safe to hand over.

    random_bytes: for the padding.
    Raises: KeyBlockError, KeyLengthError.
    Source: ANSI X9.143, 7; TR-31:2018, 5.3.2.
    """
    suite = _suite(header.version)
    encryption, authentication = derived_keys(header.version, protection_key)
    text = header.text(len(key))
    _parse_header(text)
    plain = (len(key) * 8).to_bytes(2, "big") + key
    plain += random_bytes(suite.padded_bytes(len(key)) - len(plain))
    code = suite.mac(authentication, text.encode("ascii") + plain)
    return text + (suite.encrypted(encryption, code, plain) + code).hex().upper()


def unwrap(protection_key: bytes, block: str) -> tuple[KeyBlockHeader, bytes]:
    """The header of a key block and its key, secret.

    Raises: KeyBlockError where it is malformed, was altered, or another key protects it; KeyLengthError.
    """
    header, header_length = _parse_header(block)
    if int(block[1:5]) != len(block):
        raise KeyBlockError("has another length than its header says")
    suite = _suite(header.version)
    encryption, authentication = derived_keys(header.version, protection_key)
    try:
        body = bytes.fromhex(block[header_length:])
    except ValueError:
        raise KeyBlockError("has something else than hexadecimal digits after its header") from None
    if len(body) < 2 * suite.block_bytes or len(body) % suite.block_bytes:
        raise KeyBlockError("has no whole cipher blocks after its header")
    enciphered, code = body[: -suite.block_bytes], body[-suite.block_bytes :]
    plain = suite.decrypted(encryption, code, enciphered)
    if not hmac.compare_digest(suite.mac(authentication, block[:header_length].encode("ascii") + plain), code):
        raise KeyBlockError("was altered, or is protected by another key")
    bits = int.from_bytes(plain[:2], "big")
    if bits % 8 or not 0 < bits // 8 <= len(plain) - 2:
        raise KeyBlockError("has a key of an impossible length")
    return header, plain[2 : 2 + bits // 8]


def _parse_header(block: str) -> tuple[KeyBlockHeader, int]:
    """The header at the start of a key block, and how many characters it has."""
    if len(block) < _HEADER_CHARACTERS or not block.isascii() or not block.isalnum():
        raise KeyBlockError("is not letters and digits that begin with a header of 16 characters")
    if not block[1:5].isdigit() or not block[12:14].isdigit():
        raise KeyBlockError("has a header without its lengths")
    _suite(block[0])
    optional, position = [], _HEADER_CHARACTERS
    for _ in range(int(block[12:14])):
        name, value, position = _optional_block(block, position)
        if name != "PB":
            optional.append((name, value))
    header = KeyBlockHeader(block[0], block[5:7], block[7], block[8], block[9:11], block[11], tuple(optional))
    return header, position


def _optional_block(block: str, position: int) -> tuple[str, str, int]:
    """Identifier, text, and where the next one begins. A length of 00 says that a longer length follows."""
    try:
        name, length, start = block[position : position + 2], int(block[position + 2 : position + 4], 16), position + 4
        if length == 0:
            digits = int(block[start : start + 2], 16)
            length = int(block[start + 2 : start + 2 + digits], 16)
            start += 2 + digits
    except ValueError:
        raise KeyBlockError("has an optional block without its length") from None
    end = position + length
    if not start <= end <= len(block):
        raise KeyBlockError("has an optional block that does not end in it")
    return name, block[start:end], end
