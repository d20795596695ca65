"""Outgoing calls to other servers, with host names resolved as in `host_names`."""

import httpx

from tokenvault.outgoing.host_names import HostNames, NameUnknown, written_addresses
from tokenvault.outgoing.internet_addresses import Address
from tokenvault.outgoing.outgoing_tls import trusted_authorities

ON_BEHALF_OF = "on_behalf_of"
"""The extension of a request that names its tenant, so that look-ups of host names are shared fairly."""

_ADDRESSES_MAX = 4


class LookedUpTransport(httpx.AsyncBaseTransport):
    """Sends requests to where the names of their hosts lead. Belongs to one event loop.

    inner: sends them to an address. Where it keeps connections, this is for one host: they are told apart by address.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._names = HostNames()
        self._inner = inner or httpx.AsyncHTTPTransport(verify=trusted_authorities(), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; with TLS, its host proves its name. Raises: httpx.HTTPError."""
        host = request.url.raw_host.decode("ascii")
        *others, last = await self._callable_addresses(host, request.extensions.get(ON_BEHALF_OF, ""))
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in others:
            request.url = request.url.copy_with(host=str(address))
            try:
                return await self._inner.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        request.url = request.url.copy_with(host=str(last))
        return await self._inner.handle_async_request(request)

    async def _callable_addresses(self, host: str, asker: str) -> list[Address]:
        """Where a host may be called, the best first, at least one address. Raises: httpx.ConnectError."""
        try:
            found = written_addresses(host) or await self._names.addresses(host, asker)
        except NameUnknown as error:
            raise httpx.ConnectError(str(error)) from None
        return self._allowed(found)[:_ADDRESSES_MAX]

    def _allowed(self, found: list[Address]) -> list[Address]:
        """Those of some addresses that may be called, at least one. Raises: httpx.ConnectError."""
        return found

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()
