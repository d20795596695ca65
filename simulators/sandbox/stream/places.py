"""How far a listener has heard, in each of the logs that a stream is read from: the identifiers of its entries."""

import re
from dataclasses import dataclass

from authz.payments.events import Position
from tokenvault.vocabulary.errors import FieldError

LAST_EVENT_ID = "Last-Event-ID"
_NUMBER = r"(\d{1,18})"
_WRITTEN = re.compile(rf"d{_NUMBER}\.e{_NUMBER}\.p([0-9/-]+)\.m{_NUMBER}", re.ASCII)
_BEGINNING = Position(0)


@dataclass(frozen=True)
class Places:
    """What was told, up to and with these. decisions: the command by which a decision was made.

    events: the number of an event of the vault.  payments: the place among payments' events.  messages: the number of a
    text or mail.
    """

    decisions: int = 0
    events: int = 0
    payments: Position = _BEGINNING
    messages: int = 0

    def __str__(self) -> str:
        return f"d{self.decisions}.e{self.events}.p{self.payments}.m{self.messages}"

    @classmethod
    def parse(cls, text: str) -> "Places":
        """Read what `str` wrote. Raises: FieldError naming the header."""
        found = _WRITTEN.fullmatch(text)
        try:
            decisions, events, payments, messages = found.groups() if found else ()
            return cls(int(decisions), int(events), Position.parse(payments), int(messages))
        except ValueError:
            raise FieldError(LAST_EVENT_ID, "is not the id of an entry of this stream") from None
