"""The read side against the engine: every row once, whatever was lost on the way, and the books balance."""

import contextlib
import sqlite3
import threading
from collections import deque
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
import structlog.testing

from authz.history import projection as projection_module
from authz.history.history_file import open_history, prepared
from authz.history.history_rows import RowQuery, decisions, expiries, position, postings, rows_of
from authz.history.projection import Projection
from authz.journal.data_directory import JOURNAL, checkpoints_in, history_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.records import Batch, Durable
from authz.journal.replay import apply_batch
from authz.payments.event_log import events_behind
from authz.payments.events import Position
from authz.state.tables import made_by, new_state
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.layouts import joined
from authz.vocabulary.posting_kinds import POSTING
from tests.authz.commands import NOW_US, opening, tap
from tests.authz.journal.test_replay import a_busy_day_under_a_program
from tokenvault.vocabulary.event_types import EventType

WAIT_SECONDS = 30


@pytest.fixture
def told(tmp_path):
    """A journal of a day with everything in it, its batches with their results, and the state after it."""
    journal, state, batches = SegmentJournal(Directory(tmp_path / JOURNAL), segment_bytes=20_000), new_state(16), []
    for commands, document in a_busy_day_under_a_program():
        first = journal.next_sequence
        journal.append(Batch(first, commands, document))
        state, results, _ = apply_batch(state, commands, document)
        batches.append(Durable(first, commands, results, *made_by(state)))
    return tmp_path, batches, state


def opened(directory, last):
    """A projection that has begun."""
    made = Projection(open_history(directory / "history.db"), history_in(directory), lambda: last, pause_seconds=0.01)
    made.start()
    return made


def rows(projected):
    """All that its tables say."""
    with projected.database.connect() as connection:
        return [
            [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in (decisions, postings, expiries)
        ]


def expected(batches):
    """The rows of each batch, with later decisions about earlier ones applied."""
    decided, posted, expired = {}, [], []
    for batch in batches:
        made = rows_of(batch)
        decided |= {row["sequence"]: row for row in made.decided}
        for change in made.settled:
            decided[change["sequence"]] |= change
        posted += made.posted
        expired += list(made.expired)
    for row in decided.values():  # in order: what it follows up knows its payment by now
        row["payment"] = row["payment"] and (decided[row["payment"]]["payment"] or row["payment"])
    for row in posted:
        before = row["payment"] or row["sequence"]
        row["payment"] = decided[before]["payment"] or before
    return [list(decided.values()), posted, expired]


def close(projected):
    """Stop it."""
    projected.close()
    projected.database.dispose()


def test_told_batch_by_batch(told):
    """What it is told is what it says, and the postings sum up to what is owed."""
    directory, batches, state = told
    made = opened(directory, 0)
    for batch in batches:
        made.follow(batch)
    last = batches[-1].last
    assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == expected(batches)
    assert sum(row["amount_minor"] for row in rows(made)[1]) == int(state.accounts["posted_minor"].sum())
    close(made)


def test_what_comes_during_a_rest_is_written_after_it(told, monkeypatch):
    """Also where nothing comes afterwards, and nobody reads: the last payment of a day has its event, too."""
    monkeypatch.setattr(projection_module, "PACE_PER_SECOND", 40)
    directory, batches, _ = told
    made, written = opened(directory, 0), threading.Event()
    write = made._write

    def follow_at_once(durable):
        write(durable)
        if durable is batches[0]:
            threading.Timer(0.01, made.follow, [batches[1]]).start()  # it rests then, and has nothing to do
        else:
            written.set()

    monkeypatch.setattr(made, "_write", follow_at_once)
    made.follow(batches[0])
    assert written.wait(WAIT_SECONDS)
    close(made)


def test_every_hold_that_ended_is_told(told):
    """With the time of the command in whose pass it ended, and the decision whose hold it was."""
    directory, batches, _ = told
    made = opened(directory, batches[-1].last)
    assert made.wait_for(batches[-1].last, WAIT_SECONDS)
    decided, _, expired = rows(made)
    by_sequence = {row["sequence"]: row for row in decided}
    assert len({row["decision"] for row in expired}) == len(expired) > 3
    for row in expired:
        decision = by_sequence[row["decision"]]
        assert [row[name] for name in ("account_id", "card_id", "token_id")] == [7, 70, 701]
        assert (row["currency"], row["issuer"]) == ("EUR", None)
        assert row["released_minor"] > 0
        assert row["time_us"] > decision["time_us"] + 2 * 3_600_000_000
    close(made)


HOLDS = 40
MONTH_US = 31 * 24 * 3_600_000_000


@pytest.fixture
def one_command_ends_all(tmp_path, monkeypatch):
    """A projection of a journal whose last command ended forty holds; it writes sixteen, and then rests."""
    monkeypatch.setattr(projection_module, "_WRITTEN_TOGETHER", 16)
    monkeypatch.setattr(projection_module, "PACE_PER_SECOND", 1)
    commands = joined([opening(), *(tap(number, 100) for number in range(1, HOLDS + 1))])
    last = tap(HOLDS + 1, 100, time_us=NOW_US + MONTH_US)
    journal, state = SegmentJournal(Directory(tmp_path / JOURNAL)), new_state(16)
    for batch in (commands, last):
        journal.append(Batch(journal.next_sequence, batch))
        state, results, _ = apply_batch(state, batch)
    assert results["expiries"].tolist() == [HOLDS]
    journal.close()

    def open_it():
        made = Projection(
            open_history(tmp_path / "history.db"), history_in(tmp_path), lambda: HOLDS + 4, issuer_of="issuer {}".format
        )
        made.start()
        return made

    return open_it


def test_all_holds_of_a_bank_may_end_with_one_command(one_command_ends_all):
    """Their rows are written a few at a time; the owner of each account is asked."""
    made = one_command_ends_all()
    assert made.wait_for(HOLDS + 4, WAIT_SECONDS)
    expired = rows(made)[2]
    assert [(row["sequence"], row["part"]) for row in expired] == [(HOLDS + 4, part) for part in range(HOLDS)]
    assert sorted(row["decision"] for row in expired) == list(range(4, HOLDS + 4))
    assert {(row["time_us"], row["issuer"], row["released_minor"]) for row in expired} == {
        (NOW_US + MONTH_US, "issuer 7", 100)
    }
    close(made)


def test_nobody_waits_while_it_rests(one_command_ends_all):
    """Between two portions others may write, and no event is told of them yet."""
    resting = threading.Event()
    made = one_command_ends_all()
    rest = made._rest_from
    made._rest_from = lambda count: (resting.set(), rest(count))
    assert resting.wait(WAIT_SECONDS)
    with contextlib.closing(sqlite3.connect(made.database.url.database, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    assert len(rows(made)[2]) == 16
    found, _ = events_behind(made.database, Position(0), 1_000)
    assert EventType.AUTHORIZATION_EXPIRED not in {event.type for event in found}
    close(made)


def test_portions_that_were_interrupted(one_command_ends_all):
    """They are written again from the first, each once."""
    made, failures = one_command_ends_all(), []
    rest = made._rest_from

    def failing(count):
        if not failures:
            failures.append(len(rows(made)[2]))
            raise OSError("no disk")
        rest(count)

    made._rest_from = failing
    made._pause_seconds = 0.01
    assert made.wait_for(HOLDS + 4, WAIT_SECONDS)
    assert failures == [16]
    assert [row["part"] for row in rows(made)[2]] == list(range(HOLDS))
    close(made)


def test_what_was_lost_is_read_from_the_journal(told, monkeypatch):
    """With a queue that overflows, a start in the middle, and rows dropped: the same rows, each once."""
    directory, batches, _ = told
    monkeypatch.setattr(projection_module, "QUEUED_COMMANDS_MAX", 60)
    last = batches[-1].last
    half = len(batches) // 2
    made = opened(directory, batches[half].first - 1)
    assert made.wait_for(batches[half].first - 1, WAIT_SECONDS)
    close(made)
    made = opened(directory, last)
    for batch in batches[half:]:
        made.follow(batch)
    assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == expected(batches)
    made.drop()
    assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == expected(batches)
    close(made)


def test_what_one_command_makes_weighs_in_the_queue(told, monkeypatch):
    """The end of a day posts for a range of accounts with one command: the queue holds rows, not only commands."""
    directory, batches, _ = told
    monkeypatch.setattr(projection_module, "_ROWS_WEIGH_AS_A_COMMAND", 1)
    durable = batches[-1]
    rows_made = sum(len(made) for made in (durable.postings, durable.expiries, durable.statements, durable.changes))
    assert projection_module._weight(durable) == max(len(durable.commands), rows_made)
    monkeypatch.setattr(projection_module, "QUEUED_COMMANDS_MAX", len(durable.commands) + 4_000)
    made = Projection(open_history(directory / "history.db"), history_in(directory), lambda: durable.last)
    many = replace(durable, postings=np.zeros(5_000, POSTING))
    made.follow(durable)
    assert made._queue
    made.follow(many)
    assert (made._queue, made._is_behind) == (deque(), True)


def test_what_the_journal_does_not_hold_is_waited_for(told, monkeypatch):
    """It is told of more than there is, as where a file was removed: that is a failure, after which it pauses."""
    directory, batches, _ = told
    last = batches[-1].last
    failed = threading.Event()
    made = Projection(open_history(directory / "history.db"), history_in(directory), lambda: last + 5)
    fail = made._fail
    monkeypatch.setattr(made, "_fail", lambda error: (fail(error), failed.set()))
    made.start()
    assert failed.wait(WAIT_SECONDS)
    assert made.sequence == last
    assert rows(made) == expected(batches)
    close(made)


def test_what_fails_is_tried_again(told, monkeypatch):
    """A disk that was full for a moment: whoever waits for the rows gets them."""
    directory, batches, _ = told
    last = batches[-1].last
    made, failures = opened(directory, last), iter(range(3))
    write = Projection._write

    def failing(self, durable):
        if next(failures, None) is not None:
            raise sa.exc.OperationalError("insert", {}, Exception("disk is full"))
        write(self, durable)

    monkeypatch.setattr(Projection, "_write", failing)
    with structlog.testing.capture_logs() as logs:
        for batch in batches:
            made.follow(batch)
        assert made.wait_for(last, WAIT_SECONDS)
    assert [entry["event"] for entry in logs] == ["projection_failed"] * 3
    assert rows(made) == expected(batches)
    close(made)


def test_rows_hold_no_card_number(told):
    """A token PAN is shown by its last digits only."""
    _, batches, _ = told
    pan = str(int(np.max(batches[0].commands["token_pan"])))
    decided, *_ = expected(batches)
    assert all(len(row["token_last4"]) == 4 for row in decided)
    assert all(str(row["token_last4"]) == pan.rjust(4, "0")[-4:] for row in decided if row["token_id"])


@pytest.mark.parametrize("damage", [b"junk" * 5_000, b"SQLite format 3\0", b""])
def test_a_file_that_is_damaged_is_made_anew(told, damage):
    """Junk, a file that was cut, an empty one: the rows are read from the journal again, and the log says why."""
    directory, batches, _ = told
    last = batches[-1].last
    file = directory / "history.db"
    file.write_bytes(damage)
    with structlog.testing.capture_logs() as logs:
        made = opened(directory, last)
        assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == expected(batches)
    assert [entry["event"] for entry in logs] == (["history_made_anew"] if damage else [])
    assert file.stat().st_mode & 0o077 == 0 or not damage
    close(made)


def test_a_file_that_breaks_meanwhile_is_made_anew(told):
    """Whoever reads finds the damage: 503 for once, and then everything is there again."""
    directory, batches, _ = told
    last = batches[-1].last
    made = opened(directory, last)
    assert made.wait_for(last, WAIT_SECONDS)
    with made.database.connect() as connection:
        spared = connection.exec_driver_sql(
            "SELECT pageno FROM dbstat WHERE name IN ('sqlite_schema', 'sqlite_master', 'position')"
        )
        spared = set(spared.scalars())
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    close(made)
    file = directory / "history.db"
    content = bytearray(file.read_bytes())
    for page in range(1, len(content) // size):  # all but those that name the tables, and the position's
        if page + 1 not in spared:
            content[page * size : (page + 1) * size] = b"\xee" * size
    file.write_bytes(content)
    with structlog.testing.capture_logs():
        made = opened(directory, last)
        assert made.wait_for(last, WAIT_SECONDS)
        with pytest.raises(HistoryUnavailable):
            made.newest(decisions, RowQuery({}))
        assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == expected(batches)
    close(made)


def test_a_file_of_another_layout_or_journal_is_made_anew(told):
    """Rows of an earlier build, and rows of more than was ever decided, are not ours."""
    directory, batches, _ = told
    last = batches[-1].last
    made = opened(directory, last)
    assert made.wait_for(last, WAIT_SECONDS)
    with made.database.begin() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 1")
        connection.execute(sa.delete(decisions))
    close(made)
    made = opened(directory, last)
    assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == expected(batches)
    with made.database.begin() as connection:
        connection.execute(sa.update(position).values(sequence=last + 1))
        connection.execute(sa.delete(decisions))
    close(made)
    made = opened(directory, last)
    assert made.wait_for(last, WAIT_SECONDS)
    assert rows(made) == expected(batches)
    close(made)


def test_closing_while_the_file_is_prepared(told, monkeypatch):
    """Whoever closes is not left waiting, wherever the thread is at that moment."""
    directory, _, _ = told
    preparing, may_go_on = threading.Event(), threading.Event()

    def slowly(database, network):
        preparing.set()
        may_go_on.wait(WAIT_SECONDS)
        return prepared(database, network)

    monkeypatch.setattr(projection_module, "prepared", slowly)
    made = opened(directory, 0)
    assert preparing.wait(WAIT_SECONDS)
    closing = threading.Thread(target=made.close, daemon=True)
    closing.start()
    while not made._closed:
        pass
    may_go_on.set()
    closing.join(WAIT_SECONDS)
    assert not closing.is_alive()
    made.database.dispose()


def test_what_was_given_up_before_it_was_read(told):
    """Retention has overtaken it: it goes on with what there is."""
    directory, batches, _ = told
    made = opened(directory, batches[0].first)
    assert made.wait_for(1, WAIT_SECONDS)
    close(made)
    last = batches[-1].last
    reader = SegmentReader(Directory(directory / JOURNAL))
    kept = make_checkpoint(reader, checkpoints_in(directory), Retention())
    reader.forget(before=kept + 1)
    assert reader.begins_after > 1
    made = opened(directory, last)
    assert made.wait_for(last, WAIT_SECONDS)
    close(made)
