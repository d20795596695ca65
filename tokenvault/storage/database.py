"""Opening the vault's database: SQLite in a file or in memory, or PostgreSQL. One writer at a time, on both.

That one writer is what makes numbers of the outbox, of events and of the audit trail grow by commit order.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from tokenvault.storage import schema
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.sqlite_errors import is_damaged

_WRITERS_LOCK = 0x7461_7077  # any number that only the vault uses
_BUSY_SECONDS = 30
_FOREIGN_KEY_VIOLATION = "23503"
"""PostgreSQL's code (SQLSTATE)."""
_VERSIONS = Path(__file__).parent / "migrations" / "versions"
_REVISIONS = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic makes it."""


class DatabaseUnavailable(Exception):
    """The database cannot be opened, or cannot work at present; one line says why, without its password.

    Nothing that was being written is there.
    """


def connected(url: str) -> sa.Engine:
    """Connect, whatever the database holds.

    url: an SQLAlchemy URL: ``sqlite:////var/lib/tapwright/vault.db``, ``sqlite://`` (in memory), or
    ``postgresql://user@host/name``, which takes the extra ``postgres``.
    Raises: DatabaseUnavailable.
    """
    try:
        database = sa.create_engine(_with_driver(url), **_options(url))
        sa.event.listen(database, "handle_error", unavailable)
        sa.event.listen(database, "handle_error", _referring_to_nothing)
        if database.dialect.name == "sqlite":
            sa.event.listen(database, "connect", _configure_sqlite)
            sa.event.listen(database, "begin", _begin_sqlite)
        else:
            sa.event.listen(database, "begin", _begin_postgresql)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise DatabaseUnavailable(_why(error)) from None
    return database


def open_database(url: str) -> sa.Engine:
    """Connect, see `connected`, and bring the tables to this build's shape. Raises: DatabaseUnavailable."""
    database = connected(url)
    try:
        _migrate(database)
    except sa.exc.SQLAlchemyError as error:
        raise DatabaseUnavailable(_why(error)) from None
    return database


def is_of_this_shape(database: sa.Engine) -> bool:
    """Whether the tables are those of this build. Raises: DatabaseUnavailable."""
    with reading(database) as connection:
        return _revision(connection) == newest_revision()


def _with_driver(url: str) -> sa.URL:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise sa.exc.ArgumentError(f"{parsed.get_backend_name()} is not supported: use sqlite or postgresql")
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _options(url: str) -> dict[str, Any]:
    if url == "sqlite://":
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    if url.startswith("sqlite"):
        return {"connect_args": {"check_same_thread": False, "timeout": _BUSY_SECONDS}}
    return {"pool_size": 10, "max_overflow": 40, "pool_pre_ping": True}


def unavailable(context: sa.engine.ExceptionContext) -> Exception | None:
    """What SQLAlchemy raises where a database itself is in trouble (its event `handle_error`): `DatabaseUnavailable`.

    That is a connection that cannot be made or breaks, a disk that is full, a file that is damaged; not a statement
    that is refused for what it says.
    """
    if context.is_pre_ping:  # the pool looks whether a connection still works, and takes another
        return None
    error = context.sqlalchemy_exception
    in_trouble = isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError)) or is_damaged(error)
    return DatabaseUnavailable(_why(error)) if error is not None and in_trouble else None


def _referring_to_nothing(context: sa.engine.ExceptionContext) -> Exception | None:
    """What SQLAlchemy raises where a row would refer to one that is not there: `NotFound`.

    A use case looks for what it is about before its turn to write comes. Until then the network may have been put back
    to a snapshot that does not have it.
    """
    error = context.original_exception
    of_sqlite = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    of_postgresql = getattr(error, "sqlstate", None) == _FOREIGN_KEY_VIOLATION
    if not of_sqlite and not of_postgresql:
        return None
    return NotFound("something that this call refers to is not there any more; it went while the call was under way")


def _why(error: Exception) -> str:
    text = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"database: {text}{': restore the vault' if is_damaged(error) else ''}"


class _Turns:
    """A lock that is given in the order in which it was asked for, and may be given back by another thread.

    SQLite's own waiting is by trying again after a while, so that a busy writer starves the others.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def take(self) -> None:
        """Wait for one's turn."""
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def give_back(self) -> None:
        """Let the next one in."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False


_turns: WeakKeyDictionary[sa.Engine, _Turns] = WeakKeyDictionary()
_turns_mutex = threading.Lock()


def _turns_of(database: sa.Engine) -> _Turns:
    with _turns_mutex:
        return _turns.setdefault(database, _Turns())


class Writing:
    """One transaction that writes, begun when it is this writer's turn; ended by `commit` or `roll_back`."""

    def __init__(self, database: sa.Engine) -> None:
        self._turns = _turns_of(database)
        self._turns.take()
        try:
            self.connection = database.connect()
            try:
                self.connection.begin()
            except BaseException:
                self.connection.close()
                raise
        except BaseException:
            self._turns.give_back()
            raise

    def commit(self) -> None:
        """Make it durable."""
        try:
            self.connection.commit()
        finally:
            self._end()

    def roll_back(self) -> None:
        """Undo it."""
        try:
            self.connection.rollback()
        finally:
            self._end()

    def _end(self) -> None:
        try:
            self.connection.close()
        finally:
            self._turns.give_back()


@contextmanager
def writing(database: sa.Engine) -> Iterator[sa.Connection]:
    """A connection whose changes are all made or none, when it is this writer's turn."""
    transaction = Writing(database)
    try:
        yield transaction.connection
    except BaseException:
        transaction.roll_back()
        raise
    transaction.commit()


def reading(database: sa.Engine) -> sa.Connection:
    """A connection that only reads, and so never waits for a writer. Use it as a context manager."""
    return database.connect().execution_options(read_only=True)


def look_up(database: sa.Engine) -> None:
    """See whether the database answers. Raises: DatabaseUnavailable."""
    with reading(database) as connection:
        connection.execute(sa.select(1))


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


def _begin_postgresql(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("read_only", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")


def _revision(connection: sa.Connection) -> str | None:
    """The last migration that a database has gone through, as Alembic notes it; None for an empty database."""
    if not sa.inspect(connection).has_table(_REVISIONS.name):
        return None
    return connection.execute(sa.select(_REVISIONS.c.version_num)).scalar()


@cache
def newest_revision() -> str:
    """The last migration of this build, by the names of their files: Alembic takes a fifth of a start to load."""
    names = [found.name for found in _VERSIONS.glob("[0-9]*.py")]
    return max(names).partition("_")[0]


def _migrate(database: sa.Engine) -> None:
    """Migrate the tables to this version, in one transaction; a database that is up to date is only read."""
    with migrating(database) as connection:
        revision = _revision(connection)
        if revision == newest_revision():
            return
        if revision is None and not sa.inspect(connection).get_table_names():
            _make_tables(connection)
            return
        from tokenvault.storage.upgrading import upgrade

        upgrade(connection)
        if connection.dialect.name == "sqlite":
            _check_references(connection)


def _make_tables(connection: sa.Connection) -> None:
    """Give an empty database the shape that all migrations would lead to, and note that it has gone through them."""
    schema.metadata.create_all(connection)
    connection.execute(sa.schema.CreateTable(_REVISIONS))
    connection.execute(sa.insert(_REVISIONS).values(version_num=newest_revision()))


@contextmanager
def migrating(database: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that may make tables anew under the rows that refer to them; its changes are all made or none.

    SQLite changes a column by copying the table, dropping it and renaming the copy, which foreign keys do not let pass.
    They can be switched off before a transaction only, and their rows are checked when it is done (SQLite's own
    procedure, https://sqlite.org/lang_altertable.html, section 7).
    """
    with database.connect() as connection:
        _switch_foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            _switch_foreign_keys(connection, "ON")


def _switch_foreign_keys(connection: sa.Connection, state: str) -> None:
    """Switch what SQLite checks, outside a transaction; PostgreSQL changes its tables in place."""
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()  # SQLAlchemy's own would begin a transaction
        cursor.execute(f"PRAGMA foreign_keys = {state}")
        cursor.close()


def _check_references(connection: sa.Connection) -> None:
    """Raise DatabaseUnavailable where a row refers to one that is not there: then nothing is changed."""
    hanging = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if hanging is not None:
        raise DatabaseUnavailable(
            f"database: a row of {hanging[0]} refers to a row of {hanging[2]} that does not exist"
        )
