"""The data directory of verbs that read one or work on it, but never create it."""

from pathlib import Path

from simulators.cli.flags.server_address import UsageError


def checked_data_directory(path: Path) -> Path:
    """A directory that exists, whatever is in it. Raises: UsageError."""
    if not path.is_dir():
        raise UsageError(f"there is no directory {path}")
    return path
