"""A closed-loop sender: keeps a fixed number of requests in flight on one connection and counts the answers."""

import socket
import time
from dataclasses import dataclass

import numpy as np

from authz.iso8583.fields import built_in
from authz.iso8583.scan import new_places, scan_message, scan_table, split_frames


@dataclass(frozen=True)
class Outcome:
    """What came back. seconds: from the first byte sent to the last answer; client_seconds: this process's CPU time."""

    approved: int
    declined: int
    seconds: float
    client_seconds: float

    @property
    def per_second(self) -> float:
        """Approved authorizations a second."""
        return self.approved / self.seconds


class AnswerCounter:
    """Counts framed answers by whether DE 39 is 00."""

    def __init__(self) -> None:
        self.approved = 0
        self.declined = 0
        self._rest = b""
        self._table, self._places = scan_table(built_in()), new_places()
        self._frames = np.zeros((4096, 2), np.int32)

    def feed(self, data: bytes) -> int:
        """Take bytes off the wire; returns how many answers they completed."""
        chunk = self._rest + data
        buffer = np.frombuffer(chunk, np.uint8)
        count, used, _ = split_frames(buffer, self._frames, 65535)
        for start, end in self._frames[:count].tolist():
            scan_message(buffer, start, end, self._table, self._places)
            place = int(self._places[39, 0])
            if chunk[place : place + 2] == b"00":
                self.approved += 1
            else:
                self.declined += 1
        self._rest = chunk[used:]
        return count


def send_all(address: tuple[str, int], requests: list[bytes], window: int) -> Outcome:
    """Send every request with at most window unanswered, and wait for all answers."""
    line = socket.create_connection(address)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    counter = AnswerCounter()
    sent = answered = 0
    cpu, started = time.process_time(), time.perf_counter()
    while answered < len(requests):
        room = min(window - (sent - answered), len(requests) - sent)
        # Refill by halves: sending each freed place alone would measure system calls, not the server.
        if room and (room * 2 >= window or sent + room == len(requests)):
            line.sendall(b"".join(requests[sent : sent + room]))
            sent += room
        data = line.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        answered += counter.feed(data)
    seconds, client_seconds = time.perf_counter() - started, time.process_time() - cpu
    line.close()
    return Outcome(counter.approved, counter.declined, seconds, client_seconds)
