"""The history that follows an engine, with the tenants of the vault's accounts and tokens."""

from pathlib import Path

import sqlalchemy as sa

from authz.engine import Engine
from authz.history.history_file import open_history
from authz.history.projection import Projection
from authz.http.sight import IssuerOf
from authz.journal.data_directory import HISTORY, keep_private
from authz.journal.replay import History
from tokenvault.callers.ownership import RememberedTenants, wallet_of_token


def started_projection(
    directory: Path, engine: Engine, history: History, vault: sa.Engine, issuer_of: IssuerOf
) -> Projection:
    """The history in a data directory, which keeps up with the engine from now on. Close it, then its database.

    vault: the database that knows whose tokens are whose.
    """
    file = directory / HISTORY
    keep_private(file)
    wallet_of = RememberedTenants(vault, wallet_of_token)
    projection = Projection(
        open_history(file), history, lambda: engine.durable_sequence, issuer_of=issuer_of, wallet_of=wallet_of
    )
    engine.follow(projection.follow)
    projection.start()
    return projection
