"""Framed messages on asyncio streams, relaying between two connections, and closing them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from authz.iso8583.dialects.fields import Framing

_LAST_WORDS_SECONDS = 1.0
"""How long the other side may take to read what was written before the end."""

Pump = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
"""Hands on what comes in one direction until it ends."""


async def read_frame(reader: asyncio.StreamReader, framing: Framing) -> tuple[bytes, bytes]:
    """The length in front of the next message, as it came, and the message.

    Raises: asyncio.IncompleteReadError at the end, OSError; ValueError where the length is not a number.
    """
    head = await reader.readexactly(framing.length_bytes)
    return head, await reader.readexactly(framing.length(head))


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection, and wait until its socket is let go: what is merely closed outlives a loop that ends."""
    writer.close()
    try:
        async with asyncio.timeout(_LAST_WORDS_SECONDS):
            await writer.wait_closed()
    except OSError:
        pass  # it reads no more, or has hung up itself
    finally:
        writer.transport.abort()


async def stand_between(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int], there: Pump, back: Pump
) -> None:
    """Dial a target for a connection that came in, and pump both ways until one ends; then the target is hung up.

    A target that cannot be reached ends it at once.
    """
    try:
        target_reader, target_writer = await asyncio.open_connection(*target)
    except OSError:
        return
    try:
        async with asyncio.TaskGroup() as group:
            pumps = [group.create_task(there(reader, target_writer)), group.create_task(back(target_reader, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
    finally:
        await hang_up(target_writer)
