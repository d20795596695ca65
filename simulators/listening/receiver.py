"""Receives webhooks and verifies their signatures, for trying things out: one request at a time, each bounded.

A server that takes webhooks into account keeps the identifiers that it has seen as well: a delivery may come twice.
"""

import socket
import socketserver
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from simulators.process.addresses import joined
from tokenvault.outgoing.webhook_signatures import SignatureInvalid, secret_bytes, verify_headers

BODY_BYTES_MAX = 1_000_000
_SILENCE_SECONDS_MAX = 5.0
"""How long a sender may pause before others get their turn."""


@dataclass(frozen=True)
class Delivery:
    """One request. received_at: Unix seconds.  problem: why it is no valid delivery, empty where it is one."""

    received_at: float
    body: bytes = field(repr=False)
    problem: str

    @property
    def is_valid(self) -> bool:
        """Whether its signature is valid."""
        return not self.problem


class Receiver:
    """Listens from the moment it is made.

    port: 0 for a free one.  secret: ``whsec_`` and base 64.  now: Unix seconds.
    Raises: ValueError if the secret is none; OSError if the port cannot be opened.
    """

    def __init__(self, host: str, port: int, secret: str, now: Callable[[], float] = time.time) -> None:
        self._server = _Server(host, port, secret_bytes(secret), now)

    @property
    def url(self) -> str:
        """Where webhooks are to be sent; any path is served."""
        host, port = self._server.server_address[:2]
        return f"http://{joined(str(host), int(port))}/"

    def deliveries(self) -> Iterator[Delivery]:
        """Each request, once it has been answered, as long as it is iterated over."""
        while True:
            self._server.handle_request()
            while self._server.received:
                yield self._server.received.popleft()

    def close(self) -> None:
        """Listen no more; who has not been answered tries again."""
        self._server.server_close()


class _Server(socketserver.TCPServer):
    allow_reuse_address = True

    def __init__(self, host: str, port: int, key: bytes, now: Callable[[], float]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.key, self.now = key, now
        self.received: deque[Delivery] = deque()
        super().__init__((host, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that goes away, for example, ends its own request alone."""
        self.received.append(Delivery(self.now(), b"", f"not answered: {type(sys.exc_info()[1]).__name__}"))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SILENCE_SECONDS_MAX
    server_version, sys_version = "tapwright", ""

    def do_POST(self) -> None:
        """One delivery."""
        length = self.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit():
            self.send_error(411, "a delivery says how long its body is (Content-Length)")
            return
        if len(length) > len(str(BODY_BYTES_MAX)) or int(length) > BODY_BYTES_MAX:
            self.send_error(413, f"a body has at most {BODY_BYTES_MAX} bytes")
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.send_error(400, "the body is shorter than its content-length")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        now = self.server.now()
        problem = ""
        try:
            verify_headers(self.server.key, headers.get("webhook-id", ""), int(now), body, headers)
        except SignatureInvalid as error:
            problem = f"signature invalid: {error}"
        self.send_response(401 if problem else 204)
        self.end_headers()
        self.server.received.append(Delivery(now, body, problem))

    def log_error(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's word
        """Keep why a request was no delivery at all."""
        self.server.received.append(Delivery(self.server.now(), b"", f"refused: {format % arguments}"))

    def log_message(self, format: str, *_arguments: Any) -> None:  # noqa: A002 - the library's word
        """Print nothing: whoever iterates over the deliveries does."""
