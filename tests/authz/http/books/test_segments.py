"""Segments over HTTP: accounts come into them with their statements, and what holds in a segment holds for each."""

import pytest

from simulators.sandbox.wiring import running_sandbox
from tests.authz.http.books.bank import ZONE, bank_on
from tests.clock import ManualClock
from tests.conftest import settings_for

BOUGHT = {"attribute": "amount_month", "operator": ">=", "value": 100_000}
PROGRAM = {
    "time_zone": ZONE,
    "products": [{"number": 1, "id": "phone_card"}],
    "segments": [{"number": 3, "id": "buyers", "when": BOUGHT, "terms": {"grace_days": 25}}],
    "limits": [{"id": "twice", "window": "day", "count_max": 2, "where": {"segments": [3]}}],
}


@pytest.fixture
def bank(tmp_path):
    """A bank that starts on 2026-11-24."""
    clock = ManualClock()
    with running_sandbox(settings_for(tmp_path / "data"), clock) as network, bank_on(network, clock) as opened:
        opened.kit.issuer.call("PUT", "/v1/program", PROGRAM)
        yield opened


def segment(bank, account):
    """The one that an account is in, and the one that it is pinned to."""
    pinned = bank.kit.issuer.call("GET", f"/v1/accounts/{account}")["segment"]
    return bank.get(f"/v1/accounts/{account}/balance")["segment"], pinned


def test_accounts_come_into_a_segment_with_their_statements(bank):
    """Each account of it has the limit for itself, and its terms with the statement after."""
    (first, phone), (second, other), (pinned, _) = (bank.account(cut_day=28) for _ in range(3))
    bank.kit.issuer.call("PATCH", f"/v1/accounts/{pinned}", {"segment": 0})
    for each in (phone, other):
        bank.buy(each, 100_000)
    bank.close_until("2026-11-28")
    assert [segment(bank, each) for each in (first, second, pinned)] == [(3, None), (3, None), (0, 0)]
    for each in (phone, other):
        assert [bank.shop.buy(each, 100, "CNY").approved for _ in range(3)] == [True, True, False]
    (told,) = bank.get("/v1/events", type="segment.changed", resource_id=first)["data"]
    assert {name: told["data"][name] for name in ("segment", "before", "day")} == {
        "segment": 3,
        "before": 0,
        "day": "2026-11-28",
    }
    statement = bank.get(f"/v1/accounts/{first}/statements/2026-11-28")
    assert statement["due_day"] == "2026-12-18"
    bank.go_to("2026-12-02")
    bank.buy(phone, 99_000)
    bank.close_until("2026-12-28")
    assert bank.get(f"/v1/accounts/{first}/statements/2026-12-28")["due_day"] == "2027-01-22"
    assert (segment(bank, first)[0], segment(bank, second)[0]) == (0, 0)


def test_a_condition_that_cannot_be_asked_is_refused_where_it_stands(bank):
    """With the path in the document."""
    when = {"attribute": "amount", "operator": ">", "value": 1}
    refused = bank.http.put("/v1/program", json=PROGRAM | {"segments": [{"number": 1, "id": "x", "when": when}]})
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert problem["field"] == "segments.0.when"
    assert "amount is not one of product" in problem["message"]
