"""The file of the history: an SQLite database that is rebuilt if it is damaged or of another version."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from authz.history.history_rows import metadata, position
from authz.journal.data_directory import keep_private
from authz.journal.marks import BEGINNING, Mark
from authz.journal.records import JournalReader
from tokenvault.vocabulary.sqlite_errors import is_damaged

LAYOUT = 13
"""Incremented whenever the tables change: a file with another number is rebuilt."""

AT_THE_BEGINNING = {"sequence": 0, "time_us": 0, "marked_sequence": 0, "marked_digest": BEGINNING.digest}
"""The position of an empty history."""

_REMEMBERED = sa.select(
    position.c.sequence, position.c.time_us, position.c.network, position.c.marked_sequence, position.c.marked_digest
)

BESIDE = ("", "-wal", "-shm")
"""The suffixes of the files of one SQLite database."""

log = structlog.get_logger()


def open_history(path: Path) -> sa.Engine:
    """The SQL database of a projection, in a file. It can be rebuilt, so it is synced less often than others.

    What is read over one connection is of one moment, also where it takes several queries: rows may be deleted and made
    anew at any time, and a reader that saw that half done would pass over what it did not find.
    """
    database = sa.create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30})

    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` says, not at the first write
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    sa.event.listen(database, "connect", configure)
    sa.event.listen(database, "begin", begin)
    return database


class Remembered(NamedTuple):
    """The position that a file records. sequence, time_us: the last command that its rows contain, and its Unix time in
    microseconds.  network: that of the journal, 16 bytes.  mark: a position in the journal that the rows include.
    """

    sequence: int
    time_us: int
    network: bytes
    mark: Mark


def remembered_in(path: Path) -> Remembered | None:
    """The position that a file records, read without changing it; None if it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            [layout] = connection.execute("PRAGMA user_version").fetchone()
            if layout != LAYOUT:
                return None
            row = connection.execute(str(_REMEMBERED)).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else _remembered(row)


def _remembered(row: Sequence[Any]) -> Remembered:
    sequence, time_us, network, *mark = row
    return Remembered(sequence, time_us, network, Mark(*mark))


def tells_of_this_past(journal: JournalReader, found: Remembered) -> bool:
    """Whether the history file was made from this journal, as far as the journal still shows."""
    if found.mark.sequence >= journal.begins_after and journal.digest_at(found.mark.sequence) != found.mark.digest:
        return False
    last = found.sequence
    return last <= journal.begins_after or any(journal.read(after=last - 1, until=last))


def prepared(database: sa.Engine, network: bytes) -> Remembered:
    """Create the tables of a file if they are missing; returns the position that it records.

    A file that is damaged, of another shape or of another network is rebuilt, empty.
    Raises: sa.exc.DBAPIError if the disk fails.
    """
    try:
        if _layout(database) not in (0, LAYOUT):
            make_anew(database, "it has another layout")
    except sa.exc.DBAPIError as error:
        if not is_damaged(error):
            raise
        make_anew(database, "it is damaged")
    found = _created(database, network)
    if found.network != network:
        make_anew(database, f"it belongs to another network, {found.network.hex()}")
        found = _created(database, network)
    return found


def _created(database: sa.Engine, network: bytes) -> Remembered:
    """Create the tables that are missing; returns the position that the file records."""
    metadata.create_all(database)
    with database.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT}")
        found = connection.execute(_REMEMBERED).one_or_none()
        if found is None:
            connection.execute(sa.insert(position).values(network=network, **AT_THE_BEGINNING))
            return Remembered(0, 0, network, BEGINNING)
        return _remembered(found)


def _layout(database: sa.Engine) -> int:
    """The number of the layout in a file: 0 for an empty file, -1 for a file from before there were numbers."""
    with database.connect() as connection:
        number: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        tables: int = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    return -1 if tables and not number else number


def make_anew(database: sa.Engine, why: str) -> None:
    """Delete a file; the next connection creates an empty one."""
    log.warning("history_made_anew", path=database.url.database, reason=why)
    database.dispose()
    for suffix in BESIDE:
        Path(f"{database.url.database}{suffix}").unlink(missing_ok=True)
    keep_private(Path(str(database.url.database)))
