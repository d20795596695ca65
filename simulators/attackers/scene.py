"""Where an attack takes place: a network, and somebody on it whose card is worth having."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from simulators import test_values
from simulators.issuer import Issuer
from simulators.phone import Phone
from simulators.server_clock import ServerClock
from simulators.terminal import Terminal
from simulators.terminals.receipt import Receipt
from tokenvault.outgoing_tls import trusted_authorities

ALL_CHANNELS = ["contactless", "e_commerce", "qr_code"]
CURRENCY = "EUR"
_CREDIT_LIMIT = 10_000_000_00
_TRANSACTION_LIMIT = 5_000_00


@dataclass(frozen=True)
class Victim:
    """Somebody with an account, a card and a phone with a token."""

    account_id: str
    card_id: str
    phone: Phone


class Scene:
    """One network under attack. wall_clock: real time, as the server has it, Unix seconds."""

    def __init__(
        self, http_url: str, iso_address: tuple[str, int], wall_clock: Callable[[], float] = time.time
    ) -> None:
        self.http_url = http_url
        self.iso_address = iso_address
        self.issuer = Issuer(http_url, test_values.SANDBOX_API_KEY)
        self.clock = ServerClock(self.issuer, wall_clock)
        self._open: list[Issuer | Phone | Terminal | httpx.Client] = [self.issuer]

    def close(self) -> None:
        """Hang up everywhere."""
        for each in self._open:
            each.close()

    def new_phone(self, **options: Any) -> Phone:
        """A phone without a token."""
        phone = Phone(self.http_url, clock=self.clock.wall_clock, **options)
        self._open.append(phone)
        return phone

    def new_victim(self, **token: Any) -> Victim:
        """Somebody whose token is good for every channel. token: other fields of its request."""
        account = self.issuer.open_account(CURRENCY, _CREDIT_LIMIT, _TRANSACTION_LIMIT)["id"]
        card = self.issuer.issue_card(account)["id"]
        phone = self.new_phone(name="A victim's phone")
        phone.provision(card, **{"domain": {"channels": ALL_CHANNELS}} | token)
        return Victim(account, card, phone)

    def new_client(self) -> httpx.Client:
        """A bare client of the HTTP API."""
        client = httpx.Client(base_url=self.http_url, trust_env=False, timeout=30, verify=trusted_authorities())
        self._open.append(client)
        return client

    def new_terminal(self, kind: type[Terminal] = Terminal, **options: Any) -> Any:
        """A terminal of some kind."""
        terminal = kind(self.iso_address, clock=self.clock, **options)
        self._open.append(terminal)
        return terminal

    def reason_of(self, receipt: Receipt) -> str:
        """Why a message came out as it did; the response code where the network did not decide it."""
        if receipt.authorization_id is None:
            return f"response_code_{receipt.response_code}"
        # The list, not the explanation: that is a replay of the whole journal, and attacks make long ones.
        named = f"retrieval_reference={receipt.request[37]}&stan={receipt.request[11]}"
        return str(self.issuer.call("GET", f"/v1/authorizations?{named}&limit=1")["data"][0]["reason"])
