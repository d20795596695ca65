"""The header of a segment: its network, its record layout, and the segment that it continues.

::

    0   8  magic "TAPWRJ04"
    8   8  digest of the layouts of its commands, see `layout_digests`
    16  16 the network's identity
    32  8  the last command before it, 0 for none
    40  32 running digest up to that command, see `marks`
    72  4  CRC-32C of bytes 0 to 71
    76  4  zero

Its own first command is in its name. Where that is not the next one, numbers in between were set aside after a crash,
and are nobody's.
"""

import struct
from typing import NamedTuple

from authz.journal.earlier_layouts import SAME_BYTES
from authz.journal.layout_digests import digest_of_layouts, digests_of_versions_before
from authz.journal.marks import Mark
from authz.journal.records import crc32c

NETWORK_BYTES = 16
UNNAMED = bytes(NETWORK_BYTES)
"""The identity of a journal that belongs to no vault: an engine's on its own."""

_MAGIC = b"TAPWRJ04"
_LAYOUTS = digest_of_layouts()
_READ = frozenset({_LAYOUTS}) | digests_of_versions_before() | SAME_BYTES
_FIXED = struct.Struct("<8s8s16sQ32s")
_CHECK = struct.Struct("<I4x")
SEGMENT_HEADER_BYTES = _FIXED.size + _CHECK.size


class SegmentHeader(NamedTuple):
    """The header of a segment. network: its identity, 16 bytes.  before: the end of the segment that it continues.

    is_of_now: whether its layouts are those of this version. Nothing is added to another: the version that began it
    would take commands for its own that it does not know.
    """

    network: bytes
    before: Mark
    is_of_now: bool = True

    def encoded(self) -> bytes:
        """Its 80 bytes, with the layouts of this version."""
        fixed = _FIXED.pack(_MAGIC, _LAYOUTS, self.network, *self.before)
        return fixed + _CHECK.pack(crc32c(fixed))


def decoded_header(data: bytes) -> SegmentHeader | None:
    """The header in these 80 bytes, or None where this version cannot read what follows it."""
    if len(data) < SEGMENT_HEADER_BYTES or data[_FIXED.size :] != _CHECK.pack(crc32c(data[: _FIXED.size])):
        return None
    magic, layouts, network, sequence, digest = _FIXED.unpack_from(data)
    if magic != _MAGIC or layouts not in _READ:
        return None
    return SegmentHeader(network, Mark(sequence, digest), layouts == _LAYOUTS)
