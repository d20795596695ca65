"""Opens the journal of a data directory, held against what the vault remembers of it."""

import contextlib
import os
from collections.abc import Iterator

import sqlalchemy as sa

from authz.journal.data_directory import JOURNAL
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.segment_header import NETWORK_BYTES
from authz.upkeep.safeguards import check, identity_of
from authz.vocabulary.errors import AcknowledgedLoss
from simulators.sandbox.settings.settings import Settings
from tokenvault.storage.high_water import kept_high_water


def open_journal(settings: Settings, database: sa.Engine) -> SegmentJournal:
    """The journal of a network. database: its vault's. Raises: EngineError."""
    directory = settings.data_dir
    folder, kept = Directory(directory / JOURNAL), kept_high_water(database)
    network = identity_of(SegmentReader(folder), kept) or os.urandom(NETWORK_BYTES)
    journal = SegmentJournal(folder, network=network)
    with saying_which_database(settings):
        check(directory, journal, kept)
    if kept is not None:
        journal.set_aside(kept.reserved)
    return journal


@contextlib.contextmanager
def saying_which_database(settings: Settings) -> Iterator[None]:
    """What to type is longer where the vault is in PostgreSQL; its password stays untold."""
    try:
        yield
    except AcknowledgedLoss as error:
        if settings.database is None:
            raise
        raise AcknowledgedLoss(f"{error} --database postgresql://...") from None
