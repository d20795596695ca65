"""A program grows by a row of each kind while payments are authorized: nothing is compiled, and no payment fails."""

import json
import threading

import pytest

from authz.program.shipped.programs import shipped_text
from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

WEDDINGS = "7298"
"""A category that the included program has in another scene."""

NEW = {
    "products": {"number": 9, "id": "wedding_card", "terms": {"grace_days": 12, "courtesy_days": 2}},
    "segments": {"number": 28, "id": "newly_wed", "terms": {"grace_days": 15}},
    "units": {"number": 200, "id": "rice", "price": 10, "expires_days": 3},
    "offers": {"number": 200, "id": "wedding_gift", "where": {"segments": [28]}, "gives": {"back_ppm": 100_000}},
    "scenes": {"scene": "wedding", "need": "celebrating", "categories": [[WEDDINGS, WEDDINGS]]},
    "limits": {
        "id": "weddings",
        "window": "day",
        "count_max": 1,
        "where": {"scenes": ["wedding"], "segments": [28]},
        "reason": "exceeds_count_limit",
    },
    "rules": {
        "id": "celebrations",
        "state": "live",
        "when": {"attribute": "need", "operator": "=", "value": "celebrating"},
        "action": "flag",
    },
}
"""A row of each section."""


@pytest.fixture(scope="module")
def kit():
    """A network with the included program."""
    with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as made:
        made.issuer.call("PUT", "/v1/program", _included())
        yield made


def _included():
    """The included program, without the numbers, names and categories that the new rows take."""
    document = json.loads(shipped_text("whole_bank"))
    document["segments"] = [each for each in document["segments"] if each["number"] != NEW["segments"]["number"]]
    for scene in document["scenes"]:
        scene["categories"] = [each for each in scene["categories"] if each != ["7297", "7298"]]
    return document


class Payer(threading.Thread):
    """Pays, and pays again, until it is told to stop."""

    def __init__(self, kit):
        super().__init__()
        self._phone, self._terminal = kit.phone(kit.card(kit.account("CNY", 10**9, product=1))), kit.terminal()
        self._over, self.reasons = threading.Event(), []
        self.paid = threading.Semaphore(0)

    def run(self):
        """Pay, and remember whether it was approved."""
        while not self._over.is_set():
            self.reasons.append(self._terminal.pay(self._phone, 100, "CNY").approved)
            self.paid.release()

    def wait_for_more(self):
        """Until it has paid twice more."""
        for _ in range(2):
            assert self.paid.acquire(timeout=30)

    def end(self):
        """Stop, and hang up."""
        self._over.set()
        self.join()
        self._terminal.close()


def test_a_row_of_each_kind_is_added_while_payments_go_on(kit):
    """One section after the other, over HTTP; payments before, between and after are all approved."""
    payer, document = Payer(kit), _included()
    payer.start()
    try:
        for section, row in NEW.items():
            payer.wait_for_more()
            document[section] = [*document.get(section, []), row]
            version = kit.issuer.call("PUT", "/v1/program", document)["version"]
            assert kit.issuer.call("GET", "/v1/program")["version"] == version
        payer.wait_for_more()
    finally:
        payer.end()
    assert all(payer.reasons), f"{payer.reasons.count(False)} of {len(payer.reasons)} were declined"
    _each_new_row_holds(kit)


def _each_new_row_holds(kit):
    """For an account in the new segment with the new product, at a merchant of the new scene."""
    account = kit.account("CNY", 1_000_000, product=9, segment=28, cut_day=5)
    phone, terminal = kit.phone(kit.card(account)), kit.terminal(merchant=Merchant(category=WEDDINGS))
    first = kit.decision(terminal.pay(phone, 1_000, "CNY"))
    assert first["reason"] == "approved"
    assert "celebrations" in {each["id"] for each in first["rules"]}
    assert kit.reason_of(terminal.pay(phone, 1_000, "CNY")) == "exceeds_count_limit"
    assert kit.issuer.call("GET", f"/v1/accounts/{account}/balance")["segment"] == 28
    kit.issuer.call("POST", f"/v1/accounts/{account}/units", {"unit": "rice", "count": 7})
    redeemed = kit.issuer.call("POST", f"/v1/accounts/{account}/redemptions", {"unit": "rice", "count": 5})
    assert (redeemed["reward"], redeemed["posted_balance"]) == (50, -50)
    bought = kit.decision(kit.terminal().buy(phone, 900, "CNY"))
    assert [(each["kind"], each["amount"]) for each in bought["postings"]] == [("purchase", 900), ("reward", -90)]
