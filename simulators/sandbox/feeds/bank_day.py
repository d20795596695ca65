"""The end of days: when the clock crosses midnight in the program's zone, the days that are over are closed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import structlog

from authz.engine import Engine
from authz.state.billing import LAST_DAY
from authz.state.tables import Counter
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import EngineStopped
from authz.vocabulary.labels import date_of
from authz.vocabulary.layouts import new_command
from authz.vocabulary.reasons import Reason
from simulators.sandbox.clocks.local_days import end_of_day, local_day
from simulators.sandbox.clocks.sandbox_clock import SandboxClock
from simulators.sandbox.feeds.engine_load import EngineLoad
from tokenvault.vocabulary.errors import Conflict, FieldError

log = structlog.get_logger()

ROWS_TOGETHER = 16_384
"""So many rows of accounts are closed with one command: the engine takes less than a millisecond for them."""

DAYS_AHEAD_MAX = 3_653
"""Ten years: so far the clock is set forward at once, and a slip of the pen is not a century."""

_PAUSE_SECONDS = 0.25
_REST_MAX = 9
"""Under load a tenth of the time is used for closing: beside it, a bank of 92 million takes a few minutes."""
_TOLD_EVERY_SECONDS = 10.0
_JUST_AFTER_SECONDS = 0.001
"""A running clock is a fraction of a microsecond off what it was set to; the day has to be over."""


@dataclass
class ClosingFigures:
    """What closing days has brought about since the server was started."""

    commands: int = 0
    postings: int = 0
    statements: int = 0


@dataclass(frozen=True)
class Progress:
    """How far the days that are over are closed. All days here are local: days since 1970-01-01.

    today: in the program's time zone.  closed_until: the last day that is closed for all accounts; None where that is
    not known yet, as after a start.  closing: the day up to which days are being closed, None where nothing is.
    rows_closed: so many of all rows of accounts it has come through.  accounts: those that have books.
    """

    today: int
    closed_until: int | None
    closing: int | None
    rows: int
    rows_closed: int
    accounts: int
    figures: ClosingFigures


@dataclass(frozen=True)
class DaysClosed:
    """What came of closing all days up to one. seconds: how long it took."""

    until: int
    days: int
    accounts: int
    postings: int
    statements: int
    seconds: float


class _CommandsOfOthers:
    """How many commands the engine has taken beside those that close days: what closing leaves the processor to."""

    def __init__(self, engine: Engine, figures: ClosingFigures) -> None:
        self._engine = engine
        self._figures = figures

    @property
    def commands(self) -> int:
        """So many, since the engine was opened."""
        return self._engine.figures.commands - self._figures.commands


class BankDay:
    """Closes days, range by range of accounts. Belongs to the engine's event loop.

    The books remember which days of an account are closed, so a range that is closed twice is the same as once: this
    object remembers only where it goes on, and begins anew after a start.  now: seconds that never run backwards.
    """

    def __init__(self, engine: Engine, clock: SandboxClock, now: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._now = now
        self._figures = ClosingFigures()
        self._load = EngineLoad(_CommandsOfOthers(engine, self._figures), now)
        self._lock = asyncio.Lock()
        self._closing: int | None = None
        self._row = 0
        self._closed_until: int | None = None
        self._begun = self._told = now()
        self._before = replace(self._figures)

    @property
    def progress(self) -> Progress:
        """How far the days that are over are closed."""
        counters, today = self._engine.state.counters, self._today()
        accounts = int(counters[Counter.BILLINGS])
        return Progress(
            today=today,
            closed_until=self._closed_until if accounts else today - 1,
            closing=self._closing,
            rows=int(counters[Counter.ACCOUNTS]),
            rows_closed=self._row,
            accounts=accounts,
            figures=replace(self._figures),
        )

    def _today(self) -> int:
        """The local day that it is now: the next command would tell."""
        state, now_us = self._engine.state, self._engine.now_us
        day = int(state.counters[Counter.DAY])
        is_over = now_us >= state.counters[Counter.DAY_ENDS_US]
        return max(day, min(local_day(state.program, now_us), LAST_DAY)) if is_over else day

    @contextlib.asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Nothing is being closed inside."""
        async with self._lock:
            yield

    def begin_anew(self) -> None:
        """Forget what was closed: the engine is of another past now."""
        self._closing = self._closed_until = None
        self._row = 0

    async def run(self) -> None:
        """Close days when they are over, until cancelled, or until the engine has stopped."""
        while True:
            try:
                await self.close()
            except EngineStopped:
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    async def close(self) -> None:
        """Close every day that is over, for all accounts; returns when that is done. Raises: EngineStopped."""
        while (rest := await self._close_some()) is not None:
            await asyncio.sleep(rest)

    async def close_until(self, day: int) -> DaysClosed:
        """Set the clock forward to just after the end of a local day, and close all days up to that one.

        Raises: FieldError naming `until`; Conflict where the network was put back meanwhile; EngineStopped.
        """
        counters = await self._counters_now()
        today = int(counters[Counter.DAY])
        if day < today:
            raise FieldError("until", f"is over already: it is {date_of(today)} in the program's time zone")
        if day > today + DAYS_AHEAD_MAX:
            raise FieldError("until", f"is more than ten years ahead of {date_of(today)}")
        if day >= LAST_DAY:
            raise FieldError("until", f"must be before {date_of(LAST_DAY)}, the last day of books")
        begun, before = self._now(), replace(self._figures)
        moment_us = end_of_day(self._engine.state.program, day)
        while counters[Counter.DAY] <= day:
            self._clock.not_before(moment_us / 1e6 + _JUST_AFTER_SECONDS)
            counters = await self._counters_now()
            moment_us = int(counters[Counter.DAY_ENDS_US])
        await self.close()
        progress = self.progress
        if progress.closed_until is None or progress.closed_until < day:
            raise Conflict("the network was put back to an earlier time meanwhile")
        return DaysClosed(
            until=day,
            days=day - today + 1,
            accounts=progress.accounts,
            postings=progress.figures.postings - before.postings,
            statements=progress.figures.statements - before.statements,
            seconds=self._now() - begun,
        )

    async def _counters_now(self) -> npt.NDArray[np.int64]:
        """The engine's counters once it knows what time it is. Raises: EngineStopped."""
        await self._engine.run(new_command(Kind.PASS_TIME))
        return self._engine.state.counters

    async def _close_some(self) -> float | None:
        """Close days for one range of accounts, in a turn of its own.

        Returns: for how many seconds to leave the processor to others; None where nothing is left to do.
        Raises: EngineStopped.
        """
        async with self._lock:
            if self._closing is None and not await self._begin():
                return None
            accounts = int(self._engine.state.counters[Counter.ACCOUNTS])
            if self._row >= accounts:
                self._finish()
                return 0.0
            if not self._has_more_to_end():
                self._row = min(self._row + ROWS_TOGETHER, accounts)
                return 0.0
            begun = self._now()
            command = new_command(Kind.CLOSE_DAY, day=self._closing, first_row=self._row, rows=ROWS_TOGETHER)
            result = (await self._engine.run(command))[0]
            self._figures.commands += 1
            if result["reason"] != Reason.APPROVED:
                self.begin_anew()
                return None
            self._figures.postings += int(result["postings"])
            self._figures.statements += int(result["statements"])
            self._row += int(result["rows_closed"])
            self._tell_progress(accounts)
            taken = self._now() - begun
            return min(self._load.rest_after(taken), _REST_MAX * taken, _PAUSE_SECONDS)

    async def _begin(self) -> bool:
        """Begin with the last day that is over: it brings those before it along. Returns whether there is one."""
        counters = self._engine.state.counters
        if counters[Counter.BILLINGS] == 0:
            return False
        if self._engine.now_us >= counters[Counter.DAY_ENDS_US]:
            counters = await self._counters_now()
        over = int(counters[Counter.DAY]) - 1
        if self._closed_until is not None and over <= self._closed_until:
            return False
        self._closing, self._row = over, 0
        self._begun = self._told = self._now()
        self._before = replace(self._figures)
        return True

    def _has_more_to_end(self) -> bool:
        """Whether a day ends for an account of the range, with more than that its night is counted."""
        events = self._engine.state.accounts["next_event"][self._row : self._row + ROWS_TOGETHER]
        return bool(((events != 0) & (events <= self._closing)).any())

    def _finish(self) -> None:
        """All accounts are closed up to the day."""
        assert self._closing is not None, "it was begun"
        if self._figures.commands > self._before.commands:
            self._tell("days_closed")
        self._closed_until, self._closing, self._row = self._closing, None, 0

    def _tell_progress(self, accounts: int) -> None:
        """Log now and then how far a long close has come."""
        if self._now() - self._told >= _TOLD_EVERY_SECONDS and self._row < accounts:
            self._told = self._now()
            self._tell("closing_days", rows=accounts, rows_closed=self._row)

    def _tell(self, event: str, **more: int) -> None:
        assert self._closing is not None, "it was begun"
        log.info(
            event,
            until=date_of(self._closing).isoformat(),
            statements=self._figures.statements - self._before.statements,
            postings=self._figures.postings - self._before.postings,
            seconds=round(self._now() - self._begun, 3),
            **more,
        )
