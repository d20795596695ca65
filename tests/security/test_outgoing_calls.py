"""What a server that we call does delays and costs nobody else."""

import asyncio

import httpx

from tests.clock import ManualClock
from tests.tokenvault.stories import new_card
from tests.tokenvault.vaults import new_vault
from tokenvault.events import webhooks
from tokenvault.events.webhook_delivery import WebhookSender
from tokenvault.events.webhooks import DeliveryState
from tokenvault.vocabulary.event_types import EventType


def _vault(*hosts):
    """A vault with an endpoint at each host, and more events for each than are sent to one at once."""
    vault = new_vault(ManualClock())
    endpoints = [webhooks.add_endpoint(vault, f"http://{host}/", [EventType.CARD_ISSUED]).endpoint for host in hosts]
    for _ in range(40):
        new_card(vault)
    return vault, endpoints


def _delivered(vault, endpoint):
    found = webhooks.list_deliveries(vault, limit=100, endpoint_id=endpoint.text_id)
    return sum(each.state is DeliveryState.DELIVERED for each in found)


class Hosts:
    """Hosts by name: `slow` never answers, the others at once. It counts who is called, and whose call was given up."""

    def __init__(self):
        self.called, self.given_up = [], 0

    async def answer(self, request):
        """See `httpx.MockTransport`."""
        self.called.append(request.url.host)
        if request.url.host == "slow.test":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
        return httpx.Response(204)

    def client(self):
        """A client that calls them."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer))


async def _until(condition):
    while not condition():
        await asyncio.sleep(0)


def test_a_slow_endpoint_delays_no_other():
    """One that never answers is waited for alone; and few of its calls are open at a time."""
    vault, (_, quick) = _vault("slow.test", "quick.test")
    hosts = Hosts()

    async def send():
        async with hosts.client() as client:
            sender = WebhookSender(vault)
            sending = asyncio.create_task(sender.send_due(client))
            await _until(lambda: hosts.called.count("quick.test") == 40)
            await _until(lambda: len(sender._serving) == 1)
            for task in sender._serving.values():
                task.cancel()
            await asyncio.wait([sending])

    asyncio.run(asyncio.wait_for(send(), 60))
    assert _delivered(vault, quick) == 40
    assert hosts.called.count("slow.test") <= 2
    vault.database.dispose()


def test_sending_ends_with_its_endpoint():
    """What is on its way to an endpoint that is removed is given up at the next look."""
    vault, (slow, quick) = _vault("slow.test", "quick.test")
    hosts = Hosts()

    async def send():
        async with hosts.client() as client:
            sender = WebhookSender(vault)
            sending = asyncio.create_task(sender.send_due(client))
            await _until(lambda: hosts.called.count("slow.test") == 2)
            webhooks.remove_endpoint(vault, slow.text_id)
            await sender._look_around(client)
            assert slow.id not in sender._serving
            await asyncio.wait([sending])
            await asyncio.gather(*sender._serving.values())

    asyncio.run(asyncio.wait_for(send(), 60))
    assert hosts.given_up == 2
    assert hosts.called.count("slow.test") == 2
    assert _delivered(vault, quick) == 40
    vault.database.dispose()
