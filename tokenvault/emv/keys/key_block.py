"""Key blocks of ANSI X9.143 (TR-31): a key and its permitted use, encrypted and authenticated together.

Versions B (TDES) and D (AES) are written and read; A and C, withdrawn, are read where the caller allows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from string import hexdigits

from tokenvault.emv.errors import KeyBlockError
from tokenvault.emv.keys.key_block_binding import DERIVED, WITHDRAWN, DerivationBinding, VariantBinding

RandomBytes = Callable[[int], bytes]

_HEADER_CHARACTERS = 16
_BLOCK_CHARACTERS_MAX = 9999
_OPTIONAL_BLOCKS_MAX = 99
_FILLING = "PB"


@dataclass(frozen=True)
class KeyBlockHeader:
    """What a key is for. Codes are those of ANSI X9.143, tables 2 to 5.

    usage: 2 characters, such as ``E0`` (EMV master key for application cryptograms).  algorithm: such as T, A or H.
    mode: such as ``X`` (to derive from).  key_version: 2 characters.  exportability: E, N or S.
    optional_blocks: (2 characters, text) in order, such as ``("LB", "acquirer 7")`` for a label; printable ASCII. The
    block that fills up to whole cipher blocks (PB) is made and left out by itself.
    """

    version: str
    usage: str
    algorithm: str
    mode: str
    key_version: str = "00"
    exportability: str = "N"
    optional_blocks: tuple[tuple[str, str], ...] = ()

    def text(self, key_bytes: int) -> str:
        """The header with its lengths filled in, for a key of so many bytes. Raises: KeyBlockError."""
        binding = _written(self.version)
        fixed = f"{self.usage}{self.algorithm}{self.mode}{self.key_version}{self.exportability}"
        widths = tuple(map(len, (self.usage, self.algorithm, self.mode, self.key_version, self.exportability)))
        if widths != (2, 1, 1, 2, 1) or not _is_alphanumeric(fixed):
            raise KeyBlockError("has a usage, algorithm, mode, key version or exportability that is no such code")
        blocks = [_optional_text(name, value) for name, value in self.optional_blocks]
        if missing := len("".join(blocks)) % binding.block_bytes:
            filling = (binding.block_bytes - missing - 4) % binding.block_bytes
            blocks.append(f"{_FILLING}{filling + 4:02X}" + "0" * filling)
        optional = "".join(blocks)
        length = _HEADER_CHARACTERS + len(optional) + 2 * (_padded_bytes(binding, key_bytes) + binding.code_bytes)
        if len(blocks) > _OPTIONAL_BLOCKS_MAX or length > _BLOCK_CHARACTERS_MAX:
            raise KeyBlockError(
                f"has more than {_OPTIONAL_BLOCKS_MAX} optional blocks or {_BLOCK_CHARACTERS_MAX} characters"
            )
        return f"{self.version}{length:04d}{fixed}{len(blocks):02d}00{optional}"


def derived_keys(version: str, protection_key: bytes) -> tuple[bytes, bytes]:
    """The keys that encipher and that authenticate a block, both secret.

    protection_key: key block protection key, 16 or 24 bytes (A, B, C) or 16, 24 or 32 bytes (D).
    Raises: KeyBlockError, KeyLengthError.
    """
    return _binding(version, accept_withdrawn=True).keys(protection_key)


def wrap(protection_key: bytes, header: KeyBlockHeader, key: bytes, random_bytes: RandomBytes) -> str:
    """A key as a key block, which is safe to hand over.

    random_bytes: for the padding.
    Raises: KeyBlockError where the header cannot be written, or has version A or C; KeyLengthError.
    Source: ANSI X9.143, 7; TR-31:2018, 5.3.2.
    """
    binding = _written(header.version)
    text = header.text(len(key))
    plain = (len(key) * 8).to_bytes(2, "big") + key
    plain += random_bytes(_padded_bytes(binding, len(key)) - len(plain))
    return text + binding.close(protection_key, text.encode("ascii"), plain).hex().upper()


def unwrap(protection_key: bytes, block: str, *, accept_withdrawn: bool = False) -> tuple[KeyBlockHeader, bytes]:
    """The header of a key block and its key, secret.

    accept_withdrawn: whether versions A and C, which authenticate by four bytes under a variant of the key, are opened.
    Raises: KeyBlockError where it is malformed, was altered, or another key protects it; KeyLengthError.
    """
    header, header_length = _parse_header(block)
    binding = _binding(header.version, accept_withdrawn)
    if int(block[1:5]) != len(block):
        raise KeyBlockError(f"has {len(block)} characters, where its header says {int(block[1:5])}")
    body = _octets(block[header_length:])
    enciphered, code = body[: -binding.code_bytes], body[-binding.code_bytes :]
    if not enciphered or len(enciphered) % binding.block_bytes:
        raise KeyBlockError("has no whole cipher blocks between its header and its authentication code")
    plain = binding.open(protection_key, block[:header_length].encode("ascii"), enciphered, code)
    bits = int.from_bytes(plain[:2], "big")
    if bits % 8 or not 0 < bits // 8 <= len(plain) - 2:
        raise KeyBlockError("has a key of an impossible length")
    return header, plain[2 : 2 + bits // 8]


def _binding(version: str, accept_withdrawn: bool) -> DerivationBinding | VariantBinding:
    if version in WITHDRAWN:
        if not accept_withdrawn:
            raise KeyBlockError(f"is of version {version}, which is withdrawn and read only where that is allowed")
        return WITHDRAWN[version]
    if version not in DERIVED:
        raise KeyBlockError("is not a key block of version A, B, C or D")
    return DERIVED[version]


def _written(version: str) -> DerivationBinding:
    if version not in DERIVED:
        raise KeyBlockError("is written in version B or D, no other")
    return DERIVED[version]


def _padded_bytes(binding: DerivationBinding, key_bytes: int) -> int:
    """How long the enciphered part is: two bytes of length and the key, in whole cipher blocks."""
    return -(-(2 + key_bytes) // binding.block_bytes) * binding.block_bytes


def _octets(text: str) -> bytes:
    """Hexadecimal digits, two a byte."""
    if not _is_hexadecimal(text):
        raise KeyBlockError("has something else than hexadecimal digits after its header")
    if len(text) % 2:
        raise KeyBlockError("has an odd number of hexadecimal digits after its header")
    return bytes.fromhex(text)


def _parse_header(block: str) -> tuple[KeyBlockHeader, int]:
    """The header at the start of a key block, and how many characters it has."""
    fixed = block[:_HEADER_CHARACTERS]
    if len(fixed) < _HEADER_CHARACTERS or not _is_alphanumeric(fixed):
        raise KeyBlockError(f"does not begin with a header of {_HEADER_CHARACTERS} letters and digits")
    if not fixed[1:5].isdigit():
        raise KeyBlockError("has no length of four digits in its header")
    if not fixed[12:14].isdigit():
        raise KeyBlockError("has no number of optional blocks, two digits, in its header")
    optional, position = [], _HEADER_CHARACTERS
    for _ in range(int(fixed[12:14])):
        name, value, position = _read_optional(block, position)
        if name != _FILLING:
            optional.append((name, value))
    header = KeyBlockHeader(fixed[0], fixed[5:7], fixed[7], fixed[8], fixed[9:11], fixed[11], tuple(optional))
    return header, position


def _optional_text(name: str, value: str) -> str:
    """Identifier, length, text. A length of 00 announces an extended length: its number of bytes, then these."""
    if len(name) != 2 or not _is_alphanumeric(name) or name == _FILLING:
        raise KeyBlockError(f"has an optional block whose identifier is not two letters or digits, or is {_FILLING}")
    if not _is_printable(value):
        raise KeyBlockError(f"has characters in optional block {name} that are not printable ASCII")
    if len(value) + 4 <= 0xFF:
        return f"{name}{len(value) + 4:02X}{value}"
    if len(value) + 10 > 0xFFFF:
        raise KeyBlockError(f"has {len(value)} characters in optional block {name}, which are too many")
    return f"{name}0002{len(value) + 10:04X}{value}"


def _read_optional(block: str, position: int) -> tuple[str, str, int]:
    """Identifier, text, and where the next one begins."""
    name, start = block[position : position + 2], position + 4
    if len(name) != 2 or not _is_alphanumeric(name):
        raise KeyBlockError("has an optional block without an identifier of two letters or digits")
    length = _number(name, block[position + 2 : start], 2)
    if length == 0:
        digits = 2 * _number(name, block[start : start + 2], 2)
        length = _number(name, block[start + 2 : start + 2 + digits], digits)
        start += 2 + digits
    end = position + length
    if not start <= end <= len(block):
        raise KeyBlockError(f"has an optional block {name} that does not end in it")
    value = block[start:end]
    if not _is_printable(value):
        raise KeyBlockError(f"has characters in optional block {name} that are not printable ASCII")
    return name, value, end


def _number(name: str, digits: str, count: int) -> int:
    if not digits or len(digits) != count or not _is_hexadecimal(digits):
        raise KeyBlockError(f"has an optional block {name} without its length")
    return int(digits, 16)


def _is_alphanumeric(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _is_hexadecimal(text: str) -> bool:
    return all(character in hexdigits for character in text)
