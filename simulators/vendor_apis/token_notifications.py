"""Notifications of the token service's mock API to a wallet's server: `notifyTokenUpdated`, after the same source.

Unsigned, at least once, in order; the events and webhooks of this API (`/v1/events`) are the richer way.
"""

import asyncio
import uuid
from typing import Any

import httpx
import structlog

from simulators.vendor_apis.token_service import STATUSES
from tokenvault.background.errands import in_thread
from tokenvault.events.events import Event, list_events
from tokenvault.outgoing.outgoing_calls import LookedUpTransport
from tokenvault.tokens.tokens import find_token
from tokenvault.vault import Vault

log = structlog.get_logger()

_PAUSE_SECONDS = 0.2
_AT_ONCE = 50
_ANSWER_SECONDS_MAX = 10.0
_TOLD = ("token.activated", "token.suspended", "token.resumed", "token.deactivated", "token.card_changed")


class TokenNotifier:
    """Tells of changes of tokens until it is cancelled. url: of the wallet's server."""

    def __init__(self, vault: Vault, url: str) -> None:
        self._vault = vault
        self._url = url.rstrip("/") + "/notifyTokenUpdated"
        self._last: str | None = None
        self._has_begun = False

    async def run(self) -> None:
        """Look for what happened since, tell it, wait a little. What happened before the start is not told."""
        if not self._has_begun:
            newest = await in_thread(list_events, self._vault, limit=1)
            self._last, self._has_begun = newest[0].text_id if newest else None, True
        async with httpx.AsyncClient(
            timeout=_ANSWER_SECONDS_MAX, trust_env=False, transport=LookedUpTransport()
        ) as client:
            while True:
                try:
                    await self._tell(client)
                except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                    log.warning("vendor_api_notification_failed", url=self._url, error=type(error).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _tell(self, client: httpx.AsyncClient) -> None:
        for event in await in_thread(self._events):
            if event.type in _TOLD:
                body = await in_thread(self._notification, event)
                # Of the answer the status is read, and nothing else.
                async with (
                    asyncio.timeout(_ANSWER_SECONDS_MAX),
                    client.stream("POST", self._url, json=body) as answer,
                ):
                    answer.raise_for_status()
            self._last = event.text_id

    def _events(self) -> list[Event]:
        return list_events(self._vault, limit=_AT_ONCE, starting_after=self._last, oldest_first=True)

    def _notification(self, event: Event) -> dict[str, Any]:
        token = find_token(self._vault, event.resource_id)
        told = {
            "tokenUniqueReference": token.text_id,
            "status": STATUSES[token.state],
            "suspendedBy": [each.upper() for each in token.suspended_by],
            "statusTimestamp": event.created_at,
        }
        return {"requestId": str(uuid.uuid4()), "responseHost": "localhost", "tokens": [told]}
