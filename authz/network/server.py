"""The TCP server: framing, timeouts and backpressure. What a message means is the network's concern."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import structlog

from authz.iso8583.dialects.fields import BINARY_LENGTH, Dialect, Framing
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import Places, split_frames
from authz.iso8583.format_errors import TOO_LONG, FormatError
from authz.network.arrivals import Reply
from authz.network.lines import OPEN, ConnectionAuthority, Line
from authz.network.turns import Turns, TurnTaker, WaitingForRoom

log = structlog.get_logger()

_BACKLOG = 1024
"""Connections that may wait to be taken."""

_OVERSIZED_COUNTS = 64
"""As many messages as one that is too long: its first fields are read one by one."""


@dataclass(frozen=True)
class ServerLimits:
    """What a peer may do. Lengths in bytes, times in seconds."""

    message_bytes_max: int = 4096
    frame_seconds_max: float = 10.0
    """How long a started frame may stay incomplete."""
    unanswered_max: int = 1_024
    """How many messages of one connection may wait for answers; those behind them are not taken, and then not read."""
    unanswered_in_total_max: int = 65_536
    """The same of all connections of a port."""
    connections_max: int = 4096
    """So many connections of a port are taken. Each keeps what the system hands over at once, 256 KiB, at most."""
    frames_per_turn: int = 256
    """How many messages of one connection are taken in one turn of the loop, and how many empty ones passed over."""
    company_divides_by: int = 4
    """So much less is taken of one while others have something to say too: what they say waits for the whole turn."""
    head_bytes: int = 256
    """How much of an oversized message is read, so that it can be answered."""


class Handler(Protocol):
    """Who takes the messages, see `authz.network.processor.Network`.

    messages_in_a_turn: so many of one connection it can take in one turn of the loop and leave the others theirs.
    """

    messages_in_a_turn: int

    def receive(self, chunk: bytes, frames: Places, line: Line, reply: Reply) -> None:
        """Take whole messages."""

    def refuse_format(self, fields: codec.Message, error: FormatError, line: Line) -> bytes:
        """Log a malformed message; the answer to it, if any."""


class Connection(asyncio.Protocol):
    """One connection. A malformed message never ends it; a stalled one does.

    It takes its share of each turn, however much has come. While more waits nothing is read, so that no more is kept
    than what the system hands over at once, and TCP keeps the peer back.
    """

    def __init__(self, server: "Iso8583Server") -> None:
        self._server = server
        self._limits = server.limits
        self._transport: asyncio.Transport | None = None
        self._line = Line("")
        self._rest = b""
        self._to_discard = 0
        self._unanswered = 0
        self._writing_paused = False
        self._has_more = False
        self._turn, self._left = -1, 0
        self._stall_timer: asyncio.TimerHandle | None = None
        self._frames = np.zeros((self._limits.frames_per_turn, 2), np.int32)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the peer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports share no base class with asyncio's
        name = transport.get_extra_info("peername")
        authority = self._server.authority
        certificate = _certificate_shown(transport) if authority.by_certificate else None
        self._line = authority.line(f"{name[0]}:{name[1]}" if name else "unknown", certificate)
        if len(self._server.connections) >= self._limits.connections_max:
            log.warning("connection_refused", peer=self._line.peer, connections_max=self._limits.connections_max)
            self._transport.abort()
            return
        self._server.connections.add(self)
        log.info("connection_opened", peer=self._line.peer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the peer; answers on their way to it are dropped, their commands stay durable."""
        self._stop_timer()
        self._server.forget(self)
        self._rest, self._transport = b"", None
        log.info("connection_closed", peer=self._line.peer, error=str(exc) if exc else None)

    def data_received(self, data: bytes) -> None:
        """Cut the stream into messages and hand them over."""
        if self._to_discard:
            discarded = min(self._to_discard, len(data))
            self._to_discard -= discarded
            data = data[discarded:]
        self._rest = self._rest + data if self._rest else data
        self.take_turn()

    def take_turn(self) -> None:
        """Hand over as many messages as there is a share for, and wait for the next turn with the rest."""
        if self._transport is None:
            return
        try:
            completed = self._take_share()
        finally:
            self._server.has_had_turn(self)
        self.go_on(completed)
        self._server.let_in_who_waits()

    def _take_share(self) -> int:
        """Hand over as many messages as there is a share for; how many were whole."""
        if self._turn != self._server.turns.number:
            self._turn, self._left = self._server.turns.number, self._limits.frames_per_turn
            if self._server.turns.is_shared(self):
                self._left = max(1, self._left // self._limits.company_divides_by)
            self._server.turns.count()
        chunk, completed, is_whole = self._rest, 0, True
        while chunk and is_whole and (room := self._room()):
            count, used, oversized = self._server.split(chunk, self._frames[:room], self._limits.message_bytes_max)
            completed += count
            self._left -= max(count, bool(used))
            if count:
                self._owe(count)
                self._server.waiting.served(self)
                self._server.handler.receive(chunk[:used], self._frames[:count].copy(), self._line, self.reply)
            chunk = chunk[used:]
            is_known = oversized and len(chunk) >= self._server.length_bytes + self._limits.head_bytes
            is_whole = bool(used or is_known)
            if is_known and self._room():
                chunk = self._refuse_oversized(chunk, oversized)
                self._left -= _OVERSIZED_COUNTS
                completed += 1
        self._rest, self._has_more = chunk, bool(chunk) and is_whole
        return completed

    def _room(self) -> int:
        """How many more messages may be taken in this turn."""
        if self._is_held or self._server.holds(self):
            return 0
        return max(0, min(self._left, self._limits.unanswered_max - self._unanswered))

    @property
    def _is_held(self) -> bool:
        """Whether nothing more is taken before its own answers were written."""
        return self._writing_paused or self._unanswered >= self._limits.unanswered_max

    def _owe(self, count: int) -> None:
        """So many more messages wait for an answer."""
        self._unanswered += count
        self._server.unanswered += count

    def _refuse_oversized(self, chunk: bytes, length: int) -> bytes:
        """Answer a message that is too long from its first bytes, and skip it; return what follows it."""
        start = self._server.length_bytes
        head = chunk[start : start + self._limits.head_bytes]
        log.warning("message_too_long", peer=self._line.peer, bytes=length, bytes_max=self._limits.message_bytes_max)
        fields, too_long = _readable_fields(head, self._server.dialect), FormatError(0, TOO_LONG)
        self._owe(1)
        self.reply(self._server.handler.refuse_format(fields, too_long, self._line), 1)
        end = start + length
        self._to_discard = max(0, end - len(chunk))
        return chunk[end:]

    def reply(self, answers: bytes, count: int) -> None:
        """Send framed answers to count messages."""
        self._unanswered -= count
        self._server.unanswered -= count
        self._server.let_in_who_waits()
        if self._transport is not None and not self._transport.is_closing():
            if answers:
                self._transport.write(answers)
            self.go_on()

    def pause_writing(self) -> None:
        """The peer does not read its answers: stop reading its requests."""
        self._writing_paused = True
        self.go_on()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._writing_paused = False
        self.go_on()

    def go_on(self, completed: int = 0) -> None:
        """Wait with what there is for the next turn, room or answers, or read. completed: messages that came whole."""
        if self._transport is None or self._transport.is_closing():
            return
        is_held = self._is_held
        if self._has_more and not is_held:
            if self._server.holds(self):
                self._server.waiting.wait(self)
            else:
                self._server.turns.wait(self)
        self._watch_for_stall(completed, is_held=is_held)
        if self._has_more or is_held:
            self._transport.pause_reading()
        elif not self._transport.is_reading():
            self._transport.resume_reading()

    def _watch_for_stall(self, completed: int, *, is_held: bool) -> None:
        """Keep a timer running while a frame is incomplete because of its peer; only a whole one starts it anew."""
        incomplete = bool(self._rest or self._to_discard) and not self._has_more and not is_held
        if completed or not incomplete:
            self._stop_timer()
        if incomplete and self._stall_timer is None:
            loop = asyncio.get_running_loop()
            self._stall_timer = loop.call_later(self._limits.frame_seconds_max, self._give_up)

    def _stop_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _give_up(self) -> None:
        log.warning(
            "frame_stalled", peer=self._line.peer, bytes_waiting=len(self._rest), bytes_missing=self._to_discard
        )
        if self._transport is not None:
            self._transport.abort()

    @property
    def unanswered(self) -> int:
        """How many messages wait for their answer."""
        return self._unanswered

    def close(self) -> None:
        """Close after sending what is written."""
        if self._transport is not None:
            self._transport.close()


def _certificate_shown(transport: asyncio.BaseTransport) -> bytes | None:
    """The certificate that the client has proven to own in its TLS handshake, DER; None where it has shown none."""
    secured = transport.get_extra_info("ssl_object")
    return None if secured is None else cast("bytes | None", secured.getpeercert(binary_form=True))


def _readable_fields(head: bytes, dialect: Dialect) -> codec.Message:
    """What can be read of a message from its first bytes."""
    try:
        return codec.decode(head, dialect)
    except codec.MessageError as error:
        return error.fields


Split = Callable[[bytes, Places, int], tuple[int, int, int]]
"""Finds whole frames, see `scan.split_frames`."""


def splitter(framing: Framing) -> Split:
    """How a stream is cut: by compiled code where lengths are two binary bytes."""
    if framing == BINARY_LENGTH:
        return lambda chunk, frames, longest: split_frames(np.frombuffer(chunk, np.uint8), frames, longest)

    def split(chunk: bytes, frames: Places, longest: int) -> tuple[int, int, int]:
        position, count, head = 0, 0, framing.length_bytes
        looked_at = 0
        while position + head <= len(chunk) and count < len(frames) and looked_at < len(frames):
            looked_at += 1
            try:
                length = framing.length(chunk[position : position + head])
            except ValueError:
                length = 0x7FFF_FFFF  # no length at all: nothing behind it can be found any more
            if length > longest:
                return count, position, length
            end = position + head + length
            if end > len(chunk):
                break
            if length > 0:
                frames[count] = position + head, end
                count += 1
            position = end
        return count, position, 0

    return split


class Iso8583Server:
    """Listens, and keeps count of connections."""

    def __init__(
        self, handler: Handler, dialect: Dialect, limits: ServerLimits, authority: ConnectionAuthority = OPEN
    ) -> None:
        self.authority = authority
        self.handler = handler
        self.dialect = dialect
        self.limits = limits
        self.split = splitter(dialect.framing)
        self.length_bytes = dialect.framing.length_bytes
        self.connections: set[Connection] = set()
        self.turns = Turns()
        self.unanswered = 0
        self.waiting = WaitingForRoom()
        self._let_in: set[TurnTaker] = set()
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Take connections on a bound socket, which is closed with the server. tls: None where lines are in clear."""
        loop = asyncio.get_running_loop()
        secured: dict[str, Any] = {}
        if tls is not None:  # who does not finish its handshake is treated as who does not finish a frame
            secured = {"ssl": tls, "ssl_handshake_timeout": self.limits.frame_seconds_max}
        self._server = await loop.create_server(lambda: Connection(self), sock=listener, backlog=_BACKLOG, **secured)

    @property
    def is_full(self) -> bool:
        """Whether so many messages of all connections wait that no more are taken."""
        return self.unanswered >= self.limits.unanswered_in_total_max

    def holds(self, connection: Connection) -> bool:
        """Whether nothing more is taken of a connection because of all others: too many wait, or some before it."""
        if connection in self._let_in:
            return self.is_full
        return bool(self.waiting) or self._is_spoken_for

    def let_in_who_waits(self) -> None:
        """Give those their turn who have waited longest for room: so many as there is room for, a share to each."""
        while self.waiting and not self._is_spoken_for:
            line = self.waiting.first()
            self._let_in.add(line)
            self.turns.wait(line)

    @property
    def _is_spoken_for(self) -> bool:
        promised = len(self._let_in) * self.limits.frames_per_turn
        return self.unanswered + promised >= self.limits.unanswered_in_total_max

    def has_had_turn(self, connection: Connection) -> None:
        """What it has left of the room that it was let in for is others'."""
        self._let_in.discard(connection)

    def forget(self, connection: Connection) -> None:
        """It has gone."""
        self.connections.discard(connection)
        self.turns.leave(connection)
        self.waiting.leave(connection)
        self._let_in.discard(connection)
        self.let_in_who_waits()

    def stop_listening(self) -> None:
        """Take no new connections."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Close every connection; call it when all commands are answered."""
        self.stop_listening()
        for connection in tuple(self.connections):
            connection.close()
