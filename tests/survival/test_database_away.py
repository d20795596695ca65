"""The vault's database goes away and comes back: 503 meanwhile, taps go on, and nothing is half done."""

import sqlite3
from contextlib import contextmanager
from unittest import mock

import httpx
import pytest
import sqlalchemy as sa

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox import wiring as sandbox_module
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone
from tests.clock import ManualClock
from tokenvault.storage.database import open_database

HEADERS = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}


@pytest.fixture
def network(tmp_path):
    """A network with a database of its own, and that database."""
    opened = []

    def opening(url):
        opened.append(open_database(url))
        return opened[-1]

    with (
        mock.patch.object(sandbox_module, "open_database", opening),
        running_sandbox(scratch_settings(tmp_path / "data"), ManualClock()) as running,
    ):
        yield running, opened[0]


@contextmanager
def away(database):
    """No connection can be made meanwhile."""

    def refused(*_):
        raise sqlite3.OperationalError("unable to open database file at /secret/path")

    database.dispose()
    sa.event.listen(database, "do_connect", refused)
    yield
    sa.event.remove(database, "do_connect", refused)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/accounts", {}),
        ("POST", "/v1/accounts", {}),
        ("POST", "/v1/accounts", {"Idempotency-Key": "once"}),
        ("GET", "/v1/accounts", {"Authorization": "Bearer a-key-that-is-looked-up-in-the-database"}),
    ],
)
def test_calls_that_need_the_database_are_answered_503(network, method, path, headers):
    """Whichever part of a call is the first to need it; afterwards the same call works, and was not done before."""
    running, database = network
    body = {"currency": "EUR", "credit_limit": 1_000, "transaction_limit": None} if method == "POST" else None
    with httpx.Client(base_url=running.http_url, headers=HEADERS | headers) as http:
        with away(database):
            answer = http.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            assert "secret" not in answer.text
            ready = httpx.get(f"{running.http_url}/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "database_unavailable")
            assert httpx.get(f"{running.http_url}/healthz").status_code == 200
        assert httpx.get(f"{running.http_url}/readyz").status_code == 200
        if "Authorization" not in headers:
            assert http.get("/v1/accounts").json()["data"] == []
            assert http.request(method, path, json=body).status_code < 300


def test_taps_go_on_without_the_database(network):
    """The engine needs no vault to decide."""
    running, database = network
    clock = ManualClock()
    with Issuer(running.http_url) as issuer:
        account = issuer.open_account("EUR", 100_000)["id"]
        phone, terminal = Phone(running.http_url, clock=clock), Terminal(running.iso_address, clock=clock)
        phone.provision(issuer.issue_card(account)["id"])
        with away(database):
            assert terminal.pay(phone, 1_250).approved
        assert issuer.balance(account)["held"] == 1_250
        phone.close()
        terminal.close()
