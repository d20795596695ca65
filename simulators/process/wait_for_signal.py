"""Waits for SIGTERM or SIGINT."""

import asyncio
import contextlib
import signal


async def wait_for_signal() -> None:
    """Wait for SIGTERM or SIGINT (Ctrl-C)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # an event loop that knows no signals is ended by Ctrl-C
            loop.add_signal_handler(number, stop.set)
    await stop.wait()
