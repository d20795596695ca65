"""The stream over real sockets: who hears what, going on where one was, and the end of everything."""

import asyncio
import json
import re
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.sandbox.stream import listener as listening
from simulators.sandbox.stream.streams import LISTENERS_MAX
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for

KEYS = {
    "issuer": sandbox_constants.ISSUER_API_KEY,
    "wallet": sandbox_constants.WALLET_API_KEY,
    "network": sandbox_constants.NETWORK_API_KEY,
    "sandbox": sandbox_constants.SANDBOX_API_KEY,
}


class Client:
    """Reads server-sent events as a browser does."""

    def __init__(self, answer):
        self._lines = answer.iter_lines()
        self.answer, self.id, self.retry = answer, None, None

    def block(self):
        """The next block: its fields. A comment breaks a silence, and no test is to wait for one."""
        fields = {}
        for line in self._lines:
            if not line:
                self.id, self.retry = fields.get("id", self.id), fields.get("retry", self.retry)
                return fields
            name, _, value = line.partition(":")
            assert name, "nothing has come for fifteen seconds"
            fields[name] = value.removeprefix(" ")
        return None

    def next(self):
        """The next entry: (event, data); None where the stream has ended."""
        while (fields := self.block()) is not None:
            if "event" in fields:
                return fields["event"], json.loads(fields["data"])
        return None

    def told(self, count):
        """The next so many entries."""
        return [self.next() for _ in range(count)]


@pytest.fixture
def listen(sandbox):
    """Listens in a scope, or with a key; the stream has begun when this returns."""

    @contextmanager
    def opened(scope="sandbox", topics=None, last=None, url=sandbox.http_url):
        headers = {"Authorization": f"Bearer {KEYS.get(scope, scope)}"} | ({"Last-Event-ID": last} if last else {})
        with (
            httpx.Client(trust_env=False, timeout=60) as http,
            http.stream("GET", f"{url}/v1/stream", params={"topics": topics} if topics else {}, headers=headers) as got,
        ):
            client = Client(got)
            if got.status_code == 200:
                client.block()
            yield client

    return opened


@pytest.fixture
def phone(issuer, new_phone):
    """A phone with an active token on an account of 100.00 EUR."""
    made = new_phone()
    made.provision(issuer.issue_card(issuer.open_account("EUR", 10_000)["id"])["id"])
    return made


def test_a_tap_is_heard_by_everybody_it_concerns(listen, phone, terminal):
    """As their lists show it: the issuer all, a network the merchant's side, a wallet what a phone shows."""
    with ExitStack() as streams:
        clients = {scope: streams.enter_context(listen(scope, "decisions,events")) for scope in ("issuer", "network")}
        clients["wallet"] = streams.enter_context(listen("wallet"))
        receipt = terminal.pay(phone, 1_250)
        told = {scope: dict(client.told(1 if scope == "wallet" else 2)) for scope, client in clients.items()}
    assert {scope: set(entries) for scope, entries in told.items()} == {
        "issuer": {"decision", "event"},
        "network": {"decision", "event"},
        "wallet": {"event"},
    }
    assert {told[scope]["decision"]["id"] for scope in ("issuer", "network")} == {receipt.authorization_id}
    assert told["issuer"]["decision"]["account_id"] is not None
    assert told["network"]["decision"]["account_id"] is None
    assert {entries["event"]["type"] for entries in told.values()} == {"authorization.approved"}
    assert "account_id" in told["issuer"]["event"]["data"]
    assert not {"account_id", "reason"} & told["wallet"]["event"]["data"].keys()
    answer = clients["issuer"].answer
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert clients["issuer"].retry == "1000"


def test_the_same_as_in_the_lists(listen, issuer, phone, terminal):
    """An entry is what the list would have shown."""
    with listen("issuer", "decisions,events") as client:
        terminal.pay(phone, 1_000)
        told = dict(client.told(2))
    assert told["decision"] == issuer.call("GET", "/v1/authorizations?limit=1")["data"][0]
    assert told["event"] == issuer.call("GET", f"/v1/events/{told['event']['id']}")


def test_another_tenant_hears_nothing(sandbox, listen, issuer, phone, terminal):
    """What is not yours is not there: neither decisions nor events."""
    made = {"name": "other", "scopes": ["issuer", "wallet"], "tenant": "other"}
    headers = {"Authorization": f"Bearer {KEYS['sandbox']}"}
    key = httpx.post(f"{sandbox.http_url}/v1/api_keys", json=made, headers=headers).json()["secret"]
    with listen(key, "decisions,events") as other, listen("issuer", "decisions,events") as own:
        terminal.pay(phone, 1_000)
        assert len(own.told(2)) == 2
        opened = httpx.post(
            f"{sandbox.http_url}/v1/accounts",
            json={"currency": "EUR", "credit_limit": 100},
            headers={"Authorization": f"Bearer {key}"},
        )
        event, data = other.next()
    assert (event, data["type"], data["resource_id"]) == ("event", "account.opened", opened.json()["id"])


@pytest.mark.parametrize(
    ("scope", "topics", "last", "status", "field"),
    [
        ("sandbox", "payments", None, 422, "topics"),
        ("sandbox", "decisions", "yesterday", 422, "Last-Event-ID"),
        ("wallet", "decisions", None, 403, None),
        ("issuer", "messages", None, 403, None),
        ("nobody", "events", None, 401, None),
    ],
)
def test_what_cannot_be_heard_is_refused(listen, scope, topics, last, status, field):
    """With a problem document that names the field."""
    with listen(scope, topics, last) as client:
        problem = json.loads(client.answer.read())
    assert problem["status"] == client.answer.status_code == status
    assert [each["field"] for each in problem["errors"]] == ([field] if field else [])


def test_head_says_what_would_come(sandbox):
    """And has an end."""
    headers = {"Authorization": f"Bearer {KEYS['sandbox']}"}
    answer = httpx.head(f"{sandbox.http_url}/v1/stream", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_going_on_where_one_was(listen, issuer, phone, terminal):
    """What happened while nobody listened comes first, in its order; nothing is lost, and nothing comes twice."""
    with listen("issuer", "decisions,events") as client:
        terminal.pay(phone, 1_000)
        first = client.told(2)
        last = client.id
    missed = [terminal.pay(phone, 1_100), terminal.buy(phone, 1_200)]
    issuer.change_token(phone.token_id, "suspend")
    missed.append(terminal.pay(phone, 1_300))
    with listen("issuer", "decisions,events", last) as client:
        told = client.told(3 + 5)
        later = terminal.pay(phone, 1_400)
        told += client.told(2)
    decisions = [data["id"] for event, data in told if event == "decision"]
    assert decisions == [each.authorization_id for each in (*missed, later)]
    events = [data for event, data in told if event == "event"]
    assert {each["type"] for each in events} >= {"token.suspended"}
    assert [each["type"] for each in events if each["type"] != "token.suspended"] == [
        "authorization.approved",
        "authorization.approved",
        "transaction.posted",
        "authorization.declined",
        "authorization.declined",
    ]
    identifiers = [data["id"] for event, data in (*first, *told)]
    assert len(set(identifiers)) == len(identifiers)


def test_resumed_at_every_entry(listen, phone, terminal):
    """Wherever the connection breaks, the rest is what would have come."""
    with listen("issuer", "decisions,events") as client:
        for amount in (100, 200, 300):
            terminal.buy(phone, amount)
        whole, identifiers = [], []
        for _ in range(9):
            whole.append(client.next())
            identifiers.append(client.id)
    for broken_at, last in enumerate(identifiers[:-1]):
        rest = sorted(data["id"] for _, data in whole[broken_at + 1 :])
        with listen("issuer", "decisions,events", last) as client:
            assert sorted(data["id"] for _, data in client.told(len(rest))) == rest


def test_too_long_away_is_a_gap(listen, phone, terminal, monkeypatch):
    """It says between which decisions; the newest follow."""
    monkeypatch.setattr(listening, "RESUMED_DECISIONS_MAX", 2)
    with listen("issuer", "decisions") as client:
        before = client.id
    receipts = [terminal.pay(phone, 100) for _ in range(4)]
    with listen("issuer", "decisions", before) as client:
        (kind, gap), *told = client.told(3)
    assert (kind, gap["topic"]) == ("gap", "decisions")
    assert gap["from"] <= receipts[0].authorization_id
    assert gap["to"] == receipts[1].authorization_id
    assert [data["id"] for _, data in told] == [each.authorization_id for each in receipts[2:]]


def test_an_id_of_another_network(listen, phone, terminal):
    """Its numbers are beyond ours: all of ours is a gap, and what comes is heard."""
    with listen("issuer", "decisions,events", "d900000000.e900000000.p900000000/0/0.m900000000") as client:
        (kind, gap) = client.next()
        receipt = terminal.pay(phone, 100)
        told = dict(client.told(2))
    assert (kind, gap["from"]) == ("gap", "auth_0000000000001")
    assert told["decision"]["id"] == receipt.authorization_id
    assert told["event"]["type"] == "authorization.approved"


def test_clock_messages_and_figures(sandbox, listen, issuer, new_phone, clock):
    """What only the operator hears."""
    url, headers = f"{sandbox.http_url}/v1/simulations/clock", {"Authorization": f"Bearer {KEYS['sandbox']}"}
    with listen("sandbox", "clock,messages,figures") as client:
        assert {client.next()[0] for _ in range(2)} == {"clock", "figures"}
        httpx.post(url, json={"frozen": True}, headers=headers)
        told = {}
        while "clock" not in told:
            told.update([client.next()])
        assert told["clock"]["frozen"]
        httpx.post(url, json={"frozen": False}, headers=headers)
        told = {}
        while told.get("clock") is None:
            told.update([client.next()])
        assert not told["clock"]["frozen"]
        assert told.get("figures", {"commands": 1})["commands"] >= 1


def test_a_seventeenth_client_is_refused(listen):
    """With a problem document, and how soon to try again; when one has left there is room."""
    with ExitStack() as streams:
        for _ in range(LISTENERS_MAX - 1):
            streams.enter_context(listen("issuer", "events"))
        with listen("issuer", "events"), listen("issuer", "events") as refused:
            problem = json.loads(refused.answer.read())
            assert (refused.answer.status_code, problem["code"]) == (503, "too_many_streams")
            assert refused.answer.headers["retry-after"] == "5"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:  # the server hears of the end when the socket tells it
            with listen("issuer", "events") as client:
                if client.answer.status_code == 200:
                    return
    pytest.fail("there is no room for another client")


def test_a_server_that_stops_ends_its_streams(tmp_path, listen):
    """At once, and whoever does not read too: they do not hold it up for the seconds that answers may take."""
    with running_sandbox(settings_for(tmp_path / "data")) as network:
        client, ended = threading.Barrier(2), []

        def hear():
            with listen("sandbox", "events", url=network.http_url) as heard:
                client.wait()
                ended.append(heard.next())

        thread = threading.Thread(target=hear)
        thread.start()
        client.wait()
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 4
    thread.join(10)
    assert ended == [None]


def test_who_does_not_read_holds_up_nobody(tmp_path, monkeypatch):
    """A client whose buffers are full is cut off when the server stops."""

    async def flood(_listener):
        await asyncio.sleep(0)
        return [b": " + b"x" * 1_000_000 + b"\n\n"]

    monkeypatch.setattr(listening.Listener, "next_blocks", flood)
    with socket.socket() as deaf:
        with running_sandbox(settings_for(tmp_path / "data")) as network:
            host, port = re.fullmatch(r"http://(.+):(\d+)", network.http_url).groups()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((host, int(port)))
            head = f"GET /v1/stream HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {KEYS['sandbox']}\r\n\r\n"
            deaf.sendall(head.encode())
            assert deaf.recv(64).startswith(b"HTTP/1.1 200")
            with httpx.Client(base_url=network.http_url, timeout=30) as http:
                assert http.get("/healthz").status_code == 200  # it serves others meanwhile
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 4


def test_requests_and_echo_tests(listen, sandbox, terminal):
    """By those who name them: each once, also after coming back."""
    headers = {"Authorization": f"Bearer {KEYS['sandbox']}"}

    def requested(path):
        return httpx.get(f"{sandbox.http_url}{path}", headers=headers).headers["Request-Id"]

    with listen(topics="requests,undecided_messages") as client:
        first = requested("/v1/nothing")
        event, told = client.next()
        assert (event, told["id"], told["status"], told["path"]) == ("request", first, 404, "/v1/nothing")
        last = client.id
    missed = [requested("/v1/nothing") for _ in range(3)]
    terminal.echo()
    with listen(topics="requests,undecided_messages", last=last) as client:
        told = client.told(5)  # the stream itself is a request too
    assert [data["id"] for event, data in told if event == "request"][:3] == missed
    assert told[3][1]["path"] == "/v1/stream"
    assert (told[4][0], told[4][1]["message_type"], told[4][1]["response_code"]) == ("undecided_message", "0800", "00")
    with listen("network", topics="undecided_messages") as client:
        terminal.echo()
        assert client.next()[1]["reason"] == "network_management"
