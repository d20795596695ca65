"""Events by polling and by webhook, against a receiver with a real socket that verifies signatures by itself."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import sqlalchemy as sa
import structlog

from simulators.parties import sandbox_constants
from tests.clock import ManualClock
from tests.tokenvault.stories import active_token, new_card, rows
from tests.tokenvault.vaults import new_vault
from tokenvault.events import webhooks
from tokenvault.events.events import list_events
from tokenvault.events.webhook_delivery import WebhookSender
from tokenvault.events.webhooks import RETRY_SECONDS, DeliveryState
from tokenvault.keys.sealing import WEBHOOK_SECRET
from tokenvault.storage import schema
from tokenvault.vocabulary.errors import FieldError, NotFound
from tokenvault.vocabulary.event_types import EventType

WALLET = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}


class Receiver:
    """A server that answers as it is told and keeps what it got."""

    def __init__(self):
        self.status, self.got = 204, []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        """End the server."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver():
    """A receiver."""
    made = Receiver()
    yield made
    made.close()


def is_signed(secret, headers, body):
    """Whether a message carries the signature that Standard Webhooks asks for."""
    headers = {name.lower(): value for name, value in headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def send_due(vault):
    """Send once what is due."""

    async def send():
        async with httpx.AsyncClient(trust_env=False) as client:
            return await WebhookSender(vault).send_due(client)

    return asyncio.run(send())


@pytest.fixture
def vault():
    """A vault on a clock of its own."""
    made = new_vault(ManualClock())
    yield made
    made.database.dispose()


def test_what_is_sent(vault, receiver):
    """Every event of the wanted types once, signed, with the event's identifier; others are not sent."""
    new = webhooks.add_endpoint(vault, receiver.url, [EventType.TOKEN_ACTIVATED, EventType.CARD_ISSUED])
    active_token(vault)
    assert send_due(vault) == 2
    assert send_due(vault) == 0
    told = [json.loads(body) for _, body in receiver.got]
    assert sorted(each["type"] for each in told) == ["card.issued", "token.activated"]
    for (headers, body), event in zip(receiver.got, told, strict=True):
        assert is_signed(new.secret, headers, body)
        assert headers["webhook-id"] == event["id"]
        assert event["timestamp"] == "2026-11-24T12:00:00Z"
    states = {delivery.state for delivery in webhooks.list_deliveries(vault, limit=10)}
    assert states == {DeliveryState.DELIVERED}


@pytest.mark.parametrize("broken", ["key", "event"])
def test_a_delivery_that_cannot_be_made_ready_keeps_back_no_other(vault, receiver, broken):
    """A secret that opens no more, an event of a type that nobody knows: a failed try of that delivery alone."""
    webhooks.add_endpoint(vault, receiver.url, [EventType.CARD_ISSUED])
    new_card(vault)
    with vault.database.begin() as connection:
        if broken == "key":
            connection.execute(sa.update(schema.webhook_endpoints).values({WEBHOOK_SECRET.sealed: b"rotten"}))
        else:
            connection.execute(sa.update(schema.events).values(type="card.eaten"))
    webhooks.add_endpoint(vault, receiver.url + "/2", [EventType.CARD_ISSUED])
    new_card(vault)
    with structlog.testing.capture_logs() as logged:
        send_due(vault)
    with vault.reading() as connection:
        table = schema.webhook_deliveries
        told = connection.execute(sa.select(table.c.last_outcome, table.c.state).order_by(table.c.id)).all()
    failed = [each for each in told if each.last_outcome.startswith("not ready: ")]
    assert len(failed) == [each["event"] for each in logged].count("webhook_not_ready") > 0
    assert {each.state for each in failed} == {DeliveryState.PENDING}
    assert len(receiver.got) == len(told) - len(failed) > 0


def test_retries_back_off_and_end(vault, receiver):
    """Each attempt comes later than the one before; after the last the delivery is dead, and a replay revives it."""
    webhooks.add_endpoint(vault, receiver.url, [EventType.CARD_ISSUED])
    receiver.status = 500
    new_card(vault)
    for wait in RETRY_SECONDS:
        assert send_due(vault) == 1
        assert send_due(vault) == 0
        vault.clock.advance(wait - 1)
        assert send_due(vault) == 0
        vault.clock.advance(1)
    assert send_due(vault) == 1
    (dead,) = webhooks.list_deliveries(vault, limit=10, state=DeliveryState.DEAD)
    assert (dead.attempts, dead.last_outcome) == (len(RETRY_SECONDS) + 1, "HTTP 500")
    vault.clock.advance(10**6)
    assert send_due(vault) == 0
    receiver.status = 200
    assert webhooks.replay_delivery(vault, dead.text_id).state is DeliveryState.PENDING
    assert send_due(vault) == 1
    assert webhooks.list_deliveries(vault, limit=10)[0].state is DeliveryState.DELIVERED
    identifiers = {headers["webhook-id"] for headers, _ in receiver.got}
    assert identifiers == {dead.event.text_id}


def test_nobody_there(vault):
    """A refused connection is an outcome like another."""
    webhooks.add_endpoint(vault, "http://127.0.0.1:1/", [])
    new_card(vault)
    assert send_due(vault) == 2
    assert {each.last_outcome for each in webhooks.list_deliveries(vault, limit=9)} == {"not reachable"}


class _Endless(httpx.AsyncByteStream):
    """A body that never ends."""

    async def __aiter__(self):
        while True:
            yield b"x" * 1_000
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda _request: httpx.Response(200, stream=_Endless()), "HTTP 200"),
        (lambda _request: httpx.Response(307, headers={"location": "/"}), "HTTP 307"),
        (lambda _request: 1 / 0, "not reachable"),
        (lambda _request: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=_Endless()), "HTTP 200"),
    ],
    ids=["endless", "redirect", "a fault", "packed"],
)
def test_whatever_an_endpoint_does(vault, answer, outcome):
    """Is the outcome of its own delivery: the status is enough, and one that fails keeps nothing from the others."""
    webhooks.add_endpoint(vault, "http://odd.test/", [EventType.CARD_ISSUED])
    webhooks.add_endpoint(vault, "http://good.test/", [EventType.CARD_ISSUED])
    new_card(vault)

    async def send():
        def answered(request):
            return answer(request) if request.url.host == "odd.test" else httpx.Response(204)

        async with httpx.AsyncClient(transport=httpx.MockTransport(answered)) as client:
            return await WebhookSender(vault).send_due(client)

    assert asyncio.run(send()) == 2
    assert sorted(each.last_outcome for each in webhooks.list_deliveries(vault, limit=9)) == sorted(
        ["HTTP 204", outcome]
    )


def test_endpoints_come_and_go(vault, receiver):
    """A removed endpoint gets nothing any more, not even what was on its way; its secret lies sealed."""
    new = webhooks.add_endpoint(vault, receiver.url, [])
    assert new.secret not in repr(new)
    assert new.secret.encode() not in rows(vault, "webhook_endpoints")[0].sealed_secret
    new_card(vault)
    assert [each.id for each in webhooks.list_endpoints(vault, limit=5)] == [new.endpoint.id]
    webhooks.remove_endpoint(vault, new.endpoint.text_id)
    assert send_due(vault) == 0
    for act in (webhooks.remove_endpoint, webhooks.replay_delivery):
        with pytest.raises(NotFound):
            act(vault, new.endpoint.text_id)
    with pytest.raises(FieldError):
        webhooks.add_endpoint(vault, "ftp://example.com", [])


def test_polling_misses_nothing(vault):
    """Oldest first, from the last that was seen: each once, in the order of their commit."""
    seen, last = [], None
    for _ in range(4):
        active_token(vault)
        while page := list_events(vault, limit=3, starting_after=last, oldest_first=True):
            seen += page
            last = page[-1].text_id
    assert [event.sequence for event in seen] == list(range(1, len(seen) + 1))
    newest = list_events(vault, limit=1)[0]
    assert newest == seen[-1]
    assert list_events(vault, limit=1, starting_after=newest.text_id)[0] == seen[-2]


def test_over_the_wire(sandbox, issuer, new_phone, receiver):
    """A wallet registers an endpoint and is told of its token's suspension within seconds."""
    with httpx.Client(base_url=sandbox.http_url, headers=WALLET, trust_env=False) as http:
        body = {"url": receiver.url, "event_types": ["token.suspended"]}
        made = http.post("/v1/webhook_endpoints", json=body).json()
        phone = new_phone()
        phone.provision(issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])["id"])
        issuer.change_token(phone.token_id, "suspend")
        deadline = time.monotonic() + 20
        while not receiver.got and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        headers, sent = receiver.got[0]
        assert is_signed(made["secret"], headers, sent)
        event = json.loads(sent)
        assert (event["type"], event["resource_id"]) == ("token.suspended", phone.token_id)
        assert event["data"]["initiator"] == "issuer"
        assert http.get(f"/v1/events/{event['id']}").json()["data"] == event["data"]
        assert "secret" not in http.get("/v1/webhook_endpoints").text
        assert http.delete(f"/v1/webhook_endpoints/{made['id']}").status_code == 204
