"""Loops on threads of their own, and what they leave behind when they stop: nothing."""

import asyncio
import socket
import threading

import pytest

from simulators.network import framed_streams
from simulators.network.faulty_link import FaultyLink
from simulators.network.listener import Listener
from simulators.network.switch import Route, Switch, TcpUpstream
from simulators.process.background_loop import BackgroundLoop


@pytest.fixture
def loop():
    """A loop of its own."""
    own_loop = BackgroundLoop("a test's")
    yield own_loop
    if own_loop._thread.is_alive():
        own_loop.stop()


async def others():
    """What runs on the loop besides what asks, and the loop's own wait for its end."""
    await asyncio.sleep(0)
    own = {asyncio.current_task()}
    return [task for task in asyncio.all_tasks() - own if "_run_until_stopped" not in repr(task)]


def test_what_still_runs_is_cancelled_and_waited_for(loop):
    """Also what takes some rounds to end, and what it starts at its end."""
    ended = []

    async def last():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("last")

    async def endless():
        try:
            yield 1
        finally:
            ended.append("generator")

    async def start():
        loop.kept = asyncio.create_task(last()), endless()
        await anext(loop.kept[1])
        await asyncio.sleep(0)

    loop.run(start())
    loop.stop()
    assert sorted(ended) == ["generator", "last"]
    assert not loop._thread.is_alive()


def test_a_listener_hangs_up_on_everybody(monkeypatch, loop):
    """Also on those who came just before, and on one who does not read what was written."""
    monkeypatch.setattr(framed_streams, "_LAST_WORDS_SECONDS", 0.01)
    served = threading.Semaphore(0)

    async def flood(reader, writer):
        writer.write(bytes(50_000_000))
        served.release()
        await reader.read()

    listener = Listener(flood)
    address = loop.run(listener.listen())
    deaf = socket.create_connection(address)
    served.acquire()
    late = [socket.create_connection(address) for _ in range(20)]
    loop.run(listener.close())
    assert loop.run(others()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    for client in (deaf, *late):
        client.close()


@pytest.mark.parametrize("make", [lambda: Switch([]), lambda: FaultyLink(("127.0.0.1", 1))])
def test_servers_are_closed_by_their_own_loop(monkeypatch, make):
    """What belongs to a loop is touched by its thread only: another's call meets the loop's own at any line."""
    closed_by, close = [], Listener.close

    async def seen(listener):
        closed_by.append(threading.current_thread())
        await close(listener)

    monkeypatch.setattr(Listener, "close", seen)
    with make() as server:
        own = server._background_loop._thread
        with socket.create_connection(server.address):
            pass
    assert closed_by == [own]


@pytest.fixture
def requests(terminal):
    """Messages that the network answers: it knows no such card."""
    return [terminal.messages.plain("0100", 100, "EUR") | {2: "4999990000000019", 14: "2912", 22: "012"} for _ in "12"]


def test_a_switch_ends_what_it_began(sandbox, loop, requests):
    """No connection to an issuer, and no message on its way, outlives it."""
    upstream = TcpUpstream(sandbox.iso_address)
    switch = Switch([Route("4", upstream)])
    loop.run(switch.listen())
    loop.run(upstream.ask(requests[0]))
    reading = upstream._reading
    loop.run(switch.close())
    assert reading.done()
    assert loop.run(others()) == []


def test_a_port_that_is_taken_leaves_no_loop():
    """Whoever tries again has no more threads than before."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
        Switch([], port=taken.getsockname()[1]),
    ):
        pass
    assert "switch" not in [thread.name for thread in threading.enumerate()]


def test_two_that_ask_at_once_share_one_connection(sandbox, loop, requests):
    """The second used to dial anew, and the first connection was read for ever."""
    upstream = TcpUpstream(sandbox.iso_address)

    async def ask_both():
        return await asyncio.gather(*map(upstream.ask, requests)), len(await others())

    answers, readers = loop.run(ask_both())
    assert [answer[11] for answer in answers] == [request[11] for request in requests]
    assert readers == 1
    loop.run(upstream.close())
    assert loop.run(upstream.ask(requests[0]))[39]
    loop.run(upstream.close())
