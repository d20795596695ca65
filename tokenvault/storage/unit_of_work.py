"""One request's changes and its stored answer, committed in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sqlalchemy as sa

from tokenvault.storage.database import Writing


class UnitOfWork:
    """A transaction that begins with the first change and stays open until `commit` or `abandon`."""

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self._writing: Writing | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything was changed, or could have been."""
        return self._writing is not None

    @property
    def connection(self) -> sa.Connection:
        """The open transaction; opened now if need be."""
        if self._writing is None:
            self._writing = Writing(self._database)
        return self._writing.connection

    @contextmanager
    def part(self) -> Iterator[sa.Connection]:
        """Changes that are all made or none, within the whole."""
        connection = self.connection
        with connection.begin_nested():
            yield connection

    def commit(self) -> None:
        """Make everything durable."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.commit()

    def abandon(self) -> None:
        """Undo everything; after a commit there is nothing left to undo."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.roll_back()


current_unit: ContextVar[UnitOfWork | None] = ContextVar("current_unit", default=None)
"""The unit of the request that is being served, where its answer is to be kept."""
