"""Limits of HTTP requests before authentication: the size of the head, and the time to arrive."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulators.sandbox.stream.event_stream import ABORT
from simulators.sandbox.traffic.request_log import RequestLog
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.statuses import title_of

HEAD_BYTES_MAX = 32 * 1024
"""Request line and headers; a DPoP proof takes half a kilobyte."""
HEADERS_MAX = 100
REQUEST_SECONDS_MAX = 20.0
"""From a connection, or the first byte of a further request, to the end of the request."""


class _HeadTooLarge(Exception):
    """Ends the parsing of a head."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's, with bounds on what a peer can make it keep (RFC 9110, 15.5; RFC 6585, 5)."""

    request_seconds_max = REQUEST_SECONDS_MAX

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0  # as they came, while the head has no end
        self._parsed_bytes = 0  # of its headers
        self._framing_bytes = 0  # of a body: sizes of chunks, their extensions, and what follows the last
        self._body_bytes = 0
        self._is_in_head = True
        self._has_begun = False
        self._is_refused = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection; its first request has to come."""
        super().connection_made(transport)
        self._begin_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._end_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes. A head that does not end is refused when it is longer than one may be."""
        if self._is_refused:
            return
        was_in_head, body_before = self._is_in_head, self._body_bytes
        self._has_begun = False
        super().data_received(data)
        if self._is_refused or self._has_begun or was_in_head != self._is_in_head:
            return  # a head or a body began or ended in between
        if self._is_in_head:
            self._head_bytes += len(data)
        elif self._deadline is not None:
            self._framing_bytes += len(data) - (self._body_bytes - body_before)
        # The smallest chunk, of one byte, has a frame of five.
        if self._head_bytes > HEAD_BYTES_MAX or self._framing_bytes > HEAD_BYTES_MAX + 5 * self._body_bytes:
            self._refuse()

    def on_message_begin(self) -> None:
        """A request begins; it may have come with the end of the one before."""
        super().on_message_begin()
        extensions: Any = {ABORT: self.transport.abort}
        self.scope["extensions"] = extensions
        self._is_in_head, self._has_begun = True, True
        self._head_bytes = self._parsed_bytes = self._framing_bytes = self._body_bytes = 0
        if self._deadline is None:
            self._begin_deadline()

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        super().on_url(url)
        if len(self.url) > HEAD_BYTES_MAX:
            self._refuse()
            raise _HeadTooLarge

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        super().on_header(name, value)
        self._parsed_bytes += len(name) + len(value)
        if len(self.headers) > HEADERS_MAX or self._parsed_bytes > HEAD_BYTES_MAX:
            self._refuse()
            raise _HeadTooLarge

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: from now on the peer waits for us."""
        self._end_deadline()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser cannot read, unless it was refused before."""
        if not self._is_refused:
            self._answer_and_close(400, "bad_request", "the HTTP request cannot be parsed")

    def _refuse(self) -> None:
        self._answer_and_close(
            431, "request_header_fields_too_large", f"a head has at most {HEADERS_MAX} headers and 32 KiB"
        )

    def _answer_and_close(self, status: int, code: str, detail: str) -> None:
        self._is_refused = True
        make, served = partial(problem.answer, status, code, detail), self.config.app
        answer = served.refused(make) if isinstance(served, RequestLog) else make()
        lines = [f"HTTP/1.1 {status} {title_of(status)}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + bytes(answer.body))
        self.transport.close()

    def _begin_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.request_seconds_max, self._give_up)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Abort a connection whose request has not arrived completely in time."""
        self._deadline = None
        self.transport.abort()
