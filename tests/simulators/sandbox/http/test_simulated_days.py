"""Days of a sandbox, over its API: they end when its clock crosses midnight, and when they are asked to."""

import time
from datetime import UTC, datetime

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit
from tests.clock import ManualClock

PROGRAM = {"time_zone": "Europe/Berlin", "products": [{"number": 1, "id": "phone_card"}]}
DAYS, CLOCK, SNAPSHOTS = "/v1/simulations/days", "/v1/simulations/clock", "/v1/simulations/snapshots"


@pytest.fixture
def bank():
    """A network whose program is in force, and an account in it that owes 85.00; statements are cut on the fifth.

    Its clock stands at 2026-11-25 12:00 UTC.
    """
    clock = ManualClock()
    with scratch_sandbox(clock) as sandbox, TestKit(sandbox.http_url, sandbox.iso_address, clock) as kit:
        kit.issuer.call("PUT", "/v1/program", PROGRAM)
        kit.clock.freeze()
        kit.clock.set_to(datetime(2026, 11, 25, 12, tzinfo=UTC))
        kit.owing = kit.account(product=1, cut_day=5)
        phone, terminal = kit.phone(kit.card(kit.owing)), kit.terminal()
        terminal.buy(phone, 8_500)
        yield kit


def _status(kit, **expected):
    """How far days are closed, once it is as expected: the clock was moved a moment ago. Raises: AssertionError."""
    until = time.monotonic() + 30
    while True:
        told = kit.issuer.call("GET", DAYS)
        if expected.items() <= told.items():
            return told
        assert time.monotonic() < until, told


def test_days_are_closed_when_the_clock_crosses_midnight(bank):
    """At 23:00 UTC it is midnight in Berlin. The statement is cut with the end of the fifth."""
    bank.clock.set_to(datetime(2026, 12, 5, 22, 59, 59, tzinfo=UTC))
    told = _status(bank, closed_until="2026-12-04", closing=None)
    assert (told["today"], told["accounts"], told["statements"]) == ("2026-12-05", 1, 0)
    bank.clock.advance(1)
    told = _status(bank, closed_until="2026-12-05", closing=None)
    assert (told["today"], told["statements"]) == ("2026-12-06", 1)
    assert "tapwright_statements_cut_total 1.0" in _metrics(bank)
    assert "tapwright_days_rows_left 0.0" in _metrics(bank)


def _metrics(kit):
    return httpx.get(f"{kit.http_url}/metrics", trust_env=False).text


def test_a_clock_that_is_set_forward_by_a_year_closes_365_days(bank):
    """Twelve statements are cut, and the late fees and interest of what nobody pays are posted."""
    bank.clock.set_to(datetime(2027, 11, 25, 12, tzinfo=UTC))
    told = _status(bank, closed_until="2027-11-24", closing=None)
    assert told["statements"] == 12
    assert bank.balance(bank.owing)["posted"] > 8_500


def test_days_are_closed_on_request(bank):
    """The answer says what came of it; the clock stands just behind the end of the last day."""
    closed = bank.issuer.call("POST", DAYS, {"until": "2027-02-05"})
    assert closed.pop("seconds") >= 0
    assert closed.pop("postings") > 0
    assert closed == {"until": "2027-02-05", "days": 73, "accounts": 1, "statements": 3}
    assert bank.issuer.call("GET", CLOCK)["now"].startswith("2027-02-05T23:00:00")
    assert bank.issuer.call("GET", DAYS) == {
        "today": "2027-02-06",
        "closed_until": "2027-02-05",
        "closing": None,
        "accounts": 1,
        "statements": 3,
    }


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("2026-11-24", "is over already"),
        ("2036-12-01", "is more than ten years ahead"),
        ("2027-02-30", ""),
        ("2027-2-5", "a date such as 2027-02-05"),
        ("20270205", "a date such as 2027-02-05"),
        ("1801440000", "a date such as 2027-02-05"),
        (1_801_440_000, "a date such as 2027-02-05"),
        (None, "a date such as 2027-02-05"),
    ],
)
def test_a_date_that_cannot_be_closed_is_named(bank, until, why):
    """In the past, too far ahead, or no date at all; the clock stays where it is."""
    before = bank.issuer.call("GET", CLOCK)
    answer = httpx.post(f"{bank.http_url}{DAYS}", json={"until": until}, headers=_operator(), trust_env=False)
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, ["until"])
    assert why in answer.text
    assert bank.issuer.call("GET", CLOCK) == before


def _operator():
    return {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}


def test_a_network_that_is_put_back_is_closed_again(bank):
    """After a snapshot was put back, its days are closed as they were the first time."""
    bank.issuer.call("POST", SNAPSHOTS, {"name": "before"})
    first = bank.issuer.call("POST", DAYS, {"until": "2027-02-05"})
    owed = bank.balance(bank.owing)
    bank.issuer.call("POST", f"{SNAPSHOTS}/before/reset")
    assert bank.balance(bank.owing)["posted"] == 8_500
    _status(bank, closed_until="2026-11-24", closing=None)
    second = bank.issuer.call("POST", DAYS, {"until": "2027-02-05"})
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    assert bank.balance(bank.owing) == owed


def test_without_a_product_days_pass_and_nothing_is_sent():
    """A network that has no books is as it was before there were any."""
    clock = ManualClock()
    with scratch_sandbox(clock) as sandbox, TestKit(sandbox.http_url, sandbox.iso_address, clock) as kit:
        phone = kit.phone()
        kit.terminal().buy(phone, 8_500)
        closed = kit.clock.close_days(days=40)
        assert (closed["days"], closed["accounts"], closed["statements"]) == (40, 0, 0)
        sequence = kit.issuer.call("POST", "/v1/simulations/history/rebuild")["durable_sequence"]
        clock.advance(40 * 86_400)
        told = kit.issuer.call("GET", DAYS)
        assert (told["today"], told["closed_until"]) == ("2027-02-12", "2027-02-11")
        assert kit.issuer.call("POST", "/v1/simulations/history/rebuild")["durable_sequence"] == sequence
