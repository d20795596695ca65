"""What the vault records about the engine's journal: its identity, its position, and assigned identifiers.

It survives the journal, so that a journal which lost its end, or is another's, is noticed when a network starts.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.storage import schema
from tokenvault.storage.database import reading, writing

_ONLY = 1


@dataclass(frozen=True)
class HighWater:
    """network: its identity, 16 bytes.  sequence: the last command known to be durable.  digest: the journal's running
    digest there, 32 bytes.  reserved: no command has a greater number, durable or not.
    """

    network: bytes
    sequence: int
    digest: bytes
    reserved: int


def kept_high_water(database: sa.Engine) -> HighWater | None:
    """What is remembered; None in a vault that no network has started with."""
    columns = [column for column in schema.high_water.c if column.name != "id"]
    with reading(database) as connection:
        row = connection.execute(sa.select(*columns)).one_or_none()
    return None if row is None else HighWater(**row._mapping)


def keep_high_water(database: sa.Engine, high_water: HighWater) -> None:
    """Remember it from now on, instead of what was."""
    with writing(database) as connection:
        connection.execute(sa.delete(schema.high_water))
        connection.execute(sa.insert(schema.high_water).values(id=_ONLY, **high_water.__dict__))


def move_high_water(connection: sa.Connection, sequence: int, digest: bytes) -> None:
    """Remember another end of the journal, which is put back to it; the numbers that were reserved stay so."""
    connection.execute(sa.update(schema.high_water).values(sequence=sequence, digest=digest))
