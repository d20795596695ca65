"""Updates the marks of the journal that the vault and the history record, the vault first."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import sqlalchemy as sa
import structlog

from authz.engine import Engine
from authz.journal.journal_files import SegmentJournal
from authz.journal.marks import Mark
from authz.upkeep.safeguards import RESERVED_TOGETHER
from tokenvault.background.errands import in_thread
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.storage.high_water import HighWater, keep_high_water

log = structlog.get_logger()

_PAUSE_SECONDS = 1.0
"""What is acknowledged is remembered elsewhere at most so long after."""


class JournalKeeper:
    """Remembers how far a journal has come, and reserves the engine's numbers. Belongs to the engine's event loop."""

    def __init__(self, database: sa.Engine, journal: SegmentJournal, engine: Engine) -> None:
        self._database = database
        self._journal = journal
        self._engine = engine
        self._reserved = 0
        self._kept: HighWater | None = None
        self._keeping = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Nothing is remembered inside, but by `begin_anew`."""
        async with self._keeping:
            yield

    async def begin_anew(self) -> None:
        """Remember the end of a journal that was exchanged, and reserve the numbers behind those that were in use."""
        self._kept = None
        self._reserve()
        await in_thread(self._keep, self._journal.end)
        self._engine.reserve(self._reserved)

    def begin(self) -> None:
        """Reserve the first numbers; before that nothing may be decided."""
        self._reserve()
        self._keep(self._journal.end)
        self._engine.reserve(self._reserved)

    async def run(self, pass_on: Callable[[Mark], None]) -> None:
        """Remember how far the journal has come, again and again; until cancelled.

        pass_on: remembers a mark elsewhere, once the vault does.
        """
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            async with self._keeping:
                if self._reserved - self._engine.last_number < RESERVED_TOGETHER / 2:
                    self._reserve()
                mark = self._journal.end
                await in_thread(self._keep, mark)
                self._engine.reserve(self._reserved)
                await in_thread(pass_on, mark)

    def close(self) -> None:
        """Remember the end, once the engine is closed: where nothing is in doubt, no number is given up."""
        if not self._engine.has_failed and self._kept is not None:
            self._reserved = self._journal.next_sequence - 1
            try:
                self._keep(self._journal.end)
            except DatabaseUnavailable as error:
                log.warning("journal_end_not_kept", error=str(error))

    def _reserve(self) -> None:
        self._reserved = self._engine.last_number + RESERVED_TOGETHER

    def _keep(self, mark: Mark) -> None:
        """Remember a mark and what is reserved. Raises: DatabaseUnavailable."""
        network = self._journal.network
        assert network is not None, "a journal that is open is somebody's"
        now = HighWater(network, mark.sequence, mark.digest, self._reserved)
        if now != self._kept:
            keep_high_water(self._database, now)
            self._kept = now
