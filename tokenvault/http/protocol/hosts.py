"""Validation of the `Host` of requests: a server answers only for its own hosts (RFC 9110, 7.4).

A proof of possession names the URL that the device meant (`htu`). Where any `Host` would do, whoever stands at another
name could pass a proof that was meant for that name on to this server; and a page of another site, whose name leads
here, could talk to a server on loopback (DNS rebinding).
"""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tokenvault.http.protocol import problem
from tokenvault.outgoing.internet_addresses import address_in, is_loopback
from tokenvault.outgoing.target_uri import named_host


class OwnHosts:
    """An ASGI application that passes only requests for one of the allowed hosts to another one.

    Ours are the address that a connection came in at, loopback, and hosts, each a name or an address.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; see ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = Headers(scope=scope).getlist("host")
        if len(named) > 1:
            answer = problem.answer(400, "bad_request", "a request has one Host header")
        elif named and not self._is_ours(named[0], scope.get("server")):
            detail = (
                "this server does not answer for the host that the request names; the setting http_hosts adds hosts"
            )
            answer = problem.answer(421, "misdirected_request", detail)
        else:
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)

    def _is_ours(self, named: str, server: tuple[str, int | None] | None) -> bool:
        """Whether a Host header, with or without a port, names this server. server: where the connection came in."""
        host = named_host(named)
        if host is None:
            return False
        if is_loopback(host) or host in self._hosts:
            return True
        if server is None:
            return False
        address = address_in(host)
        return host == server[0].lower() if address is None else address == address_in(server[0])
