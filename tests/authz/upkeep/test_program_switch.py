"""A program that classifies accounts is exchanged for another: days that are over end under the one of then."""

import asyncio

import pytest

from authz.engine import Engine
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.program.document import ProgramDocument
from authz.upkeep.program_switch import switch_program
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined, new_command
from tests.authz.commands import NOW_US, set_account

DAY_US = 86_400_000_000
ACCOUNTS = (1, 2, 3)


def program(segment=None):
    """One that puts every account into a segment; None for one that leaves them where they are."""
    when = {"attribute": "missed_dues", "operator": ">=", "value": 0}
    segments = [] if segment is None else [{"number": segment, "id": "all", "when": when}]
    return ProgramDocument.model_validate({"products": [{"number": 1, "id": "card"}], "segments": segments})


class Bank:
    """Accounts that owe, whose statements are cut on the 5th; it is noon of 2026-11-24."""

    def __init__(self, directory):
        self.now_us, self.closes = NOW_US, 0
        self.engine = Engine(SegmentJournal(Directory(directory)), lambda: self.now_us, [].append)
        self.engine.follow(self._count)

    def _count(self, durable):
        self.closes += int((durable.commands["kind"] == Kind.CLOSE_DAY).sum())

    async def open(self, document):
        """Under a first program."""
        await self.engine.activate(document)
        await self.engine.run(joined([set_account(each, account=each, product=1, cut_day=5) for each in ACCOUNTS]))
        debts = [new_command(Kind.ADJUST, account_id=each, amount_minor=10_000) for each in ACCOUNTS]
        await self.engine.run(joined(debts))

    async def switch(self, document, days=0):
        """To another program, so many days later."""
        self.now_us += days * DAY_US
        return await switch_program(self.engine, lambda _: document)

    @property
    def segments(self):
        """Of all accounts, as they stand."""
        return self.engine.state.accounts["segment"][: len(ACCOUNTS)].tolist()


def lived(directory, live):
    """What an asynchronous function returns that is called with a bank."""

    async def live_and_close():
        bank = Bank(directory)
        try:
            return await live(bank)
        finally:
            await bank.engine.close()

    return asyncio.run(live_and_close())


def test_a_statement_of_before_classifies_by_the_program_of_then(tmp_path):
    """Nobody had closed its day. The next statement classifies by the next program."""

    async def live(bank):
        await bank.open(program(5))
        version = await bank.switch(program(6), days=20)
        before = bank.segments
        await bank.switch(program(), days=30)
        return version, before, bank.segments

    assert lived(tmp_path, live) == (2, [5, 5, 5], [6, 6, 6])


@pytest.mark.parametrize(("first", "second", "closes"), [(None, None, 0), (5, None, 1), (None, 5, 1)])
def test_days_are_closed_only_where_segments_have_conditions(tmp_path, first, second, closes):
    """In the program that was, or in the one that comes. Terms say by themselves since when they hold."""

    async def live(bank):
        await bank.open(program(first))
        await bank.switch(program(second), days=20)
        return bank.closes, bank.segments

    assert lived(tmp_path, live) == (closes, [first or 0] * 3)


def test_a_midnight_that_passes_meanwhile(tmp_path):
    """The day that has ended while days were closed is closed as well, before the program is switched."""

    async def live(bank):
        await bank.open(program(5))
        bank.now_us += 11 * DAY_US  # the 5th, at whose end statements are cut

        def midnight(durable):
            if (durable.commands["kind"] == Kind.CLOSE_DAY).any() and bank.closes == 1:
                bank.now_us += DAY_US

        bank.engine.follow(midnight)
        await bank.switch(program(6))
        return bank.closes, bank.segments

    assert lived(tmp_path, live) == (2, [5, 5, 5])


def test_nothing_is_closed_where_nobody_has_books(tmp_path):
    """And an edit that is refused closes nothing either."""

    async def live(bank):
        await bank.engine.activate(program(5))
        await bank.switch(program(6), days=20)

        def refused(_):
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await switch_program(bank.engine, refused)
        return bank.closes

    assert lived(tmp_path, live) == 0
