"""Background tasks: a failure in one of them is reported instead of blocking its users."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import structlog

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

log = structlog.get_logger()

_PAUSE_SECONDS = 1.0


async def in_thread(work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
    """Run a function in a thread; if the caller is cancelled, it waits until the function has ended.

    A thread cannot be cancelled, and one that goes on would use a database that is being closed.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


class Errands:
    """Background tasks on which an answer depends. A failure is logged, and the answer is given in another way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def begin(
        self, name: str, work: Coroutine[Any, Any, None], instead: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Start a task. instead: what is done if it raises.  name: in the log."""
        task = asyncio.create_task(_done(name, work, instead))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def ended(self) -> None:
        """Wait until no task is running."""
        while self._running:
            await asyncio.wait(tuple(self._running))


async def _done(name: str, work: Coroutine[Any, Any, None], instead: Callable[[], Awaitable[None]] | None) -> None:
    try:
        await work
    except Exception:
        log.exception("errand_failed", errand=name)
        if instead is not None:
            await _done(f"instead of {name}", _awaited(instead), None)


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def attempted(
    name: str, work: Callable[Arguments, object], *arguments: Arguments.args, **named: Arguments.kwargs
) -> bool:
    """Call one of several that wait; an exception is logged and keeps nothing from the others. Whether it went well."""
    try:
        work(*arguments, **named)
    except Exception:
        log.exception("attempt_failed", attempt=name)
        return False
    return True


async def keep_doing(name: str, work: Callable[[], Awaitable[None]], pause_seconds: float = _PAUSE_SECONDS) -> None:
    """Begin work that has no end anew whenever it raises, after a pause; until cancelled."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("background_work_failed", work=name)
        await asyncio.sleep(pause_seconds)
