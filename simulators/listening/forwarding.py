"""Delivers events of the stream to a developer's server, signed as webhooks are, without a registered endpoint.

Whoever runs this names the server, so it may be one on loopback, which an endpoint must not be without a setting.
"""

import base64
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from tokenvault.events.events import Event
from tokenvault.events.webhooks import event_body
from tokenvault.outgoing.webhook_signatures import SECRET_PREFIX, secret_bytes, signed_headers
from tokenvault.vocabulary.event_types import EventType

_SECRET_BYTES = 24
_ANSWER_SECONDS_MAX = 15.0


class Forwarder:
    """Sends each event once, and says what came of it; what fails is not tried again.

    url: of the developer's server.  now: Unix seconds.
    """

    def __init__(self, url: str, now: Callable[[], float] = time.time) -> None:
        self.secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        self._url = url
        self._now = now
        self._http = httpx.Client(timeout=_ANSWER_SECONDS_MAX, trust_env=False)

    def __repr__(self) -> str:
        return f"Forwarder({self._url})"

    def forward(self, data: dict[str, Any]) -> str:
        """Send one event, as the API shows it; returns the outcome in words."""
        event = _event_in(data)
        body = event_body(event)
        headers = signed_headers(secret_bytes(self.secret), event.text_id, int(self._now()), body)
        try:
            answer = self._http.post(self._url, content=body, headers=headers | {"content-type": "application/json"})
        except httpx.TransportError as error:
            return f"not reachable: {error}"
        return f"HTTP {answer.status_code}"

    def close(self) -> None:
        """Send no more."""
        self._http.close()


def _event_in(data: dict[str, Any]) -> Event:
    created_at = int(datetime.fromisoformat(data["created_at"]).timestamp())
    return Event(0, data["id"], EventType(data["type"]), data["resource_id"], data["data"], created_at)
