"""What stands around the HTTP server, where the applications inside behave badly."""

import asyncio

import pytest
import structlog.testing

from simulators.sandbox.traffic.recent_requests import RecentRequests
from simulators.sandbox.traffic.request_log import RequestLog
from tokenvault.http.protocol.current_request import current_request

SCOPE = {"type": "http", "method": "POST", "path": "/v1/accounts"}


def served(app, scope=SCOPE):
    """What is noted of a request, and what was sent; what the application raises goes through."""
    requests, sent = RecentRequests(lambda: 1.5), []

    async def send(message):
        sent.append(message)

    async def run():
        stopwatch = iter((10.0, 10.25)).__next__
        await RequestLog(app, requests, lambda count: bytes(count - 1) + b"\x01", stopwatch)(scope, None, send)

    try:
        asyncio.run(run())
    finally:
        served.noted, served.sent = requests.newest_first(), sent


def test_an_answer_is_noted_with_its_time():
    """From the first byte of the request to the last of the answer."""

    async def app(_scope, _receive, send):
        assert current_request.get().id == "req_0000000000001"
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"{}"})

    served(app)
    (noted,) = served.noted
    assert (noted.status, noted.milliseconds, noted.time_us) == (201, 250.0, 1_500_000)
    assert served.sent[0]["headers"][-1] == (b"Request-Id", b"req_0000000000001")
    assert current_request.get() is None


def test_an_error_without_an_answer_is_ours():
    """It goes on to the server, which logs it; the log names the request."""

    async def app(_scope, _receive, _send):
        raise RuntimeError("4111111111111111")

    with structlog.testing.capture_logs() as logs, pytest.raises(RuntimeError):
        served(app)
    (noted,) = served.noted
    assert noted.status == 500
    assert logs == [
        {"event": "request_failed", "log_level": "error", "request_id": "req_0000000000001", "method": "POST"}
    ]


def test_who_leaves_gets_no_status():
    """The request is noted as one without an answer."""

    async def app(_scope, _receive, _send):
        return

    served(app)
    (noted,) = served.noted
    assert noted.status is None
    assert noted.has_failed


def test_what_is_no_request_is_passed_on():
    """The server's own messages."""
    seen = []

    async def app(scope, _receive, _send):
        seen.append(scope)

    served(app, {"type": "lifespan"})
    assert seen == [{"type": "lifespan"}]
    assert served.noted == []
