"""What Alembic runs: the migrations on the connection that it is given, inside the caller's transaction."""

from alembic import context

from tokenvault.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
