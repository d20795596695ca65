"""Hosts: a request that names another server's host is refused, whatever its proof of possession says."""

import asyncio
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from simulators.parties import sandbox_constants
from simulators.sandbox.settings.loading import load_settings
from simulators.wallet.phone import Phone
from tokenvault.http.protocol.hosts import OwnHosts
from tokenvault.outgoing.target_uri import is_host

PATH = "/v1/tokens/tok_0000000000001/verification_methods"


@pytest.fixture
def port(sandbox):
    """Where the sandbox listens."""
    return urlsplit(sandbox.http_url).port


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8420", "6.6.6.6", "127.0.0.1.evil.example"])
def test_a_proof_for_another_server_is_no_good_here(sandbox, new_phone, clock, host):
    """Somebody whom the phone has called passes its proof on, under the name that it was meant for."""
    phone = new_phone()
    phone.register()
    elsewhere = Phone(f"http://{host}", clock=clock)
    elsewhere._secure_element = phone._secure_element
    headers = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}", "Host": host}
    answer = httpx.get(
        sandbox.http_url + PATH, headers=headers | {"DPoP": elsewhere.proof("GET", PATH)}, trust_env=False
    )
    elsewhere.close()
    assert (answer.status_code, answer.json()["code"]) == (421, "misdirected_request")


def test_our_own_hosts(sandbox, port):
    """The address that was called and loopback, by name or number, with and without a port."""
    for host in (f"127.0.0.1:{port}", "127.0.0.1", "localhost", f"LOCALHOST:{port}", "[::1]:80", "[::ffff:127.0.0.1]"):
        assert httpx.get(sandbox.http_url + "/healthz", headers={"Host": host}, trust_env=False).is_success, host


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/openapi.json", "/docs", "/v1/accounts", "/v1/nothing"])
def test_no_page_of_another_site_talks_to_a_sandbox(sandbox, path):
    """A name that leads to loopback is another's all the same (DNS rebinding)."""
    answer = httpx.get(sandbox.http_url + path, headers={"Host": "rebound.example"}, trust_env=False)
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "hosts",
    [
        [b"evil.example/@127.0.0.1"],
        [b"127.0.0.1/.evil.example"],
        [b"user@127.0.0.1"],
        [b"127.0.0.1:99999"],
        [b"[::1"],
        [b""],
        [b"\xe4.example"],
        [b"127.0.0.1", b"evil.example"],
        [b"evil.example", b"127.0.0.1"],
    ],
    ids=repr,
)
def test_what_is_no_host_is_refused(port, hosts):
    """Each is refused by name; none of them is a fault of ours."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        named = b"".join(b"Host: " + host + b"\r\n" for host in hosts)
        line.sendall(b"GET /healthz HTTP/1.1\r\n" + named + b"Connection: close\r\n\r\n")
        status = line.makefile("rb").readline().split()[1]
    assert status in (b"400", b"421")


def _asked(server, host, *own):
    app = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("here"))])

    async def asked():
        transport = httpx.ASGITransport(OwnHosts(app, own))
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.get(f"http://{server}/", headers={"Host": host})).status_code

    return asyncio.run(asked())


def test_hosts_of_the_settings():
    """A server that others call has the address that they call, its public URL's host, and those that it is given."""
    assert _asked("10.0.0.5", "10.0.0.5:8420") == 200
    assert _asked("10.0.0.5", "vault.example") == 421
    settings = load_settings(public_url="https://Vault.Example/api", http_hosts=["inside.example", "10.0.0.9"])
    for host in ("vault.example", "INSIDE.example:8420", "10.0.0.9"):
        assert _asked("10.0.0.5", host, *settings.own_hosts()) == 200
    assert _asked("10.0.0.5", "10.0.0.6", *settings.own_hosts()) == 421


def test_what_a_host_is():
    """A name or an address without scheme, port and brackets."""
    assert all(map(is_host, ["vault.example", "Vault.Example", "10.0.0.1", "::1", "localhost"]))
    assert not any(map(is_host, ["", "http://a", "a:80", "[::1]", "a/b", "a@b", "a b", "::1::"]))
