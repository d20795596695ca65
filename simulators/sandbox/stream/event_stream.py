"""The answer that does not end: a listener's entries, for as long as the client and the server are there."""

from collections.abc import Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from simulators.sandbox.stream.listener import Listener
from simulators.sandbox.stream.streams import LISTENERS_MAX, Streams
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.head import SENT_METHOD

ABORT = "tapwright.abort"
"""The ASGI extension by which an application cuts a connection whose peer reads no more: a function of nothing."""
MEDIA_TYPE = "text/event-stream"
_RETRY_SECONDS = "5"


class EventStream(StreamingResponse):
    """Takes part from the first byte to the last; refuses with 503 where there are too many."""

    media_type = MEDIA_TYPE

    def __init__(self, streams: Streams, listener: Listener) -> None:
        # Proxies are not to gather what is meant to arrive at once.
        super().__init__(listener.blocks(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._streams = streams
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; see ASGI."""
        if SENT_METHOD in scope:  # HEAD: there is no body that could go on
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)
        if not self._streams.join(self._listener, abort):
            detail = f"{LISTENERS_MAX} clients listen already, or the server is about to stop"
            refused = problem.answer(503, "too_many_streams", detail, headers={"Retry-After": _RETRY_SECONDS})
            await refused(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._listener)
