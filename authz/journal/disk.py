"""Directory operations of journal and checkpoints: writing, syncing and renaming files.

An interface, because what a disk loses in a crash is worth simulating.
"""

import os
from pathlib import Path
from typing import BinaryIO, Protocol


class Appending(Protocol):
    """A file that is written to its end."""

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes; they may be lost, in whole or in part, until `sync` returns."""

    def sync(self) -> None:
        """Make everything written durable."""

    def close(self) -> None:
        """Give the file up."""


class Disk(Protocol):
    """One directory. Names appear, change and go durably only with `sync_names`."""

    def names(self) -> list[str]:
        """All names, in order."""

    def path(self, name: str) -> Path:
        """A name for display."""

    def size(self, name: str) -> int:
        """Bytes in a file."""

    def open(self, name: str) -> BinaryIO:
        """A file for reading."""

    def create(self, name: str) -> Appending:
        """A new file. Raises: FileExistsError."""

    def extend(self, name: str) -> Appending:
        """A file that is there, to write to its end."""

    def cut(self, name: str, size: int) -> None:
        """Shorten a file, durably."""

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name, in place of whatever had it."""

    def remove(self, name: str) -> None:
        """Delete a file."""

    def sync_names(self) -> None:
        """Make names durable."""


class _File:
    """An open descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> None:
        view, written = memoryview(data), 0
        while written < len(view):
            written += os.write(self._descriptor, view[written:])

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class Directory:
    """A `Disk` on a real file system; the directory is made where there is none."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path

    def names(self) -> list[str]:
        """See `Disk`."""
        return sorted(entry.name for entry in self._path.iterdir())

    def path(self, name: str) -> Path:
        """See `Disk`."""
        return self._path / name

    def size(self, name: str) -> int:
        """See `Disk`."""
        return (self._path / name).stat().st_size

    def open(self, name: str) -> BinaryIO:
        """See `Disk`."""
        return (self._path / name).open("rb")

    def create(self, name: str) -> Appending:
        """See `Disk`."""
        return _File(os.open(self._path / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600))

    def extend(self, name: str) -> Appending:
        """See `Disk`."""
        return _File(os.open(self._path / name, os.O_WRONLY | os.O_APPEND))

    def cut(self, name: str, size: int) -> None:
        """See `Disk`."""
        descriptor = os.open(self._path / name, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, name: str, new_name: str) -> None:
        """See `Disk`."""
        (self._path / name).rename(self._path / new_name)

    def remove(self, name: str) -> None:
        """See `Disk`."""
        (self._path / name).unlink()

    def sync_names(self) -> None:
        """See `Disk`."""
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
