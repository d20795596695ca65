"""What lies where in a data directory, and one process for each: a lock that ends with the process that holds it."""

import fcntl
import os
from pathlib import Path

from authz.disk import Directory
from authz.errors import DirectoryInUse
from authz.replay import History
from authz.segments import SegmentReader

JOURNAL, CHECKPOINTS = "journal", "checkpoints"


def checkpoints_in(directory: Path) -> Directory:
    """The checkpoints of a data directory."""
    return Directory(directory / CHECKPOINTS)


def history_in(directory: Path) -> History:
    """What was decided in a data directory, to read; safe while a server works in it."""
    return History(SegmentReader(Directory(directory / JOURNAL)), checkpoints_in(directory))


class DirectoryLock:
    """Holds a data directory until closed or until the process ends, however it ends.

    Raises: DirectoryInUse if another process holds it; OSError if it cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(directory / "LOCK", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise DirectoryInUse(f"data directory {directory} is in use by another process") from None

    def close(self) -> None:
        """Let others have the directory."""
        os.close(self._descriptor)
