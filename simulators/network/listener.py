"""A listener that serves each connection in a separate task, and ends all of them when it closes."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from simulators.network.framed_streams import hang_up

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
"""Serves one connection until it ends, or is cancelled. The listener hangs up."""


class Listener:
    """Listens on loopback. It belongs to the loop that it listens on: no other thread may call it.

    It accepts by itself because asyncio's server loses a connection that is on its way when it closes.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._connections = set[asyncio.Task[None]]()

    async def listen(self, port: int = 0) -> tuple[str, int]:
        """Take connections; returns where. port: 0 for any that is free. Raises: OSError where it is taken."""
        self._socket = socket.create_server(("127.0.0.1", port))
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._accept)
        host, taken = self._socket.getsockname()
        return host, taken

    async def close(self) -> None:
        """Take no more, hang up on those who are connected, and wait until nothing of theirs runs any more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        await asyncio.sleep(0)  # a task that is cancelled before its first step would not hang up
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):  # it has hung up already
            connection, _ = self._socket.accept()
            serving = asyncio.create_task(self._serve_one(connection))
            self._connections.add(serving)
            serving.add_done_callback(self._connections.discard)

    async def _serve_one(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            await self._serve(reader, writer)
        finally:
            await hang_up(writer)
