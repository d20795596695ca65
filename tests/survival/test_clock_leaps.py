"""The system's clock leaps under a running network: nothing is released, expired or stamped by a time that is not."""

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone
from tests.clock import ManualClock

HEADERS = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
DAYS = 8 * 86_400.0  # a hold lasts seven


@pytest.fixture
def shop(tmp_path):
    """The system's clock and the true time; a network that has both, and somebody to pay there by the true time."""
    system, true = ManualClock(), ManualClock()
    with (
        running_sandbox(scratch_settings(tmp_path / "data"), system, true) as running,
        Issuer(running.http_url) as issuer,
        httpx.Client(base_url=running.http_url, headers=HEADERS) as http,
    ):
        account = issuer.open_account("EUR", 100_000)["id"]
        phone, terminal = Phone(running.http_url, clock=true), Terminal(running.iso_address, clock=true)
        phone.provision(issuer.issue_card(account)["id"])
        yield system, http, lambda: terminal.pay(phone, 1_000), lambda: issuer.balance(account)["held"]
        phone.close()
        terminal.close()


def refused_leap(http):
    """What readiness, the clock and the metrics say of it, which is the same."""
    ready = http.get("/readyz")
    assert ready.status_code == 200
    told = ready.json()["clock"]["refused_leap_seconds"]
    assert http.get("/v1/simulations/clock").json()["refused_leap_seconds"] == told
    assert f"tapwright_refused_clock_leap_seconds {told}" in http.get("/metrics").text
    return told


def test_a_clock_eight_days_ahead_for_one_tap_changes_nothing(shop):
    """The hold before it stands, the tap is stamped with the good time, and the phone's keys work on."""
    system, http, pay, held = shop
    assert pay().approved
    assert refused_leap(http) == 0
    before = http.get("/v1/simulations/clock").json()["now"]
    system.advance(DAYS)
    assert pay().approved
    assert refused_leap(http) == DAYS
    assert http.get("/v1/simulations/clock").json()["now"] == before
    assert held() == 2_000
    system.advance(-DAYS)
    assert refused_leap(http) == 0
    assert pay().approved
    assert held() == 3_000


def test_a_leap_that_the_operator_accepts_is_the_time(shop):
    """Holds whose time is up are released then."""
    system, http, pay, held = shop
    assert pay().approved
    system.advance(DAYS)
    assert refused_leap(http) == DAYS
    assert http.post("/v1/simulations/clock", json={"frozen": False}).json()["refused_leap_seconds"] == DAYS
    assert held() == 1_000
    answer = http.post("/v1/simulations/clock", json={"accept_system_time": True}).json()
    assert answer["refused_leap_seconds"] == 0
    assert refused_leap(http) == 0
    assert held() == 0


def test_the_sandbox_clocks_command_is_no_leap(shop):
    """It goes forward as ever."""
    _, http, pay, held = shop
    assert pay().approved
    http.post("/v1/simulations/clock", json={"advance_seconds": DAYS})
    assert refused_leap(http) == 0
    assert held() == 0


def test_a_server_that_was_down_for_long_starts_with_the_true_time(tmp_path):
    """A leap over a restart is none; and a clock behind the last stamp goes on from there."""
    system = ManualClock()
    started = system.now
    for moment, expected in ((0.0, 0.0), (DAYS, DAYS), (0.0, DAYS)):
        system.now = started + moment
        with (
            running_sandbox(scratch_settings(tmp_path / "data"), system, ManualClock()) as running,
            httpx.Client(base_url=running.http_url, headers=HEADERS) as http,
        ):
            shown = http.post("/v1/simulations/clock", json={"advance_seconds": 0}).json()
            assert refused_leap(http) == 0
            assert shown["now"] == f"2026-{'11-24' if not expected else '12-02'}T12:00:00Z"
