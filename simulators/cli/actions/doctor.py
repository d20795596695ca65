"""``tapwright doctor``: checks that the files of a data directory are intact and consistent. Read only."""

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import sqlalchemy as sa

from authz.history.history_file import remembered_in, tells_of_this_past
from authz.journal.data_directory import HISTORY, JOURNAL
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.upkeep.journal_tools import verify
from authz.upkeep.safeguards import check_all
from authz.vocabulary.errors import EngineError
from simulators.cli.flags.data_directory import checked_data_directory
from simulators.process.start_error import StartError
from simulators.sandbox.settings.settings import VAULT, Settings
from simulators.sandbox.snapshots import putting_back
from simulators.sandbox.vault_presence import require_vault
from tokenvault.events import audit, outbox
from tokenvault.events.audit import AuditTrailBroken
from tokenvault.keys.key_ring import KeyRing
from tokenvault.storage.database import DatabaseUnavailable, connected, is_of_this_shape
from tokenvault.storage.high_water import kept_high_water
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import KeyUnavailable


class Unsound(Exception):
    """A part of a data directory is damaged or inconsistent; the text is one line."""


_TROUBLE = (
    Unsound,
    StartError,
    EngineError,
    DatabaseUnavailable,
    KeyUnavailable,
    AuditTrailBroken,
    OSError,
    sqlite3.Error,
)


def run_doctor(settings: Settings) -> int:
    """Check every part and print a line for each; returns 1 if one is not sound. Raises: UsageError."""
    directory, is_sound = checked_data_directory(settings.data_dir), True
    if not (directory / JOURNAL).is_dir():
        sys.stderr.write(f"tapwright: there is no journal in {directory}\n")
        return 1
    with ExitStack() as opened:
        looks: dict[str, Callable[[], str]] = {
            "vault": lambda: _vault(settings, opened),
            "audit trail": lambda: _audit_trail(settings, opened),
            "journal": lambda: str(verify(directory)),
            "history": lambda: _history(settings, opened),
            "together": lambda: _together(settings, opened),
        }
        for name, look in looks.items():
            try:
                verdict, said = "sound", look()
            except _TROUBLE as error:
                verdict, said, is_sound = "UNSOUND", str(error), False
            sys.stdout.write(f"{verdict:<8} {name}: {said}\n")
    return 0 if is_sound else 1


def _database(settings: Settings, opened: ExitStack) -> sa.Engine:
    """The vault's database, as it is. Raises: StartError, Unsound, DatabaseUnavailable."""
    require_vault(settings)
    database = connected(settings.database_url)
    opened.callback(database.dispose)
    if not is_of_this_shape(database):
        raise Unsound("the vault's tables are of another version; the next start migrates them")
    return database


def _opened_vault(settings: Settings, opened: ExitStack) -> Vault:
    database = _database(settings, opened)
    root_key = settings.open_root_key(may_be_made=False)
    return Vault(database, KeyRing.open(database, root_key, {}, os.urandom), settings.program())


def _vault(settings: Settings, opened: ExitStack) -> str:
    vault = _opened_vault(settings, opened)
    if settings.database is None:
        _check_sqlite(settings.data_dir / VAULT)
    return f"{outbox.last_sequence(vault.database)} notices for the engine; the root key opens its keys"


def _audit_trail(settings: Settings, opened: ExitStack) -> str:
    head = audit.verify(_opened_vault(settings, opened))
    return f"{head.sequence} entries; head {head}"


def _history(settings: Settings, opened: ExitStack) -> str:
    directory = settings.data_dir
    file, journal = directory / HISTORY, SegmentReader(Directory(directory / JOURNAL))
    if not file.exists():
        return "there is none; the next start creates it"
    _check_sqlite(file)
    found, last = remembered_in(file), journal.last_sequence
    if found is None:
        return "of another version; the next start rebuilds it"
    kept = kept_high_water(_database(settings, opened))
    if found.network != (journal.network if kept is None else kept.network):
        raise Unsound(f"it belongs to another network, {found.network.hex()}; the next start rebuilds it")
    if last and not tells_of_this_past(journal, found):
        raise Unsound("it contradicts the journal; the next start rebuilds it")
    return f"it contains commands up to {found.sequence}; the journal ends with command {last}"


def _together(settings: Settings, opened: ExitStack) -> str:
    putting_back.check_nothing_is_left_over(settings.data_dir)
    database = _database(settings, opened)
    kept = kept_high_water(database)  # before the journal is read, since a server may be adding to it
    journal = check_all(settings.data_dir, kept, outbox.last_sequence(database))
    if kept is None:
        return "the vault remembers no journal yet"
    return f"network {kept.network.hex()}; the vault remembers command {kept.sequence} of {journal.last_sequence}"


def _check_sqlite(file: Path) -> None:
    """Have SQLite read all of a database. Raises: Unsound, sqlite3.Error."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if said != ["ok"]:
        raise Unsound(f"{file} is damaged: {said[0].splitlines()[0]}")
    if broken is not None:
        raise Unsound(f"{file} is damaged: a row of table {broken[0]} refers to a row that does not exist")
