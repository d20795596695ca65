"""uvicorn as a part of a process, which is stopped by the process and not by signals."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import uvicorn

from simulators.sandbox.settings.settings import Settings

_GRACEFUL_SECONDS = 5
_TICKS_A_SECOND = 10  # uvicorn's own count


class QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: who runs the sandbox decides when it stops, and does not wait for a tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leave = asyncio.Event()

    async def main_loop(self) -> None:
        """Refresh the header that every answer has (the date) until the server stops."""
        ticks = 0
        while not await self.on_tick(ticks) and not self.leave.is_set():
            ticks += _TICKS_A_SECOND
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leave.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is being answered end; idle connections close at once."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(_GRACEFUL_SECONDS):
                while self.server_state.connections or self.server_state.tasks:
                    await asyncio.sleep(0.002)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to who runs the process."""
        yield


def tls_arguments(settings: Settings) -> dict[str, Any]:
    """The TLS arguments of uvicorn."""
    if settings.tls_certificate is None:
        return {}
    told: dict[str, Any] = {"ssl_certfile": settings.tls_certificate, "ssl_keyfile": settings.tls_key}
    if settings.tls_client_authorities is not None:
        told |= {"ssl_ca_certs": str(settings.tls_client_authorities), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return told
