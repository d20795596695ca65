"""A connection without a network: what it hands on, what it answers, when it pauses and when it gives up."""

import asyncio
import socket
from dataclasses import replace

import numpy as np
import pytest

from authz.iso8583.dialects.fields import Framing, built_in
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import KINDS, TOO_LONG, FormatError
from authz.network.server import Connection, Iso8583Server, ServerLimits, splitter
from tests.authz.iso8583.messages.messages import message

LIMITS = ServerLimits(message_bytes_max=300, unanswered_max=20, frames_per_turn=4, company_divides_by=1, head_bytes=64)


class Handler:
    """Keeps what it is given."""

    def __init__(self):
        self.received, self.refused, self.reply = [], [], None

    def receive(self, chunk, frames, peer, reply):
        """Whole messages."""
        self.received += [chunk[start:end] for start, end in frames.tolist()]
        self.peer, self.reply = peer.address, reply

    def refuse_format(self, fields, reason, peer):
        """What could not be read."""
        self.refused.append((fields, reason, peer.address))
        return b"refused"


class Transport:
    """What a connection does to its transport."""

    def __init__(self):
        self.written, self.reads, self.closing, self.aborted, self.resumed = b"", True, False, False, 0

    def get_extra_info(self, _name):
        """The peer's address."""
        return ("192.0.2.1", 4711)

    def write(self, data):
        """Answers."""
        self.written += data

    def is_closing(self):
        """Whether it is on its way out."""
        return self.closing

    def is_reading(self):
        """Whether requests are taken."""
        return self.reads

    def pause_reading(self):
        """Take no more."""
        self.reads = False

    def resume_reading(self):
        """Take them again."""
        self.reads = True
        self.resumed += 1

    def abort(self):
        """End at once."""
        self.aborted = True

    def close(self):
        """End after what was written."""
        self.closing = True


class Loop:
    """A clock, and turns, that the test makes go on."""

    def __init__(self):
        self.timers, self.called = [], []

    def call_soon(self, call):
        """Something for the next turn."""
        self.called.append(call)

    def turn(self):
        """One turn; whether there was anything to do."""
        called, self.called = self.called, []
        for call in called:
            call()
        return bool(called)

    def turn_all(self):
        """Turns until there is nothing to do any more."""
        while self.turn():
            pass

    def call_later(self, seconds, call):
        """A timer."""
        timer = Timer(seconds, call)
        self.timers.append(timer)
        return timer

    @property
    def running(self):
        """Timers that were not cancelled."""
        return [timer for timer in self.timers if not timer.cancelled]


class Timer:
    """One timer."""

    def __init__(self, seconds, call):
        self.seconds, self.call, self.cancelled = seconds, call, False

    def cancel(self):
        """It never rings."""
        self.cancelled = True


@pytest.fixture
def loop(monkeypatch):
    """The event loop's clock."""
    made = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: made)
    return made


@pytest.fixture
def server(loop):
    """A server of the network's own dialect."""
    return Iso8583Server(Handler(), built_in(), LIMITS)


@pytest.fixture
def connection(server):
    """A connection that was just made."""
    made = Connection(server)
    made.connection_made(Transport())
    return made


def frame(content):
    """A message with its length in front."""
    return len(content).to_bytes(2, "big") + content


def test_messages_are_handed_on_whole(server, connection, loop):
    """However the stream is cut, in order, with the peer's name."""
    stream = b"".join(map(frame, [b"one", b"two", b"three"]))
    for octet in stream:
        connection.data_received(bytes([octet]))
    assert server.handler.received == [b"one", b"two", b"three"]
    assert server.handler.peer == "192.0.2.1:4711"
    assert connection.unanswered == 3
    assert loop.running == []


def test_more_messages_than_are_taken_at_once(server, connection, loop):
    """A chunk of many is handed on in pieces, one in each turn, and nothing is read meanwhile."""
    connection.data_received(b"".join(frame(bytes([number])) for number in range(11)))
    assert len(server.handler.received) == 4
    assert not connection._transport.reads
    loop.turn()
    assert len(server.handler.received) == 8
    loop.turn()
    assert connection._transport.reads
    assert server.handler.received == [bytes([number]) for number in range(11)]


def test_an_unfinished_message_is_given_up(server, connection, loop):
    """From its first octet on there is a time for it; more octets do not win time, a whole message does."""
    connection.data_received(frame(b"one")[:1])
    [timer] = loop.running
    assert timer.seconds == LIMITS.frame_seconds_max == 10.0
    connection.data_received(frame(b"one")[1:3])
    assert loop.running == [timer]
    connection.data_received(frame(b"one")[3:] + frame(b"two")[:2])
    assert timer.cancelled
    [timer] = loop.running
    timer.call()
    assert connection._transport.aborted
    assert server.handler.received == [b"one"]


def test_an_oversized_message_is_answered_and_skipped(server, connection, loop):
    """From its first fields; what follows it is read again, wherever the chunks end."""
    encoded = codec.encode(message(de48="x" * 300), built_in())
    stream = frame(encoded) + frame(b"next")
    for start in range(0, len(stream), 50):
        connection.data_received(stream[start : start + 50])
    loop.turn_all()
    [(fields, reason, peer)] = server.handler.refused
    assert fields.items() <= message().items()
    assert {0, 3, 4, 7, 11} <= set(fields)
    assert reason == FormatError(0, TOO_LONG)
    assert peer == "192.0.2.1:4711"
    assert connection._transport.written == b"refused"
    assert server.handler.received == [b"next"]
    assert connection.unanswered == 1


@pytest.mark.parametrize("length", [300, 301])
def test_how_long_a_message_may_be(server, connection, loop, length):
    """Up to the limit and no longer; whole in one chunk."""
    connection.data_received(frame(bytes(length)) + frame(b"next"))
    loop.turn_all()
    assert len(server.handler.refused) == (length > 300)
    assert [len(each) for each in server.handler.received] == ([4] if length > 300 else [300, 4])


def test_reading_pauses_while_answers_are_owed(loop):
    """What goes beyond the limit is not taken until enough were answered."""
    server = Iso8583Server(Handler(), built_in(), replace(LIMITS, unanswered_max=2))
    connection = Connection(server)
    connection.connection_made(Transport())
    transport = connection._transport
    connection.data_received(frame(b"1"))
    assert transport.reads
    connection.data_received(frame(b"2") + frame(b"3"))
    loop.turn_all()
    assert (transport.reads, server.handler.received, connection.unanswered) == (False, [b"1", b"2"], 2)
    server.handler.reply(b"answer", 1)
    loop.turn_all()
    assert (transport.reads, transport.written, connection.unanswered) == (False, b"answer", 2)
    assert server.handler.received == [b"1", b"2", b"3"]
    server.handler.reply(b"", 2)
    assert (transport.written, connection.unanswered, transport.resumed) == (b"answer", 0, 1)


def test_reading_pauses_while_the_peer_does_not_read(connection):
    """And goes on when it does."""
    connection.pause_writing()
    assert not connection._transport.reads
    connection.resume_writing()
    assert connection._transport.reads


def test_answers_to_a_peer_that_has_gone_are_dropped(server, connection, loop):
    """Also while it is going; a lost connection keeps no timer and is forgotten."""
    connection.data_received(frame(b"1") + frame(b"2")[:1])
    transport = connection._transport
    transport.closing = True
    server.handler.reply(b"answer", 1)
    assert transport.written == b""
    assert server.connections == {connection}
    connection.connection_lost(None)
    server.handler.reply(b"answer", 1)
    assert (server.connections, loop.running) == (set(), [])
    connection.close()
    assert transport.written == b""


def test_closing_a_server_closes_its_connections(server, connection):
    """After what was written."""
    asyncio_run = asyncio.new_event_loop()
    asyncio_run.run_until_complete(server.close())
    asyncio_run.close()
    assert connection._transport.closing


@pytest.mark.parametrize("framing", [Framing(4, "ascii"), Framing(2, "bcd"), Framing(4, "b")])
def test_other_lengths(loop, framing):
    """However lengths are written: empty messages are passed over, oversized ones skipped, the rest handed on."""
    server = Iso8583Server(Handler(), replace(built_in(), framing=framing), LIMITS)
    connection = Connection(server)
    connection.connection_made(Transport())
    messages = [b"one", b"", b"two", bytes(301), b"three", bytes(300), *[b"x"] * 5]
    stream = b"".join(map(framing.framed, messages))
    for start in range(0, len(stream), 7):
        connection.data_received(stream[start : start + 7])
    loop.turn_all()
    assert server.handler.received == [b"one", b"two", b"three", bytes(300), *[b"x"] * 5]
    assert [reason for _, reason, _ in server.handler.refused] == [FormatError(0, TOO_LONG)]


def test_what_is_no_length(loop):
    """Nothing behind it can be found any more: it is refused like a message longer than any."""
    framing = Framing(4, "ascii")
    server = Iso8583Server(Handler(), replace(built_in(), framing=framing), LIMITS)
    connection = Connection(server)
    connection.connection_made(Transport())
    connection.data_received(framing.framed(b"one") + b"12x4" + bytes(100) + framing.framed(b"two"))
    assert server.handler.received == [b"one"]
    assert [reason for _, reason, _ in server.handler.refused] == [FormatError(0, TOO_LONG)]


def test_an_address_without_a_name(server):
    """A peer that the system does not name is unknown."""
    transport = Transport()
    transport.get_extra_info = lambda _name: None
    made = Connection(server)
    made.connection_made(transport)
    made.data_received(frame(b"1"))
    assert server.handler.peer == "unknown"


@pytest.mark.parametrize("framing", [Framing(2, "b"), Framing(3, "b"), Framing(4, "ascii"), Framing(2, "bcd")])
@pytest.mark.parametrize(
    ("messages", "rest", "room", "count"),
    [
        ([], b"", 4, 0),
        ([b"one", b"", b"two", b""], b"", 4, 2),
        ([b"1", b"2", b"3", b"4"], b"", 4, 4),
        ([b"1", b"2", b"3", b"4"], b"5", 3, 3),
        ([bytes(300)], b"", 4, 1),
    ],
)
def test_how_a_stream_is_cut(framing, messages, rest, room, count):
    """Alike for every kind of length: empty messages are passed over at the end too, and no more taken than fit."""
    stream = b"".join(map(framing.framed, messages))
    frames = np.zeros((room, 2), np.int32)
    found, used, oversized = splitter(framing)(stream + framing.framed(rest)[:-1] if rest else stream, frames, 300)
    assert [stream[start:end] for start, end in frames[:found].tolist()] == [each for each in messages if each][:count]
    assert (found, oversized) == (count, 0)
    assert used == (len(stream) if count < room or count == len(messages) else frames[count - 1, 1])


def test_a_server_takes_connections_until_it_stops():
    """On the socket that it is given; then nobody answers there."""

    async def talk():
        server = Iso8583Server(Handler(), built_in(), LIMITS)
        listener = socket.create_server(("127.0.0.1", 0))
        address = listener.getsockname()
        await server.start(listener)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(frame(b"one"))
        while not server.handler.received:
            await asyncio.sleep(0)
        server.handler.reply(frame(b"answer"), 1)
        answer = await reader.readexactly(8)
        await server.close()
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
        return server.handler.received, answer

    assert asyncio.run(talk()) == ([b"one"], frame(b"answer"))


def test_how_long_a_message_may_be_where_nobody_says_otherwise():
    """4,096 bytes, as the error for longer ones has it."""
    assert ServerLimits().message_bytes_max == 4096
    assert "4,096 bytes" in KINDS[TOO_LONG].cause
