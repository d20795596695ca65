"""A fuel pump: pre-authorizes a full tank, and posts what was dispensed."""

from collections.abc import Mapping
from typing import Any

from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Capability, Merchant, Terminal
from simulators.wallet.card.contactless_reader import Card

AUTOMATED_FUEL_DISPENSER = "5542"
_UNATTENDED = "25"


class FuelPump(Terminal):
    """An unattended fuel pump. tank_minor: the pre-authorized amount, minor units."""

    usual_merchant = Merchant(name="TAPWRIGHT FUEL", identifier="FUEL00000000001", category=AUTOMATED_FUEL_DISPENSER)
    usual_capability = Capability(terminal_type=_UNATTENDED)

    def __init__(self, address: tuple[str, int], *, tank_minor: int = 15_000, **options: Any) -> None:
        super().__init__(address, **options)
        self.tank_minor = tank_minor

    def described(self) -> dict[str, Any]:
        """See `Terminal.described`."""
        return super().described() | {"tank_minor": self.tank_minor}

    def put_back(self, described: Mapping[str, Any]) -> None:
        """See `Terminal.put_back`."""
        tank_minor = int(described["tank_minor"])
        super().put_back(described)
        self.tank_minor = tank_minor

    def unlock(self, card: Card, currency: str = "EUR") -> Receipt:
        """Pre-authorize a tank. Raises: ReadingFailed, LinkError."""
        return self.authorize_card(card, self.start(self.tank_minor, currency), preauthorization=True)

    def hang_up_nozzle(self, unlocked: Receipt, amount_minor: int) -> Receipt:
        """Post what was filled in; nothing filled in takes the pre-authorization back. Raises: LinkError."""
        return self.reverse(unlocked) if amount_minor == 0 else self.complete(unlocked, amount_minor)
