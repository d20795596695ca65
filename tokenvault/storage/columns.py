"""Columns that many of the vault's tables have, and the names of their keys and indexes."""

import sqlalchemy as sa

from tokenvault.vocabulary.tenants import TENANT_CHARACTERS_MAX

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def number() -> "sa.Column[int]":
    """What an identifier names."""
    return sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False)


def created_at() -> "sa.Column[int]":
    """When a row was made, Unix seconds."""
    return sa.Column("created_at", sa.BigInteger, nullable=False)


def tenant() -> "sa.Column[str]":
    """Whose it is, see `callers.ownership`."""
    return sa.Column("tenant", sa.String(TENANT_CHARACTERS_MAX), nullable=False)


def sequence() -> "sa.Column[int]":
    """A number that the database gives out, and never twice."""
    # SQLite promises never to use a number twice only with AUTOINCREMENT, which takes a plain integer type.
    plain = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("sequence", plain, primary_key=True, autoincrement=True)
