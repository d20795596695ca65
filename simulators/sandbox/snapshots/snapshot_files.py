"""The files of snapshots in a data directory: one folder each, complete or not there."""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from authz.journal.checkpoint import checkpoints
from authz.journal.data_directory import CHECKPOINTS, JOURNAL, keep_private
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.vocabulary.errors import EngineError
from tokenvault.storage.database import DatabaseUnavailable, open_database
from tokenvault.vocabulary.errors import FieldError, NotFound

SNAPSHOTS = "snapshots"
_MANIFEST, _VAULT, _UNFINISHED, _REPLACED = "manifest.json", "vault.db", ".unfinished", ".replaced"
NAME_PATTERN = "^[a-z0-9][a-z0-9_-]{0,39}$"
VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """What a snapshot says of itself. saved_at, clock: Unix seconds, of the wall and of the sandbox.

    sequence, digest: the end of its journal, see `Mark`; the digest in hexadecimal.  network: its identity, in
    hexadecimal.  is_frozen: whether the sandbox's clock stood.  rows: of the vault.  simulated: phones, terminals and
    payments, see `Simulations.described`; their secrets are sealed by the vault's key for data.
    """

    name: str
    saved_at: float
    network: str
    sequence: int
    digest: str
    clock: float
    is_frozen: bool
    rows: int
    simulated: dict[str, Any]
    version: int = VERSION


@dataclass(frozen=True)
class SnapshotFolder:
    """One snapshot. path: where its files are."""

    path: Path

    @property
    def manifest(self) -> Manifest:
        """What it says of itself. Raises: ValueError, where it was made by another version, or is damaged."""
        told = json.loads((self.path / _MANIFEST).read_text())
        if not isinstance(told, dict) or told.get("version") != VERSION:
            raise ValueError("another version made it")
        try:
            return Manifest(**told)
        except TypeError:
            raise ValueError("its manifest is damaged") from None

    def read(self) -> "Saved":
        """The snapshot as it is listed. Raises: NotFound where it is deleted meanwhile; others as `manifest`."""
        try:
            return Saved(self.path.name, self.manifest, self.size)
        except FileNotFoundError:
            raise NotFound(f"there is no snapshot {self.path.name}") from None

    def write_manifest(self, manifest: Manifest) -> None:
        """Say what is in it, durably but for the file's name; once."""
        file = Directory(self.path).create(_MANIFEST)
        try:
            file.write(json.dumps(asdict(manifest), indent=1).encode())
            file.sync()
        finally:
            file.close()

    @contextlib.contextmanager
    def new_vault(self) -> Iterator[sa.Engine]:
        """An empty database for the vault's rows. Raises: DatabaseUnavailable."""
        keep_private(self.path / _VAULT)
        with _opened(self.path / _VAULT) as database:
            yield database

    @contextlib.contextmanager
    def vault(self) -> Iterator[sa.Engine]:
        """The database with the vault's rows, its tables those of this build.

        Raises: ValueError where it is missing or damaged.
        """
        with contextlib.ExitStack() as opened:
            if not (self.path / _VAULT).is_file():
                raise ValueError("its rows are missing")
            try:
                database = opened.enter_context(_opened(self.path / _VAULT))
            except DatabaseUnavailable:
                raise ValueError("the file with its rows is damaged") from None
            yield database

    def check_journal(self) -> None:
        """See whether its journal reaches as far as it says, without a gap in what the engine replays.

        Raises: ValueError where it does not, or is damaged.
        """
        manifest = self.manifest
        journal = SegmentReader(Directory(self.path / JOURNAL))
        try:
            end, _, _ = journal.found_end()
            begins_after = journal.begins_after
            known = max((0, *checkpoints(Directory(self.path / CHECKPOINTS))))
            for _ in journal.read(after=max(known, begins_after)):
                """Every record behind the latest checkpoint is intact and follows the one before."""
        except EngineError:
            raise ValueError("its journal is damaged") from None
        if known < begins_after or (end.sequence, end.digest.hex()) != (manifest.sequence, manifest.digest):
            raise ValueError("its journal is not whole")

    @property
    def size(self) -> int:
        """Bytes of its files; those that it shares with the journal count, too."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())


@dataclass(frozen=True)
class Saved:
    """A snapshot as it is listed. size: bytes of its files."""

    name: str
    manifest: Manifest
    size: int


class SnapshotFiles:
    """The snapshots of one data directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / SNAPSHOTS

    def clear(self) -> None:
        """Tidy up what a crash has left of snapshots that were being made or deleted.

        One that was about to replace another gets its name; of all else nothing is left.
        """
        left = list(self._path.iterdir()) if self._path.is_dir() else []
        for each in left:
            replaced = each.with_suffix(_REPLACED)
            if each.suffix == _UNFINISHED and replaced in left and not self.has(each.stem):
                each.rename(self._path / each.stem)
        for each in left:
            if each.suffix in (_UNFINISHED, _REPLACED):
                shutil.rmtree(each, ignore_errors=True)

    def find(self, name: str) -> SnapshotFolder:
        """A snapshot by its name. Raises: NotFound."""
        folder = SnapshotFolder(self._path / _checked(name))
        if not folder.path.is_dir():
            raise NotFound(f"there is no snapshot {name}")
        return folder

    def has(self, name: str) -> bool:
        """Whether there is one. Raises: FieldError for what is no name."""
        return (self._path / _checked(name)).is_dir()

    def names(self) -> list[str]:
        """The names of all, in order."""
        found = self._path.iterdir() if self._path.is_dir() else ()
        return sorted(each.name for each in found if re.fullmatch(NAME_PATTERN, each.name))

    def readable(self) -> list[Saved]:
        """All that this version can read, by name."""
        found = []
        for name in self.names():
            with contextlib.suppress(NotFound, OSError, ValueError):
                found.append(SnapshotFolder(self._path / name).read())
        return found

    def delete(self, name: str) -> None:
        """Forget one. Raises: NotFound."""
        folder, gone = self.find(name).path, self._path / (name + _REPLACED)
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        Directory(self._path).sync_names()
        shutil.rmtree(gone, ignore_errors=True)

    @contextlib.contextmanager
    def being_made(self, name: str) -> Iterator[SnapshotFolder]:
        """An empty folder, which has its name when this is left without an error, in place of what had it."""
        self._path.mkdir(parents=True, exist_ok=True)
        self._path.chmod(0o700)
        unfinished = self._path / (_checked(name) + _UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        try:
            yield SnapshotFolder(unfinished)
            Directory(unfinished).sync_names()
            self._name(unfinished, name)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def _name(self, unfinished: Path, name: str) -> None:
        """Give a complete snapshot its name. What had that name goes afterwards, so that a crash never takes both."""
        replaced = self._path / (name + _REPLACED)
        shutil.rmtree(replaced, ignore_errors=True)
        if self.has(name):
            (self._path / name).rename(replaced)
        unfinished.rename(self._path / name)
        Directory(self._path).sync_names()
        shutil.rmtree(replaced, ignore_errors=True)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sa.Engine]:
    database = open_database(f"sqlite:///{file}")
    try:
        yield database
    finally:
        database.dispose()


def _checked(name: str) -> str:
    """A name, which is the name of a folder as well. Raises: FieldError."""
    if re.fullmatch(NAME_PATTERN, name) is None:
        raise FieldError("name", "must be 1 to 40 of a-z, 0-9, '-' and '_', and begin with a letter or digit")
    return name
