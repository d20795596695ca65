"""Migrates a database. It loads Alembic, which takes its time, and is itself loaded where there is something to do."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def migrations() -> Config:
    """Alembic's view of the migrations."""
    config = Config()
    config.set_main_option("script_location", "tokenvault.storage:migrations")
    return config


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables to this build's shape, in the caller's transaction."""
    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
