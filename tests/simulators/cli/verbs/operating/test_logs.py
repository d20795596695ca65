"""``tapwright logs`` against a real server: payments, requests and echo tests as they come, and what is left out."""

import json

import httpx
import pytest

from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from tests.simulators.cli.verbs.operating.test_listen import Listening, phone  # noqa: F401 - a fixture

OPERATOR = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}


class Logging(Listening):
    """A process that prints the log."""

    verb = "logs"

    def line_with(self, words):
        """The next line that has certain words in it."""
        while words not in (line := self.line()):
            assert line, "the log has ended"
        return line


def test_a_tap_and_a_404(sandbox, phone, terminal):  # noqa: F811 - the fixture
    """Both sides in one log, with their outcome."""
    with Logging(sandbox.http_url) as logs:
        receipt = terminal.pay(phone, 1_250)
        line = logs.line_with(receipt.authorization_id)
        assert "  iso  0100 " in line
        assert "  00 approved  12.50 EUR  " in line
        answer = httpx.get(f"{sandbox.http_url}/v1/nothing?pan=4111111111111111", headers=OPERATOR)
        line = logs.line_with(answer.headers["Request-Id"])
        assert "  http  GET /v1/nothing  404 not_found  " in line
        assert "4111" not in line
        terminal.echo()
        assert "  00 network_management  DE 70 301  " in logs.line_with("  iso  0800 ")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--http"], [("request", 404), ("request", 200), ("request", 404)]),
        (["--http", "--errors"], [("request", 404), ("request", 404)]),
        (["--http", "--status", "200,500"], [("request", 200)]),
        (["--iso", "--status", "00"], [("undecided_message", "00")]),
    ],
)
def test_what_is_chosen(sandbox, terminal, flags, expected):
    """By side, by outcome and by status."""
    with Logging(sandbox.http_url, "--json", *flags) as logs:
        for path in ("/v1/nothing", "/v1/simulations/clock", "/v1/nothing"):
            httpx.get(f"{sandbox.http_url}{path}", headers=OPERATOR)
        terminal.echo()
        told = [json.loads(logs.line()) for _ in expected]
    outcome = {"request": "status", "undecided_message": "response_code"}
    assert [(each["event"], each["data"][outcome[each["event"]]]) for each in told] == expected


def test_wrong_arguments(capsys, sandbox):
    """They are named; and a key that may not hear both is refused in the server's words."""
    assert main(["logs", "--status", "404,what"]) == 2
    assert "--status 'what' is neither an HTTP status nor a response code (DE 39)" in capsys.readouterr().err
    assert main(["logs", "--api-key", "ü"]) == 2
    for key in (sandbox_constants.ISSUER_API_KEY, sandbox_constants.NETWORK_API_KEY, sandbox_constants.WALLET_API_KEY):
        assert main(["logs", "--url", sandbox.http_url, "--api-key", key, "--http"]) == 1
        assert "the topic requests requires an API key with the scope sandbox" in capsys.readouterr().err
    assert main(["logs", "--url", "http://127.0.0.1:9"]) == 1
