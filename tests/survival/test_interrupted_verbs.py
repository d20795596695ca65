"""`tapwright journal upgrade` and `accept-loss` are interrupted before each change of the disk, and done again."""

import gzip
import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from authz.history.history_file import open_history, prepared
from authz.journal.data_directory import CHECKPOINTS, HISTORY, JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.records import Batch
from authz.upkeep.accepted_loss import accept_loss
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.upkeep.journal_exchange import COMPLETE, UNFINISHED
from authz.upkeep.journal_tools import verify
from authz.upkeep.journal_upgrade import BEFORE_UPGRADE, upgrade
from authz.upkeep.safeguards import check
from tests.authz.commands import opening, tap
from tests.vector_files import FOLDER
from tokenvault.storage.high_water import HighWater

OWN = bytes(range(16))
CHANGES = [(Directory, name) for name in ("create", "cut", "rename", "remove", "sync_names")]
CHANGES += [(Path, "unlink"), (shutil, "copyfile")]


class Interrupted(Exception):
    """What stands for a crash."""


def _interrupted_anywhere(before, scratch, work):
    """Copies of a data directory in which some work was begun and interrupted at one place after the other."""
    for allowed in count():
        directory = scratch / str(allowed)
        shutil.copytree(before, directory)
        with pytest.MonkeyPatch.context() as patch:
            numbers = count()
            for owner, name in CHANGES:
                patch.setattr(owner, name, _no_more_than(allowed, numbers, getattr(owner, name)))
            is_done = False
            with suppress(Interrupted):
                work(directory)
                is_done = True
        yield directory
        if is_done:
            assert allowed > 3
            return


def _no_more_than(allowed, numbers, change):
    def counted(*arguments, **named):
        if next(numbers) >= allowed:
            raise Interrupted
        return change(*arguments, **named)

    return counted


def test_an_upgrade(tmp_path):
    """The new journal is in place, the old one is kept, and nothing else is left."""
    before = tmp_path / "before"
    (before / JOURNAL).mkdir(parents=True)
    content = gzip.decompress((FOLDER / "journal_of_0899132.gz").read_bytes())
    (before / JOURNAL / f"{1:020d}.journal").write_bytes(content)
    for directory in _interrupted_anywhere(before, tmp_path, lambda where: upgrade(where, lambda n: OWN[:n])):
        upgrade(directory, lambda n: OWN[:n])
        assert verify(directory).last_sequence == 15
        assert (directory / BEFORE_UPGRADE / f"{1:020d}.journal").read_bytes() == content
        assert not (directory / UNFINISHED).exists()
        assert not (directory / COMPLETE).exists()


@pytest.fixture
def lost(tmp_path):
    """A data directory whose journal has lost its end and is damaged before that; its vault is older.

    The history remembers most, then a checkpoint whose description alone can be read.
    """
    directory = tmp_path / "lost"
    journal = SegmentJournal(Directory(directory / JOURNAL), segment_bytes=1_000, network=OWN)
    journal.append(Batch(1, opening()))
    for number in range(1, 10):
        journal.append(Batch(journal.next_sequence, tap(number, stan=number)))
    journal.close()
    make_checkpoint(SegmentReader(Directory(directory / JOURNAL)), checkpoints_in(directory), Retention())
    [checkpoint] = (directory / CHECKPOINTS).iterdir()
    checkpoint.write_bytes(b"\xff" * 8 + checkpoint.read_bytes()[8:])
    database = open_history(directory / HISTORY)
    prepared(database, OWN)
    with database.begin() as connection:
        words = "sequence = ?, marked_sequence = ?, marked_digest = ?"
        connection.exec_driver_sql(f"UPDATE position SET {words}", (journal.end.sequence, *journal.end))
    database.dispose()
    for path in sorted((directory / JOURNAL).iterdir())[3:]:
        path.unlink()
    third = sorted((directory / JOURNAL).iterdir())[2]
    third.write_bytes(third.read_bytes()[:-1] + b"?")
    return directory, journal.end.sequence


def test_an_acceptance_of_loss(lost, tmp_path):
    """No number that anybody remembered is given again, and everything fits together."""
    before, last = lost
    shutil.copytree(before, tmp_path / "tried")
    end = accept_loss(tmp_path / "tried", None, lambda accepted: None).end
    assert 0 < end.sequence < last - 1
    older, remembered = HighWater(OWN, *end, last - 1), []

    def accept(directory):
        def tell(accepted):
            remembered.append(HighWater(accepted.network, *accepted.end, accepted.reserved))

        accept_loss(directory, remembered[-1] if remembered else older, tell)

    for directory in _interrupted_anywhere(before, tmp_path, accept):
        accept(directory)
        assert remembered[-1].reserved >= last
        assert remembered[-1].sequence == end.sequence
        check(directory, SegmentReader(Directory(directory / JOURNAL)), remembered[-1])
        assert not (directory / HISTORY).exists()
        assert list((directory / CHECKPOINTS).iterdir()) == []
        remembered.clear()
