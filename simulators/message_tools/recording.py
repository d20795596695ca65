"""Recording real traffic between a terminal or switch and its host, and replaying it against another.

A recording is a file of JSON lines: when (seconds from the start), on which connection, which way, and the frame in
hexadecimal. It holds what went over the line, card numbers too, so it can be read by its owner only.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from authz.iso8583.dialects.fields import Dialect
from authz.iso8583.encoding import codec
from simulators.network.framed_streams import read_frame, stand_between
from simulators.network.listener import Listener
from simulators.terminals.iso_link import IsoLink, LinkError

TO_HOST, TO_CLIENT = "to_host", "to_client"
_OWNER_ONLY = 0o600


class RecordingError(ValueError):
    """A file that is no recording; the line is named."""


@dataclass(frozen=True)
class RecordedFrame:
    """seconds: since the recording began.  connection: counted from 0.  way: ``to_host`` or ``to_client``."""

    seconds: float
    connection: int
    way: str
    frame: str


class Recorder:
    """A proxy that hands everything on and writes it down. file: opened for text."""

    def __init__(self, host: tuple[str, int], dialect: Dialect, file: TextIO) -> None:
        self._host = host
        self._framing = dialect.framing
        self._file = file
        self._started = time.monotonic()
        self._connections = 0
        self.frames = 0

    async def listen(self, port: int) -> tuple[str, int]:
        """Take connections; returns where. Raises: OSError."""
        self._listener = Listener(self._connected)
        return await self._listener.listen(port)

    async def close(self) -> None:
        """Take no more, and hang up on both sides of each connection."""
        await self._listener.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self._connections
        self._connections += 1
        there = partial(self._pump, connection=number, way=TO_HOST)
        back = partial(self._pump, connection=number, way=TO_CLIENT)
        await stand_between(reader, writer, self._host, there, back)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int, way: str
    ) -> None:
        try:
            while True:
                head, message = await read_frame(reader, self._framing)
                recorded = RecordedFrame(
                    round(time.monotonic() - self._started, 6), connection, way, message.hex().upper()
                )
                self._file.write(json.dumps(asdict(recorded)) + "\n")
                self._file.flush()
                self.frames += 1
                writer.write(head + message)
        except (asyncio.IncompleteReadError, OSError, ValueError):
            pass  # one side hung up


def open_recording(path: Path) -> TextIO:
    """A new file that only its owner can read. Raises: OSError, also where it is there already."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w")


def read_recording(path: Path) -> Iterator[RecordedFrame]:
    """The frames of a recording. Raises: OSError; RecordingError naming the line."""
    with path.open() as lines:
        for number, line in enumerate(lines, 1):
            try:
                frame = RecordedFrame(**json.loads(line))
                bytes.fromhex(frame.frame)
            except (TypeError, ValueError) as error:
                raise RecordingError(f"{path}:{number}: is no recorded frame: {error}") from None
            yield frame


@dataclass(frozen=True)
class Replayed:
    """One request sent again. before, now: DE 39 of both answers, None where there was none."""

    message_type: str
    stan: str
    before: str | None
    now: str | None


def replay(
    frames: list[RecordedFrame],
    host: tuple[str, int],
    dialect: Dialect,
    seconds: float,
    watch: Callable[[Replayed], None],
) -> list[Replayed]:
    """Send every recorded request again, in order, and hold its answer against the recorded one.

    seconds: how long to wait for each.
    """
    before = {_identity(message): message.get(39) for message in _decoded(frames, TO_CLIENT, dialect)}
    replayed, link = [], IsoLink(host, timeout=seconds, dialect=dialect)
    for message in _decoded(frames, TO_HOST, dialect):
        try:
            now = link.exchange(message).get(39)
        except LinkError:
            now = None
        one = Replayed(message[0], message.get(11, ""), before.get(_identity(message)), now)
        replayed.append(one)
        watch(one)
    link.close()
    return replayed


def _decoded(frames: list[RecordedFrame], way: str, dialect: Dialect) -> Iterator[codec.Message]:
    for frame in frames:
        if frame.way == way:
            try:
                yield codec.decode(bytes.fromhex(frame.frame), dialect)
            except codec.MessageError:
                continue  # it was recorded as it came; what cannot be read cannot be compared


def _identity(message: codec.Message) -> tuple[str, str]:
    return message.get(7, ""), message.get(11, "")
