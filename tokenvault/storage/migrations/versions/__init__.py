"""One file a change of shape; Alembic reads them in order."""
