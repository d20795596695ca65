"""Background delivery of due webhooks, with retries."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import httpx
import structlog

from tokenvault.background.errands import in_thread
from tokenvault.events.webhooks import (
    DueDelivery,
    Outcome,
    due_deliveries,
    endpoints_with_due,
    record_outcomes,
    remaining_endpoints,
)
from tokenvault.outgoing.guarded_calls import GuardedTransport
from tokenvault.outgoing.outgoing_calls import ON_BEHALF_OF
from tokenvault.vault import Vault
from tokenvault.vocabulary.identifiers import Prefix, to_text

log = structlog.get_logger()

_ENDPOINTS_AT_ONCE, _DELIVERIES_AT_ONCE = 256, 2
_PAUSE_SECONDS = 0.25
_ANSWER_SECONDS_MAX = 15.0
_SECONDS_A_DELIVERY = 0.004
"""About what one takes of the processor: signed, sent, its outcome recorded."""

Answer = TypeVar("Answer")

NOT_REACHABLE = "not reachable"


class WebhookSender:
    """Sends due deliveries until it is cancelled: each endpoint on its own, so that a slow one delays no other.

    rest_after: how long to rest after so much work, both in seconds, so that others get the processor.
    """

    def __init__(self, vault: Vault, rest_after: Callable[[float], float] = lambda _seconds: 0.0) -> None:
        self._vault = vault
        self._rest_after = rest_after
        self._serving: dict[int, asyncio.Task[int]] = {}
        self._in_the_vault = asyncio.Lock()  # one at a time: it has others to serve

    async def run(self) -> None:
        """Look for what is due, have it sent, wait a little."""
        transport = GuardedTransport(self._vault.program.webhook_networks)
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS_MAX, trust_env=False, transport=transport) as client:
            try:
                while True:
                    try:
                        await self._look_around(client)
                    except Exception:
                        log.exception("webhooks_failed")
                    await asyncio.sleep(_PAUSE_SECONDS)
            finally:
                await _ended(list(self._serving.values()))

    async def send_due(self, client: httpx.AsyncClient) -> int:
        """Send once what is due; returns how many."""
        await self._look_around(client)
        return sum(await asyncio.gather(*self._serving.values()))

    async def _look_around(self, client: httpx.AsyncClient) -> None:
        """Begin with endpoints that something is due for, and end with those that were removed."""
        if self._serving:
            remaining = await self._ask(remaining_endpoints, tuple(self._serving))
            await _ended([task for endpoint, task in self._serving.items() if endpoint not in remaining])
        for endpoint in await self._ask(endpoints_with_due):
            if endpoint not in self._serving and len(self._serving) < _ENDPOINTS_AT_ONCE:
                task = asyncio.create_task(self._serve(client, endpoint))
                self._serving[endpoint] = task
                task.add_done_callback(partial(self._forget, endpoint))

    def _forget(self, endpoint: int, _task: asyncio.Task[int]) -> None:
        self._serving.pop(endpoint, None)

    async def _ask(self, question: Callable[..., Answer], *arguments: Any) -> Answer:
        """Ask the vault something, in a thread."""
        async with self._in_the_vault:
            return await in_thread(question, self._vault, *arguments)

    async def _serve(self, client: httpx.AsyncClient, endpoint: int) -> int:
        """Send what is due for one endpoint until nothing is; returns how many."""
        count = 0
        try:
            while due := await self._ask(due_deliveries, endpoint, _DELIVERIES_AT_ONCE):
                outcomes = await asyncio.gather(*(self._sent(client, delivery) for delivery in due))
                await self._ask(record_outcomes, outcomes)
                count += len(due)
                rest = self._rest_after(_SECONDS_A_DELIVERY * len(due) * len(self._serving))
                if rest:
                    await asyncio.sleep(rest)
        except Exception:
            log.exception("webhooks_failed")
        return count

    @staticmethod
    async def _sent(client: httpx.AsyncClient, delivery: DueDelivery) -> Outcome:
        """One try. Whatever goes wrong with it is its outcome alone; of the answer only the status is read.

        Why nobody was reached is in the log only: it would tell a tenant what there is in our network, and what not.
        """
        if delivery.fault:
            return Outcome(delivery, False, delivery.fault)
        told, content = {ON_BEHALF_OF: delivery.tenant}, delivery.body
        try:
            async with (
                asyncio.timeout(_ANSWER_SECONDS_MAX),
                client.stream(
                    "POST", delivery.url, content=content, headers=delivery.headers, extensions=told
                ) as answer,
            ):
                return Outcome(delivery, answer.is_success, f"HTTP {answer.status_code}")
        except Exception as error:
            named = to_text(Prefix.WEBHOOK_DELIVERY, delivery.id)
            log.warning("webhook_not_delivered", delivery=named, error=f"{type(error).__name__}: {error}")
            return Outcome(delivery, False, NOT_REACHABLE)


async def _ended(tasks: list[asyncio.Task[int]]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
