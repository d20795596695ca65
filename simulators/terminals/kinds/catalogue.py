"""The kinds of terminals by name, as scenarios and the command line have them."""

from simulators.terminals.kinds.cash_machine import CashMachine
from simulators.terminals.kinds.fuel_pump import FuelPump
from simulators.terminals.kinds.hotel_desk import HotelDesk
from simulators.terminals.kinds.online_shop import OnlineShop
from simulators.terminals.kinds.qr_scanner import QrScanner
from simulators.terminals.kinds.restaurant import RestaurantTerminal
from simulators.terminals.kinds.transit_gate import TransitGate
from simulators.terminals.kinds.vending_machine import VendingMachine
from simulators.terminals.terminal import Terminal

TERMINAL_KINDS: dict[str, type[Terminal]] = {
    "pos": Terminal,
    "qr": QrScanner,
    "online": OnlineShop,
    "atm": CashMachine,
    "fuel": FuelPump,
    "hotel": HotelDesk,
    "restaurant": RestaurantTerminal,
    "transit": TransitGate,
    "vending": VendingMachine,
}
