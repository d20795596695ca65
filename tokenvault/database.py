"""Opening the vault's database: SQLite in a file or in memory."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from tokenvault.schema import metadata


def open_database(url: str) -> sa.Engine:
    """Connect and create missing tables.

    url: an SQLAlchemy URL such as ``sqlite:////var/lib/tapwright/vault.db``; ``sqlite://`` lives in memory.
    """
    in_memory = url == "sqlite://"
    database = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": 30},
        **({"poolclass": StaticPool} if in_memory else {}),
    )
    if database.dialect.name == "sqlite":
        sa.event.listen(database, "connect", _configure_sqlite)
        sa.event.listen(database, "begin", _begin_sqlite)
    metadata.create_all(database)
    return database


def reading(database: sa.Engine) -> sa.Connection:
    """A connection that only reads, and so never waits for a writer. Use it as a context manager."""
    return database.connect().execution_options(read_only=True)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not at the first write
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes the lock at once, so that two of them wait for each other instead of failing half way.
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
