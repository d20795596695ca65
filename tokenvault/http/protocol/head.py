"""`HEAD` wherever `GET` works: the same answer without its body (RFC 9110, 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SENT_METHOD = "tapwright.sent_method"
"""Where the scope keeps the method that was sent: a proof of possession names that one."""


class Head:
    """An ASGI application that passes `HEAD` to another one as `GET`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; see ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", SENT_METHOD: "HEAD"}, receive, without_body)
