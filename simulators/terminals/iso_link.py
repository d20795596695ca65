"""A terminal's line to the network: framed ISO 8583 over TCP, answers matched to requests.

A line that broke is dialled anew by the next message. What is sent and received can be watched.
"""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Protocol

from authz.iso8583.dialects.fields import Dialect, built_in
from authz.iso8583.encoding import codec

_MATCHED_BY = (7, 11)
"""An answer belongs to the request with the same transmission time and STAN."""


class LinkError(Exception):
    """No answer: the line is down, or the network took too long."""


class LineDown(LinkError):
    """The network cannot be reached: nothing was sent."""


class NoAnswer(LinkError):
    """The message went out, and nothing came back: not known what became of it."""


class Watcher(Protocol):
    """Sees every message that passes."""

    def __call__(self, direction: str, encoded: bytes, dialect: Dialect) -> None:
        """direction: "sent" or "received".  encoded: without framing."""


class Protection(Protocol):
    """Seals what goes out and checks what comes in, see `simulators.terminals.message_security`."""

    def sealed(self, message: codec.Message) -> codec.Message:
        """The message with its message authentication code."""

    def check(self, message: codec.Message) -> None:
        """Raises: LinkError where the code is wrong or missing."""


class IsoLink:
    """One line. timeout: seconds to wait for an answer.  tls: None for a line in clear.  stopwatch: seconds."""

    def __init__(
        self,
        address: tuple[str, int],
        *,
        timeout: float = 10.0,
        dialect: Dialect | None = None,
        watcher: Watcher | None = None,
        tls: ssl.SSLContext | None = None,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.dialect = dialect or built_in()
        self.timeout = timeout
        self.watcher = watcher
        self.protection: Protection | None = None
        self.is_unplugged = False
        """Whether the line is dead: nothing can be dialled."""
        self._tls = tls
        self._stopwatch = stopwatch
        self._socket: socket.socket | None = None
        self._unclaimed: dict[tuple[str, ...], codec.Message] = {}

    def exchange(self, message: codec.Message) -> codec.Message:
        """Send a request and wait for its answer. Raises: LineDown, NoAnswer; MessageError where nothing was sent."""
        line = self._dialled()
        encoded = self._encoded(message)
        deadline = self._stopwatch() + self.timeout
        try:
            self.send_bytes(encoded)
            wanted = _identity(message)
            while wanted not in self._unclaimed:
                self._receive(line, deadline)
        except (OSError, EOFError, codec.MessageError) as error:
            self.close()
            raise NoAnswer(f"no answer: {error or type(error).__name__}") from None
        return self._unclaimed.pop(wanted)

    def dial(self) -> None:
        """See whether anybody answers the call, and hang up. Raises: LineDown."""
        self._dialled()
        self.close()

    def send(self, message: codec.Message) -> None:
        """Send a message without waiting. Raises: LineDown, OSError, MessageError."""
        self._dialled()
        self.send_bytes(self._encoded(message))

    def _encoded(self, message: codec.Message) -> bytes:
        """A message as it goes out. Raises: MessageError naming the field that its dialect cannot carry."""
        if self.protection is not None:
            message = self.protection.sealed(message)
        return codec.encode(message, self.dialect)

    def send_bytes(self, encoded: bytes) -> None:
        """Send bytes as they are in a frame, whatever they are. Raises: LineDown, OSError."""
        line = self._dialled()
        if self.watcher is not None:
            self.watcher("sent", encoded, self.dialect)
        line.sendall(self.dialect.framing.framed(encoded))

    def _dialled(self) -> socket.socket:
        if self.is_unplugged:
            raise LineDown("the line is unplugged")
        if self._socket is None:
            try:
                line = socket.create_connection(self.address, self.timeout)
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socket = line if self._tls is None else self._secured(line, self._tls)
            except OSError as error:
                raise LineDown(f"cannot reach {self.address[0]}:{self.address[1]}: {error}") from None
        return self._socket

    def _secured(self, line: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        """The line behind its TLS handshake. Raises: OSError; the line is closed then."""
        try:
            return tls.wrap_socket(line, server_hostname=self.address[0])
        except OSError:
            line.close()
            raise

    def _receive(self, line: socket.socket, deadline: float) -> None:
        framing = self.dialect.framing
        encoded = _read(
            line,
            framing.length(_read(line, framing.length_bytes, deadline, self._stopwatch)),
            deadline,
            self._stopwatch,
        )
        if self.watcher is not None:
            self.watcher("received", encoded, self.dialect)
        message = codec.decode(encoded, self.dialect)
        if self.protection is not None:
            self.protection.check(message)
        self._unclaimed[_identity(message)] = message

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._unclaimed.clear()


def _read(line: socket.socket, count: int, deadline: float, stopwatch: Callable[[], float]) -> bytes:
    data = bytearray()
    while len(data) < count:
        line.settimeout(max(0.001, deadline - stopwatch()))
        part = line.recv(count - len(data))
        if not part:
            raise EOFError("the network closed the line")
        data += part
    return bytes(data)


def _identity(message: codec.Message) -> tuple[str, ...]:
    return tuple(message.get(field, "") for field in _MATCHED_BY)
