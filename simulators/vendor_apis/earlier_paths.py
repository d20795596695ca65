"""The paths that vendor APIs had until version 0.1: in this version they work, with a warning."""

from urllib.parse import quote

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

EARLIER = "/look-alikes/"
NOW = "/vendor-apis/"


class EarlierPaths:
    """Serves a request to an earlier path as one to today's. The answer's `Link` names its successor (RFC 5829).

    Only the path that routes are found by is replaced: a device's proof names the path that was sent (RFC 9449, 4.3).
    The first such request is logged as a warning, once for each server.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not scope["path"].startswith(EARLIER):
            await self._app(scope, receive, send)
            return
        if not self._has_warned:
            self._has_warned = True
            log.warning("earlier_path", path=EARLIER, now=NOW, dropped_in="the next version")
        path = NOW + scope["path"].removeprefix(EARLIER)
        link = f'<{quote(path)}>; rel="successor-version"'.encode()

        async def send_with_link(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"link", link)]
            await send(message)

        await self._app({**scope, "path": path}, receive, send_with_link)
