"""Puts vault and journal of a data directory back as a snapshot has them, wholly or not at all.

A file names the snapshot before anything is changed, and goes when all is done: where a crash comes in between, the
next start does everything again, which leads to the same.
"""

from pathlib import Path

import sqlalchemy as sa
import structlog

from authz.history.history_file import BESIDE
from authz.journal.data_directory import HISTORY
from authz.journal.disk import Directory
from authz.upkeep.journal_copies import put_back_journal
from simulators.process.start_error import StartError
from simulators.sandbox.snapshots.snapshot_files import SnapshotFiles, SnapshotFolder
from tokenvault.storage.database import open_database, reading, writing
from tokenvault.storage.high_water import move_high_water
from tokenvault.storage.row_copies import replace_rows
from tokenvault.vocabulary.errors import CallerError

_INTENT = "putting-back"

log = structlog.get_logger()


def begin(directory: Path, name: str) -> None:
    """Say which snapshot is put back from now on, durably."""
    (directory / _INTENT).unlink(missing_ok=True)
    disk = Directory(directory)
    file = disk.create(_INTENT)
    try:
        file.write(name.encode())
        file.sync()  # the vault must not be changed on disk ahead of this
    finally:
        file.close()
    disk.sync_names()


def end(directory: Path) -> None:
    """It is done, or was not begun after all."""
    (directory / _INTENT).unlink(missing_ok=True)
    Directory(directory).sync_names()


def check_nothing_is_left_over(directory: Path) -> None:
    """See that no crash has interrupted a putting back; vault and journal may be of two pasts then.

    Raises: StartError, which says what to do.
    """
    if (directory / _INTENT).exists():
        raise StartError(
            "a snapshot is being put back, or was when the server ended: the next `tapwright serve` completes it"
        )


def put_back_rows(folder: SnapshotFolder, connection: sa.Connection) -> int:
    """Put the vault's rows back, in a transaction that the caller commits; returns how many.

    Raises: ValueError, before anything is changed, where the snapshot is damaged.
    """
    folder.check_journal()  # its rows are worth nothing without it
    manifest = folder.manifest
    with folder.vault() as copy, reading(copy) as source:
        count = replace_rows(source, connection)
    move_high_water(connection, manifest.sequence, bytes.fromhex(manifest.digest))
    return count


def finish_putting_back(directory: Path, database_url: str) -> None:
    """Do again what a crash has interrupted. Call it before anything is opened.

    Raises: StartError where the snapshot is gone or damaged; DatabaseUnavailable.
    """
    file = directory / _INTENT
    if not file.exists():
        return
    name = file.read_text()
    if name:  # otherwise the crash came before anything was changed
        try:
            folder = SnapshotFiles(directory).find(name)
            _finish_rows(folder, database_url)
        except (CallerError, ValueError) as error:
            raise StartError(
                f"the snapshot {name} was being put back when the server ended, and that cannot be completed: {error}"
            ) from None
        put_back_journal(folder.path, directory)
        for suffix in BESIDE:
            (directory / f"{HISTORY}{suffix}").unlink(missing_ok=True)
        log.warning("snapshot_put_back", snapshot=name, reason="a crash had interrupted it")
    end(directory)


def _finish_rows(folder: SnapshotFolder, database_url: str) -> None:
    database = open_database(database_url)
    try:
        with writing(database) as connection:
            put_back_rows(folder, connection)
    finally:
        database.dispose()
