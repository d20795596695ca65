"""The history (read side): decisions, postings and expiries as SQL rows, derived from the journal outside the hot path.

A thread of its own takes durable commands with their results from a bounded queue. When the queue overflows, or the
rows are dropped, it catches up by replay and goes on from there: so it can be thrown away at any time. While nobody
reads it works at a walking pace, so that decisions have the processor; a reader makes it hurry.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.sqlite import insert

from authz.history.book_rows import account_changes, change_rows, statement_rows, statements
from authz.history.case_rows import cases, write_cases
from authz.history.history_file import AT_THE_BEGINNING, make_anew, prepared, tells_of_this_past
from authz.history.history_rows import (
    Row,
    RowQuery,
    TenantOf,
    decisions,
    expiries,
    newest,
    nobody,
    position,
    postings,
    rows_of,
)
from authz.history.payment_course import name_payments
from authz.journal.marks import BEGINNING, Mark
from authz.journal.records import Durable
from authz.journal.replay import History, replayed_batches
from authz.journal.segment_header import UNNAMED
from authz.vocabulary.errors import HistoryUnavailable
from tokenvault.vocabulary.sqlite_errors import is_damaged

QUEUED_COMMANDS_MAX = 4_000
"""More than are written in a few seconds. Beyond this the queue is dropped and the journal read later: under load
every row that is written would delay payments."""
_ROWS_WEIGH_AS_A_COMMAND = 256
"""The end of a day posts for a whole range of accounts with one command, 40 bytes each: they are few in memory."""
PACE_PER_SECOND = 1_000
"""The number of commands that are written each second while no reader waits. A row takes about 20 microseconds."""
_WRITTEN_TOGETHER = 256
"""The number of commands that are written from the journal before the load is checked again."""
QUIET_SECONDS = 1.0
"""The time without a decision after which missing rows are read from the journal."""

log = structlog.get_logger()

Answer = TypeVar("Answer")


class Projection:
    """Keeps the SQL rows up to date with the journal, in a thread of its own.

    durable_sequence: returns the last durable command.  pause_seconds: the wait before a failed attempt is repeated.
    issuer_of, wallet_of: return the owner of an account, and of a token.
    """

    def __init__(
        self,
        database: sa.Engine,
        history: History,
        durable_sequence: Callable[[], int],
        pause_seconds: float = QUIET_SECONDS,
        issuer_of: TenantOf = nobody,
        wallet_of: TenantOf = nobody,
    ) -> None:
        self.database = database
        self._history = history
        self._durable_sequence = durable_sequence
        self._pause_seconds = pause_seconds
        self._issuer_of, self._wallet_of = issuer_of, wallet_of
        self._queue: deque[Durable] = deque()
        self._queued = 0
        self._last_notified = 0  # sequence of the last durable command that `follow` was given
        self._notified_at = 0.0
        self._rests_until = 0.0
        self._readers = 0
        self._position = 0
        self._position_us = 0
        self._marked = BEGINNING
        self._is_behind = False
        self._dropped = False
        self._closed = False
        self._is_held = False
        self._is_working = False
        self._is_prepared = False
        self._is_damaged = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._last_notified = self._durable_sequence()
        self._thread.start()

    @property
    def sequence(self) -> int:
        """The last command that the rows contain."""
        return self._position

    @property
    def durable_sequence(self) -> int:
        """The last command that the journal holds."""
        return self._durable_sequence()

    @property
    def time_us(self) -> int:
        """The time of that command: Unix time in microseconds, 0 if there is none yet."""
        return self._position_us

    def newest(self, table: sa.Table, wanted: RowQuery) -> tuple[list[Row], bool]:
        """Rows of a table, at most `wanted.limit`, and whether there are more. Raises: HistoryUnavailable."""
        return self.asked(lambda database: newest(database, table, wanted))

    def asked(self, question: Callable[[sa.Engine], Answer]) -> Answer:
        """The answer to a question about the rows. Raises: HistoryUnavailable."""
        try:
            return question(self.database)
        except sa.exc.DBAPIError as error:
            self._fail(error)
            raise HistoryUnavailable("the history cannot be read at present") from None

    def follow(self, durable: Durable) -> None:
        """Take note of durable commands; never waits. See `engine.Follower`."""
        with self._changed:
            if not self._is_behind:
                self._queue.append(durable)
                self._queued += _weight(durable)
            self._last_notified = durable.last
            self._notified_at = time.monotonic()
            if self._queued > QUEUED_COMMANDS_MAX:
                self._queue.clear()  # it will be read from the journal, and so will all that comes until then
                self._queued = 0
                self._is_behind = True
            if self._readers or self._notified_at >= self._rests_until:
                self._changed.notify_all()

    def drop(self) -> None:
        """Delete all rows; they are rebuilt from the journal."""
        with self._changed:
            self._dropped = True
            self._changed.notify_all()

    @contextmanager
    def of_another_past(self) -> Iterator[None]:
        """Nothing is read from the journal inside, whose files may be exchanged; then rows are made anew of it."""
        with self._changed:
            self._is_held = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._is_working)
        try:
            yield
        finally:
            with self._changed:
                self._queue.clear()
                self._queued = 0
                self._last_notified = self._durable_sequence()
                self._is_held, self._is_behind, self._dropped = False, True, True
                self._changed.notify_all()

    def wait_for(self, sequence: int, seconds: float) -> bool:
        """Wait until the rows contain a command; returns whether they do."""
        with self._changed:
            self._readers += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._tells_of(sequence), seconds)
            finally:
                self._readers -= 1

    def _tells_of(self, sequence: int) -> bool:
        return self._is_prepared and self._position >= sequence and not self._dropped

    def close(self) -> None:
        """Stop; what is not written is read from the journal next time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _fail(self, error: Exception) -> None:
        """Note that the file has to be checked before anything else is done with it."""
        log.error("projection_failed", error=f"{type(error).__name__}: {getattr(error, 'orig', error)}")
        with self._changed:
            self._queue.clear()  # it is read from the journal, for some of it was taken
            self._queued = 0
            self._is_behind = True
            self._is_damaged = isinstance(error, sa.exc.DBAPIError) and is_damaged(error)
            self._is_prepared = False
            self._changed.notify_all()

    def _run(self) -> None:
        while self._begin():
            try:
                if not self._is_prepared:
                    self._prepare()
                self._work()
            except Exception as error:  # a broken history must not take the network down, nor stay broken
                self._fail(error)
                with self._changed:
                    self._is_working = False
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._closed, self._pause_seconds)

    def _begin(self) -> bool:
        """Wait until something may be read or written; returns false where it is closed."""
        with self._changed:
            self._is_working = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or not self._is_held)
            self._is_working = not self._closed
            return self._is_working

    def _prepare(self) -> None:
        """Find out how far the file has come."""
        if self._is_damaged:
            make_anew(self.database, "it is damaged")
            self._is_damaged = False
        found = prepared(self.database, self._history.journal.network or UNNAMED)
        is_of_this_past = tells_of_this_past(self._history.journal, found)
        if not is_of_this_past:
            log.warning("history_made_anew", path=self.database.url.database, reason="it tells of another past")
        with self._changed:
            self._position, self._position_us, self._marked = found.sequence, found.time_us, found.mark
            self._dropped = self._dropped or not is_of_this_past
            self._is_prepared = True
            self._changed.notify_all()

    def keep_mark(self, mark: Mark) -> None:
        """Remember a mark of the journal where the rows have passed it. Call it in any thread."""
        if mark == self._marked or not self._tells_of(mark.sequence):
            return
        marked = sa.update(position).where(position.c.sequence >= mark.sequence)
        try:
            with self.database.begin() as connection:
                done = connection.execute(marked.values(marked_sequence=mark.sequence, marked_digest=mark.digest))
            if done.rowcount:  # none where the rows were dropped meanwhile
                self._marked = mark
        except sa.exc.DBAPIError as error:
            self._fail(error)

    def _work(self) -> None:
        """Wait until there is something to do and it is time for it; do it."""
        with self._changed:
            if self._closed or not self._is_prepared:
                return
            if not self._is_time():
                self._is_working = False
                self._changed.notify_all()
                self._changed.wait(self._patience())
                return
            taken = self._queue.popleft() if self._is_next_queued() else None
            self._queued -= _weight(taken) if taken else 0
        if self._dropped:
            self._start_over()
        elif taken is not None:
            self._write(taken)
        else:
            self._catch_up()

    def _is_next_queued(self) -> bool:
        return bool(self._queue) and self._queue[0].first <= self._position + 1 and not self._dropped

    def _is_time(self) -> bool:
        """Whether to write now: at once if a reader waits, else at the usual pace; missing rows only without load."""
        if self._dropped or (self._readers and self._last_notified > self._position):
            return True
        now = time.monotonic()
        if self._last_notified <= self._position or now < self._rests_until:
            return False
        return self._is_next_queued() or self._is_quiet()

    def _patience(self) -> float | None:
        """The longest time to wait for a notification, seconds; `follow` gives none before the rest is over."""
        rest = self._rests_until - time.monotonic()
        if self._last_notified <= self._position:
            return rest if rest > 0 else None
        return max(0.01, rest, QUIET_SECONDS / 4 if not self._is_next_queued() else 0.0)

    def _start_over(self) -> None:
        with self.database.begin() as connection:
            for table in (decisions, postings, expiries, statements, account_changes, cases):
                connection.execute(sa.delete(table))
            connection.execute(sa.update(position).values(**AT_THE_BEGINNING))
        with self._changed:
            self._dropped, self._position, self._position_us, self._marked = False, 0, 0, BEGINNING
        self._catch_up()

    def _catch_up(self) -> None:
        """Read from the journal what is missing, as long as a reader waits or all is quiet.

        Raises: HistoryUnavailable where the journal does not hold what was told.
        """
        until = self._durable_sequence()
        for durable in replayed_batches(self._history, self._position, until) if until > self._position else ():
            for start in range(0, len(durable.commands), _WRITTEN_TOGETHER):
                self._write(durable.part(start, start + _WRITTEN_TOGETHER))
                if self._closed or self._is_held or not (self._readers or self._is_quiet()):
                    return
        if self._position < until:
            raise HistoryUnavailable(f"the journal does not hold all commands up to {until}")
        with self._changed:
            # What came meanwhile was not kept either: there will be another round.
            self._is_behind = self._position < self._last_notified

    def _write_expired(self, expired: Iterator[Row]) -> None:
        """Write a few at a time, resting in between, ahead of the position that tells of them.

        Where that is interrupted they are written again, and those that are there already stay.
        """
        while portion := list(islice(expired, _WRITTEN_TOGETHER)):
            with self.database.begin() as connection:
                connection.execute(insert(expiries).on_conflict_do_nothing(), portion)
            self._rest_from(len(portion))

    def _rest_from(self, count: int) -> None:
        """Rest from so many rows of one command, unless a reader waits: all holds of a bank may end with one."""
        with self._changed:
            self._changed.wait_for(lambda: self._readers or self._closed or self._is_held, count / PACE_PER_SECOND)

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._notified_at > QUIET_SECONDS

    def _write(self, durable: Durable) -> None:
        if durable.last <= self._position:
            return
        new = durable.part(max(0, self._position + 1 - durable.first), len(durable.commands))
        rows = rows_of(new, self._issuer_of, self._wallet_of)
        cut, changed = statement_rows(new, self._issuer_of), change_rows(new, self._issuer_of)
        self._write_expired(rows.expired)
        with self.database.begin() as connection:
            name_payments(connection, decisions, rows.decided, rows.posted)
            for table, made in (
                (decisions, rows.decided),
                (postings, rows.posted),
                (statements, cut),
                (account_changes, changed),
            ):
                if made:
                    connection.execute(sa.insert(table), made)
            write_cases(connection, new, self._issuer_of)
            for change in rows.settled:
                connection.execute(
                    sa.update(decisions).where(decisions.c.sequence == change["sequence"]).values(**change)
                )
            connection.execute(sa.update(position).values(sequence=durable.last, time_us=durable.time_us))
        with self._changed:
            self._position, self._position_us = durable.last, durable.time_us
            written = max(len(durable.commands), len(rows.posted) + len(cut) + len(changed))
            self._rests_until = time.monotonic() + written / PACE_PER_SECOND
            self._changed.notify_all()


def _weight(durable: Durable) -> int:
    """For how many commands some count in the queue."""
    made = len(durable.postings) + len(durable.expiries) + len(durable.statements) + len(durable.changes)
    return max(len(durable.commands), made // _ROWS_WEIGH_AS_A_COMMAND)
