"""``tapwright journal``: verifies, dumps, checkpoints and upgrades a journal, and accepts a loss."""

import os
import sys
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from authz.journal.data_directory import JOURNAL, DirectoryLock, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.upkeep.accepted_loss import Accepted, accept_loss
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.upkeep.journal_exchange import finish_exchange
from authz.upkeep.journal_tools import dump, verify
from authz.upkeep.journal_upgrade import upgrade
from authz.upkeep.safeguards import check_all
from authz.vocabulary.errors import AcknowledgedLoss, CheckpointDamaged, EngineError, JournalDamaged
from simulators.cli.flags.data_directory import checked_data_directory
from simulators.process.start_error import StartError
from simulators.sandbox.settings.settings import Settings
from simulators.sandbox.snapshots import putting_back
from simulators.sandbox.vault_presence import require_vault
from tokenvault.events import outbox
from tokenvault.keys.key_ring import KeyRing
from tokenvault.storage.database import DatabaseUnavailable, open_database
from tokenvault.storage.high_water import HighWater, keep_high_water, kept_high_water
from tokenvault.vocabulary.errors import KeyUnavailable


def run_journal_verb(action: str, data_directory: Path, first: int, last: int | None) -> int:
    """Carry out one action; returns the exit code. Damage is one line on standard error. Raises: UsageError."""
    checked_data_directory(data_directory)
    if action == "upgrade":
        finish_exchange(data_directory)
    if not (data_directory / JOURNAL).is_dir():
        sys.stderr.write(f"tapwright: there is no journal in {data_directory}\n")
        return 1
    try:
        if action == "verify":
            sys.stdout.write(f"whole: {verify(data_directory)}\n")
        elif action == "dump":
            for line in dump(data_directory, first, last):
                sys.stdout.write(line + "\n")
        elif action == "upgrade":
            sys.stdout.write(_upgraded(data_directory))
        else:
            sys.stdout.write(_checkpointed(data_directory))
    except BrokenPipeError:  # who reads has read enough
        sys.stderr.close()
    except (EngineError, OSError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    return 0


def run_accept_loss(settings: Settings) -> int:
    """Let a journal go on without what it has lost; returns the exit code. Raises: UsageError."""
    directory, lock = checked_data_directory(settings.data_dir), None
    try:
        lock = DirectoryLock(directory)
        putting_back.check_nothing_is_left_over(directory)
        require_vault(settings)
        database = open_database(settings.database_url)
        try:
            KeyRing.open(database, settings.open_root_key(may_be_made=False), {}, os.urandom)  # they belong together
            if _holds_everything(directory, database):
                sys.stdout.write("nothing is lost: the journal is complete\n")
                return 0
            accepted = accept_loss(directory, kept_high_water(database), partial(_tell_vault, database))
        finally:
            database.dispose()
    except (StartError, EngineError, DatabaseUnavailable, KeyUnavailable, OSError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    finally:
        if lock is not None:
            lock.close()
    end = accepted.end.sequence
    if accepted.known > end:
        sys.stdout.write(f"what is left of commands {end + 1} to {accepted.known} is given up\n")
    sys.stdout.write(f"the journal ends with command {end}, the next is {accepted.reserved + 1}\n")
    if accepted.kept is not None:
        sys.stdout.write(f"the journal as it was is in {accepted.kept}\n")
    return 0


def _holds_everything(directory: Path, database: sa.Engine) -> bool:
    """Whether a server would start with the journal as it is, and could explain all of it."""
    kept = kept_high_water(database)
    try:
        check_all(directory, kept, outbox.last_sequence(database))
        verify(directory)
    except (AcknowledgedLoss, JournalDamaged, CheckpointDamaged):
        return False
    return kept is not None


def _tell_vault(database: sa.Engine, accepted: Accepted) -> None:
    """Let the vault remember what there is now."""
    if accepted.heard > outbox.last_sequence(database):  # numbers that an older vault has forgotten
        outbox.go_on_behind(database, accepted.heard)
    keep_high_water(database, HighWater(accepted.network, *accepted.end, accepted.reserved))


def _checkpointed(data_directory: Path) -> str:
    reader = SegmentReader(Directory(data_directory / JOURNAL))
    made = make_checkpoint(reader, checkpoints_in(data_directory), Retention())
    return "nothing new in sealed segments\n" if made is None else f"checkpoint of command {made}\n"


def _upgraded(data_directory: Path) -> str:
    lock = DirectoryLock(data_directory)
    try:
        made = upgrade(data_directory, os.urandom)
    finally:
        lock.close()
    if made is None:
        return "nothing to upgrade: the journal is of this version\n"
    return f"upgraded {made.commands} commands; the journal as it was is in {made.kept}\n"
