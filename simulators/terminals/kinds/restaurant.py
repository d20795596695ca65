"""A restaurant's terminal: authorizes the bill, and posts it with the tip."""

from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Merchant, Terminal

RESTAURANTS = "5812"


class RestaurantTerminal(Terminal):
    """Posts bills with a tip. The authorization program's completion tolerance bounds the tip."""

    usual_merchant = Merchant(name="TAPWRIGHT BISTRO", identifier="BISTRO000000001", category=RESTAURANTS)

    def add_tip(self, bill: Receipt, tip_minor: int) -> Receipt:
        """Post an authorized bill with its tip. Raises: LinkError."""
        return self.complete(bill, bill.approved_minor + tip_minor)
