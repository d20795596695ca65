"""The engine's shell: durable before answered, one sync for many, a stop when the disk refuses."""

import asyncio
import threading

import pytest

from authz.engine import Engine
from authz.journal.records import Batch
from authz.journal.replay import History, replayed
from authz.state.stored import rows_in_use
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import EngineStopped
from authz.vocabulary.layouts import joined, new_command
from authz.vocabulary.reasons import Reason
from tests.authz.commands import NOW_US, opening, tap


class MemoryJournal:
    """A journal whose appends wait for the test's permission, and fail when told."""

    def __init__(self):
        self.records: list[Batch] = []
        self.next_sequence = 1
        self.allowed = threading.Semaphore(0)
        self.reached = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.closed = False

    def append(self, batch):
        """Wait, then keep a copy or fail."""
        assert batch.sequence == self.next_sequence
        self.reached.release()
        self.allowed.acquire()
        if self.failure:
            raise self.failure
        self.records.append(batch._replace(commands=batch.commands.copy()))
        self.next_sequence += len(batch.commands)

    network = None
    begins_after = 0

    @property
    def last_sequence(self):
        """Of what it holds, whatever number comes next."""
        return self.records[-1].sequence + len(self.records[-1].commands) - 1 if self.records else 0

    def read(self, after=0, until=None):
        """All records."""
        assert (after, until) == (0, None)
        yield from self.records

    def close(self):
        """Remember it."""
        self.closed = True


async def _opened(journal, clock=lambda: NOW_US, failures=None):
    engine = Engine(journal, clock, (failures if failures is not None else []).append)
    journal.allowed.release()
    await engine.run(opening())
    journal.reached.acquire()
    return engine


async def _wait_for(semaphore):
    await asyncio.get_running_loop().run_in_executor(None, semaphore.acquire)


def test_no_answer_before_it_is_durable():
    """While the append has not returned, nobody is answered; then everybody is, in order."""

    async def story():
        journal = MemoryJournal()
        engine = await _opened(journal)
        answers = []
        engine.submit(tap(1), lambda results: answers.append(results.copy()))
        await _wait_for(journal.reached)
        for atc in (2, 3):
            engine.submit(tap(atc), lambda results: answers.append(results.copy()))
        await asyncio.sleep(0)
        assert answers == []
        assert engine.durable_sequence == 3
        journal.allowed.release(2)
        await engine.settled()
        assert [int(answer["sequence"][0]) for answer in answers] == [4, 5, 6]
        assert {Reason(int(answer["reason"][0])) for answer in answers} == {Reason.APPROVED}
        # The two that came while the first was being synced shared one append.
        assert [len(batch.commands) for batch in journal.records] == [3, 1, 2]
        await engine.close()
        assert journal.closed

    asyncio.run(story())


def test_every_follower_is_told_of_what_is_durable():
    """Each of all commands in their order, with what they posted and the holds that ended; and of nothing before."""

    async def story():
        journal = MemoryJournal()
        engine = await _opened(journal)
        told = [], []
        for heard in told:
            engine.follow(heard.append)
        engine.submit(tap(1), lambda _results: None)
        await _wait_for(journal.reached)
        engine.submit(tap(2, 700, kind=Kind.FINANCIAL_REQUEST), lambda _results: None)
        engine.submit(new_command(Kind.EXPIRE_HOLD, decision=4), lambda _results: None)
        assert told == ([], [])
        journal.allowed.release(2)
        await engine.settled()
        await engine.close()
        for heard in told:
            assert [(each.first, each.last, len(each.results)) for each in heard] == [(4, 4, 1), (5, 6, 2)]
            assert [each.postings["amount_minor"].tolist() for each in heard] == [[], [700]]
            assert [each.expiries[["decision", "sequence"]].tolist() for each in heard] == [[], [(4, 6)]]
            assert [each.time_us for each in heard] == [NOW_US, NOW_US]

    asyncio.run(story())


def test_numbers_that_were_set_aside_are_no_commands():
    """What is durable is the last command, whatever the next one is called."""

    async def story():
        journal = MemoryJournal()
        journal.next_sequence = 1_001
        engine = await _opened(journal)
        assert (engine.durable_sequence, engine.last_number) == (1_003, 1_003)
        await engine.close()
        fresh = MemoryJournal()
        fresh.next_sequence = 1_001
        engine = Engine(fresh, lambda: NOW_US, pytest.fail)
        assert (engine.durable_sequence, engine.last_number) == (0, 1_000)
        await engine.close()

    asyncio.run(story())


def test_what_comes_in_one_turn_shares_an_append():
    """Commands of many connections that arrive together are one record."""

    async def story():
        journal = MemoryJournal()
        engine = await _opened(journal)
        journal.allowed.release()
        await asyncio.gather(*(engine.run(tap(atc)) for atc in range(1, 11)))
        assert [len(batch.commands) for batch in journal.records] == [3, 10]
        await engine.close()

    asyncio.run(story())


def test_no_number_is_given_that_is_not_reserved():
    """What comes beyond waits for more numbers; an engine that is closed meanwhile does not wait for them."""

    async def story():
        journal, answers = MemoryJournal(), []
        engine = await _opened(journal)
        engine.reserve(5)
        for atc in range(1, 5):
            engine.submit(tap(atc), answers.append)
        journal.allowed.release(2)
        await _wait_for(journal.reached)
        while len(answers) < 2:
            await asyncio.sleep(0.001)
        assert [int(answer["sequence"][0]) for answer in answers] == [4, 5]
        assert journal.next_sequence == 6
        await engine.settled()
        assert len(answers) == 2
        engine.reserve(100)
        while len(answers) < 4:
            await asyncio.sleep(0.001)
        assert [int(answer["sequence"][0]) for answer in answers[2:]] == [6, 7]
        engine.reserve(7)
        engine.submit(tap(5), answers.append)
        await engine.close()
        assert len(answers) == 4

    asyncio.run(story())


def test_an_engine_that_stands_still():
    """What was being written is answered first; what arrives waits, and is applied when it goes on."""

    async def story():
        journal, answers, standing = MemoryJournal(), [], asyncio.Event()
        engine = await _opened(journal)
        engine.submit(tap(1), answers.append)
        await _wait_for(journal.reached)

        async def stand_still():
            async with engine.standing_still():
                assert len(answers) == 1
                engine.submit(tap(2), answers.append)
                standing.set()
                journal.allowed.release(5)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert len(journal.records) == 2

        waiting = asyncio.create_task(stand_still())
        await asyncio.sleep(0)
        assert not standing.is_set()
        journal.allowed.release()
        await waiting
        await engine.settled()
        assert [int(answer["sequence"][0]) for answer in answers] == [4, 5]
        await engine.close()

    asyncio.run(story())


def test_an_engine_goes_on_from_another_past():
    """State, numbers and time are those of the journal as it is now; what waited is applied to them."""

    async def story():
        journal, answers = MemoryJournal(), []
        engine = await _opened(journal)
        journal.allowed.release(10)
        await engine.run(tap(1))
        before = replayed(History(journal)).state
        await engine.run(tap(2, amount=999))
        async with engine.standing_still():
            engine.submit(tap(2, amount=100), answers.append)
            del journal.records[-1]
            journal.next_sequence = 100
            engine.reload()
            assert (engine.durable_sequence, engine.last_number) == (4, 99)
            now, then = rows_in_use(engine.state), rows_in_use(before)
            assert {name: now[name] for name in now if name != "counters"} == {
                name: then[name] for name in then if name != "counters"
            }
        await engine.settled()
        assert [int(answer["sequence"][0]) for answer in answers] == [100]
        assert answers[0]["reason"][0] == Reason.APPROVED, "the first payment with this counter was never made"
        await engine.close()

    asyncio.run(story())


def test_an_engine_that_fails_meanwhile_does_not_stand_still():
    """Whoever waits for it is told."""

    async def story():
        journal, failures, answers = MemoryJournal(), [], []
        engine = await _opened(journal, failures=failures)
        journal.failure = OSError(28, "No space left on device")
        engine.submit(tap(1), answers.append)
        await _wait_for(journal.reached)
        journal.allowed.release()
        with pytest.raises(EngineStopped):
            async with engine.standing_still():
                raise AssertionError("it has stopped")
        assert len(failures) == 1
        await engine.close()

    asyncio.run(story())


def test_a_failed_append_answers_nobody_and_stops():
    """When the journal cannot be written, the failure is told once and nothing is answered or taken any more."""

    async def story():
        journal, failures, answers = MemoryJournal(), [], []
        engine = await _opened(journal, failures=failures)
        journal.failure = OSError(28, "No space left on device")
        journal.allowed.release()
        engine.submit(tap(1), answers.append)
        engine.submit(tap(2), answers.append)
        while not failures:
            await asyncio.sleep(0.001)
        assert answers == []
        assert len(failures) == 1
        with pytest.raises(EngineStopped):
            engine.submit(tap(3), answers.append)
        await engine.close()

    asyncio.run(story())


def test_who_waits_for_a_failed_append_is_told():
    """Whoever awaits results learns that there will be none, instead of waiting for ever."""

    async def story():
        journal, failures = MemoryJournal(), []
        engine = await _opened(journal, failures=failures)
        journal.failure = OSError(28, "No space left on device")
        journal.allowed.release()
        with pytest.raises(EngineStopped):
            await engine.run(tap(1))
        await engine.settled()
        assert len(failures) == 1
        await engine.close()

    asyncio.run(story())


def test_time_never_runs_backwards():
    """Stamps come from the clock that was given, and stay when it goes back, also after a restart."""

    async def story():
        journal, failures = MemoryJournal(), []
        times = [NOW_US, NOW_US + 5, NOW_US - 5, NOW_US + 6, NOW_US + 6]
        engine = await _opened(journal, clock=lambda: times.pop(0))
        journal.allowed.release(3)
        for atc in (1, 2, 3):
            told = await engine.run(tap(atc, time_us=1))
            assert told["time_us"].tolist() == [int(journal.records[-1].commands["time_us"][0])]
        stamps = [int(batch.commands["time_us"][0]) for batch in journal.records]
        assert stamps == [NOW_US, NOW_US + 5, NOW_US + 5, NOW_US + 6]
        await engine.close()
        reopened = Engine(journal, lambda: NOW_US - 1_000, failures.append)
        journal.allowed.release()
        await reopened.run(tap(4))
        assert int(journal.records[-1].commands["time_us"][0]) == NOW_US + 6
        await reopened.close()

    asyncio.run(story())


def test_commands_name_their_account_in_the_journal():
    """A tap names only a token; what is journaled names card and account too, and replays to the same state."""

    async def story():
        journal = MemoryJournal()
        engine = await _opened(journal)
        journal.allowed.release()
        results = await engine.run(joined([tap(1), tap(2, pan=999)]))
        written = journal.records[-1].commands
        assert written["account_id"].tolist() == [7, 0]
        assert written["card_id"].tolist() == [70, 0]
        assert written["token_id"].tolist() == [701, 0]
        assert results["account_id"].tolist() == [7, 0]
        assert rows_in_use(replayed(History(journal)).state) == rows_in_use(engine.state)
        balance = engine.balance(7)
        assert (balance.held_minor, balance.available_minor) == (1_250, 98_750)
        assert engine.balance(8) is None
        await engine.close()

    asyncio.run(story())


def test_an_error_while_applying_stops_the_engine():
    """When applying goes wrong, nothing is answered and the failure is told: a guess would be worse than silence."""

    async def story():
        journal, failures, answers = MemoryJournal(), [], []
        times = [NOW_US]
        engine = await _opened(journal, clock=lambda: times.pop(0), failures=failures)
        engine.submit(tap(1), answers.append)
        await asyncio.sleep(0)
        assert (answers, [type(failure) for failure in failures]) == ([], [IndexError])
        with pytest.raises(EngineStopped):
            engine.submit(tap(2), answers.append)
        await engine.close()

    asyncio.run(story())
