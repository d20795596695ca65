"""Days that are over are closed: all of them, in ranges, once, and nothing where there is nothing to close."""

import asyncio
import logging
from datetime import UTC, date, datetime

import pytest
import structlog

from authz.engine import Engine
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.journal.replay import History, replayed
from authz.state.billing import LAST_DAY
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import EngineStopped
from authz.vocabulary.labels import date_of, day_of
from authz.vocabulary.layouts import new_command
from simulators.sandbox.feeds import bank_day
from simulators.sandbox.feeds.bank_day import BankDay
from tests.authz.commands import set_account
from tests.clock import ManualClock
from tests.simulators.sandbox.feeds.banks import DAY_SECONDS, books_of, open_bank, sandbox_clock
from tokenvault.vocabulary.errors import FieldError

TODAY = date(2026, 11, 24)
"""The clock begins at 12:00 UTC, which is 20:00 in Shanghai."""
ACCOUNTS = 40


class Told:
    """A bank whose engine is watched: the days that were closed, with their ranges, and the statements."""

    def __init__(self, directory, real):
        self.real = real
        self.clock = sandbox_clock(real)
        self.journal = SegmentJournal(Directory(directory))
        self.failures = []
        self.engine = Engine(self.journal, lambda: int(self.clock() * 1_000_000), self.failures.append)
        self.closings, self.statements = [], []
        self.engine.follow(self._follow)
        self.bank_day = BankDay(self.engine, self.clock, real)

    def _follow(self, durable):
        closing = durable.commands["kind"] == Kind.CLOSE_DAY
        self.closings += durable.results["rows_closed"][closing].tolist()
        self.statements += [(int(each["account_id"]), date_of(int(each["day"]))) for each in durable.statements]


@pytest.fixture
def ranges(monkeypatch):
    """Ten accounts in each range."""
    monkeypatch.setattr(bank_day, "ROWS_TOGETHER", 10)


def in_bank(directory, story, accounts=ACCOUNTS):
    """Play a story in a bank of its own; returns it, with its engine closed."""

    async def play():
        bank = Told(directory, ManualClock())
        if accounts:
            await open_bank(bank.engine, accounts, bank.real)
        await story(bank)
        await bank.engine.close()
        return bank

    return asyncio.run(play())


def test_nothing_is_sent_before_midnight_of_the_zone_and_everything_after(tmp_path, ranges):
    """At 16:00 UTC it is midnight in Shanghai. Account 24 has its statement cut on that very day."""

    async def story(bank):
        await bank.bank_day.close()
        bank.real.advance(4 * 3_600 - 1)
        await bank.bank_day.close()
        assert bank.closings == []
        bank.real.advance(1)
        await bank.bank_day.close()
        assert bank.statements == [(24, TODAY)]
        assert bank.closings == [10], "the one range that has an account whose statement is cut"
        sequence = bank.engine.durable_sequence
        await bank.bank_day.close()
        assert bank.engine.durable_sequence == sequence, "a day that is closed is not looked at again"

    in_bank(tmp_path, story)


def test_without_accounts_that_have_books_nothing_is_sent(tmp_path):
    """However often midnight passes: neither for accounts without a product, nor before their first posting."""

    async def story(bank):
        await bank.engine.run(set_account(1, account=1))
        await bank.engine.run(set_account(2, account=2, product=1, cut_day=5))
        sequence = bank.engine.durable_sequence
        for _ in range(40):
            bank.real.advance(DAY_SECONDS)
            await bank.bank_day.close()
        assert bank.engine.durable_sequence == sequence
        assert date_of(bank.bank_day.progress.closed_until) == date(2027, 1, 2)

    in_bank(tmp_path, story, accounts=0)


def test_a_year_at_once_is_as_a_year_day_by_day(tmp_path, ranges):
    """The same statements and the same books; each statement once."""

    async def at_once(bank):
        bank.real.advance(365 * DAY_SECONDS)
        await bank.bank_day.close()

    async def day_by_day(bank):
        for _ in range(365):
            bank.real.advance(DAY_SECONDS)
            await bank.bank_day.close()

    whole, daily = in_bank(tmp_path / "whole", at_once), in_bank(tmp_path / "daily", day_by_day)
    assert sorted(whole.statements) == sorted(daily.statements)
    assert len(set(whole.statements)) == len(whole.statements) == 12 * ACCOUNTS
    assert books_of(whole.engine.state) == books_of(daily.engine.state)


def test_a_command_that_stops_early_is_followed_by_the_rest(tmp_path, monkeypatch):
    """A command tells how many accounts it came through; the next begins behind them."""
    come_through = []

    async def story(bank):
        run = bank.engine.run

        async def run_in_small_steps(command, *more):
            if Kind.CLOSE_DAY in command["kind"]:
                come_through.append(int(command["first_row"][0]))
                command["rows"] = 7
            return await run(command, *more)

        monkeypatch.setattr(bank.engine, "run", run_in_small_steps)
        bank.real.advance(40 * DAY_SECONDS)
        await bank.bank_day.close()

    bank = in_bank(tmp_path, story)
    assert come_through == [0, 7, 14, 21, 28, 35]
    assert {account for account, _ in bank.statements} == set(range(1, ACCOUNTS + 1))


def test_after_a_restart_nothing_is_closed_twice(tmp_path, ranges):
    """What a server that was stopped in the middle had closed is not closed again."""

    async def half(bank):
        bank.real.advance(40 * DAY_SECONDS)
        for _ in range(2):
            await bank.bank_day._close_some()

    before = in_bank(tmp_path / "stopped", half)

    async def rest(bank):
        bank.real.advance(40 * DAY_SECONDS)
        await bank.bank_day.close()

    after = in_bank(tmp_path / "stopped", rest, accounts=0)
    undisturbed = in_bank(tmp_path / "undisturbed", rest)
    assert 0 < len(before.statements) < len(undisturbed.statements)
    assert sorted(before.statements + after.statements) == sorted(undisturbed.statements)
    assert books_of(after.engine.state) == books_of(undisturbed.engine.state)
    replayed_state = replayed(History(SegmentJournal(Directory(tmp_path / "stopped")))).state
    assert books_of(replayed_state) == books_of(after.engine.state)


def test_days_are_closed_until_a_date(tmp_path, ranges):
    """The clock stands just behind the end of that day, and what came of it is told."""

    async def story(bank):
        closed = await bank.bank_day.close_until(day_of(date(2026, 12, 24)))
        assert (closed.days, closed.accounts, closed.statements) == (31, ACCOUNTS, len(bank.statements))
        assert closed.statements == ACCOUNTS + 1, "each cut day once, and that of the 24th twice"
        assert bank.clock() == pytest.approx(ManualClock().now + 4 * 3_600 + 30 * DAY_SECONDS, abs=0.01)
        progress = bank.bank_day.progress
        assert (date_of(progress.today), date_of(progress.closed_until)) == (date(2026, 12, 25), date(2026, 12, 24))
        assert progress.closing is None
        for wrong, why in ((date(2026, 12, 24), "is over already"), (date(2037, 1, 1), "more than ten years")):
            with pytest.raises(FieldError, match=f"until: .*{why}"):
                await bank.bank_day.close_until(day_of(wrong))

    in_bank(tmp_path, story)


def test_books_have_a_last_day(tmp_path):
    """Whoever sets the clock behind it gets no more days closed, and an answer."""

    async def story(bank):
        bank.clock.not_before(datetime(2147, 12, 1, tzinfo=UTC).timestamp())
        await open_bank(bank.engine, 2, bank.real)
        await bank.bank_day.close_until(LAST_DAY - 1)
        with pytest.raises(FieldError, match="must be before 2147-12-19"):
            await bank.bank_day.close_until(LAST_DAY)
        cut = len(bank.statements)
        bank.clock.not_before(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
        await bank.bank_day.close()
        progress = bank.bank_day.progress
        assert (progress.today, progress.closed_until, len(bank.statements)) == (LAST_DAY, LAST_DAY - 1, cut)

    in_bank(tmp_path, story, accounts=0)


def test_a_clock_that_stands_is_moved_too(tmp_path):
    """A frozen clock goes forward to the end of the day, and stands there."""

    async def story(bank):
        bank.clock.freeze()
        closed = await bank.bank_day.close_until(day_of(TODAY))
        assert closed.days == 1
        assert bank.statements == [(24, TODAY)]
        assert bank.clock.is_frozen

    in_bank(tmp_path, story)


def test_a_bank_that_was_put_back_is_closed_anew(tmp_path, ranges):
    """What this object remembers belongs to another past then; the books tell what is to be closed."""

    async def story(bank):
        bank.real.advance(40 * DAY_SECONDS)
        await bank.bank_day._close_some()
        bank.bank_day.begin_anew()
        assert bank.bank_day.progress.closed_until is None
        await bank.bank_day.close()
        assert len(set(bank.statements)) == len(bank.statements)

    undisturbed = in_bank(tmp_path / "undisturbed", lambda bank: _forty_days(bank))
    disturbed = in_bank(tmp_path / "disturbed", story)
    assert sorted(disturbed.statements) == sorted(undisturbed.statements)


async def _forty_days(bank):
    bank.real.advance(40 * DAY_SECONDS)
    await bank.bank_day.close()


def test_a_day_that_is_not_over_any_more_ends_the_round(tmp_path):
    """A network may be put back between the question and the command: the engine refuses, and nothing goes on."""

    async def story(bank):
        bank.real.advance(DAY_SECONDS)
        await bank.bank_day._begin()
        bank.bank_day._closing += 1
        await bank.bank_day.close()
        assert bank.bank_day.progress.closing is None
        await bank.bank_day.close()
        assert bank.statements == [(24, TODAY)]

    in_bank(tmp_path, story)


def test_nothing_is_closed_while_it_is_undisturbed(tmp_path):
    """A snapshot needs everything to stand still."""

    async def story(bank):
        bank.real.advance(DAY_SECONDS)
        async with bank.bank_day.undisturbed():
            closing = asyncio.create_task(bank.bank_day.close())
            await bank.engine.settled()
            await asyncio.sleep(0)
            assert bank.statements == []
        await closing
        assert bank.statements == [(24, TODAY)]

    in_bank(tmp_path, story)


def test_an_engine_without_numbers_is_waited_for(tmp_path):
    """What closes days is taken when more numbers are reserved."""

    async def story(bank):
        bank.real.advance(DAY_SECONDS)
        bank.engine.reserve(bank.engine.last_number + 1)
        closing = asyncio.create_task(bank.bank_day.close())
        while bank.engine.last_number < bank.engine._reserved:
            await asyncio.sleep(0)
        await bank.engine.settled()
        assert (closing.done(), bank.statements) == (False, [])
        bank.engine.reserve(bank.engine.last_number + 100)
        await closing
        assert bank.statements == [(24, TODAY)]

    in_bank(tmp_path, story)


def test_an_engine_that_has_stopped_ends_the_work(tmp_path):
    """Without an error: the server is about to stop. Whoever asked for days to be closed is told."""

    async def story(bank):
        bank.real.advance(DAY_SECONDS)
        bank.engine.give_up(OSError("no disk"))
        await bank.bank_day.run()
        with pytest.raises(EngineStopped):
            await bank.bank_day.close_until(day_of(date(2026, 12, 24)))

    in_bank(tmp_path, story)


def test_the_log_says_what_was_closed(tmp_path):
    """One line for a round in which something was closed, and none for others."""

    async def story(bank):
        for _ in range(3):
            bank.real.advance(DAY_SECONDS)
            await bank.bank_day.close()

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with structlog.testing.capture_logs() as lines:
        in_bank(tmp_path, story, accounts=25)
    told = [(line["until"], line["statements"]) for line in lines if line["event"] == "days_closed"]
    assert told == [("2026-11-24", 1), ("2026-11-25", 1)]


def test_under_load_a_tenth_of_the_time_is_used(tmp_path, ranges):
    """The rest is the processor's time for taps; where nobody else needs the engine there is none."""

    async def story(bank):
        run = bank.engine.run

        async def run_slowly(command, *more):
            result = await run(command, *more)
            bank.real.advance(0.01)
            return result

        bank.engine.run = run_slowly
        bank.real.advance(40 * DAY_SECONDS)
        assert await bank.bank_day._close_some() == pytest.approx(0, abs=1e-6)
        for _ in range(2_000):
            bank.engine.submit(new_command(Kind.PASS_TIME), lambda _results: None)
        await bank.engine.settled()
        bank.real.advance(0.2)
        assert await bank.bank_day._close_some() == pytest.approx(0.09)

    in_bank(tmp_path, story)
