"""The environment of an attack: a network, and a victim with a card and a phone."""

from dataclasses import dataclass
from typing import Any

import httpx

from simulators.terminals.receipt import Receipt
from simulators.testkit.kit import TestKit
from simulators.wallet.phone import Phone
from tokenvault.outgoing.outgoing_tls import trusted_authorities

_CREDIT_LIMIT = 10_000_000_00
_TRANSACTION_LIMIT = 5_000_00


@dataclass(frozen=True)
class Victim:
    """Somebody with a card and a phone with a token."""

    card_id: str
    phone: Phone


class Scene(TestKit):
    """One network under attack."""

    def new_victim(self, **token: Any) -> Victim:
        """Somebody with plenty of credit, whose token is good for every channel. token: fields of its request."""
        card = self.card(self.account(credit_limit=_CREDIT_LIMIT, transaction_limit=_TRANSACTION_LIMIT))
        return Victim(card, self.phone(card, **token))

    def new_client(self) -> httpx.Client:
        """A bare client of the HTTP API."""
        authorities = trusted_authorities()
        client = httpx.Client(base_url=self.http_url, trust_env=False, timeout=30, verify=authorities)
        self._open.callback(client.close)
        return client

    def terminal(self, kind: str = "pos", **options: Any) -> Any:
        """A terminal without a message log: it sends thousands of messages."""
        return super().terminal(kind, watcher=None, **options)

    def reason_of(self, receipt: Receipt) -> str:
        """Why a message came out as it did; the response code where the network did not decide it."""
        if receipt.authorization_id is None:
            return f"response_code_{receipt.response_code}"
        # The list, not the explanation: that is a replay of the whole journal, and attacks make long ones.
        named = f"retrieval_reference={receipt.request[37]}&stan={receipt.request[11]}"
        return str(self.issuer.call("GET", f"/v1/authorizations?{named}&limit=1")["data"][0]["reason"])
