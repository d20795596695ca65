"""Small banks for tests of closing days: accounts that owe, with a product and cut days of their own."""

from authz.program.document import ProgramDocument
from authz.state.tables import Counter
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined, new_command
from simulators.sandbox.clocks.sandbox_clock import SandboxClock
from simulators.sandbox.clocks.watched_clock import WatchedClock
from tests.authz.commands import set_account

PROGRAM = {"time_zone": "Asia/Shanghai", "products": [{"number": 1, "id": "phone_card"}]}
DAY_SECONDS = 86_400
CUT_DAYS = 28


def sandbox_clock(real):
    """A sandbox's clock that follows another, which may leap."""
    return SandboxClock(WatchedClock(real, real, 300.0))


async def open_bank(engine, accounts, real):
    """So many accounts, the first owing 100.00; their cut days are 1, 2, 3 and so on.

    The program is a day older than they are: its time zone holds from the midnight that follows.
    """
    real.advance(-DAY_SECONDS)
    await engine.activate(ProgramDocument.model_validate(PROGRAM))
    real.advance(DAY_SECONDS)
    numbers = range(1, accounts + 1)
    notices = [
        set_account(number, account=number, product=1, cut_day=(number - 1) % CUT_DAYS + 1) for number in numbers
    ]
    await engine.run(joined(notices))
    debts = [new_command(Kind.ADJUST, account_id=number, amount_minor=10_000 * number) for number in numbers]
    results = await engine.run(joined(debts))
    assert not results["reason"].any()


def books_of(state):
    """All that closing days can change: accounts, their books, and the general counters."""
    accounts, rows = int(state.counters[Counter.ACCOUNTS]), int(state.counters[Counter.BILLINGS])
    return state.accounts[:accounts].tobytes(), state.billing[:rows].tobytes(), state.general.tobytes()
