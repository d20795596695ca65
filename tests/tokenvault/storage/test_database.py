"""The database: migrations make what the tables say, one writer at a time, and what cannot be opened is one line."""

import threading

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.tokenvault.stories import new_card, rows
from tests.tokenvault.vaults import drop_database, new_database_url, new_vault
from tokenvault.events import outbox
from tokenvault.storage import schema
from tokenvault.storage.database import DatabaseUnavailable, migrations, open_database


@pytest.fixture
def url():
    """A database of one's own."""
    made = new_database_url()
    yield made
    drop_database(made)


def test_migrations_make_the_tables(url):
    """What the migrations have made differs in nothing from what the code believes."""
    database = open_database(url)
    with database.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    database.dispose()


def test_migrations_lead_back(url):
    """Down to nothing and up again."""
    database = open_database(url)
    config = migrations()
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
        command.upgrade(config, "head")
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version", *schema.metadata.tables}
    database.dispose()


@pytest.mark.parametrize(
    "url",
    ["mysql://localhost/x", "sqlite:////nowhere/at/all/vault.db", "postgresql://u:hidden@127.0.0.1:1/x", "nonsense"],
)
def test_what_cannot_be_opened_is_one_line(url):
    """Without the password."""
    with pytest.raises(DatabaseUnavailable) as refused:
        open_database(url)
    assert len(str(refused.value).splitlines()) == 1
    assert "hidden" not in str(refused.value)


def test_numbers_grow_by_commit_order(clock, tmp_path, monkeypatch):
    """With many writers at once, a reader never sees a number appear behind one that it has seen."""
    url = new_database_url()
    url = f"sqlite:///{tmp_path / 'vault.db'}" if url == "sqlite://" else url
    vault = new_vault(clock, url)
    failures, stop = [], threading.Event()

    def write():
        try:
            for _ in range(15):
                new_card(vault)
        except Exception as error:
            failures.append(error)

    def watch():
        seen = set()
        while not stop.is_set():
            numbers = {entry.sequence for entry in outbox.entries_after(vault.database, 0)}
            late = {number for number in numbers - seen if seen and number < max(seen)}
            if late:
                failures.append(AssertionError(f"{late} came late"))
            seen |= numbers

    watcher, writers = threading.Thread(target=watch), [threading.Thread(target=write) for _ in range(6)]
    for thread in (watcher, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    watcher.join()
    assert failures == []
    assert len(rows(vault, "cards")) == 90
    vault.database.dispose()
    drop_database(url)


def test_accounts_keep_their_limits_over_the_migration(url):
    """Accounts of the first shape keep theirs; going back, one without any gets its credit limit."""
    database = open_database(url)
    config = migrations()
    row = {"currency": "EUR", "credit_limit_minor": 5_000, "segment": 0, "created_at": 0}
    with database.begin() as connection:
        config.attributes["connection"] = connection
        limits = sa.select(schema.accounts.c.transaction_limit_minor).order_by(schema.accounts.c.id)
        command.downgrade(config, "0001")
        connection.execute(sa.insert(schema.accounts).values(id=1, transaction_limit_minor=700, **row))
        command.upgrade(config, "0002")
        connection.execute(sa.insert(schema.accounts).values(id=2, transaction_limit_minor=None, **row))
        assert connection.scalars(limits).all() == [700, None]
        command.downgrade(config, "0001")
        assert connection.scalars(limits).all() == [700, 5_000]
    database.dispose()
