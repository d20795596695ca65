"""Issuer application data (tag 9F10) split into fields, by the layouts that are publicly known.

What it holds is the issuer's affair (EMV Book 3, annex A); each scheme has its own layout, told apart by length bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tokenvault.emv.errors import EmvError

_Lengths = tuple[tuple[str, int], ...]

_KEY_INDEX, _VERSION, _RESULTS = "key index", "cryptogram version", "card verification results"

_VSDC: _Lengths = (("length", 1), (_KEY_INDEX, 1), (_VERSION, 1), (_RESULTS, 4))
_PBOC: _Lengths = (*_VSDC, ("algorithm", 1))
_LIMITED_USE: _Lengths = (*_VSDC, ("limited-use key index", 4))
_M_CHIP: _Lengths = (
    (_KEY_INDEX, 1),
    (_VERSION, 1),
    (_RESULTS, 6),
    ("data authentication code or ICC dynamic number", 2),
    ("counters", 8),
)
_COMMON_CORE: _Lengths = (
    ("length", 1),
    ("common core identifier", 1),
    (_KEY_INDEX, 1),
    (_RESULTS, 5),
    ("counters", 8),
    ("length of issuer discretionary data", 1),
    ("issuer discretionary data", 15),
)

_BY_LENGTH_BYTE = {0x06: ("VSDC", _VSDC), 0x07: ("PBOC, UnionPay", _PBOC)}
_COMMON_CORE_BYTES, _COMMON_CORE_LENGTH = 32, 0x0F
_LIMITED_USE_LENGTH = 0x0A
_M_CHIP_BYTES, _M_CHIP_VERSIONS = 18, range(0x10, 0x20)


@dataclass(frozen=True)
class IssuerData:
    """layout: whose it is.  fields: name and value in order; together they are the whole data."""

    layout: str
    fields: tuple[tuple[str, bytes], ...]

    def field(self, name: str) -> bytes | None:
        """One field by its name, None where this layout or card has none."""
        return dict(self.fields).get(name)


def split(data: bytes) -> IssuerData:
    """Split issuer application data into its fields.

    VSDC: ``06 | key index | version | results (4)``.  PBOC and UnionPay: ``07 | key index | version | results (4) |
    algorithm``.  Behind either, a length and so many bytes of issuer discretionary data, or nothing.
    M/Chip: ``key index | version | results (6) | data authentication code (2) | counters (8)``.
    Common Core Definitions: ``0F | identifier | key index | results (5) | counters (8) | 0F | issuer data (15)``
    (EMV Book 3, annex C7).
    Raises: EmvError where the data has none of these layouts.
    """
    first = data[0] if data else None
    if len(data) == _COMMON_CORE_BYTES and first == data[16] == _COMMON_CORE_LENGTH:
        return IssuerData("Common Core Definitions", tuple(_cut(data, _COMMON_CORE)))
    if first == _LIMITED_USE_LENGTH and len(data) == 1 + _LIMITED_USE_LENGTH:
        return IssuerData("Tapwright, limited-use key", tuple(_cut(data, _LIMITED_USE)))
    if first in _BY_LENGTH_BYTE and _announces_its_end(data):
        name, lengths = _BY_LENGTH_BYTE[first]
        return IssuerData(name, (*_cut(data, lengths), *_discretionary(data)))
    if len(data) == _M_CHIP_BYTES and data[1] in _M_CHIP_VERSIONS:
        return IssuerData("M/Chip", tuple(_cut(data, _M_CHIP)))
    raise EmvError("issuer application data (tag 9F10) has no layout that is known here")


def _cut(data: bytes, lengths: _Lengths) -> Iterator[tuple[str, bytes]]:
    start = 0
    for name, length in lengths:
        yield name, data[start : start + length]
        start += length


def _announces_its_end(data: bytes) -> bool:
    """Whether the first part ends the data, or a second part with a length of its own does."""
    second = 1 + data[0]
    return len(data) == second or (len(data) > second and len(data) == second + 1 + data[second])


def _discretionary(data: bytes) -> tuple[tuple[str, bytes], ...]:
    second = 1 + data[0]
    if len(data) == second:
        return ()
    return (
        ("length of issuer discretionary data", data[second : second + 1]),
        ("issuer discretionary data", data[second + 1 :]),
    )
