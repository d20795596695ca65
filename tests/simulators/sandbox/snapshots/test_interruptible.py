"""Background work that is stopped for a while."""

import asyncio

import pytest

from simulators.sandbox.snapshots.interruptible import Interruptible


def test_it_stops_and_begins_anew():
    """It has ended before anything is done inside, also where its end takes a while; then it runs again."""

    async def story():
        told = []

        async def work():
            told.append("begun")
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                told.append("ended")

        interruptible = Interruptible(work)
        running = asyncio.create_task(interruptible.run())
        while not told:
            await asyncio.sleep(0)
        async with interruptible.interrupted():
            assert told == ["begun", "ended"]
            await asyncio.sleep(0)
            assert told == ["begun", "ended"]
        while len(told) < 3:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        while len(told) < 4:
            await asyncio.sleep(0)
        assert told == ["begun", "ended"] * 2

    asyncio.run(story())


def test_what_it_raises_is_told():
    """To whoever runs it, who decides whether it begins again."""

    async def work():
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        asyncio.run(Interruptible(work).run())


def test_before_it_has_begun():
    """Then there is nothing to stop, and it begins afterwards."""

    async def story():
        begun = asyncio.Event()

        async def work():
            begun.set()
            await asyncio.Event().wait()

        interruptible = Interruptible(work)
        async with interruptible.interrupted():
            running = asyncio.create_task(interruptible.run())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not begun.is_set()
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(story())


def test_whoever_interrupts_it_is_cancelled():
    """Before it has ended: it begins anew all the same."""

    async def story():
        begun, may_end = [], asyncio.Event()

        async def work():
            begun.append("begun")
            try:
                await asyncio.Event().wait()
            finally:
                await may_end.wait()

        async def interrupt():
            async with interruptible.interrupted():
                raise AssertionError("it has not ended yet")

        interruptible = Interruptible(work)
        running = asyncio.create_task(interruptible.run())
        while not begun:
            await asyncio.sleep(0)
        interrupting = asyncio.create_task(interrupt())
        await asyncio.sleep(0)
        interrupting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await interrupting
        may_end.set()
        while len(begun) < 2:
            assert not running.done()
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(story())


def test_interrupted_again_at_once():
    """Between the end of one interruption and the next it is not resumed, so it does not begin."""

    async def story():
        begun = []

        async def work():
            begun.append("begun")

        interruptible = Interruptible(work)
        async with interruptible.interrupted():
            running = asyncio.create_task(interruptible.run())
            await asyncio.sleep(0)
        async with interruptible.interrupted():
            for _ in range(3):
                await asyncio.sleep(0)
            assert not begun
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(story())
