"""Alembic's migrations of the vault's database, oldest first in ``versions/``."""
