"""Work in threads beside everything else."""

import asyncio
import threading

import pytest

from tokenvault.background import in_thread


def test_who_is_cancelled_waits_for_its_thread():
    """The thread has ended when the cancelled task has."""
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work():
        begun.set()
        may_end.wait()
        ended.set()

    async def story():
        task = asyncio.create_task(in_thread(work))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(story())


def test_results_and_errors_come_back():
    """As from a call."""
    assert asyncio.run(in_thread(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 7, 0))
