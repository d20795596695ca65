"""A recording of the latest ISO 8583 frames with their answers: off until somebody asks for it.

While it is off, a batch of messages costs one look at an attribute. While it is on, frames are kept as they came, by
reference, and nothing is decoded: that is done by whoever looks at them, see `recorded_frames`. They hold numbers of
cards, so they stay in memory, and nothing shows them but masked.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from authz.iso8583.dialects.fields import Dialect
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import Places
from authz.iso8583.format_errors import FormatError
from authz.network.arrivals import Reply
from authz.network.peers import Peer
from authz.network.server import Handler

FRAMES_MAX = 2_000
"""The latest that are kept, each with its answer."""
BYTES_MAX = 8 << 20
"""Of requests and answers together; beyond that the oldest are given up earlier."""


@dataclass(frozen=True)
class Line:
    """A listener. port: its TCP port.  dialect: what is spoken there."""

    port: int
    dialect: Dialect


class Batch:
    """Messages that one connection handed over together, and the answers to them, in the order in which they were sent.

    first: the number of the first message.  frames: int32[n, 2], start and end of each message in chunk.
    answers: framed, as often several together; each with the time when it was given, Unix microseconds.
    """

    __slots__ = ("answers", "chunk", "first", "frames", "is_kept", "line", "peer", "time_us")

    def __init__(self, first: int, line: Line, chunk: bytes, frames: Places, peer: str, time_us: int) -> None:
        self.first = first
        self.line = line
        self.chunk = chunk
        self.frames = frames
        self.peer = peer
        self.time_us = time_us
        self.answers: list[tuple[int, bytes]] = []
        self.is_kept = True

    def __repr__(self) -> str:
        return f"Batch({self.first}, {len(self.frames)} frames)"

    @property
    def size_bytes(self) -> int:
        """How much it keeps in memory."""
        return len(self.chunk) + sum(len(answer) for _, answer in self.answers)


class FrameRecording:
    """Belongs to the event loop. now_us: Unix microseconds of the network's clock."""

    def __init__(self, now_us: Callable[[], int], frames_max: int = FRAMES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self.is_on = False
        self.lines: list[Line] = []
        """All listeners that it can record."""
        self.frames = 0
        """How many requests are kept; up to a batch more than `frames_max`."""
        self.bytes = 0
        self._now_us = now_us
        self.frames_max, self.bytes_max = frames_max, bytes_max
        self._next = 1
        self._batches: deque[Batch] = deque()

    def turn_on(self) -> None:
        """Begin a new recording, unless one goes on."""
        if self.is_on:
            return
        while self._batches:
            self._give_up_oldest()
        self.is_on = True

    def turn_off(self) -> None:
        """Record no more; what was recorded stays until the next recording begins."""
        self.is_on = False

    def noting(self, line: Line, chunk: bytes, frames: Places, peer: Peer, reply: Reply) -> Reply:
        """Keep messages that have come; returns what must be called instead of `reply`."""
        batch = Batch(self._next, line, chunk, frames, peer.address, self._now_us())
        self._next += len(frames)
        self._batches.append(batch)
        self.frames += len(frames)
        self.bytes += len(chunk)
        self._give_up_excess()

        def reply_noted(answers: bytes, count: int) -> None:
            reply(answers, count)
            if batch.is_kept and answers:
                batch.answers.append((self._now_us(), answers))
                self.bytes += len(answers)
                self._give_up_excess()

        return reply_noted

    def newest_first(self) -> list[Batch]:
        """What is kept now."""
        return list(reversed(self._batches))

    def _give_up_excess(self) -> None:
        while len(self._batches) > 1 and (
            self.frames - len(self._batches[0].frames) >= self.frames_max or self.bytes > self.bytes_max
        ):
            self._give_up_oldest()

    def _give_up_oldest(self) -> None:
        oldest = self._batches.popleft()
        oldest.is_kept = False
        self.frames -= len(oldest.frames)
        self.bytes -= oldest.size_bytes


class RecordedHandler:
    """The handler of one listener, with a recording in front."""

    def __init__(self, handler: Handler, line: Line, recording: FrameRecording) -> None:
        self._handler = handler
        self._line = line
        self._recording = recording
        self.messages_in_a_turn = handler.messages_in_a_turn
        recording.lines.append(line)

    def receive(self, chunk: bytes, frames: Places, peer: Peer, reply: Reply) -> None:
        """Take whole messages, see `authz.network.server.Handler`."""
        if self._recording.is_on:
            reply = self._recording.noting(self._line, chunk, frames, peer, reply)
        self._handler.receive(chunk, frames, peer, reply)

    def refuse_format(self, fields: codec.Message, error: FormatError, peer: Peer) -> bytes:
        """The answer to a message that is too long to be taken, see `authz.network.server.Handler`."""
        return self._handler.refuse_format(fields, error, peer)
