"""A contactless point-of-sale terminal: asks a phone for a cryptogram, and the network for a decision.

It knows what a terminal knows: no keys, no funding card, no account.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from authz.iso8583 import codec
from simulators.iso_link import IsoLink
from simulators.receipt import Receipt
from simulators.secure_element import CardAnswer
from tokenvault.currencies import CURRENCIES
from tokenvault.emv import tlv

_CARD_TAGS = ("82", "84", "9F10", "9F26", "9F27", "9F36")
_GOODS_AND_SERVICES = "00"


class Card(Protocol):
    """Whatever answers a terminal like a card: a phone, or something that pretends to be one."""

    def tap(self, terminal_values: dict[str, bytes]) -> CardAnswer:
        """Answer a terminal. terminal_values: tag -> value."""


@dataclass(frozen=True)
class Merchant:
    """Whose terminal it is. category: ISO 18245 code.  country: ISO 3166 numeric.  acquirer: DE 32, up to 11 digits."""

    name: str = "TAPWRIGHT CAFE"
    city: str = "BERLIN"
    identifier: str = "CAFE00000000001"
    category: str = "5814"
    country: str = "276"
    country_letters: str = "DE"
    acquirer: str = "99900000002"

    @property
    def name_and_location(self) -> str:
        """DE 43: name (25), city (13), country (2)."""
        return f"{self.name[:25]:<25}{self.city[:13]:<13}{self.country_letters}"


@dataclass(frozen=True)
class Transaction:
    """One purchase before the tap: what the terminal puts on its side of the cryptogram. values: tag -> value."""

    amount_minor: int
    currency: str
    values: dict[str, bytes]


class Terminal:
    """One terminal with a line to the network.

    clock: Unix seconds.  random_bytes: for unpredictable numbers.  entry_mode: DE 22; 071 is contactless chip, no PIN.
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        terminal_id: str = "TERM0001",
        merchant: Merchant | None = None,
        clock: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = os.urandom,
        entry_mode: str = "071",
    ) -> None:
        self.address = address
        self.terminal_id = terminal_id
        self.merchant = merchant or Merchant()
        self._clock = clock
        self._random_bytes = random_bytes
        self._entry_mode = entry_mode
        self._link = IsoLink(address)
        self._stan = int.from_bytes(random_bytes(3), "big") % 900_000

    def close(self) -> None:
        """Hang up."""
        self._link.close()

    def pay(self, card: Card, amount_minor: int, currency: str = "EUR") -> Receipt:
        """One purchase: tap, authorize (0100), receipt. Raises: LinkError."""
        transaction = self.start(amount_minor, currency)
        return self.authorize(transaction, card.tap(transaction.values))

    def buy(self, card: Card, amount_minor: int, currency: str = "EUR") -> Receipt:
        """One purchase that is posted at once: tap, financial request (0200), receipt. Raises: LinkError."""
        transaction = self.start(amount_minor, currency)
        request = self.authorization_request(transaction, card.tap(transaction.values)) | {0: "0200"}
        return self._receipt(request, self._link.exchange(request), amount_minor, currency)

    def start(self, amount_minor: int, currency: str = "EUR") -> Transaction:
        """Begin a purchase: what the phone will be asked to sign, with a fresh unpredictable number."""
        now = time.gmtime(self._clock())
        number = f"{CURRENCIES[currency].number:04d}"
        values = {
            "9F02": bytes.fromhex(f"{amount_minor:012d}"),
            "9F03": bytes(6),
            "9F1A": bytes.fromhex(f"{int(self.merchant.country):04d}"),
            "95": bytes(5),
            "5F2A": bytes.fromhex(number),
            "9A": bytes.fromhex(time.strftime("%y%m%d", now)),
            "9C": bytes.fromhex(_GOODS_AND_SERVICES),
            "9F37": self._random_bytes(4),
            "9F33": bytes.fromhex("E008C8"),
            "9F34": bytes.fromhex("1F0302"),
            "9F35": bytes.fromhex("22"),
            "9F1E": self.terminal_id.encode("ascii").ljust(8)[:8],
        }
        return Transaction(amount_minor, currency, values)

    def authorize(self, transaction: Transaction, card: CardAnswer) -> Receipt:
        """Send 0100 and print what came back. Raises: LinkError."""
        request = self.authorization_request(transaction, card)
        return self._receipt(request, self._link.exchange(request), transaction.amount_minor, transaction.currency)

    def authorization_request(self, transaction: Transaction, card: CardAnswer) -> codec.Message:
        """The 0100 of a purchase, see ``docs/wire.md``."""
        chip = {**transaction.values, **{tag: card.values[tag] for tag in _CARD_TAGS}}
        currency = f"{CURRENCIES[transaction.currency].number:03d}"
        return {
            0: "0100",
            **self._common_fields(transaction.amount_minor, currency),
            14: card.track2.expiry,
            22: self._entry_mode,
            23: f"{int(card.pan_sequence_number):03d}",
            35: card.track2.text("="),
            43: self.merchant.name_and_location,
            55: tlv.encode(chip.items()).hex().upper(),
        }

    def reverse(self, receipt: Receipt) -> Receipt:
        """Send 0400 for a whole earlier purchase. Raises: LinkError."""
        original = receipt.request
        request: codec.Message = {
            0: "0400",
            **self._common_fields(receipt.amount_minor, original[49]),
            22: original[22],
            35: original[35],
            90: original[0] + original[11] + original[7] + original[32].rjust(11, "0") + "0" * 11,
        }
        request[37] = original[37]
        return self._receipt(request, self._link.exchange(request), receipt.amount_minor, receipt.currency)

    def echo(self) -> codec.Message:
        """Send 0800 and return the 0810. Raises: LinkError."""
        common = self._common_fields(0, "000")
        return self._link.exchange({0: "0800", 7: common[7], 11: common[11], 70: "301"})

    def _common_fields(self, amount_minor: int, currency: str) -> codec.Message:
        self._stan = self._stan % 999_999 + 1
        now = time.gmtime(self._clock())
        return {
            3: "000000",
            4: f"{amount_minor:012d}",
            7: time.strftime("%m%d%H%M%S", now),
            11: f"{self._stan:06d}",
            12: time.strftime("%H%M%S", now),
            13: time.strftime("%m%d", now),
            18: self.merchant.category,
            19: self.merchant.country,
            25: "00",
            32: self.merchant.acquirer,
            37: f"{now.tm_year % 10}{now.tm_yday:03d}{now.tm_hour:02d}{self._stan:06d}",
            41: f"{self.terminal_id:<8}",
            42: f"{self.merchant.identifier:<15}",
            49: currency,
        }

    def _receipt(self, request: codec.Message, answer: codec.Message, amount_minor: int, currency: str) -> Receipt:
        pan = request[35].partition("=")[0]
        local_time = time.strftime("%Y-%m-%d %H:%M", time.gmtime(self._clock()))
        return Receipt(
            self.merchant.name, self.terminal_id, amount_minor, currency, pan[-4:], local_time, request, answer
        )
