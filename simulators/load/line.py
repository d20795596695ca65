"""One connection under load: sends what is due without waiting, and measures latency from the due time."""

import socket
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding.scan import new_places, scan_table, split_frames
from authz.iso8583.messages.answer_reading import read_answers
from simulators.load.taps import STANS
from simulators.load.traffic import Chunk

_RECEIVED_AT_ONCE = 1 << 18
_FRAMES_AT_ONCE = 4096
_FRAME_BYTES_MAX = 65_535
_APPROVED = ord("0") << 8 | ord("0")

Take = Callable[[npt.NDArray[np.float64], npt.NDArray[np.uint8], npt.NDArray[np.bool_]], None]
"""Called with when some answered requests were due, their sorts, and whether they were approved."""


class LineLost(Exception):
    """The host has closed the connection."""


class Line:
    """One connection.

    chunks: what to send, with when each request is due (seconds of the same clock as `send`'s; None: at once).
    window: the most requests unanswered, None for no bound: then nothing waits for an answer.
    """

    def __init__(
        self,
        address: tuple[str, int],
        chunks: Iterator[tuple[Chunk, npt.NDArray[np.float64] | None]],
        window: int | None,
        take: Take,
        note_lag: Callable[[float, npt.NDArray[np.float64]], None],
    ) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._chunks, self._window, self._take, self._note_lag = chunks, window, take, note_lag
        self._due_of, self._sort_of = np.zeros(STANS), np.zeros(STANS, np.uint8)
        self._waiting = np.zeros(STANS, np.bool_)
        self._table, self._places = scan_table(built_in()), new_places()
        self._frames = np.zeros((_FRAMES_AT_ONCE, 2), np.int32)
        self._numbers, self._codes = np.zeros(_FRAMES_AT_ONCE, np.int64), np.zeros(_FRAMES_AT_ONCE, np.uint16)
        self._rest = b""
        self.sent = self.answered = 0
        self._next, self._octets_sent = 0, 0
        self._chunk: Chunk | None = None
        self._due: npt.NDArray[np.float64] | None = None
        self._view = memoryview(b"")
        self._load_chunk()

    @property
    def is_done(self) -> bool:
        """Whether everything was sent."""
        return self._chunk is None

    @property
    def unanswered(self) -> int:
        """How many requests wait for their answer."""
        return self.sent - self.answered

    @property
    def unsent(self) -> int:
        """How many requests the host has not taken, of those that were at hand; 0 when all are sent."""
        return 0 if self._chunk is None else len(self._chunk.sorts) - self._next

    @property
    def next_due(self) -> float:
        """When the next request is due; 0 for at once, infinity for never."""
        if self._chunk is None:
            return float("inf")
        if self._due is not None:
            return float(self._due[self._next])
        return 0.0 if self._room() else float("inf")

    def _room(self) -> int:
        return STANS - 1 if self._window is None else self._window - self.unanswered

    def _load_chunk(self) -> None:
        following = next(self._chunks, None)
        while following is not None and len(following[0].sorts) == 0:
            following = next(self._chunks, None)
        self._chunk, self._due = following if following is not None else (None, None)
        self._next = self._octets_sent = 0
        if self._chunk is not None:
            self._view = memoryview(self._chunk.frames)  # type: ignore[arg-type]

    def send(self, now: float) -> None:
        """Send what is due, as far as the connection takes it."""
        while self._chunk is not None:
            end = self._end_of_due(now)
            if end <= self._next:
                return
            if not self._send_until(end, now):
                return
            if self._next == len(self._chunk.sorts):
                self._load_chunk()

    def _end_of_due(self, now: float) -> int:
        assert self._chunk is not None
        end = len(self._chunk.sorts)
        if self._due is not None:
            end = int(np.searchsorted(self._due, now, side="right"))
        room = self._room()
        # A closed loop refills by halves: sending each freed place alone would measure system calls.
        if self._window is not None and room < min(end - self._next, (self._window + 1) // 2):
            return self._next
        return min(end, self._next + room)

    def _send_until(self, end: int, now: float) -> bool:
        """Send requests up to one; whether they all went out."""
        chunk = self._chunk
        assert chunk is not None
        begin = int(chunk.starts[self._next]) + self._octets_sent
        try:
            count = self.socket.send(self._view[begin : int(chunk.starts[end])])
        except BlockingIOError:
            return False
        reached = begin + count
        first = self._next
        self._next = int(np.searchsorted(chunk.starts, reached, side="right")) - 1
        self._octets_sent = reached - int(chunk.starts[self._next])
        # A request that is out in part will be answered too: it waits from now on.
        noted = self._next + (1 if self._octets_sent else 0)
        self._note_sent(chunk, first, noted, now)
        return self._next == end

    def _note_sent(self, chunk: Chunk, first: int, end: int, now: float) -> None:
        stans = (chunk.first_stan + np.arange(first, end)) % STANS
        due = np.full(end - first, now) if self._due is None else self._due[first:end]
        fresh = ~self._waiting[stans]
        self._due_of[stans[fresh]] = due[fresh]
        self._sort_of[stans] = chunk.sorts[first:end]
        self._waiting[stans] = True
        self.sent += int(np.count_nonzero(fresh))
        self._note_lag(now, due[fresh])

    def receive(self) -> None:
        """Read what has come. Raises: LineLost."""
        try:
            data = self.socket.recv(_RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except ConnectionError as error:
            raise LineLost(str(error)) from None
        if not data:
            raise LineLost("the host closed the connection")
        chunk = self._rest + data if self._rest else data
        while True:
            buffer = np.frombuffer(chunk, np.uint8)
            count, used, _ = split_frames(buffer, self._frames, _FRAME_BYTES_MAX)
            if count:
                self._read(buffer, count)
            chunk = chunk[used:]
            if count < _FRAMES_AT_ONCE:
                break
        self._rest = chunk

    def _read(self, buffer: npt.NDArray[np.uint8], count: int) -> None:
        read_answers(buffer, self._frames[:count], self._table, self._places, self._numbers, self._codes)
        numbers, codes = self._numbers[:count], self._codes[:count]
        known = numbers >= 0
        known[known] = self._waiting[numbers[known]]
        stans = numbers[known]
        self._waiting[stans] = False
        self.answered += len(stans)
        self._take(self._due_of[stans], self._sort_of[stans], codes[known] == _APPROVED)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
