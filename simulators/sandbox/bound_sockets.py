"""Binds ports before anything slow starts, so that a port in use is reported at once."""

import errno
import os
import socket

from simulators.process.start_error import StartError


def bound_socket(host: str, port: int, setting: str) -> socket.socket:
    """A socket that is bound to a port from now on. Raises: StartError naming the setting."""
    # The protocol is named because asyncio switches Nagle's algorithm off only where it is: 40 ms an answer otherwise.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        _take(listener, (host, port))
    except OSError as error:
        listener.close()
        hint = f"; end what uses it, or choose another {setting}" if error.errno == errno.EADDRINUSE else ""
        raise StartError(f"{setting} {port} on {host}: {in_words(error)}{hint}") from None
    return listener


def _take(listener: socket.socket, address: tuple[str, int]) -> None:
    """Bind a socket exclusively to a port, although it does not listen yet. Raises: OSError.

    Two sockets with SO_REUSEADDR can be bound to one port while neither listens, so it is set only where it is needed:
    to pass over connections of an earlier run that linger in TIME_WAIT.
    """
    try:
        listener.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        pass_over_lingering(listener)
        listener.bind(address)


def pass_over_lingering(listener: socket.socket) -> None:
    """Accepted connections inherit this, so that a closed one does not keep the port from being bound again."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def in_words(error: OSError) -> str:
    """The text of an operating system's error."""
    return os.strerror(error.errno).lower() if error.errno else str(error)
