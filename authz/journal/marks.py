"""Marks: the position of a journal, and a digest of its content up to there.

The running digest takes in the header of every record, in which the checksum of its commands stands. So two journals
that agree at a mark hold the same commands up to it.
"""

import hashlib
from typing import NamedTuple, Self

DIGEST_BYTES = 32


class Mark(NamedTuple):
    """The end of a record. sequence: of its last command.  digest: SHA-256 over all records up to it, 32 bytes."""

    sequence: int
    digest: bytes

    def then(self, header: bytes, last: int) -> Self:
        """The mark behind one more record, which has this header and ends with command `last`."""
        return type(self)(last, hashlib.sha256(self.digest + header).digest())


BEGINNING = Mark(0, bytes(DIGEST_BYTES))
"""Before the first command."""
