"""One request's changes in one transaction, committed together with the answer that is kept for its repetition."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sqlalchemy as sa


class UnitOfWork:
    """A transaction that begins with the first change and stays open until `commit` or `abandon`."""

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self._connection: sa.Connection | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything was changed, or could have been."""
        return self._connection is not None

    @property
    def connection(self) -> sa.Connection:
        """The open transaction; opened now if need be."""
        if self._connection is None:
            connection = self._database.connect()
            try:
                connection.begin()
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextmanager
    def part(self) -> Iterator[sa.Connection]:
        """Changes that are all made or none, within the whole."""
        with self.connection.begin_nested():
            yield self.connection

    def commit(self) -> None:
        """Make everything durable."""
        if self._connection is not None:
            try:
                self._connection.commit()
            finally:
                self._close()

    def abandon(self) -> None:
        """Undo everything; after a commit there is nothing left to undo."""
        if self._connection is not None:
            try:
                self._connection.rollback()
            finally:
                self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


current_unit: ContextVar[UnitOfWork | None] = ContextVar("current_unit", default=None)
"""The unit of the request that is being served, where its answer is to be kept."""
