"""The engine: accepts commands, timestamps them, applies them, makes them durable, and only then answers.

One writer, so journal order is apply order. While one batch is being synced, everything that arrives waits together and
shares the next sync (group commit).
"""

import asyncio
import contextlib
import math
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import numpy as np
import structlog

from authz.journal.disk import Disk
from authz.journal.records import Batch, Durable, Journal, commands_found
from authz.journal.replay import History, apply_batch, replayed
from authz.kernel.application import name_accounts
from authz.kernel.checks.findings import new_findings
from authz.kernel.freshness import is_fresh
from authz.kernel.undefined_values import first_undefined, undefined_value
from authz.program.document import ProgramDocument, canonical, journaled_document, with_offsets
from authz.program.tables import NUMBER_VERSION
from authz.state.balances import Balance, balance_in
from authz.state.table_growth import TableGrowth
from authz.state.tables import Counter, State, made_by, with_long_room
from authz.vocabulary.commands import COMMAND, Kind, Records, new_commands, new_results
from authz.vocabulary.errors import EngineStopped, JournalEndsEarly, UndefinedValue
from authz.vocabulary.layouts import new_command
from tokenvault.background.errands import attempted

log = structlog.get_logger()

Answer = Callable[[Records], None]
"""Called with RESULT[n] on the event loop, when the n commands it belongs to are durable."""

Follower = Callable[[Durable], None]
"""Called on the event loop with commands that have become durable, and what they have brought about."""

BATCH_COMMANDS_MAX = 16384

_WAITED_FOR_SECONDS, _WAITED_FOR_COMMANDS = 0.002, 4_096
"""A disk that takes less is waited for in place, with few commands: handing over to a thread and back takes longer."""

_MEMORY = 0.9
"""How much of what the disk has taken before counts against what it has taken now."""


@dataclass(frozen=True)
class _Work:
    """Commands that wait for their batch, and the callback for their results."""

    commands: Records
    answer: Answer
    attachment: bytes


@dataclass
class EngineFigures:
    """What the engine has done since it was opened, for monitoring."""

    batches: int = 0
    commands: int = 0


class Engine:
    """Decides. Belongs to one event loop; every method but `balance` and `journaled` is called there.

    clock: Unix time in microseconds; stamps never run backwards, not even from one run to the next.
    checkpoints: where to begin from instead of the journal's first command.
    on_failure: called once if commands cannot be applied or written; nothing is answered any more.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], int],
        on_failure: Callable[[BaseException], None],
        checkpoints: Disk | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._on_failure = on_failure
        self._checkpoints = checkpoints
        self._load()
        self._pending: list[_Work] = []
        self._in_flight: list[_Work] = []
        self._changing = asyncio.Lock()
        self._waiting: set[asyncio.Future[Records]] = set()
        self._standing = asyncio.Lock()
        self._landing: asyncio.Future[None] | None = None
        self._scheduled = False
        self._stopped = False
        self._write_seconds = 1.0
        self._to_writer: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._writer = threading.Thread(target=self._write, name="journal", daemon=True)
        self._writer.start()
        self._followers: list[Follower] = []
        self._reserved: float = math.inf
        self.has_failed = False
        self.figures = EngineFigures()

    def _load(self) -> None:
        """Go on from what the journal says. Raises: JournalEndsEarly; what its replay raises."""
        opened = replayed(History(self._journal, self._checkpoints))
        if opened.sequence != self._journal.last_sequence:
            raise JournalEndsEarly(opened.sequence, self._journal.last_sequence)
        self._table_growth = TableGrowth()
        self._state = with_long_room(opened.state)  # growing is a pause
        self._state.counters[Counter.SEQUENCE] = self._journal.next_sequence - 1
        self._document = opened.document
        self._last_number = self._journal.next_sequence - 1
        self._applied = self._told(new_commands(0), new_results(0))
        self._durable_sequence = self._journal.last_sequence

    @property
    def state(self) -> State:
        """The tables; read them, never write them."""
        return self._state

    @property
    def durable_sequence(self) -> int:
        """The last command that is on disk."""
        return self._durable_sequence

    @property
    def last_number(self) -> int:
        """The last number that is used: that of the last command, or the last that was set aside behind it."""
        return self._last_number

    @property
    def outbox_sequence(self) -> int:
        """The last of the vault's notices that was applied."""
        return int(self._state.counters[Counter.OUTBOX_SEQUENCE])

    @property
    def time_us(self) -> int:
        """The time of the last command."""
        return int(self._state.counters[Counter.TIME_US])

    @property
    def now_us(self) -> int:
        """The time that a command would have now."""
        return max(self.time_us, self._clock())

    @property
    def document(self) -> ProgramDocument:
        """The program in force."""
        return journaled_document(self._document) if self._document else ProgramDocument()

    @property
    def program_version(self) -> int:
        """Its version: 0 before the first was activated."""
        return int(self._state.program.numbers[NUMBER_VERSION])

    def follow(self, follower: Follower) -> None:
        """Notify one more follower of everything that becomes durable from now on."""
        self._followers.append(follower)

    def reserve(self, until: int) -> None:
        """Give no command a greater number until more are reserved. Without a call numbers are unlimited.

        Commands that arrive when no number is left wait.
        """
        self._reserved = until
        if self._pending:
            self._flush_soon()

    def submit(self, commands: Records, answer: Answer, attachment: bytes = b"") -> None:
        """Take commands in their order; answer is called with their results when they are durable.

        attachment: the document that a single ACTIVATE_PROGRAM command carries along.
        Raises: EngineStopped.  UndefinedValue, before any of the commands is in the journal.
        """
        if self._stopped:
            raise EngineStopped("the engine has stopped")
        commands = commands.view(COMMAND)
        place, field = first_undefined(commands)
        if place >= 0:
            raise UndefinedValue(*undefined_value(commands, place, field))
        self._pending.append(_Work(commands, answer, attachment))
        self._flush_soon()

    async def activate(self, document: ProgramDocument) -> int:
        """Switch to another program, between two commands; returns its version. Raises: EngineStopped."""
        results = await self.run(new_command(Kind.ACTIVATE_PROGRAM), canonical(with_offsets(document)))
        return int(results["program_version"][0])

    async def change(self, edit: Callable[[ProgramDocument], ProgramDocument]) -> int:
        """Switch to a changed program, one change after the other; returns its version. Raises: EngineStopped."""
        async with self._changing:
            return await self.activate(edit(self.document))

    async def run(self, commands: Records, attachment: bytes = b"") -> Records:
        """Take commands and wait for their results. Raises: EngineStopped."""
        done: asyncio.Future[Records] = self._loop.create_future()

        def answer(results: Records) -> None:
            if not done.done():
                done.set_result(results)

        self.submit(commands, answer, attachment)
        self._waiting.add(done)
        done.add_done_callback(self._waiting.discard)
        return await done

    def journaled(self, sequences: Iterable[int]) -> dict[int, Records]:
        """Commands as the journal has them, see `commands_found`. It reads files, and may be called in any thread."""
        return commands_found(self._journal, sequences)

    async def settled(self) -> None:
        """Wait until everything taken so far is durable and answered.

        A stopped engine, or one without numbers, is as settled as it will be.
        """
        if self._pending and not self._has_numbers():
            return
        with contextlib.suppress(EngineStopped):
            await self.run(new_commands(0))

    async def is_fresh(self, command: Records) -> bool:
        """Whether a message is a request that proves to be new, once everything that came before it is applied.

        command: one message of any layout.
        """
        await self.settled()
        if self._stopped:
            return False
        asked = np.require(command.copy(), requirements="W")
        asked["time_us"] = self.now_us
        return is_fresh(self._state, asked.view(COMMAND), new_findings())

    @contextlib.asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """Nothing is applied inside. What was being written is durable and answered; what waits is applied afterwards.

        Raises: EngineStopped.
        """
        try:
            async with self._standing:
                if self._in_flight:
                    self._landing = self._loop.create_future()
                    await self._landing
                if self._stopped:
                    raise EngineStopped("the engine has stopped")
                yield
        finally:
            if self._pending:
                self._flush_soon()

    def reload(self) -> None:
        """Go on from another past, which is in the journal now; in any thread, while the engine stands still.

        Numbers go on behind the last that the journal has set aside.  Raises: as opening an engine does.
        """
        assert self._standing.locked(), "nothing may be applied meanwhile"
        self._load()

    def give_up(self, error: BaseException) -> None:
        """Stop for good: what is on disk is not what this engine has applied."""
        self._fail(error)

    def _flush_soon(self) -> None:
        """Flush at the end of this turn of the loop, so that what other connections bring now shares the sync."""
        if not self._in_flight and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Apply what is pending and hand it to the writer. An error here is ours: stop rather than answer."""
        self._scheduled = False
        if not self._pending or self._in_flight or self._stopped or self._standing.locked():
            return
        if not self._has_numbers():
            return
        try:
            self._apply_pending()
        except Exception as error:
            self._fail(error)

    def _has_numbers(self) -> bool:
        """Whether what waits first can be numbered."""
        return self._last_number + len(self._pending[0].commands) <= self._reserved

    def _apply_pending(self) -> None:
        self._in_flight = self._take_batch()
        attachment = self._in_flight[0].attachment
        # By bytes: field by field takes longer than everything else that is done with a few commands.
        octets = [np.ascontiguousarray(work.commands).view(np.uint8) for work in self._in_flight]
        commands = np.concatenate(octets).view(COMMAND)
        commands["time_us"] = self.now_us
        name_accounts(self._state, commands)
        self._state, results, _ = apply_batch(self._table_growth.grown(self._state), commands, attachment)
        self._applied = self._told(commands, results)
        self._document = attachment or self._document
        self.figures.batches += 1
        self.figures.commands += len(commands)
        batch = Batch(self._last_number + 1, commands, attachment)
        if self._write_seconds < _WAITED_FOR_SECONDS and len(commands) <= _WAITED_FOR_COMMANDS:
            self._written(len(commands), self._append(batch), by_writer=False)
        else:
            self._to_writer.put(batch)

    def _told(self, commands: Records, results: Records) -> Durable:
        """What followers are told of the commands that were applied last, once they are durable."""
        return Durable(self._last_number + 1, commands, results, *made_by(self._state))

    def _take_batch(self) -> list[_Work]:
        """What is applied and written together: as much as fits, but an attachment alone."""
        count, size = 0, 0
        while count < len(self._pending) and (count == 0 or size < BATCH_COMMANDS_MAX):
            work = self._pending[count]
            is_beyond = self._last_number + size + len(work.commands) > self._reserved
            if count > 0 and (work.attachment or is_beyond):
                break
            size += len(work.commands)
            count += 1
            if work.attachment:
                break
        batch, self._pending = self._pending[:count], self._pending[count:]
        return batch

    def _write(self) -> None:
        """The writer thread: one durable append after another."""
        while (batch := self._to_writer.get()) is not None:
            failure = self._append(batch)
            try:
                self._loop.call_soon_threadsafe(self._written, len(batch.commands), failure)
            except RuntimeError:  # the loop is closed: nobody waits for this answer any more
                return

    def _append(self, batch: Batch) -> BaseException | None:
        """One durable append; returns what went wrong with it."""
        if not len(batch.commands):
            return None
        started = time.perf_counter()
        try:
            self._journal.append(batch)
        except Exception as error:
            return error
        taken = time.perf_counter() - started
        self._write_seconds = _MEMORY * self._write_seconds + (1 - _MEMORY) * taken
        return None

    def _written(self, count: int, failure: BaseException | None, *, by_writer: bool = True) -> None:
        """Answer what is durable. by_writer: the writer gets the next batch first, and works while that is done."""
        if failure is not None:
            self._fail(failure)
            return
        self._last_number += count
        if count:
            self._durable_sequence = self._last_number
        answered, self._in_flight = self._in_flight, []
        applied = self._applied
        if by_writer:
            self._flush()
        for follower in self._followers if count else ():
            attempted("following the journal", follower, applied)
        start = 0
        for work in answered:
            attempted("answer to commands", work.answer, applied.results[start : start + len(work.commands)])
            start += len(work.commands)
        self._land()
        if self._pending:
            self._flush_soon()

    def _land(self) -> None:
        """Tell who waits for the engine to stand still that nothing is being written."""
        if self._landing is not None and not self._landing.done() and not self._in_flight:
            self._landing.set_result(None)

    def _fail(self, error: BaseException) -> None:
        """Stop after a failure: end every wait with an error, log it, and call `on_failure`."""
        self._stopped = self.has_failed = True
        self._in_flight = []
        self._land()
        for done in tuple(self._waiting):
            if not done.done():
                done.set_exception(EngineStopped("the engine has stopped: its journal cannot be written"))
        log.error("engine_failed", error=f"{type(error).__name__}: {error}")
        self._on_failure(error)

    def balance(self, account_id: int) -> Balance | None:
        """What an account stands at, or None if there is no such account."""
        return balance_in(self._state, account_id)

    async def close(self) -> None:
        """Answer everything that was taken, then stop."""
        await self.settled()
        self._stopped = True
        self._to_writer.put(None)
        await self._loop.run_in_executor(None, self._writer.join)
        self._journal.close()
