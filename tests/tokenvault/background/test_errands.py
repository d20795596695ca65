"""Work beside everything else: what raises is logged, and nobody waits for ever."""

import asyncio

import pytest
import structlog.testing

from tokenvault.background.errands import Errands, attempted, keep_doing


async def _fail():
    raise RuntimeError("a fault of ours")


def test_an_errand_that_fails_is_done_in_another_way():
    """Whoever waits is answered, the failure is logged, and waiting for the end ends."""
    answered = []

    async def instead():
        answered.append("instead")

    async def run():
        errands = Errands()
        errands.begin("one", _fail(), instead)
        errands.begin("two", _fail())
        errands.begin("three", _fail(), _fail)
        await errands.ended()

    with structlog.testing.capture_logs() as logs:
        asyncio.run(run())
    assert answered == ["instead"]
    assert [entry["errand"] for entry in logs] == ["one", "two", "three", "instead of three"]


def test_an_errand_that_goes_well_has_no_other_way():
    """Nobody is answered twice."""
    answered = []

    async def answer(what):
        answered.append(what)

    async def run():
        errands = Errands()
        errands.begin("one", answer("first"), lambda: answer("instead"))
        await errands.ended()

    asyncio.run(run())
    assert answered == ["first"]


def test_one_of_several_keeps_nothing_from_the_others():
    """Its exception is logged; whether it went well is told."""
    with structlog.testing.capture_logs() as logs:
        assert not attempted("division", lambda: 1 / 0)
        assert attempted("counting", lambda: 1)
    assert [entry["attempt"] for entry in logs] == ["division"]


def test_endless_work_begins_anew():
    """After every exception; a cancellation ends it."""
    begun = []

    async def work():
        begun.append(len(begun))
        if len(begun) == 4:
            raise asyncio.CancelledError
        raise RuntimeError("a fault of ours")

    async def run():
        with pytest.raises(asyncio.CancelledError):
            await keep_doing("something", work, pause_seconds=0)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(run())
    assert begun == [0, 1, 2, 3]
    assert [entry["event"] for entry in logs] == ["background_work_failed"] * 3
