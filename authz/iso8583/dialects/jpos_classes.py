"""The field classes of jPOS's generic packager: their length prefix and their content encoding.

One row for each class of `org.jpos.iso` (jPOS 3): length in front, then content.
Length: bytes and encoding, ``-`` for none. Content: see `CONTENTS`.
"""

from dataclasses import dataclass
from functools import cache

from authz.iso8583.dialects.text_encodings import CODE_PAGE_1047

_ENCODINGS = {"ascii": "ascii", "ebcdic": CODE_PAGE_1047, "bcd": "bcd", "binary": "b"}

CONTENTS = {
    "latin-1": "text, one byte per character",
    "ebcdic": "text in code page 1047",
    "digits": "digits as ASCII text",
    "ebcdic-digits": "digits as EBCDIC text",
    "packed-0": "packed digits; an odd number is padded with 0 on the left if pad is true, else on the right",
    "packed-F": "packed digits; an odd number is padded with 0 on the left if pad is true, else with F on the right",
    "packed-bytes": "packed digits; an odd number is padded with F on the right; the length counts bytes",
    "half-bytes": "hexadecimal digits; an odd number is padded with 0 on the left if pad is true, else F on the right",
    "bytes": "bytes",
    "bytes-by-digits": "bytes; the length counts half-bytes",
    "hexadecimal": "bytes as hexadecimal text in ASCII; the length counts bytes",
    "ebcdic-hexadecimal": "bytes as hexadecimal text in EBCDIC",
    "filled-latin-1": "text, padded with blanks to the maximum length",
    "filled-bytes": "bytes, padded with zeros to the maximum length",
    "amount": "C or D, then digits, as ASCII text",
    "ebcdic-amount": "C or D, then digits, as EBCDIC text",
    "packed-amount": "C or D in ASCII, then packed digits",
    "bitmap": "bitmap in bytes",
    "hexadecimal-bitmap": "bitmap as hexadecimal text in ASCII",
    "ebcdic-bitmap": "bitmap as hexadecimal text in EBCDIC",
    "nothing": "no content",
    "unused": "refused in every message",
}
"""How content is written, in words."""

_CLASSES = """
IF_CHAR            -        latin-1
IF_ECHAR           -        ebcdic
IF_NOP             -        nothing
IF_UNUSED          -        unused
IFA_AMOUNT         -        amount
IFA_AMOUNT2003     -        digits
IFA_BINARY         -        hexadecimal
IFA_BITMAP         -        hexadecimal-bitmap
IFA_BITMAPStandalone -      hexadecimal-bitmap
IFA_FLLCHAR        2 ascii  filled-latin-1
IFA_FLLNUM         2 ascii  filled-latin-1
IFA_LBINARY        1 ascii  bytes
IFA_LCHAR          1 ascii  latin-1
IFA_LLABINARY      2 ascii  hexadecimal
IFA_LLBINARY       2 ascii  bytes
IFA_LLCHAR         2 ascii  latin-1
IFA_LLLABINARY     3 ascii  hexadecimal
IFA_LLLBINARY      3 ascii  bytes
IFA_LLLCHAR        3 ascii  latin-1
IFA_LLLLBINARY     4 ascii  bytes
IFA_LLLLCHAR       4 ascii  latin-1
IFA_LLLLLBINARY    5 ascii  bytes
IFA_LLLLLCHAR      5 ascii  latin-1
IFA_LLLLLLBINARY   6 ascii  bytes
IFA_LLLLLLCHAR     6 ascii  latin-1
IFA_LLLNUM         3 ascii  digits
IFA_LLNUM          2 ascii  digits
IFA_NUMERIC        -        digits
IFAE_LLCHAR        2 ascii  ebcdic
IFB_AMOUNT         -        packed-amount
IFB_AMOUNT2003     -        packed-0
IFB_BINARY         -        bytes
IFB_BITMAP         -        bitmap
IFB_FLLLNUM        2 bcd    packed-F
IFB_FLLNUM         1 bcd    packed-F
IFB_FNUMERIC       -        packed-F
IFB_HEX            -        half-bytes
IFB_LLBINARY       1 bcd    bytes
IFB_LLCHAR         1 bcd    latin-1
IFB_LLHBINARY      1 binary bytes
IFB_LLHCHAR        1 binary latin-1
IFB_LLHECHAR       1 binary ebcdic
IFB_LLHEX          1 bcd    bytes-by-digits
IFB_LLHFBINARY     1 binary filled-bytes
IFB_LLHNUM         1 binary packed-0
IFB_LLLBINARY      2 bcd    bytes
IFB_LLLCHAR        2 bcd    latin-1
IFB_LLLHBINARY     2 binary bytes
IFB_LLLHCHAR       2 binary latin-1
IFB_LLLHECHAR      2 binary ebcdic
IFB_LLLHEX         2 bcd    bytes-by-digits
IFB_LLLHNUM        2 binary packed-0
IFB_LLLLBINARY     2 bcd    bytes
IFB_LLLLCHAR       2 bcd    latin-1
IFB_LLLLLLCHAR     3 bcd    latin-1
IFB_LLLNUM         2 bcd    packed-0
IFB_LLNUM          1 bcd    packed-0
IFB_NUMERIC        -        packed-0
IFE_AMOUNT         -        ebcdic-amount
IFE_BINARY         -        ebcdic-hexadecimal
IFE_BITMAP         -        ebcdic-bitmap
IFE_CHAR           -        ebcdic
IFE_LBINARY        1 ebcdic bytes
IFE_LCHAR          1 ebcdic ebcdic
IFE_LLBINARY       2 ebcdic bytes
IFE_LLCHAR         2 ebcdic ebcdic
IFE_LLLBINARY      3 ebcdic bytes
IFE_LLLCHAR        3 ebcdic ebcdic
IFE_LLLLBINARY     4 ebcdic bytes
IFE_LLLLCHAR       4 ebcdic ebcdic
IFE_LLLNUM         3 ebcdic ebcdic-digits
IFE_LLNUM          2 ebcdic ebcdic-digits
IFE_LNUM           1 ebcdic ebcdic-digits
IFE_NUMERIC        -        ebcdic-digits
IFEA_LLCHAR        2 ebcdic latin-1
IFEB_LLLNUM        3 ebcdic packed-bytes
IFEB_LLNUM         2 ebcdic packed-bytes
"""

_TAGGED = "is for subfields that contain their own number"
REFUSED = {
    "IFA_LLBNUM": "has a length that does not distinguish padding from digits",
    "IFE_LLLEBINARY": "converts bytes as if they were text",
    "IFE_SIGNED_NUMERIC": "encodes the sign in its last digit",
    "IF_TBASE": "ends with a delimiter instead of having a length",
    "IF_TCHAR": "ends with a delimiter instead of having a length",
    **dict.fromkeys(
        (
            "IFA_TTLBINARY", "IFA_TTLCHAR", "IFA_TTLLBINARY", "IFA_TTLLCHAR", "IFA_TTLLLBINARY", "IFA_TTLLLCHAR",
            "IFA_TTLLLLBINARY", "IFA_TTLLLLCHAR", "IFA_TTTLLLCHAR", "IFELPE_LLLCHAR", "IFEMC_LLCHAR", "IFEMC_LLLCHAR",
            "IFEPE_LLCHAR", "IFEP_LLCHAR", "IFIPM_LLLCHAR", "IFMC_LLBINARY", "IFMC_LLCHAR",
        ),
        _TAGGED,
    ),
}  # fmt: skip
"""Classes that are not read, each with the reason."""


@dataclass(frozen=True)
class FieldClass:
    """How a class writes a field. length_bytes: of the length in front, 0 for none.  content: one of `CONTENTS`."""

    length_bytes: int
    length_encoding: str
    content: str

    @property
    def length_max(self) -> int | None:
        """The greatest value of the length prefix, None if there is none."""
        if not self.length_bytes:
            return None
        if self.length_encoding == "b":
            return int(256**self.length_bytes) - 1
        return int(10 ** (self.length_bytes * (2 if self.length_encoding == "bcd" else 1))) - 1


@cache
def field_classes() -> dict[str, FieldClass]:
    """Every class that is read, by its name without the package."""
    classes = {}
    for row in _CLASSES.strip().splitlines():
        name, length, *rest = row.split()
        if length == "-":
            classes[name] = FieldClass(0, "ascii", rest[0])
        else:
            classes[name] = FieldClass(int(length), _ENCODINGS[rest[0]], rest[1])
    return classes
