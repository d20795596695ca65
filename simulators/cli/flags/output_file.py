"""Output files of verbs, validated before anything is paid, sent or run."""

import os
from pathlib import Path

from simulators.cli.flags.server_address import UsageError


def checked_output(path: Path | None, flag: str) -> Path | None:
    """A file that can be written, there or not; None where none is wanted. Raises: UsageError naming the flag."""
    if path is None:
        return None
    folder = path.absolute().parent
    if path.is_dir():
        raise UsageError(f"{flag} {path} is a folder: name a file")
    if not folder.is_dir():
        raise UsageError(f"{flag} {path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"{flag} {path} cannot be written")
    return path
