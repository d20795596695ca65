"""Short command and response APDUs between reader and card (ISO/IEC 7816-4, 5.1)."""

from dataclasses import dataclass, field

from tokenvault.emv.encodings import tlv

DATA_BYTES_MAX = 255

SUCCESS = 0x9000
WRONG_LENGTH = 0x6700
CONDITIONS_NOT_SATISFIED = 0x6985
SEE_PHONE = 0x6986
"""The cardholder has to do something on the phone first (EMV Contactless Book C-3, GET PROCESSING OPTIONS)."""
WRONG_DATA = 0x6A80
NOT_FOUND = 0x6A82
RECORD_NOT_FOUND = 0x6A83
WRONG_PARAMETERS = 0x6A86
DATA_NOT_FOUND = 0x6A88
UNKNOWN_INSTRUCTION = 0x6D00
UNKNOWN_CLASS = 0x6E00

SELECT = 0xA4
GET_PROCESSING_OPTIONS = 0xA8
READ_RECORD = 0xB2
GENERATE_APPLICATION_CRYPTOGRAM = 0xAE
GET_DATA = 0xCA
EXCHANGE_RELAY_RESISTANCE_DATA = 0xEA


class ApduError(ValueError):
    """Bytes that are no APDU."""


@dataclass(frozen=True)
class Command:
    """One command. data: 0 to 255 bytes.  expected: whether a response is wanted (Le is 00)."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    expected: bool = True

    def encode(self) -> bytes:
        """The bytes of the command. Raises: ApduError if the data is too long."""
        if len(self.data) > DATA_BYTES_MAX:
            raise ApduError(f"a short command carries at most {DATA_BYTES_MAX} bytes, not {len(self.data)}")
        body = bytes([len(self.data)]) + self.data if self.data else b""
        return bytes([self.cla, self.ins, self.p1, self.p2]) + body + (b"\x00" if self.expected else b"")

    @classmethod
    def decode(cls, encoded: bytes) -> "Command":
        """Read a command. Raises: ApduError."""
        if len(encoded) < 4:
            raise ApduError(f"a command has at least 4 bytes, not {len(encoded)}")
        cla, ins, p1, p2 = encoded[:4]
        rest = encoded[4:]
        if len(rest) <= 1:
            return cls(cla, ins, p1, p2, b"", len(rest) == 1)
        length = rest[0]
        if length == 0 or len(rest) not in (1 + length, 2 + length):
            raise ApduError("its length is not that of its data")
        return cls(cla, ins, p1, p2, rest[1 : 1 + length], len(rest) == 2 + length)


@dataclass(frozen=True)
class Response:
    """One response. status: SW1 SW2."""

    status: int
    data: bytes = field(default=b"", repr=False)

    @property
    def is_success(self) -> bool:
        """Whether the card did what it was asked to."""
        return self.status == SUCCESS

    def encode(self) -> bytes:
        """The bytes of the response."""
        return self.data + self.status.to_bytes(2, "big")

    @classmethod
    def decode(cls, encoded: bytes) -> "Response":
        """Read a response. Raises: ApduError."""
        if len(encoded) < 2:
            raise ApduError(f"a response has at least 2 bytes, not {len(encoded)}")
        return cls(int.from_bytes(encoded[-2:], "big"), encoded[:-2])

    def objects(self) -> dict[str, bytes]:
        """All primitive data objects in it, at whatever depth, the first of a tag. Raises: tlv.TlvError."""
        found: dict[str, bytes] = {}
        for tag, value in tlv.primitives(tlv.decode(self.data)):
            found.setdefault(tag, value)
        return found
