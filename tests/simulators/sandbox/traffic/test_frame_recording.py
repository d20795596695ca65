"""The recording of frames: what is kept, how much of it, and that nothing else is done on the way."""

import numpy as np

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.network.peers import Peer
from authz.network.processor import framed
from simulators.sandbox.traffic.frame_recording import FrameRecording, Line, RecordedHandler
from simulators.sandbox.traffic.recorded_frames import Wanted, found_frames

PEER = Peer("127.0.0.1:50412")


class Answering:
    """A handler that keeps what it is called with."""

    messages_in_a_turn = 7

    def __init__(self):
        self.calls = []

    def receive(self, chunk, frames, peer, reply):
        """Take messages, and answer nothing yet."""
        self.calls.append((chunk, frames, peer, reply))

    def refuse_format(self, fields, error, peer):
        """An answer."""
        return b"refused"


def recorded(**bounds):
    """A recording with a handler behind it."""
    recording, handler = FrameRecording(lambda: 1_000_000, **bounds), Answering()
    return recording, handler, RecordedHandler(handler, Line(8583, built_in()), recording)


def request(stan):
    """An echo test."""
    return codec.encode({0: "0800", 7: "1125101500", 11: f"{stan:06d}", 70: "301"}, built_in())


def answer(stan):
    """Its answer, framed."""
    return framed(codec.encode({0: "0810", 7: "1125101500", 11: f"{stan:06d}", 39: "00"}, built_in()))


def places(*messages):
    """Messages in a chunk, and where they are."""
    ends = np.cumsum([len(message) for message in messages])
    return b"".join(messages), np.stack([ends - [len(message) for message in messages], ends], axis=1).astype(np.int32)


def test_while_it_is_off_everything_is_handed_on_as_it_came():
    """The very function that answers, and nothing is kept."""
    recording, handler, front = recorded()
    chunk, frames = places(request(1))
    reply = [].append
    front.receive(chunk, frames, PEER, reply)
    assert handler.calls == [(chunk, frames, PEER, reply)]
    assert (recording.frames, recording.bytes, recording.newest_first()) == (0, 0, [])
    assert front.messages_in_a_turn == 7
    assert front.refuse_format({}, None, PEER) == b"refused"
    assert recording.lines == [Line(8583, built_in())]


def test_answers_find_their_requests():
    """Whatever the order in which they come, and one that does not come."""
    recording, handler, front = recorded()
    recording.turn_on()
    front.receive(
        *places(request(1), request(2), request(3)), PEER, lambda answers, count: sent.append((answers, count))
    )
    sent = []
    (_, _, _, reply) = handler.calls[0]
    reply(answer(3), 1)
    reply(answer(1), 1)
    reply(b"", 1)
    assert sent == [(answer(3), 1), (answer(1), 1), (b"", 1)]
    frames = found_frames(recording.newest_first(), 10, Wanted())
    assert [(frame.stan, frame.response_code) for frame in frames] == [
        ("000003", "00"),
        ("000002", None),
        ("000001", "00"),
    ]
    assert [frame.number for frame in frames] == [3, 2, 1]
    assert [frame.answered_us for frame in frames] == [1_000_000, None, 1_000_000]


def test_memory_is_bounded_in_frames():
    """The oldest batch is given up when the others have as many as are wanted; of it, only so many are shown."""
    recording, _, front = recorded(frames_max=5)
    recording.turn_on()
    for first in range(0, 30, 3):
        front.receive(*places(*(request(first + number) for number in range(3))), PEER, [].append)
        assert recording.frames <= 7
    shown = found_frames(recording.newest_first(), recording.frames_max, Wanted())
    assert [frame.stan for frame in shown] == ["000029", "000028", "000027", "000026", "000025"]


def test_memory_is_bounded_in_bytes():
    """Requests and answers are counted, and answers to what was given up are not."""
    size = len(request(1))
    recording, handler, front = recorded(bytes_max=4 * size)
    recording.turn_on()
    for stan in range(10):
        front.receive(*places(request(stan)), PEER, lambda answers, count: None)
    assert (recording.frames, recording.bytes) == (4, 4 * size)
    handler.calls[0][3](answer(0), 1)
    assert recording.bytes == 4 * size
    handler.calls[9][3](answer(9), 1)
    assert recording.bytes == sum(batch.size_bytes for batch in recording.newest_first()) <= 4 * size
    assert recording.frames < 4
    recording.turn_off()
    recording.turn_on()
    assert (recording.frames, recording.bytes) == (0, 0)


def test_turning_it_on_twice_loses_nothing():
    """A recording that goes on goes on."""
    recording, _, front = recorded()
    recording.turn_on()
    front.receive(*places(request(1)), PEER, [].append)
    recording.turn_on()
    assert recording.frames == 1


def test_representations_show_no_content():
    """They may get into a log."""
    recording, _, front = recorded()
    recording.turn_on()
    front.receive(*places(request(1)), PEER, [].append)
    (batch,) = recording.newest_first()
    (frame,) = found_frames([batch], 1, Wanted())
    assert "1125101500" not in f"{batch!r} {frame!r}"
