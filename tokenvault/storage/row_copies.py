"""Copies of the vault's rows: into another database of the same tables, and back in place of what is there then.

Numbers that the database gives out (events, notices, messages) go on from the greatest that it ever gave, so nothing
that is made later gets an identifier that was in use before.
"""

from typing import Any

import sqlalchemy as sa

from tokenvault.storage import schema

STAYING = (schema.audit_entries, schema.proofs_seen, schema.high_water)
"""What tells of everything that ever happened: it is neither copied nor put back."""
_AT_ONCE = 1_000

_copied = [table for table in schema.metadata.sorted_tables if table not in STAYING]
"""In an order in which every row finds what it refers to."""


def copy_rows(source: sa.Connection, target: sa.Connection) -> int:
    """Copy all rows to a database whose tables are empty; returns how many."""
    return sum(_copy(table, source, target) for table in _copied)


def replace_rows(source: sa.Connection, target: sa.Connection) -> int:
    """Put rows in place of those that there are; returns how many.

    Keys that were made since the copy stay, for the audit trail and backups may need them.
    """
    for table in reversed(_copied):
        if table is not schema.keys:
            target.execute(sa.delete(table))
    return sum(_copy(table, source, target) for table in _copied)


def _copy(table: sa.Table, source: sa.Connection, target: sa.Connection) -> int:
    count = 0
    for rows in source.execute(_in_portions(table)).mappings().partitions():
        wanted = [dict(row) for row in rows if table is not schema.keys or not _is_held(row, target)]
        if wanted:
            target.execute(sa.insert(table), wanted)
        count += len(wanted)
    return count


def _in_portions(table: sa.Table) -> "sa.Select[Any]":
    return sa.select(table).execution_options(yield_per=_AT_ONCE)


def _is_held(key: sa.RowMapping, target: sa.Connection) -> bool:
    columns = schema.keys.c
    named = sa.and_(columns.purpose == key["purpose"], columns.version == key["version"])
    return target.execute(sa.select(columns.version).where(named)).first() is not None
