"""GET /v1/offers, over a real socket."""

import pytest

from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

PACK = {
    "number": 7,
    "id": "pack",
    "where": {"needs": ["dining"]},
    "gives": {"back_ppm": 200_000, "at_most": 3_000, "funded_by": "merchant"},
    "supply": 5,
}
PROGRAM = {
    "scenes": [{"scene": "restaurant", "need": "dining", "categories": [["5812", "5812"]]}],
    "products": [{"number": 1, "id": "card"}],
    "offers": [PACK, {"number": 2, "id": "all", "gives": {"back_ppm": 0}}],
}


@pytest.fixture
def kit():
    """A sandbox under these offers."""
    with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as made:
        made.issuer.call("PUT", "/v1/program", PROGRAM)
        yield made


def test_offers_and_how_often_they_were_given(kit):
    """A pack is given at a restaurant; its postings belong to the purchase."""
    account = kit.account()
    kit.issuer.call("PATCH", f"/v1/accounts/{account}", {"product": 1, "cut_day": 5})
    phone = kit.phone(kit.card(account))
    bought = kit.terminal(merchant=Merchant(category="5812")).buy(phone, 20_000)
    assert [(each["kind"], each["amount"]) for each in kit.decision(bought)["postings"]] == [
        ("purchase", 20_000),
        ("reward", -3_000),
    ]
    pack, every = kit.issuer.call("GET", "/v1/offers")["data"]
    assert (pack["id"], pack["gives"], pack["granted"], pack["left"]) == ("pack", PACK["gives"], 1, 4)
    assert (every["id"], every["supply"], every["granted"], every["left"]) == ("all", None, 0, None)
    assert kit.issuer.call("GET", "/v1/books")["general"]["merchant_funded"] == 3_000
