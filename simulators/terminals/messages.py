"""The messages that terminals send, field by field; what the fields mean is in ``docs/wire.md``."""

import operator
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from authz.iso8583.encoding import codec
from simulators.parties.merchant import Merchant
from simulators.wallet.card.contactless_reader import CardAnswer
from tokenvault.emv.encodings import tlv
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.vocabulary.errors import FieldError

PURCHASE, CASH, PURCHASE_WITH_CASH_BACK, REFUND, BALANCE = "00", "01", "09", "20", "31"
_CARD_TAGS = ("82", "84", "9F10", "9F26", "9F27", "9F36")
_PREAUTHORIZATION = "06"
_CREDIT_ACCOUNT, _CASH_AMOUNT = "30", "40"

PARTIAL_APPROVALS = "61"
ELECTRONIC_COMMERCE_INDICATOR = "42"
"""Subelements of DE 48."""


@dataclass(frozen=True)
class Transaction:
    """One payment before the tap: what the terminal puts on its side of the cryptogram. values: tag -> value."""

    amount_minor: int
    currency: str
    values: dict[str, bytes]
    operation: str = PURCHASE


_AMOUNT_MAX = 10**12 - 1
"""The largest amount that twelve digits hold (ISO 8583, DE 4; EMV, tag 9F02)."""


def amount_digits(amount_minor: int) -> str:
    """An amount in minor units as the twelve digits of DE 4 and of tag 9F02. Raises: FieldError."""
    try:
        amount = operator.index(amount_minor)
    except TypeError:
        raise FieldError("amount", "must be an integer, in minor units of the currency: 1250 for 12.50 EUR") from None
    if not 0 <= amount <= _AMOUNT_MAX:
        raise FieldError("amount", f"must be from 0 to {_AMOUNT_MAX:,} minor units")
    return f"{amount:012d}"


def currency_digits(currency: str) -> str:
    """The number of a currency (ISO 4217, letters such as EUR) as the three digits of DE 49. Raises: FieldError."""
    if currency not in CURRENCIES:
        raise FieldError("currency", NO_CURRENCY)
    return f"{CURRENCIES[currency].number:03d}"


def subelement(name: str, content: str) -> str:
    """One subelement of DE 48."""
    return f"{name}{len(content):02d}{content}"


def card_number(message: Mapping[int, str]) -> str:
    """DE 2, or the number in DE 35; empty where there is neither."""
    return message.get(2) or message.get(35, "").replace("D", "=").partition("=")[0]


def original_data_elements(original: Mapping[int, str]) -> str:
    """DE 90: message type, STAN, transmission time, acquirer and no forwarder of an earlier message."""
    return original[0] + original[11] + original[7] + original[32].rjust(11, "0") + "0" * 11


class MessageMaker:
    """Makes the messages of one terminal and numbers them. clock: Unix seconds.

    last_stan: the trace number (DE 11) of the last message; the next message has the one after it.
    """

    def __init__(self, terminal_id: str, merchant: Merchant, clock: Callable[[], float], last_stan: int) -> None:
        self.terminal_id = terminal_id
        self.merchant = merchant
        self._clock = clock
        self.last_stan = last_stan

    def request(
        self,
        transaction: Transaction,
        card: CardAnswer,
        *,
        entry_mode: str,
        message_type: str = "0100",
        preauthorization: bool = False,
        cash_minor: int = 0,
        private_data: str = "",
    ) -> codec.Message:
        """A request with a card: 0100, or 0200 to post at once. cash_minor: the cash in it.  private_data: DE 48."""
        chip = {**transaction.values, **{tag: card.values[tag] for tag in _CARD_TAGS if tag in card.values}}
        message = {
            0: message_type,
            **self._every_message(transaction.amount_minor, transaction.currency, transaction.operation),
            14: card.track2.expiry,
            22: entry_mode,
            23: f"{int(card.pan_sequence_number):03d}",
            35: card.track2.text("="),
            43: self.merchant.name_and_location,
            55: tlv.encode(chip.items()).hex().upper(),
        }
        if preauthorization:
            message[25] = _PREAUTHORIZATION
        if private_data:
            message[48] = private_data
        if cash_minor:
            number = currency_digits(transaction.currency)
            message[54] = f"{_CREDIT_ACCOUNT}{_CASH_AMOUNT}{number}D{amount_digits(cash_minor)}"
        if self.merchant.position_text is not None:
            message[59] = self.merchant.position_text
        return message

    def plain(self, message_type: str, amount_minor: int, currency: str, operation: str = PURCHASE) -> codec.Message:
        """The fields of every message, without those of a card."""
        return {0: message_type, **self._every_message(amount_minor, currency, operation)}

    def reversal(self, original: codec.Message, remaining_minor: int | None = None) -> codec.Message:
        """0420 for an earlier message; whole, or down to what remains of it."""
        message = self._referring("0420", original, int(original[4]), original[3][:2])
        message[37] = original[37]
        if remaining_minor is not None:
            message[95] = amount_digits(remaining_minor) + "0" * 30
        return message

    def increment(self, original: codec.Message, amount_minor: int) -> codec.Message:
        """0100 that adds to an earlier authorization."""
        return self._referring("0100", original, amount_minor, original[3][:2])

    def completion(
        self, original: codec.Message, amount_minor: int, part: tuple[int, int] | None = None
    ) -> codec.Message:
        """0220 that posts an authorized payment. part: which completion it is, and of how many."""
        message = self._referring("0220", original, amount_minor, original[3][:2])
        if part is not None:
            message[60] = f"{part[0]:02d}{part[1]:02d}"
        return message

    def refund(self, original: codec.Message, amount_minor: int) -> codec.Message:
        """0200 that gives back what an earlier message posted."""
        return self._referring("0200", original, amount_minor, REFUND)

    def advice(self, request: codec.Message, response_code: str) -> codec.Message:
        """0220 of a payment that the terminal approved by itself, with the card data of its own request."""
        kept = {number: value for number, value in request.items() if number not in (0, 39)}
        return {0: "0220", **kept, 39: response_code}

    @staticmethod
    def repeated(message: Mapping[int, str]) -> codec.Message:
        """The same message, marked as sent before."""
        return {**message, 0: message[0][:3] + "1"}

    def management(self, code: str) -> codec.Message:
        """0800. code: DE 70."""
        fields = self._every_message(0, "EUR", PURCHASE)
        return {0: "0800", 7: fields[7], 11: fields[11], 41: fields[41], 70: code}

    def _referring(
        self, message_type: str, original: codec.Message, amount_minor: int, operation: str
    ) -> codec.Message:
        currency = original[49]
        message = {
            0: message_type,
            **self._every_message(amount_minor, currency, operation),
            22: original[22],
            90: original_data_elements(original),
        }
        for number in (2, 14, 25, 35):
            if number in original:
                message[number] = original[number]
        return message

    def _every_message(self, amount_minor: int, currency: str, operation: str) -> codec.Message:
        """currency: ISO 4217, letters or number."""
        self.last_stan = self.last_stan % 999_999 + 1
        now = time.gmtime(self._clock())
        return {
            3: f"{operation}0000",
            4: amount_digits(amount_minor),
            7: time.strftime("%m%d%H%M%S", now),
            11: f"{self.last_stan:06d}",
            12: time.strftime("%H%M%S", now),
            13: time.strftime("%m%d", now),
            18: self.merchant.category,
            19: self.merchant.country,
            25: "00",
            32: self.merchant.acquirer,
            37: f"{now.tm_year % 10}{now.tm_yday:03d}{now.tm_hour:02d}{self.last_stan:06d}",
            41: f"{self.terminal_id:<8}",
            42: f"{self.merchant.identifier:<15}",
            49: currency if currency.isdecimal() else currency_digits(currency),
        }
