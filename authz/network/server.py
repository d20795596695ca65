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
from authz.network.peers import OPEN, ConnectionAuthority, Peer
from authz.network.turns import Turns, TurnTaker, WaitingForRoom

log = structlog.get_logger()

_BACKLOG = 1024
"""Connections that may wait to be accepted (the backlog of `listen`)."""

_OVERSIZED_COUNTS = 64
"""How many messages an oversized one counts as, because its first fields are read by interpreted code."""


@dataclass(frozen=True)
class ServerLimits:
    """What a peer may do. Lengths in bytes, times in seconds."""

    message_bytes_max: int = 4096
    frame_seconds_max: float = 10.0
    """How long a started frame may stay incomplete."""
    unanswered_max: int = 1_024
    """Maximum number of messages of one connection that await answers. Beyond it, nothing more is read from it."""
    unanswered_in_total_max: int = 65_536
    """The same for all connections of a port together."""
    connections_max: int = 4096
    """Maximum number of connections of a port. Each buffers at most one read of the socket, 256 KiB."""
    frames_per_turn: int = 256
    """Maximum number of messages, and of empty frames, that a connection may hand over in one turn of the loop."""
    company_divides_by: int = 4
    """Divides `frames_per_turn` while other connections send too, because their messages wait for the whole turn."""
    head_bytes: int = 256
    """How many bytes of an oversized message are read, so that its answer can echo the first data elements."""


class Handler(Protocol):
    """What processes the messages, see `authz.network.processor.PaymentProcessor`.

    messages_in_a_turn: the maximum from one connection in one turn of the event loop that leaves time for the others.
    """

    messages_in_a_turn: int

    def receive(self, chunk: bytes, frames: Places, peer: Peer, reply: Reply) -> None:
        """Take whole messages."""

    def refuse_format(self, fields: codec.Message, error: FormatError, peer: Peer) -> bytes:
        """Log a malformed message; return the answer to it, or nothing if it gets none."""


class Connection(asyncio.Protocol):
    """One connection. A malformed message never ends it; a stalled one does.

    It processes a limited share of messages in each turn of the event loop, however many have arrived. While messages
    are left over, nothing more is read, so the buffer holds at most one read of the socket and TCP flow control slows
    the peer down.
    """

    def __init__(self, server: "Iso8583Server") -> None:
        self._server = server
        self._limits = server.limits
        self._transport: asyncio.Transport | None = None
        self._peer = Peer("")
        self._rest = b""
        self._to_discard = 0
        self._unanswered = 0
        self._writing_paused = False
        self._has_more = False
        self._turn, self._left = -1, 0
        self._stall_timer: asyncio.TimerHandle | None = None
        self._frames = np.zeros((self._limits.frames_per_turn, 2), np.int32)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Identify the peer, and refuse it if the port has too many connections."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports share no base class with asyncio's
        name = transport.get_extra_info("peername")
        authority = self._server.authority
        certificate = _certificate_shown(transport) if authority.by_certificate else None
        self._peer = authority.peer(f"{name[0]}:{name[1]}" if name else "unknown", certificate)
        if len(self._server.connections) >= self._limits.connections_max:
            log.warning("connection_refused", peer=self._peer.address, connections_max=self._limits.connections_max)
            self._transport.abort()
            return
        self._server.connections.add(self)
        log.info("connection_opened", peer=self._peer.address)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection. Answers that are not sent yet are dropped; the decisions stay in the journal."""
        self._stop_timer()
        self._server.forget(self)
        self._rest, self._transport = b"", None
        log.info("connection_closed", peer=self._peer.address, error=str(exc) if exc else None)

    def data_received(self, data: bytes) -> None:
        """Split the stream into messages and hand them over."""
        if self._to_discard:
            discarded = min(self._to_discard, len(data))
            self._to_discard -= discarded
            data = data[discarded:]
        self._rest = self._rest + data if self._rest else data
        self.take_turn()

    def take_turn(self) -> None:
        """Hand over this turn's share of messages; the rest waits for the next turn."""
        if self._transport is None:
            return
        try:
            completed = self._take_share()
        finally:
            self._server.has_had_turn(self)
        self.go_on(completed)
        self._server.let_in_who_waits()

    def _take_share(self) -> int:
        """Hand over this turn's share of messages; returns how many complete messages there were."""
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
                self._server.handler.receive(chunk[:used], self._frames[:count].copy(), self._peer, self.reply)
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
        """How many more messages this connection may hand over in this turn."""
        if self._is_held or self._server.holds(self):
            return 0
        return max(0, min(self._left, self._limits.unanswered_max - self._unanswered))

    @property
    def _is_held(self) -> bool:
        """Whether the connection must first send or receive answers of its own before it may hand over more."""
        return self._writing_paused or self._unanswered >= self._limits.unanswered_max

    def _owe(self, count: int) -> None:
        """Count messages that now await an answer."""
        self._unanswered += count
        self._server.unanswered += count

    def _refuse_oversized(self, chunk: bytes, length: int) -> bytes:
        """Answer an oversized message from its first bytes, and skip it; return the bytes that follow it."""
        start = self._server.length_bytes
        head = chunk[start : start + self._limits.head_bytes]
        log.warning("message_too_long", peer=self._peer.address, bytes=length, bytes_max=self._limits.message_bytes_max)
        fields, too_long = _readable_fields(head, self._server.dialect), FormatError(0, TOO_LONG)
        self._owe(1)
        self.reply(self._server.handler.refuse_format(fields, too_long, self._peer), 1)
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
        """Decide what the connection waits for: its next turn, room, its answers, or new bytes.

        completed: the number of messages that were completed since the last call.
        """
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
        """Run a timer while the peer leaves a frame incomplete; only a completed frame restarts it."""
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
            "frame_stalled", peer=self._peer.address, bytes_waiting=len(self._rest), bytes_missing=self._to_discard
        )
        if self._transport is not None:
            self._transport.abort()

    @property
    def unanswered(self) -> int:
        """How many messages wait for their answer."""
        return self._unanswered

    def close(self) -> None:
        """Close the connection after the answers in its buffer are sent."""
        if self._transport is not None:
            self._transport.close()


def _certificate_shown(transport: asyncio.BaseTransport) -> bytes | None:
    """The client certificate of the TLS handshake, DER; None if the client presented none."""
    secured = transport.get_extra_info("ssl_object")
    return None if secured is None else cast("bytes | None", secured.getpeercert(binary_form=True))


def _readable_fields(head: bytes, dialect: Dialect) -> codec.Message:
    """The data elements that can be read from the first bytes of a message."""
    try:
        return codec.decode(head, dialect)
    except codec.MessageError as error:
        return error.fields


Split = Callable[[bytes, Places, int], tuple[int, int, int]]
"""Finds whole frames, see `scan.split_frames`."""


def splitter(framing: Framing) -> Split:
    """The function that splits a stream into frames; it is compiled for lengths of two binary bytes."""
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
    """Listens on a port, and holds the limits that its connections share."""

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
        """Accept connections on a bound socket, which is closed with the server. tls: None for plain TCP."""
        loop = asyncio.get_running_loop()
        secured: dict[str, Any] = {}
        if tls is not None:  # an unfinished handshake is treated like an unfinished frame
            secured = {"ssl": tls, "ssl_handshake_timeout": self.limits.frame_seconds_max}
        self._server = await loop.create_server(lambda: Connection(self), sock=listener, backlog=_BACKLOG, **secured)

    @property
    def is_full(self) -> bool:
        """Whether the messages of all connections that await answers have reached their maximum."""
        return self.unanswered >= self.limits.unanswered_in_total_max

    def holds(self, connection: Connection) -> bool:
        """Whether a connection must wait because of others: the port is full, or others have waited for room longer."""
        if connection in self._let_in:
            return self.is_full
        return bool(self.waiting) or self._is_spoken_for

    def let_in_who_waits(self) -> None:
        """Give a turn to the connections that have waited longest, while there is room for a full share of each."""
        while self.waiting and not self._is_spoken_for:
            connection = self.waiting.first()
            self._let_in.add(connection)
            self.turns.wait(connection)

    @property
    def _is_spoken_for(self) -> bool:
        promised = len(self._let_in) * self.limits.frames_per_turn
        return self.unanswered + promised >= self.limits.unanswered_in_total_max

    def has_had_turn(self, connection: Connection) -> None:
        """Release the room that was reserved for a connection's turn."""
        self._let_in.discard(connection)

    def forget(self, connection: Connection) -> None:
        """Forget a closed connection, and pass its room on."""
        self.connections.discard(connection)
        self.turns.leave(connection)
        self.waiting.leave(connection)
        self._let_in.discard(connection)
        self.let_in_who_waits()

    def stop_listening(self) -> None:
        """Accept no new connections."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Close every connection; called after all commands are answered."""
        self.stop_listening()
        for connection in tuple(self.connections):
            connection.close()
