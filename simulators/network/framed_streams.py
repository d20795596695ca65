"""Messages on asyncio's streams, and standing between two ends of a line."""

import asyncio
from collections.abc import Awaitable, Callable

from authz.iso8583.fields import Framing

Pump = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Hands on what comes in one direction until it ends."""


async def read_frame(reader: asyncio.StreamReader, framing: Framing) -> tuple[bytes, bytes]:
    """The length in front of the next message, as it came, and the message.

    Raises: asyncio.IncompleteReadError at the end, OSError; ValueError where the length is no number.
    """
    head = await reader.readexactly(framing.length_bytes)
    return head, await reader.readexactly(framing.length(head))


async def stand_between(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int], there: Pump, back: Pump
) -> None:
    """Dial a target for a connection that came in, and pump both ways until one ends; then both are hung up.

    A target that cannot be reached hangs up the connection.
    """
    try:
        target_reader, target_writer = await asyncio.open_connection(*target)
    except OSError:
        writer.close()
        return
    pumps = [asyncio.ensure_future(there(reader, target_writer)), asyncio.ensure_future(back(target_reader, writer))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        pass  # it is taken down; Python 3.11's streams trip over a cancelled connection
    finally:
        for pump in pumps:
            pump.cancel()
        target_writer.close()
        writer.close()
