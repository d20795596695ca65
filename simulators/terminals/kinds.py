"""The kinds of terminals by name, as scenarios and the command line have them."""

from simulators.terminal import Terminal
from simulators.terminals.cash_machine import CashMachine
from simulators.terminals.fuel_pump import FuelPump
from simulators.terminals.hotel_desk import HotelDesk
from simulators.terminals.online_shop import OnlineShop
from simulators.terminals.qr_scanner import QrScanner
from simulators.terminals.restaurant import RestaurantTerminal
from simulators.terminals.transit_gate import TransitGate
from simulators.terminals.vending_machine import VendingMachine

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
