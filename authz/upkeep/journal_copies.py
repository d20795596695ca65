"""Copies of a journal with its checkpoints, made while nothing is written to it, and put back in its place.

Files that nothing is added to any more are not copied but get a second name (a hard link), where the file system has
such: so a copy takes little time and room, however long the journal is.
"""

import os
import shutil
from pathlib import Path

from authz.journal.data_directory import CHECKPOINTS, JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader

_COPIED = (JOURNAL, CHECKPOINTS)


def copy_journal(directory: Path, target: Path) -> None:
    """Copy journal and checkpoints of a data directory into a new folder, durably."""
    for name in _COPIED:
        (target / name).mkdir(parents=True)
    journal = SegmentReader(Directory(directory / JOURNAL))
    segments = journal.segments()
    for name in segments:
        _copy(directory / JOURNAL / name, target / JOURNAL / name, is_growing=name == segments[-1])
    for name in checkpoints_in(directory).names():
        if name.endswith(".checkpoint"):
            _copy(directory / CHECKPOINTS / name, target / CHECKPOINTS / name)
    for name in _COPIED:
        Directory(target / name).sync_names()


def put_back_journal(source: Path, directory: Path) -> None:
    """Put copies in place of the journal and the checkpoints of a data directory; done again, it does the same."""
    for name in _COPIED:
        folder = Directory(directory / name)
        for left in folder.names():
            folder.remove(left)
        folder.sync_names()  # so that after a crash no file is left of what follows this past
        kept = Directory(source / name).names()
        for each in kept:
            _copy(source / name / each, directory / name / each, is_growing=name == JOURNAL and each == kept[-1])
        folder.sync_names()


def _copy(source: Path, target: Path, *, is_growing: bool = False) -> None:
    if not is_growing:
        try:
            os.link(source, target)
        except OSError:  # a file system without links, or a limit to them
            pass
        else:
            return
    with source.open("rb") as read, target.open("xb") as written:
        shutil.copyfileobj(read, written)
        written.flush()
        os.fsync(written.fileno())
    target.chmod(0o600)
