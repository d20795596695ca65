"""Interpretation of SQLite's errors about its files."""

import sqlite3


def is_damaged(error: BaseException | None) -> bool:
    """Whether an error of SQLite, or of SQLAlchemy about one, means that a file is not a database, or damaged."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # extended codes have the plain one below
