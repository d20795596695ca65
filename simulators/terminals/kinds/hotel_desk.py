"""A hotel or car rental desk: an authorization that is incremented during the stay and posted at its end."""

from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Merchant, Terminal
from simulators.wallet.card.contactless_reader import Card

HOTELS = "7011"


class HotelDesk(Terminal):
    """A hotel or rental desk: pre-authorizes a stay, extends it and posts the bill."""

    usual_merchant = Merchant(name="TAPWRIGHT HOTEL", identifier="HOTEL0000000001", category=HOTELS)

    def check_in(self, card: Card, amount_minor: int, currency: str = "EUR") -> Receipt:
        """Pre-authorize the stay. Raises: ReadingFailed, LinkError."""
        return self.authorize_card(card, self.start(amount_minor, currency), preauthorization=True)

    def extend(self, stay: Receipt, amount_minor: int) -> Receipt:
        """Another night, or the minibar: an incremental authorization. Raises: LinkError."""
        return self.increase(stay, amount_minor)

    def check_out(self, stay: Receipt, amount_minor: int) -> Receipt:
        """Post the bill. Raises: LinkError."""
        return self.complete(stay, amount_minor)
