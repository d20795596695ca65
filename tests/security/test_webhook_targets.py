"""Webhooks: what a tenant names as its endpoint makes this server call nothing inside (server-side request forgery)."""

import asyncio
import socket
import ssl
from functools import partial
from ipaddress import ip_address, ip_network

import httpx
import pytest
import structlog

from simulators.sandbox.settings.loading import load_settings
from tests.clock import ManualClock
from tests.security.certificates import Authority
from tests.tokenvault.stories import new_card
from tests.tokenvault.vaults import new_vault
from tokenvault.events import webhooks
from tokenvault.events.webhook_delivery import WebhookSender
from tokenvault.outgoing.guarded_calls import AddressRefused, GuardedTransport
from tokenvault.outgoing.internet_addresses import LOOPBACK, may_be_called
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text

NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "fe80::1",
    "fd00:ec2::254",
    "::",
    "ff02::1",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "255.255.255.255",
    "fc00::1",
    "fec0::1",
    "2002:a00:1::1",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1"]


@pytest.fixture
def vault():
    """A vault on a clock of its own."""
    made = new_vault(ManualClock())
    yield made
    made.database.dispose()


@pytest.mark.parametrize("text", [*NEVER, *PRIVATE])
def test_addresses_that_nobody_calls(text):
    """Link-local, private and shared addresses and services of clouds, also inside IPv6 addresses."""
    assert not may_be_called(ip_address(text), LOOPBACK)


def test_addresses_that_may_be_called():
    """Public ones, and loopback and private ones where the settings say so; link-local ones however."""
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert all(may_be_called(ip_address(text), ()) for text in PUBLIC)
    for text in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert may_be_called(ip_address(text), LOOPBACK)
        assert not may_be_called(ip_address(text), ())
    assert all(may_be_called(ip_address(text), everything) for text in PRIVATE)
    assert not any(may_be_called(ip_address(text), everything) for text in NEVER)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0xa9.0xfe.0xa9.0xfe/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://10.1/",
        "http://192.168.0.1:8080/",
        "http://0/",
        "http://good.example@169.254.169.254/",
        "http://user:word@good.example/",
        "http:///hook",
        "http://[bad/",
        "ftp://good.example/",
    ],
)
def test_no_such_endpoint_is_taken(vault, url):
    """By whatever spelling; the field is named and nothing is kept."""
    with pytest.raises(FieldError) as refused:
        webhooks.add_endpoint(vault, url, [])
    assert refused.value.field == "url"
    assert not webhooks.list_endpoints(vault, limit=5)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]/", "https://hooks.example/"]
)
def test_other_endpoints_are_taken(vault, url):
    """Loopback in the sandbox, and names, which are judged when they are called."""
    assert webhooks.add_endpoint(vault, url, []).endpoint.url == url


def _names(monkeypatch, **addresses):
    """A name service of one's own; a list is what a name leads to, look-up after look-up."""
    true = socket.getaddrinfo

    def found(host, port, type=0, flags=0):  # noqa: A002
        if flags & socket.AI_NUMERICHOST or host not in addresses:
            return true(host, port, type=type, flags=flags)
        told = addresses[host]
        if not told:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [
            (socket.AF_INET, type, 6, "", (each, 0)) for each in (told.pop(0) if isinstance(told[0], list) else told)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)


class _Called(httpx.AsyncBaseTransport):
    """Keeps which addresses were called, and answers all but some."""

    def __init__(self, deaf=()):
        self.requests, self.deaf = [], deaf

    async def handle_async_request(self, request):
        self.requests.append((request.url.host, request.headers["host"], request.extensions["sni_hostname"]))
        if request.url.host in self.deaf:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(204)


def _called(url, networks=LOOPBACK, times=1, deaf=()):
    called = _Called(deaf)

    async def call():
        async with httpx.AsyncClient(transport=GuardedTransport(networks, called), trust_env=False) as client:
            for _ in range(times):
                await client.post(url, content=b"{}")

    try:
        asyncio.run(call())
    except AddressRefused:
        called.requests.append("refused")
    return called.requests


def test_a_name_is_judged_by_where_it_leads(monkeypatch):
    """The address that was judged is the one that is called, under the name's own Host and certificate."""
    _names(monkeypatch, **{"hooks.example": ["93.184.216.34"], "inside.example": ["10.0.0.7"], "meta": NEVER[:1]})
    assert _called("https://hooks.example:444/a") == [("93.184.216.34", "hooks.example:444", "hooks.example")]
    assert _called("http://inside.example/") == ["refused"]
    assert _called("http://inside.example/", (ip_network("10.0.0.0/8"),))[0][0] == "10.0.0.7"
    assert _called("http://meta/", (ip_network("0.0.0.0/0"),)) == ["refused"]


def test_a_name_that_leads_elsewhere_a_moment_later(monkeypatch):
    """Each call has one look-up, and what it gave is judged (DNS rebinding)."""
    _names(monkeypatch, **{"turning.example": [["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34"]]})
    assert [each[0] for each in _called("http://turning.example/", (), times=2)] == ["93.184.216.34", "r"]


def test_a_name_with_many_addresses(monkeypatch):
    """Those that may be called are tried in turn, the others never."""
    _names(monkeypatch, **{"many.example": ["10.0.0.1", "93.184.216.34", "169.254.169.254", "93.184.216.35"]})
    called = _called("http://many.example/", deaf=["93.184.216.34"])
    assert [each[0] for each in called] == ["93.184.216.34", "93.184.216.35"]


def test_loopback_by_any_name():
    """An address in brackets stays one."""
    assert _called("http://[::1]:8000/") == [("::1", "[::1]:8000", "::1")]
    assert _called("http://127.0.0.1:8000/", ()) == ["refused"]


def test_a_tenant_is_told_nothing_of_our_network(vault, monkeypatch):
    """Refused, closed and unknown look alike; the log has why, and names the deliveries as the API does."""
    names = {"inside.example": ["10.0.0.7"], "closed.example": ["127.0.0.1"], "nowhere.example": []}
    _names(monkeypatch, **names)
    for host in names:
        webhooks.add_endpoint(vault, f"http://{host}:1/", [EventType.CARD_ISSUED])
    new_card(vault)

    async def send():
        async with httpx.AsyncClient(transport=GuardedTransport(LOOPBACK), trust_env=False) as client:
            return await WebhookSender(vault).send_due(client)

    with structlog.testing.capture_logs() as logged:
        assert asyncio.run(send()) == 3
    deliveries = webhooks.list_deliveries(vault, limit=9)
    assert {each.last_outcome for each in deliveries} == {"not reachable"}
    told = [each["delivery"] for each in logged if each["event"] == "webhook_not_delivered"]
    assert sorted(told) == sorted(to_text(Prefix.WEBHOOK_DELIVERY, each.id) for each in deliveries)


@pytest.fixture
def secured(tmp_path):
    """A server whose certificate is for 127.0.0.1 and for no name: its port, and whom to trust."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    authority = Authority(tmp_path, "hooks")
    certificate, key, _ = authority.certificate("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return partial(asyncio.start_server, answer, "127.0.0.1", 0, ssl=context), authority.file


def test_a_certificate_is_for_the_name_that_was_given(secured):
    """The call goes to an address, and the server still proves the URL's own host."""
    serve, authorities = secured
    trusted = ssl.create_default_context(cafile=str(authorities))

    async def call(host):
        async with await serve() as server:
            port = server.sockets[0].getsockname()[1]
            transport = GuardedTransport(LOOPBACK, httpx.AsyncHTTPTransport(verify=trusted, trust_env=False))
            async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
                return (await client.post(f"https://{host}:{port}/")).status_code

    assert asyncio.run(call("127.0.0.1")) == 204
    with pytest.raises(httpx.ConnectError, match="localhost"):
        asyncio.run(call("localhost"))


def test_networks_of_the_settings():
    """Loopback by default; others are named."""
    assert load_settings().program().webhook_networks == LOOPBACK
    told = load_settings(webhook_networks=["10.1.0.0/16"]).program().webhook_networks
    assert told == (ip_network("10.1.0.0/16"),)
