"""``tapwright audit`` and ``tapwright keys``: maintenance of a vault's database."""

import os
import sys
from pathlib import Path

from authz.journal.data_directory import DirectoryLock
from authz.vocabulary.errors import DirectoryInUse
from simulators.cli.flags.data_directory import checked_data_directory
from simulators.sandbox.settings.settings import Settings
from simulators.sandbox.vault_presence import has_vault
from tokenvault.events import audit
from tokenvault.events.audit import AuditTrailBroken, Head
from tokenvault.keys.key_ring import KeyRing
from tokenvault.keys.root_keys import root_key_in_file
from tokenvault.storage.database import DatabaseUnavailable, open_database
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import KeyUnavailable


def run_vault_verb(settings: Settings, head: str | None, new_root_key_file: Path | None) -> int:
    """Verify the audit trail, or wrap all keys by a new root key where one is named; returns the exit code.

    Raises: UsageError.
    """
    if settings.database is None:
        checked_data_directory(settings.data_dir)
    try:
        if not has_vault(settings):
            sys.stderr.write(f"tapwright: there is no vault in {settings.data_dir}\n")
            return 1
        database = open_database(settings.database_url)
    except DatabaseUnavailable as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    lock = None
    try:
        if new_root_key_file is not None and settings.data_dir.is_dir():
            lock = DirectoryLock(settings.data_dir)  # a server goes on with the root key that it has started with
        keys = KeyRing.open(database, settings.open_root_key(may_be_made=False), {}, os.urandom)
        if new_root_key_file is not None:
            count = keys.rewrap(root_key_in_file(new_root_key_file, os.urandom))
            sys.stdout.write(f"{count} keys are wrapped by {new_root_key_file}: start with --root-key-file\n")
        else:
            vault = Vault(database, keys, settings.program())
            found = audit.verify(vault, None if head is None else Head.parse(head))
            sys.stdout.write(f"whole: {found.sequence} entries; head {found}\n")
    except (KeyUnavailable, AuditTrailBroken, DirectoryInUse, ValueError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    finally:
        database.dispose()
        if lock is not None:
            lock.close()
    return 0
