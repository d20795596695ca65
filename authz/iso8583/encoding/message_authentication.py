"""Message authentication codes in DE 64 or DE 128, over all preceding fields.

``tdes`` is ISO/IEC 9797-1 MAC algorithm 3, padding method 2 (ANSI X9.19 but for the padding); ``tdes_cbc`` is MAC
algorithm 1, the CBC-MAC of old lines, with the same padding; ``aes`` is the leftmost 8 bytes of the CMAC (MAC
algorithm 5).
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from authz.iso8583.dialects.fields import Dialect
from authz.iso8583.encoding import codec
from tokenvault.emv.ciphers.mac import aes_cmac, retail_mac, tdes_cbc_mac

MAC_BYTES = 8
_PLACEHOLDER = "00" * MAC_BYTES
_CODES: dict[str, Callable[[bytes, bytes], bytes]] = {"tdes": retail_mac, "tdes_cbc": tdes_cbc_mac, "aes": aes_cmac}


@dataclass(frozen=True)
class MacKey:
    """A key of 16 bytes for one algorithm, ``tdes``, ``tdes_cbc`` or ``aes``; secret."""

    algorithm: str
    key: bytes = field(repr=False)

    def mac(self, data: bytes) -> bytes:
        """The code over some bytes, 8 bytes."""
        return _CODES[self.algorithm](self.key, data)[:MAC_BYTES]


def mac_field(message: Mapping[int, str]) -> int:
    """Where the code stands: the last field of the bitmaps that the message has."""
    return 64 * (1 + any(number > 64 for number in message) + any(number > 128 for number in message))


def sealed(message: Mapping[int, str], dialect: Dialect, key: MacKey) -> codec.Message:
    """The message with its code. Raises: codec.MessageError."""
    field_number = mac_field(message)
    whole = {**message, field_number: _PLACEHOLDER}
    return {**whole, field_number: key.mac(_covered(codec.encode(whole, dialect), dialect, field_number)).hex().upper()}


def is_authentic(message: Mapping[int, str], encoded: bytes, dialect: Dialect, key: MacKey) -> bool:
    """Whether a message carries the right code. encoded: as it came."""
    field_number = mac_field(message)
    if field_number not in message:
        return False
    expected = key.mac(_covered(encoded, dialect, field_number)).hex().upper()
    return hmac.compare_digest(expected.encode(), message[field_number].upper().encode())


def _covered(encoded: bytes, dialect: Dialect, field_number: int) -> bytes:
    """What the code is over: the message type to the end of the field before it, without the header."""
    spec = dialect.fields[field_number]
    length = MAC_BYTES if spec.is_binary else 2 * MAC_BYTES
    return encoded[dialect.header_bytes : len(encoded) - length]
