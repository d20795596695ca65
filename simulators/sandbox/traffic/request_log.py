"""What stands around the whole HTTP server: every answer gets a `Request-Id`, and every request is noted.

A caller's own header of that name is not looked at: identifiers are unique only where one side makes them.
"""

import os
import time
from collections.abc import Callable

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulators.sandbox.traffic.recent_requests import RecentRequests
from tokenvault.http.protocol.current_request import REQUEST_ID, CurrentRequest, current_request
from tokenvault.http.protocol.head import SENT_METHOD
from tokenvault.vocabulary.identifiers import Prefix, RandomBytes, new_number, to_text

log = structlog.get_logger()

_OURS = 500
_WATCHING = frozenset({"/healthz", "/readyz", "/metrics"})
"""What supervisors ask every few seconds is not noted, unless it fails."""
_HEADER = REQUEST_ID.encode()
_CONTENT_TYPE, _EVENT_STREAM = b"content-type", b"text/event-stream"


class RequestLog:
    """An ASGI application around another one. stopwatch: seconds on a clock that never runs backwards."""

    def __init__(
        self,
        app: ASGIApp,
        requests: RecentRequests,
        random_bytes: RandomBytes = os.urandom,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._requests = requests
        self._random_bytes = random_bytes
        self._stopwatch = stopwatch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; see ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering = _Answering(self._new(), self._requests, scope, send, self._stopwatch)
        token = current_request.set(answering.request)
        try:
            await self._app(scope, receive, answering.send)
        except Exception:
            answering.has_failed()
            log.error("request_failed", request_id=answering.request.id, method=scope["method"])
            raise
        finally:
            current_request.reset(token)
            answering.note()

    def refused(self, make: Callable[[], Response]) -> Response:
        """The answer to a request that could not be parsed, noted. make: makes it."""
        request, came_us = self._new(), self._requests.now_us()
        token = current_request.set(request)
        try:
            answer = make()
        finally:
            current_request.reset(token)
        answer.headers[REQUEST_ID] = request.id
        self._requests.note(request, came_us, 0.0, None, None, answer.status_code)
        return answer

    def _new(self) -> CurrentRequest:
        return CurrentRequest(to_text(Prefix.REQUEST, new_number(self._random_bytes)))


class _Answering:
    """One request while it is answered."""

    def __init__(
        self,
        request: CurrentRequest,
        requests: RecentRequests,
        scope: Scope,
        send: Send,
        stopwatch: Callable[[], float],
    ) -> None:
        self.request = request
        self._requests = requests
        self._scope = scope
        self._send = send
        self._stopwatch = stopwatch
        self._began, self._came_us = stopwatch(), requests.now_us()
        self._status: int | None = None
        self._is_noted = False

    async def send(self, message: Message) -> None:
        """Send a part of the answer, the first with the identifier."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = [*message["headers"], (_HEADER, self.request.id.encode())]
            message = {**message, "headers": headers}
            if any(name == _CONTENT_TYPE and value.startswith(_EVENT_STREAM) for name, value in headers):
                self.note()  # for it may have no end
        await self._send(message)

    def has_failed(self) -> None:
        """An error of ours ends it."""
        self._status = self._status or _OURS

    def note(self) -> None:
        """Keep it among the latest requests, once."""
        status, path = self._status, self._scope["path"]
        if self._is_noted or (path in _WATCHING and status is not None and status < _OURS):
            return
        self._is_noted = True
        milliseconds = (self._stopwatch() - self._began) * 1_000
        method = self._scope.get(SENT_METHOD, self._scope["method"])
        self._requests.note(self.request, self._came_us, milliseconds, method, path, status)
