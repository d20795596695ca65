"""A cash machine: card, PIN, cash."""

from collections.abc import Mapping
from typing import Any

from authz.iso8583.encoding import codec
from authz.network.pin_verification import KEY_SERIAL_NUMBER
from simulators.terminals.kinds.pin_pad import PinPad
from simulators.terminals.messages import BALANCE, CASH, subelement
from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Capability, Merchant, Terminal
from simulators.wallet.card.contactless_reader import Card

CONTACTLESS_CHIP_WITH_PIN = "072"
CASH_DISPENSING = "6011"
_UNATTENDED = "14"


class CashMachine(Terminal):
    """A cash machine: pays out cash after the issuer has verified the online PIN."""

    usual_entry_mode = CONTACTLESS_CHIP_WITH_PIN
    usual_merchant = Merchant(name="TAPWRIGHT BANK", identifier="BANK00000000001", category=CASH_DISPENSING)
    usual_capability = Capability(terminal_type=_UNATTENDED, online_pin=True)

    def __init__(self, address: tuple[str, int], *, pin_pad: PinPad | None = None, **options: Any) -> None:
        super().__init__(address, **options)
        self.pin_pad = pin_pad or PinPad()

    def described(self) -> dict[str, Any]:
        """See `Terminal.described`."""
        return super().described() | {"pin_counter": self.pin_pad.counter}

    def put_back(self, described: Mapping[str, Any]) -> None:
        """See `Terminal.put_back`."""
        counter = int(described["pin_counter"])
        super().put_back(described)
        self.pin_pad.counter = counter

    def withdraw(self, card: Card, amount_minor: int, pin: str, currency: str = "EUR") -> Receipt:
        """Pay out cash. Raises: ReadingFailed, LinkError."""
        return self._with_pin(card, amount_minor, pin, currency, CASH, "0200")

    def balance(self, card: Card, pin: str, currency: str = "EUR") -> Receipt:
        """Ask what is left. Raises: ReadingFailed, LinkError."""
        return self._with_pin(card, 0, pin, currency, BALANCE, "0100")

    def _with_pin(
        self, card: Card, amount_minor: int, pin: str, currency: str, operation: str, message_type: str
    ) -> Receipt:
        transaction = self.start(amount_minor, currency, operation)
        answer = self.read(card, transaction)
        request = self.authorization_request(transaction, answer, message_type=message_type)
        return self.send(request | self._pin_fields(pin, answer.track2.pan, request.get(48, "")))

    def _pin_fields(self, pin: str, pan: str, private_data: str) -> codec.Message:
        """DE 52, and the key serial number in DE 48."""
        block, key_serial_number = self.pin_pad.enter(pin, pan)
        number = subelement(KEY_SERIAL_NUMBER, key_serial_number.hex().upper())
        return {48: private_data + number, 52: block.hex().upper()}
