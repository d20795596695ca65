"""A journal is held against everything that remembers it; numbers that were set aside change no decision."""

import dataclasses

import numpy as np
import pytest

from authz.history.account_replay import AccountReplay
from authz.history.history_file import open_history, prepared, remembered_in
from authz.history.history_rows import RowQuery, decisions
from authz.history.projection import Projection
from authz.journal.data_directory import CHECKPOINTS, HISTORY, JOURNAL, checkpoints_in, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.marks import Mark
from authz.journal.records import Batch
from authz.journal.replay import History, apply_batch, replayed, replayed_batches, replayed_command
from authz.kernel.application import name_accounts
from authz.state.stored import rows_in_use
from authz.state.tables import Counter, new_state
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.upkeep.safeguards import check, check_notices
from authz.vocabulary.errors import AcknowledgedLoss, ForeignFile
from tests.authz.commands import opening, tap
from tokenvault.storage.high_water import HighWater

OWN, OTHER = bytes(range(16)), bytes(range(16, 32))
ACCEPT = "tapwright journal accept-loss --data-dir "


def a_tap(number, **changed):
    """One that names its account, as the engine sees to it."""
    made = tap(number, stan=number, **changed)
    name_accounts(apply_batch(new_state(16), opening())[0], made)
    return made


@pytest.fixture
def directory(tmp_path):
    """A data directory with a journal of several segments and a checkpoint."""
    _filled(tmp_path, OWN)
    return tmp_path


def _filled(directory, network, taps=9, **changed):
    """A journal of so many taps, and a checkpoint of its sealed segments; the command that it is of."""
    journal = SegmentJournal(Directory(directory / JOURNAL), segment_bytes=1_000, network=network)
    journal.append(Batch(1, opening()))
    for number in range(1, taps + 1):
        journal.append(Batch(journal.next_sequence, a_tap(number, **changed)))
    journal.close()
    return make_checkpoint(reader(directory), checkpoints_in(directory), Retention())


def reader(directory):
    """The journal of a data directory."""
    return SegmentReader(Directory(directory / JOURNAL))


def own_history(directory):
    """What was decided in a data directory whose network is known, as it is to a server."""
    return History(SegmentReader(Directory(directory / JOURNAL), OWN), checkpoints_in(directory))


def kept(directory, sequence=None, **changed):
    """What a vault remembers of a command of the journal, the last where none is named."""
    journal = reader(directory)
    sequence = journal.last_sequence if sequence is None else sequence
    made = HighWater(OWN, sequence, journal.digest_at(sequence) or bytes(32), journal.last_sequence + 100)
    return dataclasses.replace(made, **changed)


def remember(directory, mark, network=OWN):
    """Let the read side's file remember a mark."""
    database = open_history(directory / HISTORY)
    prepared(database, network)
    with database.begin() as connection:
        words = "sequence = ?, marked_sequence = ?, marked_digest = ?"
        connection.exec_driver_sql(f"UPDATE position SET {words}", (mark.sequence, *mark))
    database.dispose()


def test_what_fits_together_passes(directory):
    """Whether the vault is up to date, a little behind, or has never seen a journal."""
    for remembered in (kept(directory), kept(directory, 5), kept(directory, 0), None):
        check(directory, reader(directory), remembered)


@pytest.mark.parametrize("lost", [1, 4, 12])
def test_a_lost_end_is_noticed_by_the_vault(directory, lost):
    """One record or all of them."""
    remembered = kept(directory)
    for path in (directory / CHECKPOINTS).iterdir():
        path.unlink()
    last = _cut(directory, lost)
    expected = f"ends with command {last}, but the vault remembers command 12: .*{ACCEPT}{directory}"
    with pytest.raises(AcknowledgedLoss, match=expected):
        check(directory, reader(directory), remembered)


def _cut(directory, records):
    """Cut the last records off; the last command that is left."""
    for _ in range(records):
        _, name, size = reader(directory).found_end()
        if name is None:
            return 0
        path = directory / JOURNAL / name
        found = [record for record in reader(directory)._records(name, is_last=True) if record.end < size]
        if found:
            path.write_bytes(path.read_bytes()[: found[-1].end])
        else:
            path.unlink()
    return reader(directory).last_sequence


def test_a_lost_end_is_noticed_by_a_checkpoint(directory):
    """Also where the vault was lost with it."""
    _cut(directory, 9)
    with pytest.raises(AcknowledgedLoss, match="but the checkpoint of command 10 remembers command 10"):
        check(directory, reader(directory), None)


def test_a_lost_end_is_noticed_by_the_history(directory):
    """Where neither of the two others knows."""
    remember(directory, Mark(12, reader(directory).digest_at(12)))
    remembered = kept(directory, 3)
    for path in (directory / CHECKPOINTS).iterdir():
        path.unlink()
    _cut(directory, 2)
    with pytest.raises(AcknowledgedLoss, match=r"but history\.db remembers command 12"):
        check(directory, reader(directory), remembered)


def test_another_past_is_noticed(directory):
    """As long as the journal, and of the same network."""
    with pytest.raises(AcknowledgedLoss, match="it differs at or before command 5"):
        check(directory, reader(directory), kept(directory, 5, digest=bytes(32)))
    with pytest.raises(AcknowledgedLoss, match="it differs at or before command 2"):
        check(directory, reader(directory), kept(directory, 2))  # in the middle of a record


def test_an_older_vault_is_noticed(directory):
    """By the numbers that it has reserved, by what the history remembers, by the notices that the engine has heard."""
    with pytest.raises(AcknowledgedLoss, match=r"the vault is older .* it has reserved command numbers up to 11"):
        check(directory, reader(directory), kept(directory, 5, reserved=11))
    remember(directory, Mark(6, reader(directory).digest_at(6)))
    with pytest.raises(AcknowledgedLoss, match=r"it has recorded command 5, but history\.db has recorded command 6"):
        check(directory, reader(directory), kept(directory, 5))
    check(directory, reader(directory), kept(directory, 6))
    with pytest.raises(
        AcknowledgedLoss, match=r"its last notice is 6, but the journal has applied notice 7.*Restore the vault"
    ):
        check_notices(directory, 7, 6)
    check_notices(directory, 7, 7)


def test_what_others_remember_does_not_count(directory):
    """Another network's history and checkpoints, and a history of another past, which are made anew."""
    remember(directory, Mark(40, bytes(32)), network=OTHER)
    check(directory, reader(directory), kept(directory))
    (directory / HISTORY).unlink()
    remember(directory, Mark(6, bytes(32)))
    check(directory, reader(directory), kept(directory, 5))
    with pytest.raises(ForeignFile):
        check(directory, SegmentReader(Directory(directory / JOURNAL), OTHER), None)


def test_a_checkpoint_of_another_network_is_passed_over(directory, tmp_path_factory):
    """It is no state of this one."""
    other = tmp_path_factory.mktemp("other")
    _filled(other, OTHER, amount=77)
    before = rows_in_use(replayed(history_in(directory)).state)
    [name] = [path.name for path in (directory / CHECKPOINTS).iterdir()]
    for kind in (OTHER, OWN):  # another network's, then one of this network's that was made of other commands
        content = (other / CHECKPOINTS / name).read_bytes()
        (directory / CHECKPOINTS / name).write_bytes(content)
        assert rows_in_use(replayed(history_in(directory)).state) == before, kind
        _as_own(other)


def _as_own(other):
    """Make the other network's journal and checkpoint once more, in this one's name."""
    for folder in (JOURNAL, CHECKPOINTS):
        for path in (other / folder).iterdir():
            path.unlink()
    _filled(other, OWN, amount=77)


@pytest.fixture
def with_a_gap(directory):
    """The same journal, gone on with behind numbers that were set aside."""
    journal = SegmentJournal(Directory(directory / JOURNAL), segment_bytes=1_000)
    journal.set_aside(1_000)
    for number in range(10, 16):
        journal.append(Batch(journal.next_sequence, a_tap(number)))
    journal.close()
    return directory


def test_a_gap_changes_nothing_of_what_is_decided(with_a_gap):
    """The results have the numbers of the journal; checkpoints are made and used across the gap."""
    numbers = [*range(1, 13), *range(1_001, 1_007)]
    for has_later_checkpoint in (False, True):
        results = np.concatenate([batch.results for batch in replayed_batches(history_in(with_a_gap), 0)])
        assert results["sequence"].tolist() == numbers
        whole = replayed(history_in(with_a_gap))
        assert (whole.sequence, int(whole.state.counters[Counter.SEQUENCE])) == (1_006, 1_006)
        assert replayed(history_in(with_a_gap), 500).sequence == 12
        if not has_later_checkpoint:
            before = rows_in_use(whole.state)
            assert make_checkpoint(reader(with_a_gap), checkpoints_in(with_a_gap), Retention()) > 1_000
            assert make_checkpoint(reader(with_a_gap), checkpoints_in(with_a_gap), Retention()) is None
        assert rows_in_use(whole.state) == before


def test_explanations_find_what_is_behind_a_gap(with_a_gap):
    """By account and by everything, the same; a number that was set aside is nobody's."""
    by_account = AccountReplay(reader(with_a_gap))
    by_account.read_on()
    for sequence in (4, 12, 1_001, 1_006):
        told, known = by_account.command(sequence), replayed_command(history_in(with_a_gap), sequence)
        assert told.result == known.result
        assert int(told.result["sequence"]) == sequence
        assert told.command.tobytes() == by_account.written(sequence).tobytes()
    for sequence in (13, 500, 1_000, 1_007):
        assert by_account.command(sequence) is by_account.written(sequence) is None
        assert replayed_command(history_in(with_a_gap), sequence) is None


def test_a_read_side_of_another_past_is_made_anew(with_a_gap):
    """It tells of a command that the journal has lost, whose number is nobody's, or remembers another digest."""
    digest = reader(with_a_gap).digest_at(12)
    for sequence, mark in ((13, Mark(12, digest)), (12, Mark(12, bytes(32))), (1_006, Mark(1_006, digest))):
        remember(with_a_gap, mark)
        database = open_history(with_a_gap / HISTORY)
        with database.begin() as connection:
            connection.exec_driver_sql("UPDATE position SET sequence = ?", (sequence,))
        made = Projection(database, own_history(with_a_gap), lambda: 1_006, pause_seconds=0.01)
        made.start()
        assert made.wait_for(1_006, 30)
        assert len(made.newest(decisions, RowQuery({}, limit=100))[0]) == 15
        made.close()
        database.dispose()
        (with_a_gap / HISTORY).unlink()


def test_the_read_side_remembers_marks_that_it_has_passed(with_a_gap):
    """And no other."""
    database = open_history(with_a_gap / HISTORY)
    made = Projection(database, own_history(with_a_gap), lambda: 1_006, pause_seconds=0.01)
    made.start()
    assert made.wait_for(1_006, 30)
    for mark in (Mark(12, b"a" * 32), Mark(2_000, b"b" * 32)):
        made.keep_mark(mark)
    made.close()
    database.dispose()
    assert remembered_in(with_a_gap / HISTORY).mark == Mark(12, b"a" * 32)


def test_explanations_by_account_end_where_the_journal_is_damaged(directory):
    """What is behind it is replayed with everything else, from a checkpoint that is behind it too."""
    names = reader(directory).segments()
    path = directory / JOURNAL / names[1]
    path.write_bytes(path.read_bytes()[:-1])
    first = int(names[1].removesuffix(".journal"))
    by_account = AccountReplay(reader(directory))
    for _ in range(2):
        by_account.read_on()
        assert by_account.command(first - 1) is not None
        assert by_account.command(12) is None
    assert replayed_command(history_in(directory), 12).result["sequence"] == 12
    path.unlink()
    again = AccountReplay(reader(directory))
    again.read_on()
    assert again.command(first - 1) is not None
    assert again.command(12) is None


def test_a_mark_that_came_while_rows_were_dropped_comes_again(with_a_gap):
    """The rows were gone and the read side had not taken note of that yet; nor is a file touched that is looked at."""
    database = open_history(with_a_gap / HISTORY)
    remember(with_a_gap, Mark(1_006, reader(with_a_gap).digest_at(1_006)))
    made, mark = Projection(database, own_history(with_a_gap), lambda: 1_006), Mark(1_006, b"a" * 32)
    made.keep_mark(mark)
    assert remembered_in(with_a_gap / HISTORY).mark != mark
    made._prepare()
    for sequence in (0, 1_006):
        with database.begin() as connection:
            connection.exec_driver_sql("UPDATE position SET sequence = ?", (sequence,))
        made.keep_mark(mark)
        assert (remembered_in(with_a_gap / HISTORY).mark == mark) == (sequence == 1_006)
    database.dispose()


def test_a_vault_that_remembers_what_was_given_up_is_not_asked(directory):
    """The journal begins later, so that nobody can say whether it was once the same."""
    remembered = kept(directory, 3)
    journal = reader(directory)
    journal.forget(before=journal.sealed_sequence)
    assert reader(directory).begins_after > 3
    check(directory, reader(directory), remembered)


def test_another_networks_checkpoint_is_no_witness(directory, tmp_path_factory):
    """However far it reaches."""
    other = tmp_path_factory.mktemp("other")
    made = _filled(other, OTHER, taps=19)
    assert made > reader(directory).last_sequence
    [path] = (other / CHECKPOINTS).iterdir()
    (directory / CHECKPOINTS / path.name).write_bytes(path.read_bytes())
    check(directory, reader(directory), kept(directory))
