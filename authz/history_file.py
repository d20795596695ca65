"""The read side's file: an SQLite database that is made anew where it is damaged, or of another shape than ours."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from authz.data_directory import keep_private
from authz.read_side import metadata, position

LAYOUT = 4
"""Raised whenever the tables change: a file with another number is made anew."""

_BESIDE = ("", "-wal", "-shm")
"""What SQLite calls the files of one database."""

log = structlog.get_logger()


def open_history(path: Path) -> sa.Engine:
    """The SQL database of a projection, in a file. It can be made anew, so it syncs less than others."""
    database = sa.create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30})

    def configure(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    sa.event.listen(database, "connect", configure)
    return database


def prepared(database: sa.Engine) -> tuple[int, int]:
    """See to it that a file has our tables; the last command that they tell of, and its Unix time in microseconds.

    A file that is damaged or of another shape is made anew, empty.
    Raises: sa.exc.DBAPIError where the disk is in trouble.
    """
    try:
        if _layout(database) not in (0, LAYOUT):
            make_anew(database, "it has another layout")
    except sa.exc.DBAPIError as error:
        if not is_damaged(error):
            raise
        make_anew(database, "it is damaged")
    metadata.create_all(database)
    with database.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT}")
        found = connection.execute(sa.select(position.c.sequence, position.c.time_us)).one_or_none()
        if found is None:
            connection.execute(sa.insert(position).values(sequence=0, time_us=0))
            return 0, 0
        return found.sequence, found.time_us


def _layout(database: sa.Engine) -> int:
    """The number in the file, 0 for an empty file; one that came before there were numbers has -1."""
    with database.connect() as connection:
        number: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        tables: int = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    return -1 if tables and not number else number


def make_anew(database: sa.Engine, why: str) -> None:
    """Throw a file away; the next connection makes an empty one."""
    log.warning("history_made_anew", path=database.url.database, reason=why)
    database.dispose()
    for suffix in _BESIDE:
        Path(f"{database.url.database}{suffix}").unlink(missing_ok=True)
    keep_private(Path(str(database.url.database)))


def is_damaged(error: sa.exc.DBAPIError) -> bool:
    """Whether SQLite says that a file is no database, or a broken one."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # extended codes have the plain one below
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
