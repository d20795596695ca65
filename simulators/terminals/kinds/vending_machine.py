"""A vending machine: posts at once, and reverses if nothing is dispensed."""

from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Capability, Merchant, Terminal
from simulators.wallet.card.contactless_reader import Card

VENDING = "5814"
_UNATTENDED = "25"


class VendingMachine(Terminal):
    """An unattended vending machine: small amounts without cardholder verification."""

    usual_merchant = Merchant(name="TAPWRIGHT SNACKS", identifier="SNACK0000000001", category=VENDING)
    usual_capability = Capability(terminal_type=_UNATTENDED)

    def vend(self, card: Card, amount_minor: int, currency: str = "EUR", *, gets_stuck: bool = False) -> list[Receipt]:
        """Sell one thing; where it gets stuck, take the payment back. Raises: ReadingFailed, LinkError."""
        sale = self.buy(card, amount_minor, currency)
        return [sale, self.reverse(sale)] if sale.approved and gets_stuck else [sale]
