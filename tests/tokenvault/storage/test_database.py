"""The database: migrations make what the tables say, one writer at a time, and what cannot be opened is one line."""

import contextlib
import sqlite3
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.tokenvault.stories import new_card, rows
from tests.tokenvault.vaults import drop_database, new_database_url, new_vault
from tokenvault.events import outbox
from tokenvault.storage import schema
from tokenvault.storage.database import DatabaseUnavailable, connected, migrating, newest_revision, open_database
from tokenvault.storage.upgrading import migrations, upgrade


@pytest.fixture
def url():
    """A database of one's own."""
    made = new_database_url()
    yield made
    drop_database(made)


def test_migrations_make_the_tables(url):
    """What the migrations have made differs in nothing from what the code believes."""
    database = connected(url)
    with migrating(database) as connection:
        upgrade(connection)
    with database.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    database.dispose()


def shape_of(database):
    """Everything that a database says of its tables but what nothing depends on: the order of columns, and defaults,
    which migrations have given to the rows that there were.
    """
    found = sa.inspect(database)

    def told(each):
        options = {name: str(option) for name, option in each.get("dialect_options", {}).items()}
        return repr({name: value for name, value in (each | {"dialect_options": options}).items() if name != "default"})

    def sorted_by_repr(described):
        return sorted(map(told, described))

    shape = {
        name: [
            sorted_by_repr(found.get_columns(name)),
            sorted_by_repr(found.get_indexes(name)),
            sorted_by_repr(found.get_foreign_keys(name)),
            sorted_by_repr(found.get_unique_constraints(name)),
            found.get_pk_constraint(name),
        ]
        for name in found.get_table_names()
    }
    if database.dialect.name == "sqlite":
        numbered = sa.text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name")
        with database.connect() as connection:
            shape["numbered"] = connection.execute(numbered).scalars().all()
    return shape


def test_an_empty_database_gets_the_shape_that_migrations_lead_to(url):
    """What is made at once, and what came to be step by step, cannot be told apart."""
    at_once = open_database(url)
    made_at_once = shape_of(at_once)
    with migrating(at_once) as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(shape_of(at_once)) <= {"alembic_version", "numbered"}
    at_once.dispose()
    step_by_step = open_database(url)
    assert shape_of(step_by_step) == made_at_once
    step_by_step.dispose()


def test_the_newest_migration():
    """By the files' names it is the one that Alembic finds by what is in them."""
    assert newest_revision() == ScriptDirectory.from_config(migrations()).get_current_head()


def test_what_is_up_to_date_loads_no_alembic(tmp_path):
    """It would be a fifth of a warm start."""
    url = f"sqlite:///{tmp_path / 'vault.db'}"
    open_database(url).dispose()
    asked = "import sys; from tokenvault.storage.database import open_database; "
    asked += f"open_database({url!r}).dispose(); print('alembic' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout
    assert told == "False\n"


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


def test_accounts_from_before_there_were_products_have_none(url):
    """They are told from those that have one; going back, all are accounts without again."""
    database = open_database(url)
    config = migrations()
    row = {"currency": "EUR", "credit_limit_minor": 5_000, "segment": 0, "tenant": "default", "created_at": 0}
    columns = schema.accounts.c
    with database.begin() as connection:
        config.attributes["connection"] = connection
        billed = sa.select(columns.id, columns.product, columns.cut_day).order_by(columns.id)
        command.downgrade(config, "0008")
        connection.execute(sa.insert(schema.accounts).values(id=1, **row))
        command.upgrade(config, "0009")
        connection.execute(sa.insert(schema.accounts).values(id=2, product=3, cut_day=28, **row))
        assert connection.execute(billed).all() == [(1, 0, None), (2, 3, 28)]
        command.downgrade(config, "0008")
        command.upgrade(config, "0009")
        assert connection.execute(billed).all() == [(1, 0, None), (2, 0, None)]
    database.dispose()


def test_accounts_that_were_in_a_segment_are_pinned_to_it(url):
    """Those in segment 0 are pinned to none; going back, an account that is pinned to none is in segment 0 again."""
    database = open_database(url)
    config = migrations()
    row = {"currency": "EUR", "credit_limit_minor": 5_000, "product": 0, "tenant": "default", "created_at": 0}
    columns = schema.accounts.c
    with migrating(database) as connection:
        config.attributes["connection"] = connection
        pinned = sa.select(columns.id, columns.segment).order_by(columns.id)
        command.downgrade(config, "0009")
        for number, segment in ((1, 0), (2, 3)):
            connection.execute(sa.insert(schema.accounts).values(id=number, segment=segment, **row))
        command.upgrade(config, "0010")
        stages = sa.select(columns.life_stage)
        assert connection.execute(pinned).all() == [(1, None), (2, 3)]
        assert connection.scalars(stages).all() == [0, 0]
        connection.execute(sa.insert(schema.accounts).values(id=4, segment=0, life_stage=7, **row))
        assert connection.execute(pinned).all() == [(1, None), (2, 3), (4, 0)]
        command.downgrade(config, "0009")
        assert connection.execute(pinned).all() == [(1, 0), (2, 3), (4, 0)]
        command.upgrade(config, "0010")
        assert connection.execute(pinned).all() == [(1, None), (2, 3), (4, None)]
        assert set(connection.scalars(stages)) == {0}
    database.dispose()


_VALUES = {str: "1", bytes: b"1", bool: True, int: 1, object: []}


def _filled(connection):
    """One row in each table, and each refers to the row of the table that it may refer to; returns all of them."""
    shape = sa.MetaData()
    shape.reflect(connection)
    for table in shape.sorted_tables:
        if table.name != "alembic_version":
            row = {column.name: _VALUES[column.type.python_type] for column in table.columns}
            connection.execute(sa.insert(table).values(row))
    return _counted(connection)


def _counted(connection):
    """How many rows each table has, but for what keeps the books of migrations."""
    names = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version"})
    return {name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) for name in names}


@pytest.fixture
def filled(url, tmp_path):
    """The URL of a database of the first shape that has a row in each table, and how many rows those have."""
    url = f"sqlite:///{tmp_path / 'vault.db'}" if url == "sqlite://" else url
    database = open_database(url)
    with migrating(database) as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        counted = _filled(connection)
    database.dispose()
    return url, counted


def test_a_filled_database_of_the_first_shape_is_brought_to_this_one(filled):
    """Tables that others refer to are made anew on SQLite: no row is lost by that, and no reference hangs."""
    url, counted = filled
    assert set(counted.values()) == {1}
    database = open_database(url)
    with database.connect() as connection:
        assert {name: count for name, count in _counted(connection).items() if name in counted} == counted
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        if database.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.dispose()


def test_a_reference_that_hangs_is_told_and_nothing_is_changed(filled):
    """A database that was damaged by other hands is not brought to another shape."""
    url, _ = filled
    if not url.startswith("sqlite"):
        return  # PostgreSQL has never let it come to that
    path = url.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM accounts")
        connection.commit()
    with pytest.raises(DatabaseUnavailable, match="a row of cards refers to a row of accounts that does not exist"):
        open_database(url)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
