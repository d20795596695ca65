"""What START_PLAN and END_PLAN are refused for; nothing changes then."""

from datetime import date, timedelta

import pytest

from authz.program.parts import AMOUNT_MAX
from authz.state.batch_output import PLANS_OPEN_MAX
from authz.state.stored import rows_in_use
from authz.vocabulary.commands import Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.kernel.books.outcome import agree, day_number
from tests.authz.kernel.books.plain.terms import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

USUAL = PlainTerms(blocks_after_missed=0, cash_share_ppm=1_000_000)
BEGINS, CUT, DUE = date(2026, 12, 10), date(2027, 1, 5), date(2027, 1, 25)
START, END = Kind.START_PLAN, Kind.END_PLAN


def noon(day):
    """When a day is half over, UTC."""
    return day_number(day) * DAY_US + DAY_US // 2


@pytest.fixture
def bank():
    """Two accounts with a product and one without, each with a purchase of 900.00."""
    made = Twin([1, 1, 0], [5, 5, 5], {1: USUAL}, noon(BEGINS))
    made.had = [made.buy(account, 90_000) for account in range(3)]
    made.apply()
    return made


def check_refused(bank, kind, reason, account=0, **values):
    """It is refused, and nothing is posted, told or stored but the counters of commands."""
    bank.close(bank.calendar.day_at(bank.clock_us) - timedelta(days=1))
    bank.apply()
    before = rows_in_use(bank.outcome.state)
    months = {"plan_months": 3} if kind == START else {}
    bank.tell(kind, account, reason, **months | values)
    bank.apply()
    state, after = bank.outcome.state, rows_in_use(bank.outcome.state)
    assert {name for name in before if before[name] != after[name]} <= {"counters"}
    assert (int(state.postings.used[0]), int(state.changes.used[0])) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        (START, {"amount_minor": -1}, Reason.INVALID_AMOUNT),
        (START, {"amount_minor": AMOUNT_MAX + 1}, Reason.INVALID_AMOUNT),
        (START, {"amount_minor": -(2**63)}, Reason.INVALID_AMOUNT),
        (START, {"fee_ppm": 1_000_001}, Reason.UNDEFINED_VALUE),
        (START, {"fee_ppm": 2**32 - 1}, Reason.UNDEFINED_VALUE),
        (END, {"fee_min": -1}, Reason.INVALID_AMOUNT),
        (END, {"fee_min": AMOUNT_MAX + 1}, Reason.INVALID_AMOUNT),
        (END, {"fee_ppm": 1_000_001}, Reason.UNDEFINED_VALUE),
    ],
)
def test_amounts_and_shares_have_bounds(bank, kind, values, reason):
    """Those that terms can name."""
    plan = bank.start_plan(0, 3, 0, 50_000, bought=bank.had[0])
    named = plan.name if kind == END else bank.buy(0, 90_000).sequence
    check_refused(bank, kind, reason, decision=named, **values)


@pytest.mark.parametrize(
    ("kind", "values"), [(START, {}), (END, {"decision": 1}), (Kind.RELIEVE, {"months": 1, "is_waived": 1})]
)
@pytest.mark.parametrize(("account", "reason"), [(2, Reason.ACCOUNT_WITHOUT_PRODUCT), (99, Reason.ACCOUNT_NOT_FOUND)])
def test_only_accounts_with_a_product_have_plans_and_relief(bank, kind, values, account, reason):
    """Others have no books."""
    check_refused(bank, kind, reason, account, **values)


@pytest.mark.parametrize("sequence", [1, 10**9, -1, 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("kind", [START, END])
def test_what_there_is_not_cannot_be_named(bank, kind, sequence):
    """No purchase, and no plan."""
    check_refused(bank, kind, Reason.MISSING_ORIGINAL_AUTHORIZATION, decision=sequence)


def test_what_is_no_purchase_cannot_be_split(bank):
    """A payment, a refund, what was only held, what was presented again, and what is another account's."""
    held = bank.authorize(0, 5_000)
    named = [len(bank.commands), bank.pay(0, 100).sequence, bank.had[1].sequence]
    bank.refund(bank.had[0], 100)
    named.append(len(bank.commands))
    bank.charge_back(bank.had[0], 200)
    named.append(len(bank.commands))
    bank.represent(bank.had[0], 200)
    named.append(len(bank.commands))
    bank.complete(0, held, 5_000)
    named.append(named[0])
    for sequence in named:
        check_refused(bank, START, Reason.MISSING_ORIGINAL_AUTHORIZATION, decision=sequence)


def test_cash_cannot_be_split(bank):
    """Nor what was paid out with a purchase."""
    for cash in (bank.draw(0, 500), bank.buy_with_cash_back(0, 700, 500)):
        check_refused(bank, START, Reason.NOT_SPLITTABLE, decision=cash.sequence)
    held = bank.authorize(0, 5_000, Operation.CASH)
    check_refused(bank, START, Reason.NOT_SPLITTABLE, decision=bank.complete(0, held, 5_000).sequence)


@pytest.mark.parametrize("ends", [False, True])
def test_a_purchase_is_split_once(bank, ends):
    """Also where the plan has ended, or was of a part."""
    plan = bank.start_plan(0, 3, 0, 10_000, bank.had[0])
    if ends:
        bank.end_plan(0, plan)
    check_refused(bank, START, Reason.NOT_SPLITTABLE, decision=bank.had[0].sequence)
    assert bank.start_plan(0, 3, bought=bank.had[0]) is None, "so says the ledger"
    bank.apply()


def test_what_has_lost_its_grace_cannot_be_split(bank):
    """It is carried, and bears interest already."""
    bank.clock_us = noon(date(2027, 2, 1))
    bank.pass_time()
    check_refused(bank, START, Reason.NOT_SPLITTABLE, decision=bank.had[0].sequence)
    check_refused(bank, START, Reason.NOTHING_OWED)


def test_a_statement_is_named_by_its_day_or_is_the_last_whichever_it_is(bank):
    """What was meant as one is not taken for the next that comes before the command is carried out."""
    check_refused(bank, START, Reason.NOT_THE_LAST_STATEMENT, statement_day=day_number(CUT))
    bank.clock_us = noon(DUE)
    bank.pass_time()
    for day in (CUT - timedelta(days=1), CUT + timedelta(days=1), BEGINS):
        check_refused(bank, START, Reason.NOT_THE_LAST_STATEMENT, statement_day=day_number(day))
    check_refused(bank, START, Reason.NOT_THE_LAST_STATEMENT, statement_day=2**32 - 1)
    assert bank.start_plan(0, 3, amount=1_000, statement_day=day_number(CUT))
    assert bank.start_plan(0, 3, amount=1_000)
    assert bank.start_plan(0, 3, bought=bank.buy(0, 5_000), statement_day=day_number(BEGINS)), (
        "of a purchase it is nothing"
    )
    agree_now(bank)


def test_where_nothing_is_owed_nothing_can_be_split(bank):
    """A purchase that was given back or is paid, a statement that there is not yet, or that is paid."""
    check_refused(bank, START, Reason.NOTHING_OWED)
    bank.refund(bank.had[0], 90_000)
    check_refused(bank, START, Reason.NOTHING_OWED, decision=bank.had[0].sequence)
    bank.pay(1, 90_000)
    check_refused(bank, START, Reason.NOTHING_OWED, 1, decision=bank.had[1].sequence)
    bank.clock_us = noon(DUE)
    bank.pass_time()
    check_refused(bank, START, Reason.NOTHING_OWED)


def test_an_account_without_books_has_no_statement_that_could_be_split():
    """Being refused opens none."""
    bank = Twin([1], [5], {1: USUAL}, noon(BEGINS))
    check_refused(bank, START, Reason.NOTHING_OWED)
    check_refused(bank, START, Reason.MISSING_ORIGINAL_AUTHORIZATION, decision=7)
    check_refused(bank, END, Reason.MISSING_ORIGINAL_AUTHORIZATION, decision=7)
    assert bank.outcome.state.accounts[0]["billing"] == 0


def test_no_more_is_split_than_there_is(bank):
    """Of a purchase what was not given back, and of either what was not paid."""
    bank.refund(bank.had[0], 20_000)
    check_refused(bank, START, Reason.EXCEEDS_REMAINDER, decision=bank.had[0].sequence, amount_minor=70_001)
    bank.pay(0, 30_000)
    check_refused(bank, START, Reason.EXCEEDS_REMAINDER, decision=bank.had[0].sequence, amount_minor=40_001)
    bank.clock_us = noon(DUE)
    bank.buy(0, 100_000)
    check_refused(bank, START, Reason.EXCEEDS_REMAINDER, amount_minor=40_001)
    check_refused(bank, START, Reason.EXCEEDS_REMAINDER, decision=bank.had[0].sequence, amount_minor=40_001)
    assert bank.start_plan(0, 3, 0, 40_000, bank.had[0])
    bank.apply()
    agree_now(bank)


def agree_now(bank):
    """Close yesterday, and hold the books against the ledger's."""
    bank.clock_us += DAY_US
    bank.close(bank.calendar.day_at(bank.clock_us) - timedelta(days=1))
    bank.apply()
    agree(bank.outcome, bank.books)


def test_so_many_plans_can_be_open(bank):
    """One more when one of them has ended."""
    plans = [bank.start_plan(0, 2, 0, bought=bank.buy(0, 1_000)) for _ in range(PLANS_OPEN_MAX)]
    check_refused(bank, START, Reason.TOO_MANY_PLANS, decision=bank.had[0].sequence)
    check_refused(bank, START, Reason.TOO_MANY_PLANS)
    assert bank.start_plan(1, 3, bought=bank.had[1]), "another account has its own"
    bank.end_plan(0, plans[7])
    assert bank.start_plan(0, 3, bought=bank.had[0])
    agree_now(bank)


def test_a_plan_ends_once(bank):
    """However it has ended; and only its own account's can be named."""
    billed = bank.start_plan(0, 1, 0, bought=bank.had[0])
    others = bank.start_plan(1, 3, 0, bought=bank.had[1])
    early = bank.start_plan(0, 3, 0, bought=bank.buy(0, 9_000))
    given_back = bank.start_plan(0, 3, 0, bought=(bought := bank.buy(0, 9_000)))
    bank.end_plan(0, early)
    bank.refund(bought, 9_000)
    bank.clock_us = noon(DUE)
    bank.pass_time()
    for name in (billed.name, early.name, given_back.name, others.name, bank.had[0].sequence):
        check_refused(bank, END, Reason.MISSING_ORIGINAL_AUTHORIZATION, decision=name)
    bank.end_plan(1, others)
    agree_now(bank)
