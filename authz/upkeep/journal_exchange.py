"""Replaces a journal by a new one and keeps the old; after a crash one of them is in place."""

import shutil
from pathlib import Path

from authz.journal.data_directory import JOURNAL
from authz.journal.disk import Directory

UNFINISHED, COMPLETE = "journal.unfinished", "journal.complete"
"""The new journal while it is made, and once it may take its place."""


def begin_new_journal(directory: Path) -> Directory:
    """An empty folder for the new journal; what an earlier try has left is gone. Call `finish_exchange` first."""
    for left in (UNFINISHED, COMPLETE):
        shutil.rmtree(directory / left, ignore_errors=True)
    return Directory(directory / UNFINISHED)


def exchange(directory: Path, kept_as: str) -> None:
    """Let the new journal take its place. kept_as: what the old one is called from now on."""
    folder = Directory(directory)
    folder.rename(UNFINISHED, COMPLETE)
    folder.sync_names()
    if (directory / JOURNAL).exists():
        folder.rename(JOURNAL, kept_as)
        folder.sync_names()
    finish_exchange(directory)


def finish_exchange(directory: Path) -> None:
    """Put the new journal in its place where a crash came before that.

    An empty folder in that place is what somebody who wanted to read has made there meanwhile.
    """
    journal = directory / JOURNAL
    if (directory / COMPLETE).is_dir() and not (journal.exists() and any(journal.iterdir())):
        folder = Directory(directory)
        folder.rename(COMPLETE, JOURNAL)
        folder.sync_names()
