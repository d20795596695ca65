"""Nobody starves anybody: shares of each turn, bounds on what waits, and back-pressure, counted rather than timed."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from authz.iso8583.dialects.fields import Framing, built_in
from authz.iso8583.encoding import codec
from authz.network.peers import Peer
from authz.network.processor import PaymentProcessor
from authz.network.server import Connection, Iso8583Server, ServerLimits, splitter
from authz.network.turns import RoundRobin, Turns
from tests.authz.network.test_processor import GOOD_PAN, _network, _requests
from tests.authz.network.test_server import Handler, Loop, Transport, frame
from tests.integration.test_malformed_frames import ECHO

SHARE, OWED, OWED_BY_ALL = 4, 10, 25
LIMITS = ServerLimits(
    message_bytes_max=300,
    unanswered_max=OWED,
    unanswered_in_total_max=OWED_BY_ALL,
    frames_per_turn=SHARE,
    company_divides_by=1,
    connections_max=5,
    head_bytes=16,
)


class ManyLines(Handler):
    """Keeps who has sent what, and owes everybody an answer until the test gives it."""

    def __init__(self):
        super().__init__()
        self.owed = []

    def receive(self, chunk, frames, peer, reply):
        """Whole messages."""
        super().receive(chunk, frames, peer, reply)
        self.owed.append((reply, len(frames)))

    def answer(self):
        """Answer everything."""
        owed, self.owed = self.owed, []
        for reply, count in owed:
            reply(b"answer", count)


@pytest.fixture
def loop(monkeypatch):
    """Turns that the test makes go on."""
    made = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: made)
    return made


@pytest.fixture
def server(loop):
    """A server of small shares."""
    return Iso8583Server(ManyLines(), built_in(), LIMITS)


def connected(server):
    """Another connection."""
    made = Connection(server)
    made.connection_made(Transport())
    return made


def messages(name, count):
    """So many messages of somebody, as they are on the wire."""
    return b"".join(frame(b"%s%d" % (name, number)) for number in range(count))


def test_a_flood_leaves_every_other_line_its_turn(server, loop):
    """Of a thousand messages of one line and three of another, the three are taken within the first turn."""
    flooding, quiet = connected(server), connected(server)
    flooding.data_received(messages(b"flood", 1_000))
    quiet.data_received(messages(b"tap", 3))
    assert [each[:3] for each in server.handler.received] == [b"flo"] * SHARE + [b"tap"] * 3
    assert (flooding._transport.reads, quiet._transport.reads) == (False, True)


def test_a_flood_has_a_smaller_share_in_company(loop):
    """What others say waits for the whole turn, so it is shorter while there are others; alone it is long again."""
    server = Iso8583Server(ManyLines(), built_in(), replace(LIMITS, company_divides_by=4, unanswered_max=10_000))
    server.limits = replace(server.limits, unanswered_in_total_max=100_000)
    flooding, quiet = connected(server), connected(server)
    taken = []
    flooding.data_received(messages(b"flood", 1_000))
    for turn in range(80):
        if turn == 2:
            quiet.data_received(messages(b"tap", 1))
        before = len(server.handler.received)
        loop.turn()
        taken.append(len(server.handler.received) - before)
    assert taken[:2] == [SHARE] * 2
    assert taken[4:60] == [1] * 56
    assert taken[-1] == SHARE


def test_a_share_is_of_a_turn_and_not_of_a_chunk(server, loop):
    """The system may hand over several chunks of one line before it comes to the next."""
    flooding = connected(server)
    for _ in range(5):
        flooding.data_received(messages(b"flood", 3))
    assert len(server.handler.received) == SHARE
    loop.turn()
    assert len(server.handler.received) == 2 * SHARE


def test_lines_with_much_to_do_take_turns(server, loop):
    """In each turn everybody's share, in the same order."""
    first, second = connected(server), connected(server)
    first.data_received(messages(b"first", 10))
    second.data_received(messages(b"second", 10))
    loop.turn()
    assert [each[:1] for each in server.handler.received] == [b"f"] * SHARE + [b"s"] * SHARE + [b"f"] * 4 + [b"s"] * 4


def test_what_is_not_answered_is_bounded(server, loop):
    """A line that is owed so many answers is taken no more of, and not read, until it was answered."""
    flooding = connected(server)
    flooding.data_received(messages(b"flood", 1_000))
    loop.turn_all()
    assert flooding.unanswered == OWED
    assert not flooding._transport.reads
    server.handler.answer()
    assert flooding.unanswered == 0
    loop.turn_all()
    assert flooding.unanswered == OWED
    for _ in range(200):
        server.handler.answer()
        loop.turn_all()
    assert len(server.handler.received) == 1_000
    assert flooding._transport.reads


def test_what_all_are_owed_is_bounded(server, loop):
    """Many lines together wait for no more answers than a port may owe; then all of them go on."""
    lines = [connected(server) for _ in range(4)]
    for line in lines:
        line.data_received(messages(b"flood", 50))
    loop.turn_all()
    assert OWED_BY_ALL <= server.unanswered < OWED_BY_ALL + SHARE
    assert not any(line._transport.reads for line in lines)
    for _ in range(50):
        server.handler.answer()
        loop.turn_all()
    assert len(server.handler.received) == 200
    assert (server.unanswered, [line._transport.reads for line in lines]) == (0, [True] * 4)


def test_who_has_waited_longest_for_a_ports_room_goes_first(loop):
    """Where there is room for few at a time, it is not the same few that have it again and again."""
    limits = replace(LIMITS, connections_max=100, unanswered_in_total_max=SHARE)
    server = Iso8583Server(ManyLines(), built_in(), limits)
    lines = [connected(server) for _ in range(10)]
    for number, line in enumerate(lines):
        line.data_received(messages(b"%d " % number, 40))
    for _ in range(20):
        loop.turn_all()
        server.handler.answer()
    loop.turn_all()
    counts = [sum(each.startswith(b"%d " % number) for each in server.handler.received) for number in range(10)]
    assert max(counts) - min(counts) <= SHARE


def test_who_has_little_to_say_keeps_nobody_from_a_ports_room(loop):
    """Those that wait and then have nothing whole, or have gone, leave their room to whoever is behind them."""
    limits = replace(LIMITS, connections_max=100, unanswered_in_total_max=8, unanswered_max=SHARE)
    server = Iso8583Server(ManyLines(), built_in(), limits)
    lines = [connected(server) for _ in range(10)]
    for line in lines[:2]:
        line.data_received(messages(b"flood", SHARE))
    for line in lines[2:9]:
        line.data_received(frame(b"half")[:3])
    lines[9].data_received(messages(b"tap", 1))
    lines[2].connection_lost(None)
    loop.turn_all()
    assert b"tap0" not in server.handler.received
    server.handler.answer()
    loop.turn_all()
    assert b"tap0" in server.handler.received
    server.handler.answer()
    loop.turn_all()
    assert [line._transport.reads for line in lines[3:]] == [True] * 7


def test_a_newcomer_waits_behind_those_who_wait(loop):
    """Else whoever connects again and again is always before them."""
    limits = replace(LIMITS, connections_max=100, unanswered_in_total_max=8, unanswered_max=SHARE)
    server = Iso8583Server(ManyLines(), built_in(), limits)
    for name in (b"a", b"b", b"c", b"d"):
        connected(server).data_received(messages(name, SHARE))
    loop.turn_all()
    server.handler.answer()
    connected(server).data_received(messages(b"new", SHARE))
    for _ in range(3):
        loop.turn_all()
        server.handler.answer()
    assert [each[:1] for each in server.handler.received[::SHARE]] == [b"a", b"b", b"c", b"d", b"n"]


def test_a_line_that_has_gone_is_owed_until_it_was_answered(server, loop):
    """Else whoever connects again and again would have more taken than is answered."""
    line = connected(server)
    line.data_received(messages(b"flood", 50))
    loop.turn_all()
    line.connection_lost(None)
    assert (server.unanswered, server.connections) == (OWED, set())
    loop.turn_all()
    assert len(server.handler.received) == OWED
    server.handler.answer()
    assert server.unanswered == 0


def test_who_reads_no_answers_is_taken_nothing_of(server, loop):
    """What was written and not read is bounded by the transport; what has come waits until it is."""
    slow = connected(server)
    slow.pause_writing()
    slow.data_received(messages(b"flood", 50))
    loop.turn_all()
    assert server.handler.received == []
    assert not slow._transport.reads
    slow.resume_writing()
    loop.turn_all()
    assert len(server.handler.received) == OWED


def test_more_connections_than_may_be_are_ended(server):
    """Each of them keeps some memory."""
    lines = [connected(server) for _ in range(LIMITS.connections_max + 1)]
    assert [line._transport.aborted for line in lines] == [False] * LIMITS.connections_max + [True]
    lines[-1].connection_lost(None)
    lines[0].connection_lost(None)
    assert not connected(server)._transport.aborted


def test_oversized_messages_have_shares_too(server, loop):
    """Each is looked at one by one, so that one a turn is enough."""
    flooding, quiet = connected(server), connected(server)
    flooding.data_received(frame(b"0" * 301) * 20)
    assert len(server.handler.refused) == 1
    quiet.data_received(messages(b"tap", 1))
    assert server.handler.received == [b"tap0"]
    loop.turn()
    assert len(server.handler.refused) == 2
    loop.turn_all()
    assert len(server.handler.refused) == 20


@pytest.mark.parametrize("framing", [Framing(4, "ascii"), Framing(2, "bcd")])
def test_empty_messages_are_passed_over_in_shares(framing):
    """A stream of nothing but lengths of zero is not gone through at once, where no compiled code does it."""
    found, used, _ = splitter(framing)(framing.framed(b"") * 1_000, np.zeros((SHARE, 2), np.int32), 300)
    assert (found, used) == (0, SHARE * framing.length_bytes)


def test_a_message_that_waits_for_answers_to_others_is_not_taken_for_stalled(server, loop):
    """Its end may be on its way, and is not read."""
    line = connected(server)
    line.data_received(messages(b"flood", OWED) + frame(b"last")[:3])
    loop.turn_all()
    assert loop.running == []
    server.handler.answer()
    loop.turn_all()
    assert len(loop.running) == 1


def test_turns_are_given_in_order_and_not_to_who_has_left(loop):
    """One failure keeps nothing from the others."""
    turns, taken = Turns(), []

    class Waiting:
        def __init__(self, name):
            self.name = name

        def take_turn(self):
            taken.append(self.name)
            if self.name == "fails":
                raise RuntimeError

    first, fails, left, last = (Waiting(name) for name in ("first", "fails", "left", "last"))
    for each in (first, fails, left, last, first):
        turns.wait(each)
    turns.leave(left)
    loop.turn_all()
    assert (taken, turns.number) == (["first", "fails", "last"], 1)


def test_pieces_of_work_go_round(loop):
    """One of each owner after the other, so many in a turn; one that fails is only itself."""
    work, done = RoundRobin(3), []
    for name in ("a1", "a2", "a3", "b1", "c1"):
        work.add(name[0], lambda name=name: done.append(name))
    work.add("b", lambda: 1 / 0)
    loop.turn()
    assert done == ["a1", "b1", "c1"]
    work.add("d", lambda: done.append("d1"))
    loop.turn()
    assert done == ["a1", "b1", "c1", "a2", "d1"]
    loop.turn_all()
    assert done[-1] == "a3"


FLOODS = {
    "echo tests": codec.encode(ECHO, built_in()),
    "types that nobody serves": codec.encode(ECHO | {0: "0600"}, built_in()),
    "malformed": b"0100" + bytes(20),
    "junk": b"x",
    "PINs": codec.encode(_requests(GOOD_PAN, f52="0123456789ABCDEF", f48="6220FFFF9876543210E00001")[0], built_in()),
}


@pytest.mark.parametrize("name", FLOODS)
def test_what_is_read_one_by_one_waits_for_its_turn(name):
    """Whatever one line floods with, another's payment and its echo are answered within three turns."""
    answered = []

    async def run():
        network = _network()
        flood = FLOODS[name]
        chunk = flood * 1_000
        starts = np.arange(1_000, dtype=np.int32) * len(flood)
        frames = np.stack([starts, starts + len(flood)], axis=1)
        network.receive(chunk, frames, Peer("flood"), lambda _, count: answered.extend(["flood"] * count))
        for request in (_requests(GOOD_PAN)[0], ECHO):
            own = codec.encode(request, built_in())
            network.receive(
                own, np.array([[0, len(own)]], np.int32), Peer("quiet"), lambda *_: answered.append("quiet")
            )
        for _ in range(4):
            await asyncio.sleep(0)
        taken = list(answered)
        while answered.count("flood") < 1_000:
            await asyncio.sleep(0)
        return taken

    taken = asyncio.run(run())
    assert taken.count("quiet") == 2
    assert taken.count("flood") <= 64


def test_shares_of_the_network_and_its_gateways():
    """What is translated one by one has a smaller share; a port has the one of who serves it."""
    from authz.network.dialect_gateway import DialectGateway

    assert ServerLimits().frames_per_turn == PaymentProcessor.messages_in_a_turn == 256
    assert DialectGateway.messages_in_a_turn == 16
    assert replace(ServerLimits(), frames_per_turn=DialectGateway.messages_in_a_turn).unanswered_max == 1_024
