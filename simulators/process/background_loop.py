"""An event loop in a background thread, for servers that synchronous programs and tests start and stop."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class BackgroundLoop:
    """Runs coroutines from outside until it is stopped."""

    def __init__(self, name: str) -> None:
        self._stopped = asyncio.Event()
        started = Future[asyncio.AbstractEventLoop]()
        # `asyncio.run` does all that a loop's end needs: it cancels what still runs, waits for it, and lets go.
        work = self._run_until_stopped(started)
        self._thread = threading.Thread(target=asyncio.run, args=(work,), name=name, daemon=True)
        self._thread.start()
        self._loop = started.result()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run something on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def stop(self) -> None:
        """Cancel what still runs, wait until it has ended, and end the thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    async def _run_until_stopped(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        started.set_result(asyncio.get_running_loop())
        await self._stopped.wait()
