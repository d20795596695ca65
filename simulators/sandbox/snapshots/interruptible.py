"""Background work that can be made to stop for a while."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable


class Interruptible:
    """Work without an end, which is cancelled while somebody needs it out of the way, and begins anew afterwards."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._allowed = asyncio.Event()
        self._allowed.set()
        self._running: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Do the work until cancelled. Raises: what it raises."""
        while True:
            while not self._allowed.is_set():  # it may be interrupted again before this is resumed
                await self._allowed.wait()
            self._running = asyncio.ensure_future(self._work())
            try:
                await asyncio.wait([self._running])
            finally:
                self._running.cancel()
            if not self._running.cancelled():
                self._running.result()

    @contextlib.asynccontextmanager
    async def interrupted(self) -> AsyncIterator[None]:
        """It has stopped, and does not run inside."""
        self._allowed.clear()
        try:
            if self._running is not None:
                self._running.cancel()
                await asyncio.wait([self._running])
            yield
        finally:
            self._allowed.set()
