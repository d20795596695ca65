"""Sending what is due, again and again, beside everything else that the vault does."""

import asyncio

import httpx
import structlog

from tokenvault.background import in_thread
from tokenvault.events.webhooks import DueDelivery, Outcome, due_deliveries, record_outcomes
from tokenvault.guarded_calls import GuardedTransport
from tokenvault.vault import Vault

log = structlog.get_logger()

_AT_ONCE = 32
_PAUSE_SECONDS = 0.25
_ANSWER_SECONDS_MAX = 15.0
NOT_REACHABLE = "not reachable"


class WebhookSender:
    """Sends due deliveries until it is cancelled."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def run(self) -> None:
        """Look for what is due, send it, wait a little."""
        transport = GuardedTransport(self._vault.program.webhook_networks)
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS_MAX, trust_env=False, transport=transport) as client:
            while True:
                try:
                    sent = await self.send_due(client)
                except Exception:
                    log.exception("webhooks_failed")
                    sent = 0
                if not sent:
                    await asyncio.sleep(_PAUSE_SECONDS)

    async def send_due(self, client: httpx.AsyncClient) -> int:
        """Send once what is due; returns how many."""
        due = await in_thread(due_deliveries, self._vault, _AT_ONCE)
        outcomes = await asyncio.gather(*(self._sent(client, delivery) for delivery in due))
        if outcomes:
            await in_thread(record_outcomes, self._vault, outcomes)
        return len(due)

    @staticmethod
    async def _sent(client: httpx.AsyncClient, delivery: DueDelivery) -> Outcome:
        """One try. Whatever goes wrong with it is its outcome alone; of the answer only the status is read.

        Why nobody was reached is in the log only: it would tell a tenant what there is in our network, and what not.
        """
        if delivery.fault:
            return Outcome(delivery, False, delivery.fault)
        try:
            async with (
                asyncio.timeout(_ANSWER_SECONDS_MAX),
                client.stream("POST", delivery.url, content=delivery.body, headers=delivery.headers) as answer,
            ):
                return Outcome(delivery, answer.is_success, f"HTTP {answer.status_code}")
        except Exception as error:
            log.warning("webhook_not_delivered", delivery=delivery.id, error=f"{type(error).__name__}: {error}")
            return Outcome(delivery, False, NOT_REACHABLE)
