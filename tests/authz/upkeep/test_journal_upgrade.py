"""A journal that commit 0899132 has written is converted, and says what was answered then."""

import gzip
import json

import pytest

from authz.journal.data_directory import CHECKPOINTS, JOURNAL, history_in
from authz.journal.replay import replayed, replayed_batches
from authz.upkeep.journal_exchange import COMPLETE, UNFINISHED, finish_exchange
from authz.upkeep.journal_tools import verify
from authz.upkeep.journal_upgrade import BEFORE_UPGRADE, upgrade
from authz.vocabulary.errors import JournalOutdated
from authz.vocabulary.reasons import Reason
from simulators.cli.actions.journal import run_journal_verb
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for
from tests.vector_files import FOLDER
from tokenvault.vocabulary.identifiers import Prefix, to_number

SEGMENT = f"{1:020d}.journal"
ANSWERED = json.loads((FOLDER / "journal_of_0899132.json").read_text())


def identity(count):
    """That of a network, in place of a random one."""
    return bytes(range(count))


@pytest.fixture
def directory(tmp_path):
    """A data directory with the journal of commit 0899132."""
    (tmp_path / JOURNAL).mkdir()
    content = gzip.decompress((FOLDER / "journal_of_0899132.gz").read_bytes())
    (tmp_path / JOURNAL / SEGMENT).write_bytes(content)
    return tmp_path


def test_balances_and_decisions_are_those_that_were_answered(directory):
    """Replay of what was converted comes to the same balances, and decides each message as it was decided."""
    made = upgrade(directory, identity)
    assert made.commands == verify(directory).last_sequence
    state = replayed(history_in(directory)).state
    for name, balance in ANSWERED["balances"].items():
        [account] = state.accounts[state.accounts["account_id"] == to_number(Prefix.ACCOUNT, name)]
        told = [balance[word] for word in ("credit_limit", "posted", "held")]
        assert [int(account[field]) for field in ("limit_minor", "posted_minor", "held_minor")] == told
    reasons = {}
    for batch in replayed_batches(history_in(directory), after=0):
        reasons |= {int(result["sequence"]): Reason(result["reason"]).code for result in batch.results}
    decided = {name: reasons[to_number(Prefix.AUTHORIZATION, name)] for name in ANSWERED["decisions"]}
    assert decided == ANSWERED["decisions"]


def test_the_old_journal_is_kept_and_a_second_upgrade_has_nothing_to_do(directory):
    """Nothing that was there is lost."""
    before = (directory / JOURNAL / SEGMENT).read_bytes()
    upgrade(directory, identity)
    assert (directory / BEFORE_UPGRADE / SEGMENT).read_bytes() == before
    assert upgrade(directory, identity) is None


def test_a_start_and_every_reader_say_what_to_run(directory, capsys):
    """One line, with the command to type."""
    expected = pytest.raises(JournalOutdated, match=f"run `tapwright journal upgrade --data-dir {directory}`")
    with expected, running_sandbox(settings_for(directory)):
        pass
    assert run_journal_verb("verify", directory, 1, None) == 1
    assert "tapwright journal upgrade" in capsys.readouterr().err


def test_the_verb(directory, capsys):
    """What people see of it."""
    assert run_journal_verb("upgrade", directory, 1, None) == 0
    assert capsys.readouterr().out.startswith("upgraded 15 commands; the journal as it was is in ")
    assert run_journal_verb("upgrade", directory, 1, None) == 0
    assert capsys.readouterr().out == "nothing to upgrade: the journal is of this version\n"
    assert run_journal_verb("verify", directory, 1, None) == 0


def test_what_an_interrupted_upgrade_left_is_made_anew(directory):
    """A crash before the exchange leaves the old journal in force."""
    (directory / UNFINISHED).mkdir()
    (directory / UNFINISHED / SEGMENT).write_bytes(b"half")
    assert upgrade(directory, identity).commands == verify(directory).last_sequence


@pytest.mark.parametrize("was_read", [False, True])
def test_a_crash_between_the_two_renamings_is_mended(directory, was_read):
    """The next start puts the new journal in its place; whoever has wanted to read one meanwhile found an empty one."""
    upgrade(directory, identity)
    (directory / JOURNAL).rename(directory / COMPLETE)
    if was_read:
        history_in(directory)
    finish_exchange(directory)
    assert verify(directory).records > 0


def test_old_checkpoints_go(directory):
    """They are made anew from the journal."""
    (directory / CHECKPOINTS).mkdir()
    (directory / CHECKPOINTS / f"{5:020d}.checkpoint").write_bytes(b"of another time")
    upgrade(directory, identity)
    assert list((directory / CHECKPOINTS).iterdir()) == []


def _changed(directory, start, new):
    path = directory / JOURNAL / SEGMENT
    content = bytearray(path.read_bytes())
    content[start : start + len(new)] = new
    path.write_bytes(content)


def _too_old(directory):
    _changed(directory, 8, b"12345678")


def _no_journal(directory):
    _changed(directory, 0, b"SOMETHINGELSE")


def _damaged(directory):
    _changed(directory, 400, b"\xff\xff\xff")


def _given_up(directory):
    (directory / JOURNAL / SEGMENT).rename(directory / JOURNAL / f"{2:020d}.journal")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_too_old, "is too old"),
        (_no_journal, "is too old, or is not a journal"),
        (_damaged, "is damaged at byte"),
        (
            _given_up,
            "the journal begins after command 1, and there is no readable checkpoint of that command or a later one",
        ),
    ],
)
def test_what_cannot_be_converted_is_said_in_one_line_and_stays(directory, capsys, change, said):
    """It is as it was, byte for byte."""
    change(directory)
    before = {path.name: path.read_bytes() for path in (directory / JOURNAL).iterdir()}
    assert run_journal_verb("upgrade", directory, 1, None) == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("tapwright: ")]
    assert said in line
    assert {path.name: path.read_bytes() for path in (directory / JOURNAL).iterdir()} == before
