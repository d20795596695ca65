"""The most recent format errors, with what identifies each message to its sender, and no other content."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import FormatError

KEPT = 1_000

_TRANSMITTED, _STAN = 7, 11


@dataclass(frozen=True)
class SeenFormatError:
    """One of them. time_us: Unix microseconds.  peer: address of its sender.

    message_type, transmitted, stan: the message type, DE 7 and DE 11, None where they could not be read.
    """

    time_us: int
    peer: str
    message_type: str | None
    transmitted: str | None
    stan: str | None
    error: FormatError


class RecentFormatErrors:
    """Keeps the last of them in memory, and counts them all."""

    def __init__(self, kept: int = KEPT) -> None:
        self._seen: deque[SeenFormatError] = deque(maxlen=kept)
        self.count = 0

    def note(self, fields: codec.Message, error: FormatError, peer: str, time_us: int) -> None:
        """Remember one. fields: what could be read of the message."""
        self.count += 1
        self._seen.append(
            SeenFormatError(
                time_us, peer, fields.get(0), digits_of(fields.get(_TRANSMITTED)), digits_of(fields.get(_STAN)), error
            )
        )

    def newest_first(self) -> Iterator[SeenFormatError]:
        """Those that are kept."""
        return reversed(self._seen)


def digits_of(value: str | None) -> str | None:
    """A value that is what its field must be: else it may be something else, shifted into its place."""
    return value if value is not None and value.isascii() and value.isdigit() else None
