"""A contactless terminal: asks a phone for a cryptogram, and the network for a decision.

It knows what a terminal knows: no keys, no funding card, no account. What became of a message it does not hear of, it
takes back: a reversal is kept and sent again until the network has it.
"""

import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authz.iso8583.dialects.fields import Dialect
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import FormatError
from authz.vocabulary.labels import currency_code
from simulators.parties.merchant import Merchant
from simulators.terminals.iso_link import IsoLink, LineDown, LinkError, NoAnswer, Watcher
from simulators.terminals.kept_messages import kept, message_of
from simulators.terminals.messages import (
    PARTIAL_APPROVALS,
    PURCHASE,
    MessageMaker,
    Transaction,
    amount_digits,
    card_number,
    currency_digits,
    subelement,
)
from simulators.terminals.receipt import APPROVED_OFFLINE, UNABLE_TO_GO_ONLINE, Receipt
from simulators.wallet.card.contactless_reader import Card, CardAnswer, ContactlessReader, ReadingFailed

__all__ = ["Capability", "Merchant", "Terminal", "Transaction"]

CONTACTLESS_CHIP = "071"

_CAME_TWICE = ("94", "63")
"""DE 39 of the second copy of a message: a duplicate, or a replayed cryptogram."""

_NO_CVM, _ONLINE_PIN, _DEVICE_CVM = "1F0302", "020000", "010002"
"""Tag 9F34: the terminal's claim how the cardholder was verified. It is not signed, so the network ignores it."""


@dataclass(frozen=True)
class Capability:
    """The capabilities of a terminal and its offline limits. Amounts in minor units, times in seconds.

    terminal_type: tag 9F35.  floor_limit_minor: up to where it approves by itself while the line is down.
    unverified_limit_minor: the most without a verified cardholder.  online_pin: it has a keypad.
    relay_seconds_max: how far away a phone may be, see `ContactlessReader`.
    """

    terminal_type: str = "22"
    floor_limit_minor: int = 0
    unverified_limit_minor: int = 5_000
    online_pin: bool = False
    partial_approvals: bool = False
    timeout_seconds: float = 10.0
    relay_seconds_max: float | None = None


class Terminal:
    """A contactless terminal with a connection to the network.

    clock: Unix seconds.  random_bytes: for unpredictable numbers.  entry_mode: DE 22; 071 is contactless chip, no PIN.
    tls: what secures the connection and which certificate it shows, see `connection_settings.client_context`.
    Where entry mode, merchant or capability are not given, they are those that are usual for the kind of terminal.
    """

    method = "CONTACTLESS"
    usual_entry_mode = CONTACTLESS_CHIP
    usual_merchant = Merchant()
    usual_capability = Capability()

    def __init__(
        self,
        address: tuple[str, int],
        *,
        terminal_id: str = "TERM0001",
        merchant: Merchant | None = None,
        clock: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = os.urandom,
        entry_mode: str | None = None,
        capability: Capability | None = None,
        dialect: Dialect | None = None,
        watcher: Watcher | None = None,
        tls: ssl.SSLContext | None = None,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.capability = capability or self.usual_capability
        self.terminal_id = terminal_id
        self.merchant = merchant or self.usual_merchant
        self.link = IsoLink(address, timeout=self.capability.timeout_seconds, dialect=dialect, watcher=watcher, tls=tls)
        self.stored: list[codec.Message] = []
        """Stored messages for the network: reversals, and advices of offline approvals."""
        self._clock = clock
        self._random_bytes = random_bytes
        self._entry_mode = entry_mode or self.usual_entry_mode
        self._reader = ContactlessReader(self.capability.relay_seconds_max, stopwatch, random_bytes)
        last_stan = int.from_bytes(random_bytes(3), "big") % 900_000
        self.messages = MessageMaker(terminal_id, self.merchant, clock, last_stan)

    @property
    def address(self) -> tuple[str, int]:
        """The address of the network."""
        return self.link.address

    def close(self) -> None:
        """Close the connection. Stored messages are kept."""
        self.link.close()

    def described(self) -> dict[str, Any]:
        """All that has become of it since it was made, as JSON values. PIN blocks are left out."""
        return {
            "last_stan": self.messages.last_stan,
            "is_unplugged": self.link.is_unplugged,
            "stored": [kept(message) for message in self.stored],
        }

    def put_back(self, described: Mapping[str, Any]) -> None:
        """Be again as `described` told, with no connection open.

        Raises: ValueError, TypeError, AttributeError or LookupError for another description.
        """
        stored = [message_of(each) for each in described["stored"]]
        self.close()
        self.messages.last_stan = int(described["last_stan"])
        self.link.is_unplugged = bool(described["is_unplugged"])
        self.stored[:] = stored

    # Paying

    def pay(self, card: Card, amount_minor: int, currency: str = "EUR") -> Receipt:
        """One purchase: tap, authorize (0100), receipt.

        Raises: ReadingFailed; FieldError for no amount, or no currency; LinkError where the network cannot be reached,
        and the terminal may not decide by itself.
        """
        return self.authorize_card(card, self.start(amount_minor, currency))

    def buy(self, card: Card, amount_minor: int, currency: str = "EUR") -> Receipt:
        """One purchase that is posted at once: tap, financial request (0200), receipt. As `pay` raises."""
        return self.authorize_card(card, self.start(amount_minor, currency), message_type="0200")

    def authorize_card(self, card: Card, transaction: Transaction, **options: Any) -> Receipt:
        """Read a card and send what it answers. options: of `MessageMaker.request`. As `pay` raises."""
        return self.authorize(transaction, self.read(card, transaction), **options)

    def start(
        self, amount_minor: int, currency: str = "EUR", operation: str = PURCHASE, cash_minor: int = 0
    ) -> Transaction:
        """Begin a payment: what the phone will be asked to sign, with a fresh unpredictable number.

        cash_minor: the cash in it, for `MessageMaker.request` too. Raises: FieldError for no amount, or no currency.
        """
        now = time.gmtime(self._clock())
        values = {
            "9F02": bytes.fromhex(amount_digits(amount_minor)),
            "9F03": bytes.fromhex(amount_digits(cash_minor)),
            "9F1A": bytes.fromhex(f"{int(self.merchant.country):04d}"),
            "95": bytes(5),
            "5F2A": bytes.fromhex(f"0{currency_digits(currency)}"),
            "9A": bytes.fromhex(time.strftime("%y%m%d", now)),
            "9C": bytes.fromhex(operation),
            "9F37": self._random_bytes(4),
            "9F33": bytes.fromhex("E008C8"),
            "9F34": bytes.fromhex(_NO_CVM),
            "9F35": bytes.fromhex(self.capability.terminal_type),
            "9F1E": self.terminal_id.encode("ascii").ljust(8)[:8],
            "9F66": bytes.fromhex("36004000"),
        }
        return Transaction(amount_minor, currency, values, operation)

    def read(self, card: Card, transaction: Transaction) -> CardAnswer:
        """Read a card, and note in the transaction how its holder was verified. Raises: ReadingFailed."""
        answer = self._reader.read(card, transaction.values)
        if answer.device_verified_cardholder:
            transaction.values["9F34"] = bytes.fromhex(_DEVICE_CVM)
        elif self.capability.online_pin:
            transaction.values["9F34"] = bytes.fromhex(_ONLINE_PIN)
        elif transaction.amount_minor > self.capability.unverified_limit_minor:
            raise ReadingFailed("cardholder_not_verified", "the amount takes a cardholder who was verified")
        return answer

    def authorize(self, transaction: Transaction, card: CardAnswer, **options: Any) -> Receipt:
        """Send what was read. options: of `MessageMaker.request`. Raises: LinkError."""
        return self.send(self.authorization_request(transaction, card, **options))

    def authorization_request(self, transaction: Transaction, card: CardAnswer, **options: Any) -> codec.Message:
        """The 0100 of a purchase, see ``docs/wire.md``. options: of `MessageMaker.request`."""
        if self.capability.partial_approvals:
            options = {"private_data": subelement(PARTIAL_APPROVALS, "1")} | options
        return self.messages.request(transaction, card, **{"entry_mode": self._entry_mode} | options)

    # What follows a payment

    def reverse(self, receipt: Receipt, remaining_minor: int | None = None) -> Receipt:
        """Reverse an earlier payment (0400), in full or down to a remaining amount. Raises: LinkError."""
        return self.send(self.messages.reversal(receipt.request, remaining_minor) | {0: "0400"})

    def increase(self, receipt: Receipt, amount_minor: int) -> Receipt:
        """Increment an earlier authorization (0100 with DE 90). Raises: LinkError."""
        return self.send(self.messages.increment(receipt.request, amount_minor))

    def complete(self, receipt: Receipt, amount_minor: int, part: tuple[int, int] | None = None) -> Receipt:
        """Post an authorized payment (0220). part: which completion, of how many. Raises: LinkError."""
        return self.send(self.messages.completion(receipt.request, amount_minor, part))

    def refund(self, receipt: Receipt, amount_minor: int) -> Receipt:
        """Refund a posted payment (0200). Raises: LinkError."""
        return self.send(self.messages.refund(receipt.request, amount_minor))

    def echo(self) -> codec.Message:
        """Send 0800 and return the 0810. Raises: LinkError."""
        return self.link.exchange(self.messages.management("301"))

    # The line

    def send(self, request: codec.Message) -> Receipt:
        """Send a message and make a receipt of its answer.

        First goes what is stored. A request without an answer is reversed, an advice stored.
        Raises: LineDown where nothing was sent and the terminal may not decide by itself.
        """
        try:
            self.forward()
        except LinkError:
            return self._alone(request)
        try:
            answer = self.link.exchange(request)
        except LineDown:
            return self._alone(request)
        except NoAnswer as error:
            self._take_back(request)
            return self.receipt(request, {39: UNABLE_TO_GO_ONLINE}, detail=str(error))
        if answer.get(39) in _CAME_TWICE:
            # It was sent once: the first copy may have been approved, and its answer be lost or on its way still.
            self._take_back(request)
        return self.receipt(request, answer)

    def forward(self) -> int:
        """Send what is stored, in order, each until it is answered; returns how many are left. Raises: LinkError."""
        while self.stored:
            self.link.exchange(self.stored[0])
            self.stored.pop(0)
        return 0

    def _alone(self, request: codec.Message) -> Receipt:
        """Decide offline while the connection is down."""
        if _is_advice(request):
            self.stored.append(request)
            return self.receipt(request, {39: APPROVED_OFFLINE})
        has_card = 55 in request and request[3][:2] == PURCHASE
        if has_card and 0 < int(request[4]) <= self.capability.floor_limit_minor:
            self.stored.append(self.messages.advice(request, "00"))
            return self.receipt(request, {39: APPROVED_OFFLINE})
        raise LineDown(f"cannot reach {self.address[0]}:{self.address[1]}")

    def _take_back(self, request: codec.Message) -> None:
        """The outcome of a message is unknown: send it again until it is answered, or reverse it."""
        if request[0][1] == "4" or _is_advice(request):
            self.stored.append(self.messages.repeated(request))
        else:
            self.stored.append(self.messages.reversal(request))
        try:
            self.forward()
        except LinkError:
            self.stored[0] = self.messages.repeated(self.stored[0])

    def receipt(self, request: codec.Message, answer: codec.Message, detail: str = "") -> Receipt:
        """The receipt of one message and its answer."""
        currency = currency_code(int(request[49]))
        error = FormatError.read(answer.get(44, ""))
        if error is not None:
            detail = error.sentence
        return Receipt(
            self.merchant.name,
            self.terminal_id,
            int(request[4]),
            currency,
            card_number(request)[-4:],
            self._local_time(),
            request,
            answer,
            self.method,
            detail,
        )

    def _local_time(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M", time.gmtime(self._clock()))


def _is_advice(message: codec.Message) -> bool:
    """Whether a message reports a decision, so that it must be delivered eventually."""
    return message[0][2] == "2"
