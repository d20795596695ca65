"""An in-app or browser shop: the phone confirms, and sends a cryptogram instead of a card number."""

from typing import Protocol

from simulators.terminals.messages import ELECTRONIC_COMMERCE_INDICATOR, subelement
from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Merchant, Terminal
from simulators.wallet.card.contactless_reader import CardAnswer

REMOTE_CHIP = "810"

FULLY_AUTHENTICATED = "05"
"""Electronic commerce indicator: the cardholder was verified."""


class Confirms(Protocol):
    """A device that runs the shop's app."""

    def confirm(self, terminal_values: dict[str, bytes]) -> CardAnswer:
        """Sign a payment that its holder confirms."""


class OnlineShop(Terminal):
    """A shop that takes in-app payments."""

    method = "IN APP"
    usual_entry_mode = REMOTE_CHIP
    usual_merchant = Merchant(name="TAPWRIGHT SHOP", identifier="WEBSHOP00000001", category="5999")

    def pay_in_app(
        self, phone: Confirms, amount_minor: int, currency: str = "EUR", *, indicator: str = FULLY_AUTHENTICATED
    ) -> Receipt:
        """One purchase in the shop's app. indicator: ECI, two digits. Raises: CannotDoThis, LinkError."""
        transaction = self.start(amount_minor, currency)
        answer = phone.confirm(transaction.values)
        private_data = subelement(ELECTRONIC_COMMERCE_INDICATOR, indicator)
        return self.authorize(transaction, answer, private_data=private_data)
