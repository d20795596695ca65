"""An issuer whose payments above 200.00 are referred to the desk of their segment."""

from types import SimpleNamespace

import pytest

from simulators.sandbox.wiring import running_sandbox
from simulators.testkit.kit import TestKit
from tests.clock import ManualClock
from tests.conftest import settings_for

PROGRAM = {
    "segments": [{"number": 1, "id": "core", "desk": "one_to_one"}],
    "products": [{"number": 1, "id": "phone_card"}],
    "rules": [
        {
            "id": "much",
            "state": "live",
            "action": "refer",
            "when": {"attribute": "amount", "operator": ">", "value": 20_000},
        }
    ],
    "desk": {"one_to_one": {"seconds": 60}},
}


class Shop:
    """An account with a phone, and terminals of two merchants."""

    def __init__(self, desk, **account):
        self.desk = desk
        self.kit = desk.kit
        self.account = self.kit.issuer.open_account("EUR", 10_000_000, **account)["id"]
        self.phone = self.kit.phone(self.kit.card(self.account))

    def tap(self, amount=30_000, terminal=None):
        """Pay, and return the decision as the issuer reads it."""
        return self.kit.decision((terminal or self.desk.terminal).pay(self.phone, amount))

    def referred(self, amount=30_000):
        """The case of a payment that is referred."""
        decision = self.tap(amount)
        assert (decision["reason"], decision["response_code"]) == ("refer_to_issuer", "01"), decision
        return decision["case_id"]


@pytest.fixture
def desk(tmp_path):
    """A network with that program, and the means to read and answer its cases."""
    clock = ManualClock()
    with (
        running_sandbox(settings_for(tmp_path / "data"), clock) as network,
        TestKit(network.http_url, network.iso_address, wall_clock=clock) as kit,
    ):
        kit.issuer.call("PUT", "/v1/program", PROGRAM)
        yield SimpleNamespace(
            network=network,
            kit=kit,
            clock=clock,
            terminal=kit.terminal(),
            shop=lambda **account: Shop(desk_of(network, kit, clock), **account),
            get=lambda path: kit.issuer.call("GET", path),
            answer=lambda case, **said: kit.issuer.call(
                "POST", f"/v1/cases/{case}/answer", {"decision": "approve", "reason": "customer_confirmed"} | said
            ),
        )


def desk_of(network, kit, clock):
    """What a shop needs of a network."""
    return SimpleNamespace(network=network, kit=kit, clock=clock, terminal=kit.terminal())
