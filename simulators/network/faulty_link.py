"""A line between a terminal and the network that loses, repeats, delays and mixes up messages, as its seed has it.

A proxy on a port of its own. What happens to the n-th message of the m-th connection in one direction depends on the
seed alone, not on when it comes.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Self

from authz.iso8583.dialects.fields import BINARY_LENGTH, Framing
from simulators.network.framed_streams import read_frame, stand_between
from simulators.network.listener import Listener
from simulators.process.background_loop import BackgroundLoop

_OVERTAKEN_SECONDS = 0.03


@dataclass(frozen=True)
class Faults:
    """What happens in one direction. Times in seconds, probabilities from 0 to 1.

    half_open_after: after so many messages nothing passes any more, and neither side hears of it.
    bytes_per_second: how fast it is read; None for at once.
    """

    latency: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    half_open_after: int | None = None
    bytes_per_second: float | None = None


@dataclass(frozen=True)
class _Fate:
    """What happens to one message. delay: seconds."""

    is_lost: bool
    is_doubled: bool
    is_overtaken: bool
    delay: float


def _fates(faults: Faults, random: Random) -> Iterator[_Fate]:
    """The faults of all messages in one direction; each message draws the same number of random values."""
    while True:
        lost, doubled, overtaken, late = (random.random() for _ in range(4))
        yield _Fate(
            lost < faults.loss,
            doubled < faults.duplicate,
            overtaken < faults.reorder,
            faults.latency + late * faults.jitter,
        )


@dataclass
class FaultyLink:
    """A faulty connection to `target`, as a context manager; terminals connect to `address`.

    to_network, to_terminal: the faults of each direction.  happened: how often what happened.
    """

    target: tuple[str, int]
    to_network: Faults = Faults()
    to_terminal: Faults = Faults()
    seed: int = 0
    framing: Framing = BINARY_LENGTH
    address: tuple[str, int] = ("", 0)
    happened: Counter[str] = field(default_factory=Counter)
    _connections: int = 0

    def __enter__(self) -> Self:
        self._background_loop = BackgroundLoop("faulty link")
        self._listener = Listener(self._connected)
        self.address = self._background_loop.run(self._listener.listen())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._background_loop.run(self._listener.close())
        finally:
            self._background_loop.stop()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self._connections
        self._connections += 1
        there = partial(self._pump, faults=self.to_network, seed=f"{self.seed} {number} up")
        back = partial(self._pump, faults=self.to_terminal, seed=f"{self.seed} {number} down")
        await stand_between(reader, writer, self.target, there, back)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, faults: Faults, seed: str
    ) -> None:
        """Hand on the messages of one direction until it ends."""
        fates, passed = _fates(faults, Random(seed)), 0  # noqa: S311 - faults, no secrets
        last: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as deliveries:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError, ValueError):
                while True:
                    frame = await self._read(reader, faults)
                    passed += 1
                    fate = next(fates)
                    if faults.half_open_after is not None and passed > faults.half_open_after:
                        self.happened["half open"] += 1
                        continue
                    if fate.is_lost:
                        self.happened["lost"] += 1
                        continue
                    copies = 2 if fate.is_doubled else 1
                    self.happened["passed"] += 1
                    self.happened["doubled"] += copies - 1
                    self.happened["overtaken"] += fate.is_overtaken
                    delay = fate.delay + (_OVERTAKEN_SECONDS if fate.is_overtaken else 0)
                    after = None if fate.is_overtaken else last
                    delivery = deliveries.create_task(self._deliver(writer, frame * copies, delay, after))
                    if not fate.is_overtaken:
                        last = delivery

    async def _read(self, reader: asyncio.StreamReader, faults: Faults) -> bytes:
        frame = b"".join(await read_frame(reader, self.framing))
        if faults.bytes_per_second is not None:
            await asyncio.sleep(len(frame) / faults.bytes_per_second)
        return frame

    @staticmethod
    async def _deliver(
        writer: asyncio.StreamWriter, data: bytes, delay: float, after: asyncio.Task[None] | None
    ) -> None:
        """Write after a delay, and not before what must come first."""
        await asyncio.sleep(delay)
        if after is not None and not after.done():
            await asyncio.wait([after])
        if not writer.is_closing():
            writer.write(data)
