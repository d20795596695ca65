"""A disk that loses in a crash what it may lose: unsynced sectors, unsynced names, and, where told, single bits."""

import io
import random
from dataclasses import dataclass, field
from pathlib import Path

from authz.journal.records import SECTOR_BYTES


@dataclass
class _Content:
    """What a file holds now, and what of it is durable."""

    now: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


class _Handle:
    """An open file."""

    def __init__(self, disk: "SimulatedDisk", content: _Content) -> None:
        self._disk, self._content = disk, content

    def write(self, data: bytes) -> None:
        self._disk.step()
        self._content.now += bytes(data)

    def sync(self) -> None:
        self._disk.step()
        self._content.durable = bytes(self._content.now)

    def close(self) -> None:
        pass


class PowerCut(Exception):
    """The machine has stopped."""


class SimulatedDisk:
    """A `Disk` in memory. power: how many more writes, syncs and changes of names it does before the power is cut."""

    def __init__(self, random: random.Random, files: dict[str, bytes] | None = None) -> None:
        self.random = random
        self.power = 10**9
        self._files = {name: _Content(bytearray(content), content) for name, content in (files or {}).items()}
        self._durable_names = dict(self._files)

    def step(self) -> None:
        """One more thing that the disk does."""
        self.power -= 1
        if self.power < 0:
            raise PowerCut

    def names(self) -> list[str]:
        """All names, in order."""
        return sorted(self._files)

    def path(self, name: str) -> Path:
        """A name for people."""
        return Path(name)

    def size(self, name: str) -> int:
        """Bytes in a file."""
        return len(self._files[name].now)

    def open(self, name: str) -> io.BytesIO:
        """A file for reading."""
        return io.BytesIO(bytes(self._files[name].now))

    def create(self, name: str) -> _Handle:
        """A new file."""
        self.step()
        if name in self._files:
            raise FileExistsError(name)
        self._files[name] = _Content()
        return _Handle(self, self._files[name])

    def extend(self, name: str) -> _Handle:
        """A file that is there."""
        return _Handle(self, self._files[name])

    def cut(self, name: str, size: int) -> None:
        """Shorten a file, durably."""
        self.step()
        content = self._files[name]
        del content.now[size:]
        content.durable = bytes(content.now)

    def rename(self, name: str, new_name: str) -> None:
        """Another name for a file."""
        self.step()
        self._files[new_name] = self._files.pop(name)

    def remove(self, name: str) -> None:
        """Delete a file."""
        self.step()
        del self._files[name]

    def sync_names(self) -> None:
        """Make names durable."""
        self.step()
        self._durable_names = dict(self._files)

    def after_crash(self) -> dict[str, bytes]:
        """What is found when the power is back: of what was not synced, each sector and each change may be lost."""
        names = {}
        for name in sorted({*self._durable_names, *self._files}):
            before, after = self._durable_names.get(name), self._files.get(name)
            if (found := before if self.random.random() < 0.5 else after) is not None:
                names[name] = self._survivor(found)
        return names

    def _survivor(self, content: _Content) -> bytes:
        now, durable = bytes(content.now), content.durable
        if not now.startswith(durable):
            return durable
        kept = self.random.choice([len(durable), len(now), self.random.randint(len(durable), len(now))])
        survived = bytearray(now[:kept])
        start = len(durable)
        while start < kept:
            stop = min(start + SECTOR_BYTES - start % SECTOR_BYTES, kept)
            if self.random.random() < 0.2:
                survived[start:stop] = bytes(stop - start)
            start = stop
        return bytes(survived)


def with_rot(files: dict[str, bytes], random: random.Random) -> dict[str, bytes]:
    """The same files with one bit of one of them the other way round."""
    name = random.choice([name for name in sorted(files) if files[name]])
    content = bytearray(files[name])
    position = random.randrange(len(content))
    content[position] ^= 1 << random.randrange(8)
    return files | {name: bytes(content)}
