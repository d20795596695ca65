"""Books as they are read: days that wait, dues, the next cut, payments that were returned, and sums."""

from datetime import UTC, date, datetime

import pytest

from authz.program.tables import Bucket
from authz.state.account_books import account_books, is_returned
from authz.state.billing import General
from authz.state.book_totals import book_totals
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import command, set_account, set_card, set_token, tap

ACCOUNT = 7
PRODUCTS = [{"number": 1, "id": "usual"}]


def noon(day):
    """Unix microseconds, in UTC."""
    return int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp() * 1e6)


def ask(bank, kind, day, **values):
    """A command about the account on a day."""
    return bank.send(command(kind, time_us=noon(day), account_id=ACCOUNT, **values))


@pytest.fixture
def bank():
    """An account with a product that has bought for 300.00 on 2026-12-10."""
    made = Bank(products=PRODUCTS)
    made.send(set_account(4, product=1, cut_day=5))
    assert account_books(made.state, ACCOUNT).next_cut is None
    sale = tap(1, 30_000, kind=Kind.FINANCIAL_REQUEST, time_us=noon("2026-12-10"), transmitted=1210120000)
    assert made.send(sale) is Reason.APPROVED
    return made


def test_a_day_that_is_over_waits_until_it_is_closed(bank):
    """As soon as any command has told that it is over; then its statement is in the books."""
    books = account_books(bank.state, ACCOUNT)
    assert (books.buckets[Bucket.NEW], books.due_day, books.pending_day) == (30_000, None, None)
    assert (books.last_cut, books.next_cut) == (None, date(2027, 1, 5))
    bank.send(command(Kind.PASS_TIME, time_us=noon("2027-01-05")))
    assert account_books(bank.state, ACCOUNT).pending_day is None
    bank.send(command(Kind.PASS_TIME, time_us=noon("2027-01-06")))
    assert account_books(bank.state, ACCOUNT).pending_day == date(2027, 1, 5)
    assert ask(bank, Kind.PAYMENT, "2027-01-06", amount_minor=1_000) is Reason.APPROVED
    books = account_books(bank.state, ACCOUNT)
    assert (books.buckets[Bucket.NEW], books.buckets[Bucket.BILLED]) == (0, 29_000)
    assert (books.due_minor, books.to_pay_minor, books.due_day) == (2_000, 29_000, date(2027, 1, 25))
    assert (books.next_cut, books.pending_day, books.missed) == (date(2027, 2, 5), None, 0)
    assert books.last_cut == date(2027, 1, 5)


def test_the_due_day_follows_from_the_terms_of_its_own_statement(bank):
    """Days of courtesy of terms that came later move no due that is open."""
    ask(bank, Kind.ADJUST, "2027-01-06", amount_minor=1)
    bank.use(products=[{"number": 1, "id": "usual", "terms": {"courtesy_days": 7}}])
    ask(bank, Kind.ADJUST, "2027-01-10", amount_minor=1)
    assert account_books(bank.state, ACCOUNT).due_day == date(2027, 1, 25)
    ask(bank, Kind.ADJUST, "2027-02-06", amount_minor=1)
    assert account_books(bank.state, ACCOUNT).due_day == date(2027, 2, 25)


def test_the_due_day_stays_where_the_account_has_another_product():
    """The terms of that product have no days of courtesy."""
    made = Bank(products=[*PRODUCTS, {"number": 2, "id": "strict", "terms": {"courtesy_days": 0}}])
    made.send(set_account(4, product=1, cut_day=5))
    ask(made, Kind.ADJUST, "2026-12-10", amount_minor=30_000)
    ask(made, Kind.ADJUST, "2027-01-06", amount_minor=1)
    made.send(set_account(5, product=2, cut_day=5, time_us=noon("2027-01-07")))
    assert account_books(made.state, ACCOUNT).due_day == date(2027, 1, 25)


def test_another_cut_day_waits_for_the_due(bank):
    """The next statement is the first on the new day after the due has passed; after that the day is the new one."""
    ask(bank, Kind.ADJUST, "2027-01-06", amount_minor=1)
    bank.send(set_account(5, product=1, cut_day=20, time_us=noon("2027-01-07")))
    assert account_books(bank.state, ACCOUNT).next_cut == date(2027, 2, 20)
    ask(bank, Kind.ADJUST, "2027-01-29", amount_minor=1)  # the due has passed on the 28th
    books = account_books(bank.state, ACCOUNT)
    assert (books.next_cut, books.due_day, books.missed) == (date(2027, 2, 20), None, 1)
    assert books.buckets[Bucket.FEES] == 1_000


def test_relief_is_in_the_books_until_a_statement_asks_again(bank):
    """Statements come meanwhile, on the day that is in force; another cut day waits until the due has passed."""
    ask(bank, Kind.ADJUST, "2027-01-06", amount_minor=1)
    books = account_books(bank.state, ACCOUNT)
    assert (books.product, books.cut_day, books.relief_until, books.relief_is_waived) == (1, 5, None, False)
    assert ask(bank, Kind.RELIEVE, "2027-01-20", months=2, is_waived=1) is Reason.APPROVED
    bank.send(set_account(5, product=1, cut_day=20, time_us=noon("2027-01-21")))
    books = account_books(bank.state, ACCOUNT)
    assert (books.relief_until, books.due_day, books.relief_is_waived) == (date(2027, 3, 25), date(2027, 3, 25), True)
    assert (books.cut_day, books.next_cut, books.due_minor, books.missed) == (20, date(2027, 2, 5), 0, 0)
    ask(bank, Kind.ADJUST, "2027-02-06", amount_minor=1)
    assert account_books(bank.state, ACCOUNT).relief_until == date(2027, 3, 25)
    ask(bank, Kind.ADJUST, "2027-03-06", amount_minor=1)
    books = account_books(bank.state, ACCOUNT)
    assert (books.relief_until, books.relief_is_waived, books.due_day) == (None, False, date(2027, 3, 25))
    assert books.next_cut == date(2027, 4, 20)


def test_relief_is_known_where_the_cut_day_has_changed_since_the_last_statement(bank):
    """Its day may then be less than a month behind that statement."""
    bank.use(products=[{"number": 1, "id": "usual", "terms": {"grace_days": 1}}])
    bank.send(set_account(5, product=1, cut_day=20, time_us=noon("2026-12-11")))
    ask(bank, Kind.ADJUST, "2027-01-20", amount_minor=1)
    ask(bank, Kind.ADJUST, "2027-01-21", amount_minor=1)
    bank.send(set_account(6, product=1, cut_day=5, time_us=noon("2027-01-22")))
    ask(bank, Kind.ADJUST, "2027-02-01", amount_minor=1)
    books = account_books(bank.state, ACCOUNT)
    assert (books.last_cut, books.next_cut, books.due_day) == (date(2027, 1, 20), date(2027, 2, 5), None)
    ask(bank, Kind.RELIEVE, "2027-02-01", months=1, is_waived=1)
    assert account_books(bank.state, ACCOUNT).relief_until == date(2027, 2, 6)


def test_relief_that_accrues_is_told_from_one_that_is_waived(bank):
    """By the books."""
    assert ask(bank, Kind.RELIEVE, "2026-12-20", months=1, is_waived=0) is Reason.APPROVED
    books = account_books(bank.state, ACCOUNT)
    assert (books.relief_until, books.relief_is_waived) == (date(2027, 1, 25), False)


def test_payments_are_known_as_returned(bank):
    """That one and no other."""
    sequences = []
    for amount in (100, 200, 300):
        ask(bank, Kind.PAYMENT, "2026-12-11", amount_minor=amount)
        sequences.append(int(bank.result["sequence"]))
    ask(bank, Kind.PAYMENT_RETURNED, "2026-12-12", decision=sequences[1])
    assert [is_returned(bank.state, sequence) for sequence in sequences] == [False, True, False]
    assert not is_returned(bank.state, sequences[-1] + 1)
    assert not is_returned(bank.state, 1)


def test_payments_are_looked_for_while_their_table_grows(bank):
    """A thread has taken the state, whose table has no room for what came later."""
    taken, sequences = bank.state, []
    for amount in range(100, 160):
        ask(bank, Kind.PAYMENT, "2026-12-11", amount_minor=amount)
        sequences.append(int(bank.result["sequence"]))
    ask(bank, Kind.PAYMENT_RETURNED, "2026-12-12", decision=sequences[1])
    assert len(taken.payments) < len(sequences) < len(bank.state.payments)
    assert [is_returned(state, sequences[1]) for state in (taken, bank.state)] == [False, True]


def test_who_has_no_books():
    """An account without a product, and none at all."""
    bank = Bank()
    assert account_books(bank.state, ACCOUNT) is None
    assert account_books(bank.state, 8) is None


def test_sums_show_what_is_out_of_balance(bank):
    """Zero, until somebody writes past the one door."""
    ask(bank, Kind.PAYMENT, "2026-12-11", amount_minor=100)
    bank.send(joined([set_account(5, account=9), set_card(6, 90, account=9), set_token(7, 900, 90, account=9)]))
    assert bank.send(tap(2, 700, 900, kind=Kind.FINANCIAL_REQUEST, time_us=noon("2026-12-11"))) is Reason.APPROVED
    totals = book_totals(bank.state)
    assert (totals.accounts, totals.owed_minor, totals.out_of_balance_minor) == (1, 29_900, 0)
    assert totals.buckets[Bucket.NEW] == 29_900
    assert {counter: amount for counter, amount in totals.general.items() if amount} == {
        General.NETWORK: -30_000,
        General.PAYMENTS: 100,
    }
    bank.state.general[General.FEES] += 3
    assert book_totals(bank.state).out_of_balance_minor == 3
