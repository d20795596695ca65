"""The log of a terminal's messages in readable form: kept, printed, and written to files."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from authz.iso8583.dialects.fields import Dialect
from authz.iso8583.dissection.card_data import shown_fields
from authz.iso8583.encoding import codec
from simulators.terminals.iso_link import Watcher


@dataclass(frozen=True)
class Traced:
    """One message. direction: "sent" or "received"."""

    terminal: str
    direction: str
    message: codec.Message
    dialect: Dialect

    def shown(self) -> dict[str, str]:
        """Its fields by number, numbers of cards masked and PINs left out."""
        return shown_fields(self.message)

    def line(self) -> str:
        """The message in one line."""
        arrow = "->" if self.direction == "sent" else "<-"
        fields = " ".join(f"{number}={value}" for number, value in self.shown().items() if number != "0")
        return f"{self.terminal} {arrow} {self.message.get(0, '????')} {fields}"


@dataclass
class Trace:
    """All messages of some terminals, in order."""

    messages: list[Traced] = field(default_factory=list)

    def watcher(self, terminal: str) -> Watcher:
        """A function that logs the messages of a terminal's connection."""

        def watch(direction: str, encoded: bytes, dialect: Dialect) -> None:
            try:
                message = codec.decode(encoded, dialect)
            except codec.MessageError as error:
                message = error.fields
            self.messages.append(Traced(terminal, direction, message, dialect))

        return watch

    def since(self, mark: int) -> list[Traced]:
        """The messages after so many."""
        return self.messages[mark:]


def as_json_lines(messages: Iterable[Traced]) -> str:
    """Messages for a file, one JSON object a line."""
    return "".join(
        json.dumps({"terminal": each.terminal, "direction": each.direction, "fields": each.shown()}) + "\n"
        for each in messages
    )
