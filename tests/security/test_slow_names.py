"""Whoever serves the name of a host that we call delays nobody but whoever named it."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from authz.network.realtime_decisioning import DecisioningWebhook, IssuerDecisions
from authz.vocabulary.commands import Decider, new_results
from authz.vocabulary.layouts import new_messages
from tests.clock import ManualClock
from tests.tokenvault.stories import new_card
from tests.tokenvault.vaults import new_vault
from tokenvault.events import webhooks
from tokenvault.events.webhook_delivery import WebhookSender
from tokenvault.outgoing import host_names
from tokenvault.outgoing.guarded_calls import GuardedTransport
from tokenvault.outgoing.host_names import OF_ONE_ASKER, HostNames, NameUnknown
from tokenvault.outgoing.internet_addresses import LOOPBACK
from tokenvault.vocabulary.event_types import EventType

ADDRESS = "127.0.0.1"


class Names:
    """A name service: it answers for names that begin with `slow` when the test lets it, for others at once."""

    def __init__(self):
        self.asked, self.may_answer = [], threading.Event()

    def found(self, host, port, type=0, flags=0):  # noqa: A002
        """See `socket.getaddrinfo`."""
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "a name")
        self.asked.append(host)
        if host.startswith("slow"):
            assert self.may_answer.wait(60)
        return [(socket.AF_INET, type, 6, "", (ADDRESS, 0))]


@pytest.fixture
def names(monkeypatch):
    """A name service of one's own, in place of the system's."""
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.found)
    yield made
    made.may_answer.set()


class Answering(httpx.AsyncBaseTransport):
    """Answers every request at once, and keeps under which name."""

    def __init__(self):
        self.called = []

    async def handle_async_request(self, request):
        """See `httpx.AsyncBaseTransport`."""
        self.called.append(request.headers["host"])
        return httpx.Response(204)


async def _until(condition):
    while not condition():
        await asyncio.sleep(0.001)


def test_twenty_slow_names_delay_no_other_endpoint(names):
    """As many as a tenant has endpoints: what goes to another is delivered meanwhile."""
    vault = new_vault(ManualClock())
    hosts = [*(f"slow{number}.test" for number in range(webhooks.ENDPOINTS_MAX - 1)), "quick.test"]
    for host in hosts:
        webhooks.add_endpoint(vault, f"http://{host}/", [EventType.CARD_ISSUED])
    new_card(vault)
    called = Answering()

    async def send():
        async with httpx.AsyncClient(transport=GuardedTransport(LOOPBACK, called), trust_env=False) as client:
            sending = asyncio.create_task(WebhookSender(vault).send_due(client))
            await _until(lambda: called.called == ["quick.test"] and len(names.asked) == len(hosts))
            names.may_answer.set()
            await sending

    asyncio.run(asyncio.wait_for(send(), 30))
    assert sorted(called.called) == sorted(hosts)
    vault.database.dispose()


def test_a_name_that_is_not_found_in_time(names, monkeypatch):
    """Whoever asks is told so, also the second time, and the name is not asked for twice at once."""
    monkeypatch.setattr(host_names, "LOOK_UP_SECONDS_MAX", 0.01)

    async def ask():
        looked_up = HostNames()
        for _ in range(2):
            with pytest.raises(NameUnknown, match="in time"):
                await looked_up.addresses("slow.test")
        names.may_answer.set()
        await _until(lambda: not looked_up._lookups)
        return await looked_up.addresses("slow.test")

    assert [str(each) for each in asyncio.run(ask())] == [ADDRESS]
    assert names.asked == ["slow.test"] * 2


def test_one_asker_takes_no_more_than_its_share(names):
    """However many names it has; others are looked up, and so are its own afterwards."""

    async def ask():
        looked_up = HostNames()
        waiting = [asyncio.ensure_future(looked_up.addresses(f"slow{each}", "ada")) for each in range(OF_ONE_ASKER)]
        await _until(lambda: len(names.asked) == OF_ONE_ASKER)
        with pytest.raises(NameUnknown, match="too many"):
            await looked_up.addresses("quick.test", "ada")
        await looked_up.addresses("quick.test", "bob")
        names.may_answer.set()
        await asyncio.gather(*waiting)
        await looked_up.addresses("quick.test", "ada")

    asyncio.run(asyncio.wait_for(ask(), 30))


def test_the_name_of_the_issuers_server_keeps_no_thread_from_others(names):
    """The vault's work has the threads of the loop: a decision by default is made, and they are free."""
    deciders = []

    class Engine:
        """Keeps what it is told."""

        async def run(self, command):
            """Take a decision."""
            deciders.append(Decider(command["decider"][0]))
            return new_results(1)

    async def decide():
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        decisions = IssuerDecisions(Engine(), DecisioningWebhook("http://slow.test/", b"key", 0.01))
        decisions.ask(new_messages(1), new_results(1), lambda settled: None)
        await decisions.close()
        assert names.asked == ["slow.test"]
        assert await asyncio.to_thread(lambda: "free") == "free"

    asyncio.run(asyncio.wait_for(decide(), 30))
    assert deciders == [Decider.TIMEOUT]
