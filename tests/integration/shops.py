"""What most stories over the API begin with: an account, a phone with its token, and a terminal, on a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from simulators.parties.issuer_client import Issuer
from simulators.sandbox.wiring import Sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone


class Shop(NamedTuple):
    """issuer: its client.  account: an identifier; 2500.00 EUR, all of it at once if one likes."""

    issuer: Issuer
    account: str
    phone: Phone
    terminal: Terminal


@contextmanager
def open_shop(network: Sandbox) -> Iterator[Shop]:
    """A shop of one's own."""
    with Issuer(network.http_url) as issuer:
        account = issuer.open_account("EUR", 250_000)["id"]
        phone = Phone(network.http_url, name="A phone")
        phone.provision(issuer.issue_card(account)["id"])
        terminal = Terminal(network.iso_address)
        yield Shop(issuer, account, phone, terminal)
        terminal.close()
        phone.close()
