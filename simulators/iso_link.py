"""A terminal's line to the network: framed ISO 8583 over TCP, answers matched to requests."""

import socket

from authz.iso8583 import codec
from authz.iso8583.fields import Dialect, built_in
from authz.network import framed

_MATCHED_BY = (7, 11)
"""An answer belongs to the request with the same transmission time and STAN."""


class LinkError(Exception):
    """No answer: the line is down, or the network took too long."""


class IsoLink:
    """One TCP connection. timeout: seconds to wait for an answer."""

    def __init__(self, address: tuple[str, int], *, timeout: float = 10.0, dialect: Dialect | None = None) -> None:
        self._dialect = dialect or built_in()
        self._unclaimed: dict[tuple[str, ...], codec.Message] = {}
        try:
            self._socket = socket.create_connection(address, timeout)
        except OSError as error:
            raise LinkError(f"cannot reach {address[0]}:{address[1]}: {error}") from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, message: codec.Message) -> codec.Message:
        """Send a request and wait for its answer. Raises: LinkError."""
        try:
            self._socket.sendall(framed(codec.encode(message, self._dialect)))
            wanted = _identity(message)
            while wanted not in self._unclaimed:
                answer = codec.decode(self._read_frame(), self._dialect)
                self._unclaimed[_identity(answer)] = answer
        except OSError as error:
            raise LinkError(f"no answer: {error}") from None
        return self._unclaimed.pop(wanted)

    def _read_frame(self) -> bytes:
        return self._read(int.from_bytes(self._read(2), "big"))

    def _read(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise LinkError("the network closed the line")
            data += part
        return bytes(data)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def _identity(message: codec.Message) -> tuple[str, ...]:
    return tuple(message.get(field, "") for field in _MATCHED_BY)
