"""Calls to URLs that others have given: they cannot reach hosts of the server's own network.

A name is looked up here, what it leads to is judged, and the call goes to the very address that was judged: a name that
leads elsewhere a moment later (DNS rebinding) changes nothing (OWASP, server-side request forgery).
"""

import httpx

from tokenvault.outgoing.host_names import written_addresses
from tokenvault.outgoing.internet_addresses import Address, Network, may_be_called
from tokenvault.outgoing.outgoing_calls import LookedUpTransport
from tokenvault.outgoing.outgoing_tls import trusted_authorities
from tokenvault.outgoing.target_uri import normalized
from tokenvault.vocabulary.errors import FieldError

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
        raise FieldError(field, "must be a URL that begins with https:// or http:// and a host") from None
    if any(not may_be_called(address, networks) for address in written_addresses(host)):
        raise FieldError(field, "has an address that this server does not call; see the setting webhook_networks")


class GuardedTransport(LookedUpTransport):
    """Sends requests to addresses that may be called; follows nothing, keeps no connection. Raises: AddressRefused."""

    def __init__(self, networks: tuple[Network, ...], inner: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(
            inner or httpx.AsyncHTTPTransport(verify=trusted_authorities(), trust_env=False, limits=_NOTHING_KEPT)
        )
        self._networks = networks

    def _allowed(self, found: list[Address]) -> list[Address]:
        allowed = [each for each in found if may_be_called(each, self._networks)]
        if not allowed:
            raise AddressRefused("the host has no address that may be called")
        return allowed
