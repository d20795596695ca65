"""Paged lists of the vault's objects, newest first."""

from typing import Any

import sqlalchemy as sa

from tokenvault.callers.ownership import visible
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number


def newest_first(
    vault: Vault, table: sa.Table, prefix: Prefix, *, limit: int, starting_after: str | None, **equal: Any
) -> list[Any]:
    """Rows of a table that the caller may see, the newest first.

    starting_after: identifier of the last row of the page before.  equal: column -> wanted value, None for any.
    Raises: NotFound if starting_after names nothing.
    """
    query = sa.select(table).where(visible(table)).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    for name, value in equal.items():
        if value is not None:
            query = query.where(table.c[name] == value)
    with vault.reading() as connection:
        if starting_after is not None:
            number = to_number(prefix, starting_after)
            last = connection.execute(
                sa.select(table.c.created_at).where(table.c.id == number, visible(table))
            ).scalar()
            if last is None:
                raise NotFound(f"{starting_after} does not exist in this list")
            query = query.where(sa.tuple_(table.c.created_at, table.c.id) < sa.tuple_(last, number))
        return list(connection.execute(query))
