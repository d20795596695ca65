"""The issuer's decisioning webhook: a real one, over a real socket, with every way in which it can fail."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.sandbox.settings.settings import Settings
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.terminal import Terminal
from tests.integration.shops import open_shop
from tokenvault.outgoing.webhook_signatures import secret_bytes, signed_headers, verify_headers

MERCHANT = ("merchant", "merchant_name", "merchant_city")

SECRET = "whsec_dGFwd3JpZ2h0LXRlc3Qtc2VjcmV0"
RULE = {"id": "ask", "state": "live", "action": "ask", "when": {"attribute": "amount", "operator": ">", "value": 1_000}}


class DecisioningWebhook(ThreadingHTTPServer):
    """Answers as it is told to, and remembers what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []
        self.status, self.answer, self.key = 200, {"approved": True}, secret_bytes(SECRET)
        self.headers = {}
        self.released = threading.Event()
        self.released.set()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        """One question."""
        body = self.rfile.read(int(self.headers["content-length"]))
        identifier = self.headers["webhook-id"]
        verify_headers(secret_bytes(SECRET), identifier, int(time.time()), body, self.headers)
        self.server.asked.append(json.loads(body))
        self.server.released.wait(20)
        answer = (
            self.server.answer if isinstance(self.server.answer, bytes) else json.dumps(self.server.answer).encode()
        )
        self.send_response(self.server.status)
        signed = signed_headers(self.server.key, identifier, int(time.time()), answer)
        for name, value in (signed | self.server.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def server():
    """The issuer's server."""
    made = DecisioningWebhook()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def network(tmp_path_factory, server):
    """A network that asks it, and declines without an answer within a second."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("asking") / "data",
        http_port=0,
        iso_port=0,
        log_level="error",
        realtime_decisioning_url=f"http://127.0.0.1:{server.server_address[1]}/decide",
        realtime_decisioning_secret=SECRET,
        realtime_decisioning_deadline_seconds=1.0,
    )
    with running_sandbox(settings) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
        assert httpx.put(f"{sandbox.http_url}/v1/rules/ask", json=RULE, headers=headers).status_code == 200
        yield sandbox


@pytest.fixture
def shop(network, server):
    """A shop of one's own; the server answers as at first."""
    server.status, server.answer, server.key = 200, {"approved": True}, secret_bytes(SECRET)
    server.headers = {}
    server.asked.clear()
    with open_shop(network) as opened:
        yield opened


def test_it_has_the_last_word(server, shop):
    """It hears what it needs, and what it says is answered, held, explained and listed."""
    issuer, account, phone, terminal = shop
    receipt = terminal.pay(phone, 5_000)
    assert receipt.approved
    asked = server.asked[0]["data"]
    assert (asked["amount"], asked["currency"], asked["account_id"]) == (5_000, "EUR", account)
    assert asked["authorization_id"] == receipt.authorization_id
    assert [asked[name] for name in MERCHANT] == ["CAFE00000000001", "TAPWRIGHT CAFE", "BERLIN"]
    assert "pan" not in json.dumps(asked)
    assert issuer.balance(account)["held"] == 5_000
    told = issuer.authorization(receipt.authorization_id)
    assert (told["approved"], told["reason"]) == (True, "approved")
    assert told["checks"][-1] == {
        "name": "issuer_server",
        "outcome": "passed",
        "saw": "answered",
        "bound": "its approval",
        "reason": None,
    }
    server.answer = {"approved": False, "reason": "suspected_fraud"}
    assert terminal.pay(phone, 5_000).answer[39] == "59"
    assert issuer.balance(account)["held"] == 5_000


def test_its_approval_is_posted_and_shown(server, shop):
    """A sale that waited is posted when the webhook approves it, under the decision that waited."""
    issuer, account, phone, terminal = shop
    receipt = terminal.buy(phone, 5_000)
    assert receipt.approved
    (listed,) = issuer.call("GET", f"/v1/transactions?account_id={account}")["data"]
    (shown,) = issuer.authorization(receipt.authorization_id)["postings"]
    assert shown == {name: listed[name] for name in ("id", "kind", "amount", "currency")}
    assert (shown["kind"], shown["amount"]) == ("purchase", 5_000)
    assert [listed[name] for name in MERCHANT] == ["CAFE00000000001", "TAPWRIGHT CAFE", "BERLIN"]
    server.answer = {"approved": False}
    assert issuer.authorization(terminal.buy(phone, 5_000).authorization_id)["postings"] == []


def test_small_ones_are_not_asked_about(server, shop):
    """What no rule asks about is decided at once."""
    _, _, phone, terminal = shop
    assert terminal.pay(phone, 1_000).approved
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "answer", "key", "saw"),
    [
        (500, {"approved": True}, SECRET, "an error"),
        (200, b"yes", SECRET, "an error"),
        (200, {"approved": "yes"}, SECRET, "an error"),
        (200, {"approved": True, "amount": 6_000}, SECRET, "an error"),
        (200, {"approved": True, "amount": 1}, SECRET, "an error"),
        (200, {"approved": False, "reason": "bad_mood"}, SECRET, "an error"),
        (200, b"x" * 70_000, SECRET, "an error"),
        (200, {"approved": True}, "whsec_b3RoZXItdGVzdC1zZWNyZXQtMTI=", "a bad signature"),
    ],
)
def test_without_a_good_answer_the_default_decides(server, shop, status, answer, key, saw):
    """An error, nonsense or a wrong signature: declined as unavailable, and nothing stays held."""
    issuer, account, phone, terminal = shop
    server.status, server.answer, server.key = status, answer, secret_bytes(key)
    receipt = terminal.pay(phone, 5_000)
    assert receipt.answer[39] == "91"
    assert issuer.balance(account)["held"] == 0
    assert issuer.authorization(receipt.authorization_id)["checks"][-1]["saw"] == saw


@pytest.mark.parametrize(
    ("headers", "saw"),
    [
        ({"webhook-timestamp": "9" * 5_000}, "a bad signature"),
        ({"webhook-timestamp": "1795-00000"}, "a bad signature"),
        ({"webhook-id": "auth_0000000000001"}, "a bad signature"),
        ({"webhook-signature": "v1,\xfc\xdf"}, "a bad signature"),
        ({"content-encoding": "gzip"}, "an error"),
    ],
)
def test_headers_that_no_server_should_send(server, shop, headers, saw):
    """The default decides, the terminal is answered, and the hold is settled."""
    issuer, account, phone, terminal = shop
    server.headers = headers
    receipt = terminal.pay(phone, 5_000)
    assert receipt.answer[39] == "91"
    assert issuer.balance(account)["held"] == 0
    assert issuer.authorization(receipt.authorization_id)["checks"][-1]["saw"] == saw


def test_nobody_waits_for_one_that_waits(server, shop):
    """While it has not answered, others are decided; past the deadline the default holds."""
    issuer, account, phone, terminal = shop
    server.released.clear()
    receipts = []
    waiting = threading.Thread(target=lambda: receipts.append(terminal.pay(phone, 5_000)))
    waiting.start()
    while not server.asked:
        threading.Event().wait(0.005)
    assert issuer.balance(account)["held"] == 5_000
    other = Terminal(terminal.address, terminal_id="TERM0002")
    assert other.pay(phone, 500).approved
    assert receipts == []
    waiting.join()
    server.released.set()
    assert receipts[0].answer[39] == "91"
    assert issuer.balance(account)["held"] == 500
    other.close()
