"""Forwards stand-in advices to the issuer when it is available again: in order, once, by number."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from authz.engine import Engine
from authz.state.tables import Counter

_CHUNK = 1024


class AdviceForwarder:
    """Store and forward. Its position is part of the engine's state, so a crash in between loses nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Nothing is forwarded inside."""
        async with self._lock:
            yield

    async def forward(self) -> None:
        """Forward all stored advices to the issuer, unless it is unavailable."""
        async with self._lock:
            while not (counters := self._engine.state.counters)[Counter.ISSUER_IS_DOWN]:
                start, stored = int(counters[Counter.FORWARDED_ADVICES]), int(counters[Counter.STORED_ADVICES])
                if start >= stored:
                    return
                await self._engine.run(self._engine.state.advices[start : min(stored, start + _CHUNK)].copy())
