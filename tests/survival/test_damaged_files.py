"""Each file of a data directory damaged, cut short, removed or exchanged: a start is right, or refused in one line."""

import re
import shutil
from functools import partial

import pytest

from authz.journal.data_directory import CHECKPOINTS, HISTORY, JOURNAL
from simulators.cli.command_line import main
from simulators.sandbox.settings.settings import VAULT
from tests.survival.short_life import keeps_its_promises, live
from tokenvault.storage.database import open_database

REFUSED = "it does not start again: "
GO_ON = "tapwright journal accept-loss --data-dir "


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """A data directory after two lives, what the second was promised, a copy from before it, and another network's."""
    folder, promises = tmp_path_factory.mktemp("lives"), []
    live(folder / "own", lambda promise: None)
    shutil.copytree(folder / "own", folder / "earlier")
    live(folder / "own", promises.append)
    live(folder / "other", lambda promise: None)
    assert [what for what, _ in promises].count("approved") == 4
    return folder, promises


@pytest.fixture
def copied(lives, tmp_path):
    """A copy to do harm to, and what was promised."""
    shutil.copytree(lives[0] / "own", tmp_path / "own")
    return tmp_path / "own", lives[1]


def _segment(place, directory):
    return sorted((directory / JOURNAL).iterdir())[place]


FILES = {
    "first segment": partial(_segment, 0),
    "middle segment": partial(_segment, 3),
    "last segment": partial(_segment, -1),
    "checkpoint": lambda directory: sorted((directory / CHECKPOINTS).iterdir())[-1],
    "vault": lambda directory: directory / VAULT,
    "history": lambda directory: directory / HISTORY,
    "root key": lambda directory: directory / "root.key",
}


def _flipped_at(share, path, _others):
    content = bytearray(path.read_bytes())
    place = int(share * (len(content) - 1))
    if path.suffix == ".checkpoint":
        while not content[place]:  # tables begin on pages, and what fills a page up is nobody's
            place += 1
    content[place] ^= 0x41
    path.write_bytes(content)


def _cut_to(share, path, _others):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


HARMS = {
    "its beginning flipped": partial(_flipped_at, 0),
    "its middle flipped": partial(_flipped_at, 0.5),
    "its end flipped": partial(_flipped_at, 1),
    "cut to half": partial(_cut_to, 0.5),
    "empty": partial(_cut_to, 0),
    "removed": lambda path, _others: path.unlink(),
    "another network's": lambda path, others: shutil.copyfile(others("other"), path),
    "an earlier one": lambda path, others: shutil.copyfile(others("earlier"), path),
}

DAMAGED = r"journal \S+ is damaged at byte \d+: .*" + GO_ON
FOREIGN = r"\S+ belongs to network [0-9a-f]{32}, not to [0-9a-f]{32} .*: restore the file that belongs here"
LOST = r"the journal in \S+ ends with command 18, but the vault remembers command 20: .*" + GO_ON
MISSING = r"\S+ is missing or empty: restore the vault, with its -wal file"
WRONG_KEY = "the root key is not the one that wrapped this database's keys: restore the two that belong together"
KEY_LENGTH = r"root key \S+ has \d+ bytes; it must have 32"

RIGHT = None
"""All that was promised is so, and a new phone pays."""
NOT_EXPLAINED = "not explained"
"""All that was promised is so; what was decided where the damage is, before the last checkpoint, is not explained."""

IN_THE_PAST = {
    "its beginning flipped": DAMAGED,
    "its middle flipped": NOT_EXPLAINED,
    "its end flipped": NOT_EXPLAINED,
    "cut to half": NOT_EXPLAINED,
    "empty": DAMAGED,
    "removed": NOT_EXPLAINED,
    "another network's": FOREIGN,
    "an earlier one": NOT_EXPLAINED,
}
EXPECTED = {
    "first segment": {harm: RIGHT if said is NOT_EXPLAINED else said for harm, said in IN_THE_PAST.items()},
    "middle segment": IN_THE_PAST,
    "last segment": {
        "its beginning flipped": DAMAGED,
        "its middle flipped": DAMAGED,
        "its end flipped": DAMAGED,
        "cut to half": LOST,
        "empty": LOST,
        "removed": LOST,
        "another network's": FOREIGN,
        "an earlier one": DAMAGED,
    },
    "checkpoint": dict.fromkeys(HARMS, RIGHT),
    "vault": {
        "its beginning flipped": "database: file is not a database: restore the vault",
        "its middle flipped": RIGHT,  # SQLite's pages have no checksums, and these bytes are nobody's
        "its end flipped": RIGHT,
        "cut to half": "database: database disk image is malformed: restore the vault",
        "empty": MISSING,
        "removed": MISSING,
        "another network's": WRONG_KEY,
        "an earlier one": r"the vault is older than the journal in \S+: it has reserved command numbers up to 10, .*"
        + GO_ON,
    },
    "history": dict.fromkeys(HARMS, RIGHT),
    "root key": {
        "its beginning flipped": WRONG_KEY,
        "its middle flipped": WRONG_KEY,
        "its end flipped": WRONG_KEY,
        "cut to half": KEY_LENGTH,
        "empty": KEY_LENGTH,
        "removed": r"root key \S+ is missing: restore the one that wrapped the vault's keys",
        "another network's": WRONG_KEY,
        "an earlier one": RIGHT,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("file", FILES)
def test_a_start_is_right_or_refused_in_one_line(lives, copied, file, harm):
    """And what is refused is left as it is."""
    directory, promises = copied
    find, expected = FILES[file], EXPECTED[file][harm]
    HARMS[harm](find(directory), lambda where: find(lives[0] / where))
    before = _content(directory)
    broken = keeps_its_promises(directory, promises)
    if expected is RIGHT:
        assert broken == []
    elif expected is NOT_EXPLAINED:
        assert len(broken) == 4
        assert all(line.endswith("503 journal_damaged: the journal is damaged at this decision") for line in broken)
    else:
        [line] = broken
        assert re.match(REFUSED + expected, line)
        assert "\n" not in line
        assert _content(directory) == before


def _content(directory):
    """Every file but the lock and what SQLite lays beside a database."""
    files = (
        path for path in directory.rglob("*") if path.is_file() and not path.name.endswith(("LOCK", "-wal", "-shm"))
    )
    return {path.relative_to(directory): path.read_bytes() for path in files if path.name != HISTORY}


def doctor(directory, capsys):
    """The exit code of `tapwright doctor`, and which parts are unsound."""
    code = main(["doctor", "--data-dir", str(directory)])
    lines = capsys.readouterr().out.splitlines()
    return code, [line.split(":")[0].removeprefix("UNSOUND  ") for line in lines if line.startswith("UNSOUND")]


def test_the_doctor_finds_nothing(copied, capsys):
    """Where nothing is to be found."""
    assert doctor(copied[0], capsys) == (0, [])


@pytest.mark.parametrize(
    ("file", "harm", "unsound"),
    [
        ("first segment", "its middle flipped", ["journal"]),
        ("middle segment", "removed", ["journal"]),
        ("last segment", "removed", ["together"]),
        ("checkpoint", "its middle flipped", ["journal"]),
        ("vault", "removed", ["vault", "audit trail", "together"]),
        ("vault", "an earlier one", ["together"]),
        ("vault", "its beginning flipped", ["vault", "audit trail", "together"]),
        ("history", "another network's", ["history"]),
        ("history", "its beginning flipped", ["history"]),
        ("root key", "its middle flipped", ["vault", "audit trail"]),
    ],
)
def test_the_doctor_says_what_is_unsound(lives, copied, file, harm, unsound, capsys):
    """Also what a start need not look at."""
    directory, find = copied[0], FILES[file]
    HARMS[harm](find(directory), lambda where: find(lives[0] / where))
    code, found = doctor(directory, capsys)
    assert (code, set(unsound) - set(found)) == (1, set())


@pytest.mark.parametrize(
    ("file", "harm"),
    [
        ("last segment", "removed"),
        ("last segment", "its end flipped"),
        ("middle segment", "its beginning flipped"),
        ("vault", "an earlier one"),
    ],
)
def test_one_can_go_on_without_what_is_lost(lives, copied, file, harm, capsys):
    """With what there is; nobody gets an identifier that somebody else had, and everything fits together again."""
    directory, promises = copied
    find = FILES[file]
    HARMS[harm](find(directory), lambda where: find(lives[0] / where))
    had = [promise for promise in promises if promise[0] == "approved"]
    [refused] = keeps_its_promises(directory, [])
    assert f"{GO_ON}{directory}" in refused
    assert main(["journal", "accept-loss", "--data-dir", str(directory)]) == 0
    given_up = r"(what is left of commands \d+ to 20 is given up\n)?"
    assert re.match(given_up + r"the journal ends with command \d+, the next is \d+\n", capsys.readouterr().out)
    assert keeps_its_promises(directory, []) == []
    assert doctor(directory, capsys) == (0, [])
    assert not [line for line in keeps_its_promises(directory, had) if "twice" in line]


@pytest.mark.parametrize("is_made", [False, True], ids=["empty", "tables only"])
def test_an_empty_vault_is_no_vault_to_go_on_with(copied, is_made, capsys):
    """Its keys and cards are gone with it, or lie in a -wal file that was not copied; nothing is made of it."""
    directory, vault = copied[0], copied[0] / VAULT
    vault.unlink()
    if is_made:
        open_database(f"sqlite:///{vault}").dispose()
    else:
        vault.touch()
    before = vault.read_bytes()
    said = f"{vault} is missing or empty: restore the vault"
    assert main(["journal", "accept-loss", "--data-dir", str(directory)]) == 1
    assert said in capsys.readouterr().err
    assert doctor(directory, capsys) == (1, ["vault", "audit trail", "history", "together"])
    [refused] = keeps_its_promises(directory, [])
    assert said in refused
    assert vault.read_bytes() == before


def test_where_nothing_is_lost_nothing_is_accepted(copied, capsys):
    """It says so, and everything is as it was."""
    directory, promises = copied
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file() and path.suffix != ".db-shm"}
    assert main(["journal", "accept-loss", "--data-dir", str(directory)]) == 0
    assert capsys.readouterr().out == "nothing is lost: the journal is complete\n"
    assert {path: path.read_bytes() for path in before} == before
    assert keeps_its_promises(directory, promises) == []


@pytest.mark.parametrize("stranger", ["last segment", "middle segment", "root key", "vault"])
def test_what_does_not_belong_here_is_not_accepted(lives, copied, stranger, capsys):
    """It is no loss, and what is the other network's stays whole."""
    directory, find = copied[0], FILES[stranger]
    HARMS["another network's"](find(directory), lambda where: find(lives[0] / where))
    before = _content(directory)
    assert main(["journal", "accept-loss", "--data-dir", str(directory)]) == 1
    said = capsys.readouterr().err
    assert re.match(f"tapwright: ({FOREIGN}|{WRONG_KEY})\n$", said)
    assert _content(directory) == before
