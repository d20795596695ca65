"""What triggers work with: accounts, cards, simulated phones and payments of a running server, made when needed."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlencode

import httpx

from simulators.parties.issuer_client import Issuer, IssuerRefused

CREDIT_LIMIT_MINOR = 250_000
AMOUNT_MINOR = 1_250
CURRENCY = "EUR"
TEXT_MESSAGE = "+4915112345678"
"""A telephone number for one-time codes; nothing is sent to it, the sandbox keeps what it would send."""

_LAG_SECONDS = 15.0
"""How long the history may lag behind what was decided."""
_PAUSE_SECONDS = 0.1
_HISTORY_LAGS = "history_unavailable"


class NotTriggered(Exception):
    """The server did something else than was asked for; the text says what."""


class Stage:
    """One server, and what is made on it. A context manager: at its end the simulated phones are deleted.

    pause: waits so many seconds, while the history catches up.
    """

    def __init__(self, url: str, api_key: str, pause: Callable[[float], None] = time.sleep) -> None:
        self.issuer = Issuer(url, api_key)
        self._pause = pause
        self._phones: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(IssuerRefused, httpx.TransportError):  # what went wrong before says more
            for phone in self._phones:
                self.issuer.call("DELETE", f"/v1/simulations/phones/{phone}")
        self.issuer.close()

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call of the API, tried again while the history lags. Raises: IssuerRefused, httpx.TransportError."""
        for last in self._tries():
            try:
                return self.issuer.call(method, path, body)
            except IssuerRefused as refused:
                if last or refused.problem.get("code") != _HISTORY_LAGS:
                    raise
        raise AssertionError("the last try returns or raises")

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Make or change something."""
        return self.call("POST", path, body)

    def customer(self, identity: str) -> str:
        """A new customer, whose identity document forces an outcome of applications."""
        document = {"kind": "passport", "country": "156", "number": f"{identity}_{uuid.uuid4().hex}"}
        body = {"identity_document": document, "birth_date": "1990-05-17"}
        return str(self.post("/v1/customers", **body)["id"])

    def account(self, credit_limit: int = CREDIT_LIMIT_MINOR, product: int | None = None) -> str:
        """A new account's identifier. credit_limit: minor units.  product: its number in the program."""
        return str(self.issuer.open_account(CURRENCY, credit_limit, product=product)["id"])

    def card(self, account: str | None = None, **contact_points: str) -> str:
        """A new card's, on a new account unless one is given."""
        return str(self.issuer.issue_card(account or self.account(), **contact_points)["id"])

    def phone(self, card: str | None = None, *, outcome: str = "approved", **wish: Any) -> dict[str, Any]:
        """A new phone that has asked for a token, of a new card unless one is given.

        outcome: of the request, forced whatever the server's policy says.  wish: further fields of the request.
        """
        made = str(self.post("/v1/simulations/phones", name="A triggered phone")["id"])
        self._phones.append(made)
        risk = {"wallet_account_id": f"force_{outcome}"}
        return self.post(f"/v1/simulations/phones/{made}/provision", card_id=card or self.card(), risk=risk, **wish)

    def token(self) -> str:
        """A new active token's identifier."""
        return str(self.phone()["token_id"])

    def paid(self, account: str | None = None, amount: int = AMOUNT_MINOR, **more: Any) -> dict[str, Any]:
        """A payment with a new phone, of a new account unless one is given. more: fields of the payment."""
        phone = self.phone(self.card(account))
        return self.post("/v1/simulations/authorizations", token_id=phone["token_id"], amount=amount, **more)

    def event(self, event_type: str, resource_id: str) -> dict[str, Any]:
        """The newest event of a type about a resource. Raises: NotTriggered where none comes in time."""
        query = urlencode({"type": event_type, "resource_id": resource_id, "limit": 1})
        for _last in self._tries():
            found: list[dict[str, Any]] = self.call("GET", f"/v1/events?{query}")["data"]
            if found:
                return found[0]
        raise NotTriggered(f"the server has no event {event_type} of {resource_id} after {_LAG_SECONDS:.0f} seconds")

    def _tries(self) -> Iterator[bool]:
        """One try after another, with pauses between them; whether each is the last."""
        count = round(_LAG_SECONDS / _PAUSE_SECONDS)
        for number in range(1, count + 1):
            yield number == count
            self._pause(_PAUSE_SECONDS)


def must_be_approved(payment: dict[str, Any], what: str = "payment") -> str:
    """The authorization of a payment that the server approved. Raises: NotTriggered naming the reason of a decline."""
    if not payment["approved"]:
        raise NotTriggered(f"the server declined the {what}: {payment['reason']}")
    return str(payment["authorization_id"])
