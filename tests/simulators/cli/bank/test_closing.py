"""``tapwright bank close`` against a real server: what it says, and what it does to the clock."""

import io
import re
import threading
from datetime import UTC, datetime

import pytest

from simulators.cli.bank import closing
from simulators.cli.command_line import main
from simulators.parties.days_client import DaysClient
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit
from tests.clock import ManualClock

PROGRAM = {"time_zone": "Europe/Berlin", "products": [{"number": 1, "id": "phone_card"}]}


@pytest.fixture
def bank():
    """A bank with an account that owes 85.00; its clock stands at 2026-11-25 12:00 UTC."""
    clock = ManualClock()
    with scratch_sandbox(clock) as sandbox, TestKit(sandbox.http_url, sandbox.iso_address, clock) as kit:
        kit.issuer.call("PUT", "/v1/program", PROGRAM)
        kit.clock.freeze()
        kit.clock.set_to(datetime(2026, 11, 25, 12, tzinfo=UTC))
        phone = kit.phone(kit.card(kit.account(product=1, cut_day=5)))
        kit.terminal().buy(phone, 8_500)
        yield kit


def test_days_are_closed_until_a_date(bank, capsys):
    """One line says what came of it; without a date it is today that ends."""
    assert main(["bank", "close", "--until", "2026-12-05", "--url", bank.http_url]) == 0
    said = capsys.readouterr()
    expected = r"closed 11 days until 2026-12-05: 1 account, 1 statement, 0 postings; \d+\.\d\d s\n"
    assert re.fullmatch(expected, said.out), said.out
    assert said.err == "", "only a terminal is shown how far it has come"
    assert main(["bank", "close", "--url", bank.http_url]) == 0
    assert capsys.readouterr().out.startswith("closed 1 day until 2026-12-06: ")
    assert bank.issuer.call("GET", "/v1/simulations/days")["today"] == "2026-12-07"


def test_a_day_that_is_over_is_refused_with_its_field(bank, capsys):
    """What the server says of the date is shown."""
    assert main(["bank", "close", "--until", "2026-11-24", "--url", bank.http_url]) == 1
    said = capsys.readouterr()
    assert "until: is over already: it is 2026-11-25 in the program's time zone" in said.err
    assert said.out == ""


class Terminal(io.StringIO):
    """What is written to somebody who watches."""

    def isatty(self):
        """Somebody does."""
        return True


def test_a_terminal_is_shown_how_far_it_has_come(monkeypatch):
    """A line that is written over, and is gone in the end."""
    shown, terminal = threading.Event(), Terminal()

    class Watcher:
        def line(self):
            shown.set()
            return "closing days until 2027-02-05: 49,152 of 92,621,400 accounts"

    def work():
        shown.wait(30)
        return {"days": 1}

    monkeypatch.setattr(closing, "_TOLD_EVERY_SECONDS", 0.001)
    monkeypatch.setattr("sys.stderr", terminal)
    assert closing._watched(work, Watcher()) == {"days": 1}
    assert "\rclosing days until 2027-02-05: 49,152 of 92,621,400 accounts" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")


def test_the_line_of_a_server(bank):
    """Empty where nothing is being closed, and where nobody answers."""
    with DaysClient(bank.http_url) as client, DaysClient("http://127.0.0.1:1") as nobody:
        assert client.line() == nobody.line() == ""
        client._issuer.call = lambda *_: {"closing": {"until": "2027-02-05", "rows": 92_621_400, "rows_closed": 0}}
        assert client.line() == "closing days until 2027-02-05: 0 of 92,621,400 accounts"
