"""The layout of a data directory, and the lock that allows one process to use it."""

import fcntl
import os
from pathlib import Path

from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.journal.replay import History
from authz.vocabulary.errors import DirectoryInUse

JOURNAL, CHECKPOINTS, HISTORY = "journal", "checkpoints", "history.db"
_OWNER_ONLY, _OWNERS_FOLDER = 0o600, 0o700


def checkpoints_in(directory: Path) -> Directory:
    """The checkpoints of a data directory."""
    return Directory(directory / CHECKPOINTS)


def history_in(directory: Path) -> History:
    """What was decided in a data directory, to read; safe while a server works in it."""
    return History(SegmentReader(Directory(directory / JOURNAL)), checkpoints_in(directory))


def keep_private(file: Path) -> None:
    """See to it that only its owner can read a file, which is made where there is none.

    What SQLite lays beside a database (-wal, -shm) has the permissions of the database.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    try:
        os.fchmod(descriptor, _OWNER_ONLY)
    finally:
        os.close(descriptor)


class DirectoryLock:
    """Holds a data directory until closed or until the process ends, however it ends. Only its owner can look into it.

    Raises: DirectoryInUse if another process holds it; OSError if it cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if directory.stat().st_uid == os.getuid():
            directory.chmod(_OWNERS_FOLDER)
        self._descriptor = os.open(directory / "LOCK", os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise DirectoryInUse(f"data directory {directory} is in use by another process") from None

    def close(self) -> None:
        """Let others have the directory."""
        os.close(self._descriptor)
