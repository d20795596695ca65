"""How far a listener has heard, in each of the logs that a stream is read from: the identifiers of its entries."""

import re
from dataclasses import dataclass

from authz.payments.events import Position
from tokenvault.vocabulary.errors import FieldError

LAST_EVENT_ID = "Last-Event-ID"
_NUMBER = r"(\d{1,18})"
_WRITTEN = re.compile(rf"d{_NUMBER}\.e{_NUMBER}\.p([0-9/-]+)\.m{_NUMBER}(?:\.r{_NUMBER}\.u{_NUMBER})?", re.ASCII)
_BEGINNING = Position(0)


@dataclass(frozen=True)
class Places:
    """What was told, up to and with these. decisions: the command by which a decision was made.

    events: the number of an event of the vault.  payments: the place among payments' events.  messages: the number of a
    text or mail.  requests, undecided: the number of an HTTP request, and of a message that was not decided; these are
    only written where they are heard of.
    """

    decisions: int = 0
    events: int = 0
    payments: Position = _BEGINNING
    messages: int = 0
    requests: int = 0
    undecided: int = 0

    def __str__(self) -> str:
        traffic = f".r{self.requests}.u{self.undecided}" if self.requests or self.undecided else ""
        return f"d{self.decisions}.e{self.events}.p{self.payments}.m{self.messages}{traffic}"

    @classmethod
    def parse(cls, text: str) -> "Places":
        """Read what `str` wrote. Raises: FieldError naming the header."""
        found = _WRITTEN.fullmatch(text)
        try:
            decisions, events, payments, messages, *traffic = found.groups("0") if found else ()
            return cls(int(decisions), int(events), Position.parse(payments), int(messages), *map(int, traffic))
        except ValueError:
            raise FieldError(LAST_EVENT_ID, "is not the id of an entry of this stream") from None
