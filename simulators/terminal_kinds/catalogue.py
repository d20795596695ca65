"""The kinds of terminals by name, as scenarios and the command line have them."""

from simulators.terminal import Terminal
from simulators.terminal_kinds.cash_machine import CashMachine
from simulators.terminal_kinds.fuel_pump import FuelPump
from simulators.terminal_kinds.hotel_desk import HotelDesk
from simulators.terminal_kinds.online_shop import OnlineShop
from simulators.terminal_kinds.qr_scanner import QrScanner
from simulators.terminal_kinds.restaurant import RestaurantTerminal
from simulators.terminal_kinds.transit_gate import TransitGate
from simulators.terminal_kinds.vending_machine import VendingMachine

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
