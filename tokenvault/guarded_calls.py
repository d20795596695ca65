"""Calls to addresses that others have given us: they reach nothing that only this machine or its network may reach.

A name is looked up here, what it leads to is judged, and the call goes to the very address that was judged: a name that
leads elsewhere a moment later (DNS rebinding) changes nothing (OWASP, server-side request forgery).
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx

from tokenvault.errors import FieldError
from tokenvault.internet_addresses import Address, Network, address_in, may_be_called
from tokenvault.outgoing_tls import trusted_authorities
from tokenvault.target_uri import normalized

_ADDRESSES_MAX = 4
_LOOKED_UP_AT_ONCE = 16
# A connection is made for one name, and with TLS proves that name: it is not kept for another at the same address.
# Who calls bounds how many calls there are: a common bound would let slow hosts take the connections of others.
_NOTHING_KEPT = httpx.Limits(max_connections=None, max_keepalive_connections=0)


class AddressRefused(httpx.ConnectError):
    """A host is at no address that may be called."""


def check_url(field: str, url: str, networks: tuple[Network, ...]) -> None:
    """Raise FieldError unless a URL is one of http or https that names no address that may not be called.

    What a name leads to is judged with each call. networks: those that may be called although they are not public.
    """
    try:
        normalized(url)
        host = httpx.URL(url).raw_host.decode("ascii")
    except (ValueError, httpx.InvalidURL):
        raise FieldError(field, "is no URL that begins with https:// or http:// and the name of a host") from None
    if any(not may_be_called(address, networks) for address in _written_addresses(host)):
        raise FieldError(field, "names an address that this server does not call; see the setting webhook_networks")


def _written_addresses(host: str) -> list[Address]:
    """The address that a host is, in any spelling (`0x7f.1`, `2130706433`), or none for a name; it is not looked up."""
    try:
        return _addresses(host, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []


def _addresses(host: str, flags: int = 0) -> list[Address]:
    """Where a host is, the best first. Raises: OSError or UnicodeError where it is nowhere."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)
    texts = dict.fromkeys(str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found)
    return [address for address in map(address_in, texts) if address is not None]


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends requests to addresses that may be called; follows nothing, keeps no connection."""

    def __init__(self, networks: tuple[Network, ...], inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._networks = networks
        # Threads of their own: whoever serves names may take its time, and nothing else waits for it.
        self._looking_up = ThreadPoolExecutor(_LOOKED_UP_AT_ONCE, "look-up of names")
        self._inner = inner or httpx.AsyncHTTPTransport(
            verify=trusted_authorities(), trust_env=False, limits=_NOTHING_KEPT
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises: AddressRefused, httpx.HTTPError."""
        host = request.url.raw_host.decode("ascii")
        *others, last = await self._callable_addresses(host)
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in others:
            request.url = request.url.copy_with(host=str(address))
            try:
                return await self._inner.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        request.url = request.url.copy_with(host=str(last))
        return await self._inner.handle_async_request(request)

    async def _callable_addresses(self, host: str) -> list[Address]:
        try:
            found = _written_addresses(host) or await asyncio.get_running_loop().run_in_executor(
                self._looking_up, _addresses, host
            )
        except (OSError, UnicodeError):
            raise AddressRefused("the name of the host leads nowhere") from None
        allowed = [each for each in found if may_be_called(each, self._networks)]
        if not allowed:
            raise AddressRefused("the host is at no address that may be called")
        return allowed[:_ADDRESSES_MAX]

    async def aclose(self) -> None:
        """Close what is open."""
        self._looking_up.shutdown(wait=False, cancel_futures=True)
        await self._inner.aclose()
