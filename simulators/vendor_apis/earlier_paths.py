"""The paths that vendor APIs had until version 0.1: in this version they work, with a warning."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulators import warn_of_earlier_name

EARLIER = "/look-alikes/"
NOW = "/vendor-apis/"


class EarlierPaths:
    """Serves a request to an earlier path as one to today's. The answer's `Link` names its successor (RFC 5829)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not scope["path"].startswith(EARLIER):
            await self._app(scope, receive, send)
            return
        warn_of_earlier_name(f"the path {EARLIER}", NOW)
        path = NOW + scope["path"].removeprefix(EARLIER)
        raw_path = NOW.encode() + scope["raw_path"].removeprefix(EARLIER.encode())
        link = b'<%s>; rel="successor-version"' % raw_path

        async def send_with_link(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"link", link)]
            await send(message)

        await self._app({**scope, "path": path, "raw_path": raw_path}, receive, send_with_link)
