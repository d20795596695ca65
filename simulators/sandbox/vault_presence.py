"""Detects a missing vault: a start creates a new one only in an empty data directory."""

from simulators.process.start_error import StartError
from simulators.sandbox.settings.settings import VAULT, Settings
from tokenvault.keys.key_ring import holds_keys
from tokenvault.storage.database import connected


def has_vault(settings: Settings) -> bool:
    """Whether the vault's database is there and holds keys. Nothing is made. Raises: DatabaseUnavailable."""
    file = settings.data_dir / VAULT
    if settings.database is None and not (file.exists() and file.stat().st_size > 0):
        return False
    database = connected(settings.database_url)
    try:
        return holds_keys(database)
    finally:
        database.dispose()


def require_vault(settings: Settings) -> None:
    """Raises: StartError, where there is none. DatabaseUnavailable."""
    if not has_vault(settings):
        if settings.database is not None:
            raise StartError("the vault's database is empty: restore the vault")
        raise StartError(
            f"{settings.data_dir / VAULT} is missing or empty: restore the vault, with its -wal file if there is "
            "one, or name its database with --database if it is in PostgreSQL"
        )
