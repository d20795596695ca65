"""What the vault remembers of the journal: while it works, at a polite end, and where the engine has failed."""

import asyncio
from types import SimpleNamespace

import pytest

from authz.journal.marks import Mark
from simulators.sandbox.feeds import journal_keeper
from simulators.sandbox.feeds.journal_keeper import JournalKeeper
from tokenvault.storage.database import open_database
from tokenvault.storage.high_water import kept_high_water

NETWORK = bytes(range(16))
BLOCK = 100


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A journal at command 7 with an engine, both made of nothing, and the keeper of them."""
    database = open_database(f"sqlite:///{tmp_path / 'vault.db'}")
    monkeypatch.setattr(journal_keeper, "RESERVED_TOGETHER", BLOCK)
    monkeypatch.setattr(journal_keeper, "_PAUSE_SECONDS", 0)
    journal = SimpleNamespace(network=NETWORK, end=Mark(7, b"7" * 32), next_sequence=8)
    engine = SimpleNamespace(last_number=7, has_failed=False, reserved=[])
    engine.reserve = engine.reserved.append
    yield journal, engine, JournalKeeper(database, journal, engine), lambda: kept_high_water(database)
    database.dispose()


def test_numbers_are_reserved_before_one_is_given(kept):
    """The vault has them before the engine."""
    _, engine, keeper, remembered = kept
    engine.reserve = lambda until: engine.reserved.append((until, remembered().reserved))
    keeper.begin()
    assert engine.reserved == [(7 + BLOCK, 7 + BLOCK)]
    assert remembered().network == NETWORK
    assert (remembered().sequence, remembered().digest) == (7, b"7" * 32)


def test_more_numbers_are_reserved_when_half_are_given(kept):
    """Not earlier; and the mark goes to the vault before it goes elsewhere."""
    journal, engine, keeper, remembered = kept
    passed_on = []

    def pass_on(mark):
        assert remembered().sequence == mark.sequence
        passed_on.append(mark)

    async def story():
        running = asyncio.create_task(keeper.run(pass_on))
        for durable, reserved in ((57, 107), (58, 158), (60, 158)):
            journal.end, engine.last_number = Mark(durable, bytes([durable]) * 32), durable
            while not passed_on or passed_on[-1].sequence != durable:
                await asyncio.sleep(0.001)
            assert engine.reserved[-1] == remembered().reserved == reserved
        running.cancel()

    keeper.begin()
    asyncio.run(story())


def test_a_polite_end_gives_up_no_number(kept):
    """The next start goes on where this one has ended."""
    journal, _, keeper, remembered = kept
    keeper.begin()
    journal.end, journal.next_sequence = Mark(20, b"2" * 32), 21
    keeper.close()
    assert (remembered().sequence, remembered().reserved) == (20, 20)


def test_an_engine_that_failed_leaves_its_numbers_reserved(kept):
    """Nobody knows what of its last write has reached the disk."""
    journal, engine, keeper, remembered = kept
    keeper.begin()
    journal.end, journal.next_sequence, engine.has_failed = Mark(20, b"2" * 32), 21, True
    keeper.close()
    assert remembered().reserved == 7 + BLOCK


def test_an_end_before_the_beginning_remembers_nothing(kept):
    """A start that was refused has changed nothing."""
    _, _, keeper, remembered = kept
    keeper.close()
    assert remembered() is None
