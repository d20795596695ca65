"""A bank of one's own whose clock is at hand: accounts with a product, and a year to live through."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx

from simulators.parties import sandbox_constants
from simulators.parties.merchant import Merchant
from simulators.sandbox.wiring import Sandbox
from simulators.testkit.kit import TestKit
from tests.clock import ManualClock

ZONE = "Asia/Shanghai"
PRODUCT = {"time_zone": ZONE, "products": [{"number": 1, "id": "phone_card"}]}
SHOP = "<Ann's & Bob's>"


class BankOnItsOwn:
    """kit: its test kit.  http: the operator's client, which takes answers as they are."""

    def __init__(self, network: Sandbox, clock: ManualClock, kit: TestKit, http: httpx.Client) -> None:
        self.network, self.clock, self.kit, self.http = network, clock, kit, http
        kit.issuer.call("PUT", "/v1/program", PRODUCT)
        self.shop = kit.terminal(merchant=Merchant(name=SHOP))

    def go_to(self, day: str) -> None:
        """Noon of a day, where the bank is."""
        self.clock.now = max(self.clock.now, datetime.fromisoformat(f"{day}T12:00:00+08:00").timestamp())

    def go_to_days_later(self, days: int) -> None:
        """The same hour, so many days later."""
        self.clock.advance(days * 86_400)

    def close_until(self, day: str) -> None:
        """Set the clock forward to the end of a day, and close all days up to it."""
        self.post("/v1/simulations/days", {"until": day}, status=200)

    def account(self, cut_day: int = 5, product: int = 1):
        """An account of CNY 20,000.00 with a product, and a phone that pays from it."""
        account = self.kit.account("CNY", 2_000_000, product=product, cut_day=cut_day)
        return account, self.kit.phone(self.kit.card(account, pin="7391"))

    def buy(self, phone, amount: int) -> None:
        """A purchase that is posted at once."""
        receipt = self.shop.buy(phone, amount, "CNY")
        assert receipt.approved, receipt

    def get(self, path: str, **params: object) -> dict:
        """What is answered."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, *, status: int = 201) -> dict:
        """What is answered to a change."""
        answer = self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()


@contextmanager
def bank_on(network: Sandbox, clock: ManualClock) -> Iterator[BankOnItsOwn]:
    """Its clients are closed in the end."""
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    with (
        TestKit(network.http_url, network.iso_address, clock) as kit,
        httpx.Client(base_url=network.http_url, headers=headers, trust_env=False) as http,
    ):
        yield BankOnItsOwn(network, clock, kit, http)
