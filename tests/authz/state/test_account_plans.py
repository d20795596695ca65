"""Plans as they are read: those of an account, and one by its name."""

from datetime import UTC, date, datetime

import pytest

from authz.state.account_plans import account_plans, plan_named
from authz.state.tables import Counter
from authz.vocabulary.account_changes import PlanEnd
from authz.vocabulary.commands import Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import command, referring, set_account, tap

ACCOUNT = 7


def noon(day):
    """Unix microseconds, in UTC."""
    return int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp() * 1e6)


@pytest.fixture
def bank():
    """An account with a product that has bought for 300.00 and for 40.00 on 2026-12-10."""
    made = Bank(products=[{"number": 1, "id": "usual"}])
    made.send(set_account(4, product=1, cut_day=5))
    made.purchases = []
    for trace, amount in ((1, 30_000), (2, 4_000)):
        sale = tap(trace, amount, kind=Kind.FINANCIAL_REQUEST, time_us=noon("2026-12-10"), transmitted=1210120000)
        assert made.send(sale) is Reason.APPROVED
        made.purchases.append(int(made.result["sequence"]))
    return made


def split(bank, charge, day="2026-12-11", **values):
    """A plan of two instalments; the sequence that names it."""
    asked = command(
        Kind.START_PLAN, time_us=noon(day), account_id=ACCOUNT, decision=charge, plan_months=2, fee_ppm=6_000, **values
    )
    assert bank.send(asked) is Reason.APPROVED
    return int(bank.result["sequence"])


def test_the_plans_of_an_account_are_read_the_newest_first(bank):
    """Open ones and those that ended; each is found by its name, and nothing else is."""
    assert account_plans(bank.state, ACCOUNT) == []
    first, second = (split(bank, charge) for charge in bank.purchases)
    newer, older = account_plans(bank.state, ACCOUNT)
    assert (older.sequence, newer.sequence) == (first, second)
    assert (newer.account_id, newer.charge, newer.end) == (ACCOUNT, bank.purchases[1], None)
    assert (newer.principal_minor, newer.left_minor, newer.months, newer.billed) == (4_000, 4_000, 2, 0)
    assert (newer.fee_ppm, newer.started) == (6_000, date(2026, 12, 11))
    early = command(Kind.END_PLAN, time_us=noon("2026-12-12"), account_id=ACCOUNT, decision=first)
    assert bank.send(early) is Reason.APPROVED
    assert [each.end for each in account_plans(bank.state, ACCOUNT)] == [None, PlanEnd.EARLY]
    assert account_plans(bank.state, ACCOUNT + 1) == []
    assert [plan_named(bank.state, each) for each in (second, first)] == account_plans(bank.state, ACCOUNT)
    assert [plan_named(bank.state, each) for each in (0, first - 1, second + 1, 2**62)] == [None] * 4


def test_plans_are_looked_for_while_their_table_grows(bank):
    """A thread has taken the state, whose table has no room for what came later."""
    taken, named = bank.state, 0
    while int(bank.state.counters[Counter.PLANS]) <= len(taken.plans):
        named = split(bank, 0, day="2027-01-06", amount_minor=10)
        bank.send(command(Kind.END_PLAN, time_us=noon("2027-01-06"), account_id=ACCOUNT, decision=named))
    assert [plan_named(state, named) is None for state in (taken, bank.state)] == [True, False]


def test_a_plan_of_a_statement_names_no_purchase(bank):
    """What it has billed by then is counted."""
    plan = split(bank, 0, day="2027-01-06")
    assert (plan_named(bank.state, plan).charge, plan_named(bank.state, plan).principal_minor) == (None, 34_000)
    bank.send(command(Kind.PAYMENT, time_us=noon("2027-02-06"), account_id=ACCOUNT, amount_minor=1))
    assert (plan_named(bank.state, plan).billed, plan_named(bank.state, plan).left_minor) == (1, 17_000)


def test_a_plan_of_a_completed_authorization_names_the_completion(bank):
    """Which is what the account was charged with."""
    asked = tap(3, 9_000, time_us=noon("2026-12-10"), transmitted=1210120000)
    assert bank.send(asked) is Reason.APPROVED
    assert bank.send(referring(Kind.FINANCIAL_ADVICE, asked, amount_minor=9_000)) is Reason.APPROVED
    charge = int(bank.result["sequence"])
    assert plan_named(bank.state, split(bank, charge)).charge == charge
