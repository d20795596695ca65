"""The latest messages that were answered without a decision: network management, malformed and unsupported messages."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import FormatError
from authz.network.recent_format_errors import digits_of

KEPT = 1_000

_STAN, _NETWORK_CODE = 11, 70


class Undecided(StrEnum):
    """Why a message was not decided."""

    NETWORK_MANAGEMENT = "network_management"
    FORMAT_ERROR = "format_error"
    FUNCTION_NOT_SUPPORTED = "function_not_supported"
    ACQUIRER_NOT_AUTHORIZED = "acquirer_not_authorized"
    UNEXPECTED_MESSAGE = "unexpected_message"


@dataclass(frozen=True)
class UndecidedMessage:
    """One of them, with what identifies it to its sender, and no other content.

    number: counted since the server has started.  time_us: Unix microseconds.  peer: address of its sender.
    message_type, stan, network_code: the message type, DE 11 and DE 70, None where they could not be read or are not
    there.  response_code: DE 39 of the answer, None where it got none.  error: of a malformed message.
    """

    number: int
    time_us: int
    peer: str
    why: Undecided
    message_type: str | None
    stan: str | None
    network_code: str | None
    response_code: str | None
    error: FormatError | None


class RecentUndecided:
    """Keeps the last of them in memory, and counts them all."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept: deque[UndecidedMessage] = deque(maxlen=kept)
        self.count = 0

    def note(
        self,
        why: Undecided,
        fields: codec.Message,
        response_code: str | None,
        peer: str,
        time_us: int,
        error: FormatError | None = None,
    ) -> None:
        """Remember one. fields: what could be read of the message."""
        self.count += 1
        told = (fields.get(0), digits_of(fields.get(_STAN)), digits_of(fields.get(_NETWORK_CODE)))
        self._kept.append(UndecidedMessage(self.count, time_us, peer, why, *told, response_code, error))

    def newest_first(self) -> list[UndecidedMessage]:
        """Those that are kept."""
        return list(reversed(self._kept))

    def behind(self, number: int) -> list[UndecidedMessage]:
        """Those with a higher number that are kept, the oldest first."""
        missing = max(0, min(len(self._kept), self.count - number))
        return [self._kept[place] for place in range(len(self._kept) - missing, len(self._kept))]
