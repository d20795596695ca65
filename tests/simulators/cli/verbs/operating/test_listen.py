"""``tapwright listen`` against a real server: what it prints, and what it delivers."""

import json
import os
import subprocess
import sys

import pytest

from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from tests.integration.test_webhooks import Receiver, is_signed


@pytest.fixture
def receiver():
    """A developer's server."""
    made = Receiver()
    yield made
    made.close()


class Listening:
    """A process that listens."""

    verb = "listen"

    def __init__(self, url, *flags):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulators.cli", self.verb, "--url", url, *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self):
        assert self.process.stderr.readline() == "tapwright: listening; Ctrl-C ends it\n"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=30)

    def line(self):
        """The next line that it prints."""
        return self.process.stdout.readline().rstrip("\n")


@pytest.fixture
def phone(issuer, new_phone):
    """A phone with an active token on an account of 100.00 EUR."""
    made = new_phone()
    made.provision(issuer.issue_card(issuer.open_account("EUR", 10_000)["id"])["id"])
    return made


def test_it_prints_what_happens(sandbox, phone, terminal):
    """As JSON for programs."""
    with Listening(sandbox.http_url, "--json", "--topics", "clock,decisions") as listening:
        assert json.loads(listening.line())["event"] == "clock"
        receipt = terminal.pay(phone, 1_250)
        told = json.loads(listening.line())
    assert (told["event"], told["data"]["id"]) == ("decision", receipt.authorization_id)


def test_lines_for_people(sandbox, phone, terminal):
    """Everything but figures, where no topics are named."""
    with Listening(sandbox.http_url) as listening:
        assert "  clock  " in listening.line()
        receipt = terminal.pay(phone, 1_250)
        lines = {listening.line() for _ in range(2)}
    assert any(f"decision  {receipt.authorization_id}  00 approved  12.50 EUR" in line for line in lines), lines
    assert any(f"event  authorization.approved  {receipt.authorization_id}" in line for line in lines), lines


def test_it_delivers_events_as_webhooks_are(sandbox, phone, terminal, receiver):
    """Signed with the secret that it prints, to a server on loopback; the outcome is printed."""
    with Listening(sandbox.http_url, "--forward-to", receiver.url) as listening:
        secret = listening.line().removeprefix("secret of the signatures: ")
        terminal.pay(phone, 1_250)
        assert listening.line().endswith("  HTTP 204")
    headers, body = receiver.got[0]
    assert is_signed(secret, headers, body)
    told = json.loads(body)
    assert told["type"] == "authorization.approved"
    assert told["id"] == {name.lower(): value for name, value in headers.items()}["webhook-id"]
    assert told.keys() == {"id", "type", "timestamp", "resource_id", "data"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--forward-to", "nowhere"], "--forward-to 'nowhere' is not a URL"),
        (["--forward-to", "http://127.0.0.1:9/", "--topics", "clock"], "--forward-to delivers events"),
        (["--api-key", "ü"], "--api-key must have ASCII characters only"),
        (["--api-key", ""], "--api-key must be a key"),
    ],
)
def test_wrong_arguments(capsys, flags, said):
    """They are named."""
    assert main(["listen", *flags]) == 2
    assert said in capsys.readouterr().err


def test_what_the_server_refuses_is_said(sandbox, capsys):
    """In its words, with exit code 1; and that no server is there."""
    assert main(["listen", "--url", sandbox.http_url, "--topics", "weather"]) == 1
    assert "topics: each must be one of" in capsys.readouterr().err
    key = sandbox_constants.WALLET_API_KEY
    assert main(["listen", "--url", sandbox.http_url, "--topics", "decisions", "--api-key", key]) == 1
    assert "the topic decisions requires an API key with the scope" in capsys.readouterr().err
    assert main(["listen", "--url", "http://127.0.0.1:9"]) == 1
    assert "no server at http://127.0.0.1:9" in capsys.readouterr().err
