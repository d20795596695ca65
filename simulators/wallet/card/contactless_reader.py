"""A contactless reader: the terminal's side of EMV Contactless Books B and C."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from simulators.wallet.card import apdu
from simulators.wallet.card.apdu import Command, Response
from simulators.wallet.card.payment_application import (
    DEVICE_VERIFIED_CARDHOLDER,
    PROXIMITY_PAYMENT_ENVIRONMENT,
)
from tokenvault.emv.encodings import tlv
from tokenvault.emv.errors import TlvError
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.pan import Track2

_ASK_ONLINE = 0x80
_SIGNED_TAGS = ("82", "9F10", "9F26", "9F27", "9F36")


class Card(Protocol):
    """Whatever answers a reader like a card: a phone, a thing behind a PC/SC reader, or something that pretends."""

    def transmit(self, encoded: bytes) -> bytes:
        """Answer one APDU."""


class ReadingFailed(Exception):
    """The tap came to nothing. reason: a stable word for why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


_REFUSALS = {
    apdu.SEE_PHONE: ("see_phone", "unlock the phone and tap again"),
    apdu.CONDITIONS_NOT_SATISFIED: ("card_refuses", "the card will not pay now"),
    apdu.NOT_FOUND: ("no_application", "there is no application that both know"),
}


@dataclass(frozen=True)
class CardAnswer:
    """What a phone gives a terminal at a tap. values: tag -> value, tags as upper-case hexadecimal."""

    track2: Track2
    pan_sequence_number: str
    values: dict[str, bytes]

    @property
    def device_verified_cardholder(self) -> bool:
        """Whether the device claims to have verified its holder (tag 9F6C)."""
        qualifiers = self.values.get("9F6C", bytes(2))
        return bool(qualifiers[1] & DEVICE_VERIFIED_CARDHOLDER)


@dataclass(frozen=True)
class ContactlessReader:
    """Reads one card for one transaction.

    relay_seconds_max: how long a card may take to answer the relay resistance check; None does without.
    stopwatch: seconds.
    """

    relay_seconds_max: float | None = None
    stopwatch: Callable[[], float] = time.perf_counter
    random_bytes: Callable[[int], bytes] = os.urandom

    def read(self, card: Card, terminal_values: Mapping[str, bytes]) -> CardAnswer:
        """Select, give the card what it asks for, and collect its answer. terminal_values: tag -> value.

        Raises: ReadingFailed.
        """
        try:
            return self._read(card, terminal_values)
        except (TlvError, apdu.ApduError, FieldError, ValueError) as error:
            raise ReadingFailed("unreadable_card", f"{type(error).__name__}") from error

    def _read(self, card: Card, terminal_values: Mapping[str, bytes]) -> CardAnswer:
        directory = _asked(card, _select(PROXIMITY_PAYMENT_ENVIRONMENT)).objects()
        application = _asked(card, _select(directory.get("4F", b""))).objects()
        wanted = tlv.decode_object_list(application.get("9F38", b""))
        given = tlv.fill_object_list(wanted, terminal_values)
        options = tlv.encode([("83", given)])
        found = _asked(card, Command(0x80, apdu.GET_PROCESSING_OPTIONS, 0, 0, options)).objects()
        self._check_distance(card)
        if "9F26" not in found:
            found |= self._read_records(card, found.get("94", b""))
            signing = tlv.fill_object_list(tlv.decode_object_list(found.get("8C", b"")), terminal_values)
            command = Command(0x80, apdu.GENERATE_APPLICATION_CRYPTOGRAM, _ASK_ONLINE, 0, signing)
            found |= _asked(card, command).objects()
        missing = [tag for tag in ("57", "5F34", *_SIGNED_TAGS) if tag not in found]
        if missing:
            raise ReadingFailed("unreadable_card", f"it lacks tag {missing[0]}")
        values = {tag: found[tag] for tag in (*_SIGNED_TAGS, "9F6C", "9F6E") if tag in found}
        values["84"] = application["84"]
        return CardAnswer(Track2.decode(found["57"]), found["5F34"].hex(), values)

    @staticmethod
    def _read_records(card: Card, file_locator: bytes) -> dict[str, bytes]:
        """All records of the application file locator (tag 94; EMV Book 3, 10.2)."""
        found: dict[str, bytes] = {}
        for start in range(0, len(file_locator), 4):
            file, first, last = file_locator[start] >> 3, file_locator[start + 1], file_locator[start + 2]
            for number in range(first, last + 1):
                found |= _asked(card, Command(0x00, apdu.READ_RECORD, number, file << 3 | 4)).objects()
        return found

    def _check_distance(self, card: Card) -> None:
        """Measure the time of an answer (relay resistance protocol); a card without this protocol passes."""
        if self.relay_seconds_max is None:
            return
        command = Command(0x80, apdu.EXCHANGE_RELAY_RESISTANCE_DATA, 0, 0, self.random_bytes(4))
        started = self.stopwatch()
        response = Response.decode(card.transmit(command.encode()))
        took = self.stopwatch() - started
        if response.status == apdu.UNKNOWN_INSTRUCTION:
            return
        if not response.is_success:
            raise ReadingFailed("relay_suspected", f"the card answers {response.status:04X} to the distance check")
        if took > self.relay_seconds_max:
            raise ReadingFailed("relay_suspected", f"the card took {took * 1000:.1f} ms: it is not where it should be")


def _select(name: bytes) -> Command:
    return Command(0x00, apdu.SELECT, 4, 0, name)


def _asked(card: Card, command: Command) -> Response:
    response = Response.decode(card.transmit(command.encode()))
    if not response.is_success:
        raise ReadingFailed(*_REFUSALS.get(response.status, ("card_refuses", f"status {response.status:04X}")))
    return response
