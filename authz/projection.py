"""The read side: what was decided and posted, as SQL rows, made from the journal and never on the hot path.

A thread of its own takes durable commands with their results from a bounded queue. When the queue overflows, or the
rows are dropped, it catches up by replay and goes on from there: so it can be thrown away at any time. While nobody
reads it works at a walking pace, so that decisions have the processor; a reader makes it hurry.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
import structlog

from authz.commands import MESSAGES, Channel, Kind, Operation, Records
from authz.reasons import Reason
from authz.replay import History, replayed_batches
from tokenvault.currencies import CURRENCY_BY_NUMBER

QUEUED_COMMANDS_MAX = 100_000
PACE_PER_SECOND = 1_000
"""So many commands a second are written while nobody reads: a row takes some twenty microseconds."""
QUIET_SECONDS = 1.0
"""It catches up by itself when nothing was decided for so long."""

log = structlog.get_logger()

metadata = sa.MetaData()

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("operation", sa.String(32), nullable=False),
    sa.Column("account_id", sa.BigInteger, nullable=True),
    sa.Column("card_id", sa.BigInteger, nullable=True),
    sa.Column("token_id", sa.BigInteger, nullable=True),
    sa.Column("token_last4", sa.String(4), nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("approved_minor", sa.BigInteger, nullable=False),
    sa.Column("billing_minor", sa.BigInteger, nullable=False),
    sa.Column("billing_currency", sa.String(3), nullable=False),
    sa.Column("approved", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("flagged", sa.Boolean, nullable=False),
    sa.Column("approval_code", sa.String(6), nullable=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("merchant", sa.String(15), nullable=False),
    sa.Column("merchant_category", sa.String(4), nullable=False),
    sa.Column("country", sa.String(3), nullable=False),
    sa.Column("terminal", sa.String(8), nullable=False),
    sa.Column("acquirer", sa.String(11), nullable=False),
    sa.Column("stan", sa.String(6), nullable=False),
    sa.Column("retrieval_reference", sa.String(12), nullable=False),
    sa.Index("decisions_of_account", "account_id", "sequence"),
    sa.Index("decisions_of_token", "token_id", "sequence"),
)

postings = sa.Table(
    "postings",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("account_id", sa.BigInteger, nullable=False),
    sa.Column("token_id", sa.BigInteger, nullable=True),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),  # in the account's currency; negative: given back
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("posted_minor", sa.BigInteger, nullable=False),  # what the account owes afterwards
    sa.Column("merchant", sa.String(15), nullable=False),
    sa.Column("merchant_category", sa.String(4), nullable=False),
    sa.Index("postings_of_account", "account_id", "sequence"),
)

position = sa.Table("position", metadata, sa.Column("sequence", sa.BigInteger, nullable=False))


@dataclass(frozen=True)
class _Durable:
    """Some commands with their results. first: the sequence of the first."""

    first: int
    commands: Records
    results: Records

    @property
    def last(self) -> int:
        return self.first + len(self.commands) - 1


class Projection:
    """Keeps the SQL rows up with the journal, in a thread of its own.

    durable_sequence: asks the engine how far the journal reaches.
    """

    def __init__(self, database: sa.Engine, history: History, durable_sequence: Callable[[], int]) -> None:
        self.database = database
        self._history = history
        self._durable_sequence = durable_sequence
        self._queue: deque[_Durable] = deque()
        self._queued = 0
        self._told = 0  # the last command that it was told of
        self._told_at = 0.0
        self._rests_until = 0.0
        self._readers = 0
        self._position = 0
        self._dropped = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)

    def start(self) -> None:
        """Begin to keep up."""
        metadata.create_all(self.database)
        with self.database.begin() as connection:
            found = connection.execute(sa.select(position.c.sequence)).scalar()
            if found is None:
                connection.execute(sa.insert(position).values(sequence=0))
        self._position = found or 0
        self._told = self._durable_sequence()
        self._thread.start()

    @property
    def sequence(self) -> int:
        """The last command that the rows tell of."""
        return self._position

    def follow(self, first: int, commands: Records, results: Records) -> None:
        """Take note of durable commands; never waits. See `engine.Follower`."""
        with self._changed:
            self._queue.append(_Durable(first, commands, results))
            self._queued += len(commands)
            self._told = first + len(commands) - 1
            self._told_at = time.monotonic()
            if self._queued > QUEUED_COMMANDS_MAX:
                self._queue.clear()  # it will be read from the journal
                self._queued = 0
            if self._readers or self._told_at >= self._rests_until:
                self._changed.notify_all()

    def drop(self) -> None:
        """Throw all rows away; they are made anew from the journal."""
        with self._changed:
            self._dropped = True
            self._changed.notify_all()

    def wait_for(self, sequence: int, seconds: float) -> bool:
        """Wait until the rows tell of a command; whether they do."""
        with self._changed:
            self._readers += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._position >= sequence and not self._dropped, seconds)
            finally:
                self._readers -= 1

    def close(self) -> None:
        """Stop; what is not written is read from the journal next time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closed:
                self._work()
        except Exception as error:  # a broken read side must not take the network down
            log.error("projection_failed", error=f"{type(error).__name__}: {error}")

    def _work(self) -> None:
        """Wait until there is something to do and it is time for it; do it."""
        with self._changed:
            if not self._is_time():
                self._changed.wait(self._patience())
                return
            taken = self._queue.popleft() if self._is_next_queued() else None
            self._queued -= len(taken.commands) if taken else 0
        if self._dropped:
            self._start_over()
        elif taken is not None:
            self._write(taken)
        else:
            self._catch_up()

    def _is_next_queued(self) -> bool:
        return bool(self._queue) and self._queue[0].first <= self._position + 1 and not self._dropped

    def _is_time(self) -> bool:
        """Whether to work now: for a reader at once; else at a walking pace, and on a gap only when all is quiet."""
        if self._dropped or (self._readers and self._told > self._position):
            return True
        now = time.monotonic()
        if self._told <= self._position or now < self._rests_until:
            return False
        return self._is_next_queued() or now - self._told_at > QUIET_SECONDS

    def _patience(self) -> float | None:
        """How long to sleep where nobody wakes it, seconds."""
        if self._told <= self._position:
            return None
        return max(0.01, self._rests_until - time.monotonic(), QUIET_SECONDS / 4 if not self._is_next_queued() else 0.0)

    def _start_over(self) -> None:
        with self.database.begin() as connection:
            for table in (decisions, postings):
                connection.execute(sa.delete(table))
            connection.execute(sa.update(position).values(sequence=0))
        with self._changed:
            self._dropped, self._position = False, 0
        self._catch_up()

    def _catch_up(self) -> None:
        until = self._durable_sequence()
        if until <= self._position:
            return
        for batch in replayed_batches(self._history, self._position, until):
            self._write(_Durable(batch.sequence, batch.commands, batch.results))
            if self._closed:
                return

    def _write(self, durable: _Durable) -> None:
        if durable.last <= self._position:
            return
        skipped = max(0, self._position + 1 - durable.first)
        first = durable.first + skipped
        decided, settled, posted = rows_of(first, durable.commands[skipped:], durable.results[skipped:])
        with self.database.begin() as connection:
            if decided:
                connection.execute(sa.insert(decisions), decided)
            for change in settled:
                connection.execute(
                    sa.update(decisions).where(decisions.c.sequence == change["sequence"]).values(**change)
                )
            if posted:
                connection.execute(sa.insert(postings), posted)
            connection.execute(sa.update(position).values(sequence=durable.last))
        with self._changed:
            self._position = durable.last
            self._rests_until = time.monotonic() + len(durable.commands) / PACE_PER_SECOND
            self._changed.notify_all()


Row = dict[str, Any]


def open_history(path: Path) -> sa.Engine:
    """The SQL database of a projection, in a file. It can be made anew, so it syncs less than others."""
    database = sa.create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30})

    def configure(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    sa.event.listen(database, "connect", configure)
    return database


def rows_of(first: int, commands: Records, results: Records) -> tuple[list[Row], list[Row], list[Row]]:
    """The rows that commands make: decisions, changes of earlier decisions, postings."""
    kinds = commands["kind"]
    is_message = (kinds >= MESSAGES.start) & (kinds < MESSAGES.stop)
    own = np.arange(first, first + len(commands))
    is_new = is_message & (results["sequence"] == own)
    decided = [_decision(own[i], commands[i], results[i]) for i in np.flatnonzero(is_new)]
    answered = np.flatnonzero((kinds == Kind.ISSUER_DECISION) & (results["sequence"] != own))
    settled = [{"sequence": int(results[i]["sequence"]), **_outcome(results[i])} for i in answered]
    posted = [_posting(own[i], commands[i], results[i]) for i in np.flatnonzero(results["posted_change_minor"])]
    return decided, settled, posted


def _outcome(result: np.void) -> Row:
    reason = Reason(result["reason"])
    return {
        "approved_minor": int(result["approved_minor"]),
        "billing_minor": int(result["billing_minor"]),
        "approved": reason.is_approval,
        "reason": reason.code,
        "approval_code": f"{int(result['approval_code']):06d}" if reason.is_approval else None,
    }


def _decision(sequence: int, command: np.void, result: np.void) -> Row:
    return {
        "sequence": int(sequence),
        "time_us": int(command["time_us"]),
        "kind": Kind(command["kind"]).name.lower(),
        "operation": operation_name(int(command["operation"])),
        "account_id": int(result["account_id"]) or None,
        "card_id": int(command["card_id"]) or None,
        "token_id": int(command["token_id"]) or None,
        "token_last4": f"{int(command['token_pan']):04d}"[-4:],
        "amount_minor": int(command["amount_minor"]),
        "currency": currency_code(int(command["currency"])),
        "billing_currency": currency_code(int(result["billing_currency"])),
        "flagged": bool(result["is_flagged"]),
        "channel": Channel(command["channel"]).name.lower(),
        "merchant": _text(command["merchant"]),
        "merchant_category": f"{int(command['merchant_category']):04d}",
        "country": f"{int(command['country']):03d}",
        "terminal": _text(command["terminal"]),
        "acquirer": str(int(command["acquirer"])),
        "stan": f"{int(command['stan']):06d}",
        "retrieval_reference": _text(command["retrieval_reference"]),
        **_outcome(result),
    }


def _posting(sequence: int, command: np.void, result: np.void) -> Row:
    return {
        # The row in the engine's own table: a decision by the issuer's server posts for the authorization it settles.
        "sequence": int(result["sequence"]) if command["kind"] == Kind.ISSUER_DECISION else int(sequence),
        "time_us": int(command["time_us"]),
        "kind": posting_kind(Kind(command["kind"]), int(command["operation"]), int(result["posted_change_minor"])),
        "account_id": int(result["account_id"]),
        "token_id": int(command["token_id"]) or None,
        "amount_minor": int(result["posted_change_minor"]),
        "currency": currency_code(int(result["billing_currency"])),
        "posted_minor": int(result["posted_minor"]),
        "merchant": _text(command["merchant"]),
        "merchant_category": f"{int(command['merchant_category']):04d}",
    }


def posting_kind(kind: Kind, operation: int, change_minor: int) -> str:
    """What a posting is called: ``purchase``, ``cash``, ``refund``, ``reversal``, ``chargeback``, ``representment``."""
    if kind in (Kind.CHARGEBACK, Kind.REPRESENTMENT):
        return kind.name.lower()
    if kind in (Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE):
        return "reversal"
    if change_minor < 0:
        return "refund"
    return operation_name(operation)


def operation_name(number: int) -> str:
    """An operation in words, or its two digits."""
    return Operation(number).name.lower() if number in set(Operation) else f"{number:02d}"


def currency_code(number: int) -> str:
    """A currency's alphabetic code, or its three digits."""
    known = CURRENCY_BY_NUMBER.get(number)
    return known.code if known else f"{number:03d}"


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip()


@dataclass(frozen=True)
class Wanted:
    """Which rows: equal in each given column, in a span of Unix microseconds, before a sequence; the newest first."""

    equal: dict[str, object]
    from_us: int | None = None
    to_us: int | None = None
    before: int | None = None
    limit: int = 20


def newest(database: sa.Engine, table: sa.Table, wanted: Wanted) -> tuple[list[Row], bool]:
    """Rows of a table, at most so many, and whether there are more."""
    query = sa.select(table).order_by(table.c.sequence.desc()).limit(wanted.limit + 1)
    for name, value in wanted.equal.items():
        query = query.where(table.c[name] == value)
    if wanted.from_us is not None:
        query = query.where(table.c.time_us >= wanted.from_us)
    if wanted.to_us is not None:
        query = query.where(table.c.time_us < wanted.to_us)
    if wanted.before is not None:
        query = query.where(table.c.sequence < wanted.before)
    with database.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
    return rows[: wanted.limit], len(rows) > wanted.limit


def posting(database: sa.Engine, sequence: int) -> Row | None:
    """One posting, or None."""
    found = newest(database, postings, Wanted({"sequence": sequence}, limit=1))[0]
    return found[0] if found else None


def all_postings(database: sa.Engine) -> Iterator[Row]:
    """Every posting in order, for checks of the books."""
    with database.connect() as connection:
        for row in connection.execute(sa.select(postings).order_by(postings.c.sequence)):
            yield dict(row._mapping)
