"""What a reader and a card say to each other at one tap, kept in readable form."""

from dataclasses import dataclass

from simulators.wallet.card import apdu
from simulators.wallet.card.apdu import Response
from simulators.wallet.card.contactless_reader import Card
from tokenvault.emv.errors import TlvError
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.pan import Track2, masked

_NAMES = {
    apdu.SELECT: "SELECT",
    apdu.GET_PROCESSING_OPTIONS: "GET PROCESSING OPTIONS",
    apdu.READ_RECORD: "READ RECORD",
    apdu.GENERATE_APPLICATION_CRYPTOGRAM: "GENERATE AC",
    apdu.GET_DATA: "GET DATA",
    apdu.EXCHANGE_RELAY_RESISTANCE_DATA: "EXCHANGE RELAY RESISTANCE DATA",
}
"""By instruction, as EMV Book 3, 6.5 and EMV Contactless Book C-2 have them."""


@dataclass(frozen=True)
class ApduExchange:
    """One command of the reader and the card's response, as they went over the contactless interface."""

    command: bytes
    response: bytes

    def __repr__(self) -> str:
        return f"ApduExchange({self.name!r}, {self.status})"

    @property
    def name(self) -> str:
        """The command's name, or its instruction byte where it has none here."""
        instruction = self.command[1]
        return _NAMES.get(instruction, f"INS {instruction:02X}")

    @property
    def status(self) -> str:
        """SW1 SW2, four hexadecimal digits."""
        return self.response[-2:].hex().upper()

    def shown_command(self) -> str:
        """The command, hexadecimal. A reader's commands hold no number of a card."""
        return self.command.hex().upper()

    def shown_response(self) -> str:
        """The response, hexadecimal, with the PAN in its track 2 data (tag 57) masked."""
        shown = self.response.hex().upper()
        pan = _pan_in(self.response)
        return shown if pan is None else shown.replace(pan, masked(pan))


def _pan_in(response: bytes) -> str | None:
    try:
        return Track2.decode(Response.decode(response).objects()["57"]).pan
    except (KeyError, TlvError, FieldError):
        return None


class RecordedCard:
    """Stands before a card and keeps what passes. exchanges: in their order."""

    def __init__(self, card: Card) -> None:
        self.exchanges: list[ApduExchange] = []
        self._card = card

    def transmit(self, encoded: bytes) -> bytes:
        """Answer one APDU as the card does."""
        response = self._card.transmit(encoded)
        self.exchanges.append(ApduExchange(encoded, response))
        return response
