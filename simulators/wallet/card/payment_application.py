"""The EMV contactless application of a phone: what a reader may ask, and what it is answered.

Two flows. `quick`: the cryptogram comes with GET PROCESSING OPTIONS (as in EMV Contactless Book C-3). `generate_ac`:
the reader reads records, then asks by GENERATE AC (as in Book C-2). No offline data authentication in either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from simulators.wallet.card import apdu
from simulators.wallet.card.apdu import Command, Response
from tokenvault.emv.encodings import tlv
from tokenvault.emv.errors import TlvError

PROXIMITY_PAYMENT_ENVIRONMENT = b"2PAY.SYS.DDF01"
LABEL = b"TAPWRIGHT"

TERMINAL_DATA = (
    ("9F66", 4),
    ("9F02", 6),
    ("9F03", 6),
    ("9F1A", 2),
    ("95", 5),
    ("5F2A", 2),
    ("9A", 3),
    ("9C", 1),
    ("9F37", 4),
)
"""The data that a terminal must send before the phone signs: tag and bytes, as in a PDOL or CDOL."""

_READER_ONLY = ("9F66",)
_RECORDS_FILE = 1
_CRYPTOGRAM_TYPE_MASK, _ASKS_ONLINE = 0xC0, 0x80

DEVICE_VERIFIED_CARDHOLDER = 0x80
"""Card transaction qualifiers (tag 9F6C), byte 2: the consumer device has verified the cardholder."""


class Flow(StrEnum):
    """When the phone signs."""

    QUICK = "quick"
    GENERATE_AC = "generate_ac"


class CannotPay(Exception):
    """The phone refuses to sign. status: the status word for the reader."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Personalization:
    """The data of the application. track2: tag 57.  form_factor: tag 9F6E, 4 bytes.  expiry: YYMM."""

    application_identifier: bytes
    interchange_profile: bytes
    track2: bytes
    pan_sequence_number: str
    expiry: str
    form_factor: bytes


class Wallet(Protocol):
    """What stands behind the application."""

    def personalization(self) -> Personalization:
        """The token that pays at the next tap. Raises: CannotPay."""

    def sign(self, terminal_values: Mapping[str, bytes]) -> dict[str, bytes]:
        """Tags 9F10, 9F26, 9F27, 9F36 and 9F6C over the terminal's data. Raises: CannotPay."""

    def transaction_counter(self) -> int:
        """The last counter used."""


class PaymentApplication:
    """Answers APDUs. random_bytes: for the relay resistance protocol."""

    def __init__(self, wallet: Wallet, flow: Flow, random_bytes: Callable[[int], bytes]) -> None:
        self._wallet = wallet
        self._flow = flow
        self._random_bytes = random_bytes
        self._selected = b""
        self._begun: dict[str, bytes] | None = None

    def reset(self) -> None:
        """The phone left the field."""
        self._selected, self._begun = b"", None

    def transmit(self, encoded: bytes) -> bytes:
        """Answer one command; never raises for what a reader sends."""
        try:
            return self._answer(Command.decode(encoded)).encode()
        except apdu.ApduError:
            return Response(apdu.WRONG_LENGTH).encode()
        except CannotPay as refusal:
            return Response(refusal.status).encode()

    def _answer(self, command: Command) -> Response:
        match command.cla, command.ins:
            case 0x00, apdu.SELECT:
                return self._select(command)
            case 0x00, apdu.READ_RECORD:
                return self._read_record(command)
            case 0x80, apdu.GET_PROCESSING_OPTIONS:
                return self._get_processing_options(command)
            case 0x80, apdu.GENERATE_APPLICATION_CRYPTOGRAM:
                return self._generate_application_cryptogram(command)
            case 0x80, apdu.GET_DATA:
                return self._get_data(command)
            case 0x80, apdu.EXCHANGE_RELAY_RESISTANCE_DATA:
                return self._exchange_relay_resistance_data(command)
            case 0x00 | 0x80, _:
                return Response(apdu.UNKNOWN_INSTRUCTION)
        return Response(apdu.UNKNOWN_CLASS)

    def _select(self, command: Command) -> Response:
        if (command.p1, command.p2) != (4, 0):
            return Response(apdu.WRONG_PARAMETERS)
        self.reset()
        identifier = self._wallet.personalization().application_identifier
        if command.data == PROXIMITY_PAYMENT_ENVIRONMENT:
            entry: tlv.DataObject = ("61", [("4F", identifier), ("50", LABEL), ("87", b"\x01")])
            proprietary: list[tlv.DataObject] = [("BF0C", [entry])]
        elif len(command.data) >= 5 and identifier.startswith(command.data):
            proprietary = [("50", LABEL), ("9F38", _object_list(self._terminal_data_first()))]
        else:
            return Response(apdu.NOT_FOUND)
        self._selected = command.data
        name = PROXIMITY_PAYMENT_ENVIRONMENT if command.data == PROXIMITY_PAYMENT_ENVIRONMENT else identifier
        return _success([("6F", [("84", name), ("A5", proprietary)])])

    def _terminal_data_first(self) -> tuple[tuple[str, int], ...]:
        """What GET PROCESSING OPTIONS asks for: all of it where it signs, the reader's abilities otherwise."""
        return TERMINAL_DATA if self._flow is Flow.QUICK else TERMINAL_DATA[:1]

    @property
    def _application_is_selected(self) -> bool:
        return self._selected not in (b"", PROXIMITY_PAYMENT_ENVIRONMENT)

    def _get_processing_options(self, command: Command) -> Response:
        if not self._application_is_selected or self._begun is not None:
            return Response(apdu.CONDITIONS_NOT_SATISFIED)
        wanted = self._terminal_data_first()
        given = _template_83(command.data)
        if given is None or len(given) != sum(length for _, length in wanted):
            return Response(apdu.WRONG_DATA)
        self._begun = _split(given, wanted)
        card = self._wallet.personalization()
        if self._flow is Flow.GENERATE_AC:
            file_locator = bytes([_RECORDS_FILE << 3, 1, 2, 0])
            return _success([("77", [("82", card.interchange_profile), ("94", file_locator)])])
        signed = self._sign(self._begun)
        return _success(
            [("77", [("82", card.interchange_profile), *_identity(card), *signed.items(), ("9F6E", card.form_factor)])]
        )

    def _read_record(self, command: Command) -> Response:
        if self._begun is None or self._flow is Flow.QUICK:
            return Response(apdu.CONDITIONS_NOT_SATISFIED)
        if command.p2 != _RECORDS_FILE << 3 | 4:
            return Response(apdu.NOT_FOUND)
        card = self._wallet.personalization()
        match command.p1:
            case 1:
                return _success([("70", [*_identity(card), ("5F24", bytes.fromhex(card.expiry + "28"))])])
            case 2:
                return _success([("70", [("8C", _object_list(TERMINAL_DATA[1:])), ("9F6E", card.form_factor)])])
        return Response(apdu.RECORD_NOT_FOUND)

    def _generate_application_cryptogram(self, command: Command) -> Response:
        if self._begun is None or self._flow is Flow.QUICK:
            return Response(apdu.CONDITIONS_NOT_SATISFIED)
        wanted = TERMINAL_DATA[1:]
        if len(command.data) != sum(length for _, length in wanted):
            return Response(apdu.WRONG_LENGTH)
        if command.p1 & _CRYPTOGRAM_TYPE_MASK != _ASKS_ONLINE:
            return Response(apdu.WRONG_PARAMETERS)  # a phone signs nothing that would not go online
        signed = self._sign(_split(command.data, wanted))
        self.reset()
        return _success([("77", list(signed.items()))])

    def _sign(self, terminal_values: dict[str, bytes]) -> dict[str, bytes]:
        return self._wallet.sign({tag: value for tag, value in terminal_values.items() if tag not in _READER_ONLY})

    def _get_data(self, command: Command) -> Response:
        if not self._application_is_selected:
            return Response(apdu.CONDITIONS_NOT_SATISFIED)
        match command.p1 << 8 | command.p2:
            case 0x9F36:
                return _success([("9F36", self._wallet.transaction_counter().to_bytes(2, "big"))])
            case 0x9F6E:
                return _success([("9F6E", self._wallet.personalization().form_factor)])
        return Response(apdu.DATA_NOT_FOUND)

    def _exchange_relay_resistance_data(self, command: Command) -> Response:
        """Answer at once, so that the reader can measure how far away the phone is (EMV Contactless Book C-2, 5.3)."""
        if self._begun is None or len(command.data) != 4:
            return Response(apdu.CONDITIONS_NOT_SATISFIED)
        # Entropy, then least, most and estimated time in units of 100 microseconds.
        return _success([("80", self._random_bytes(4) + bytes.fromhex("0000003200 0A"))])


def _identity(card: Personalization) -> list[tlv.DataObject]:
    return [("57", card.track2), ("5F34", bytes.fromhex(card.pan_sequence_number))]


def _success(objects: list[tlv.DataObject]) -> Response:
    return Response(apdu.SUCCESS, tlv.encode(objects))


def _object_list(entries: tuple[tuple[str, int], ...]) -> bytes:
    return b"".join(bytes.fromhex(tag) + bytes([length]) for tag, length in entries)


def _template_83(data: bytes) -> bytes | None:
    """What is in the command template, or None where it is none."""
    try:
        objects = tlv.decode(data)
    except TlvError:
        return None
    match objects:
        case [("83", bytes(value))]:
            return value
    return None


def _split(data: bytes, entries: tuple[tuple[str, int], ...]) -> dict[str, bytes]:
    values, position = {}, 0
    for tag, length in entries:
        values[tag] = data[position : position + length]
        position += length
    return values
