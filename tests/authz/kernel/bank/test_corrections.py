"""Commands of an issuer's own: what they post, and what they are refused for."""

from datetime import date, timedelta

import numpy as np
import pytest

from authz.program.parts import AMOUNT_MAX
from authz.state.stored import rows_in_use
from authz.vocabulary.commands import Kind
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.kernel.books.outcome import agree, day_number, told_by_kernel, told_of_postings
from tests.authz.kernel.books.plain_ledger import PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

BEGINS, DUE = date(2026, 12, 10), date(2027, 1, 25)
FEE = {"decision": 1, "part": 1_000, "posting_kind": PostingKind.LATE_FEE}


@pytest.fixture
def bank():
    """An account with a product that owes 3,000.00, and one without that owes 1.00."""
    made = Twin([1, 0], [5, 5], {1: PlainTerms(blocks_after_missed=0)}, noon(BEGINS))
    made.buy(0, 300_000)
    made.buy(1, 100)
    made.apply()
    return made


def noon(day):
    """When a day is half over, UTC."""
    return day_number(day) * DAY_US + DAY_US // 2


def closed(bank, day):
    """The books on the morning of a day, on which both agree."""
    bank.clock_us = day_number(day) * DAY_US + 1
    bank.close(day - timedelta(days=1))
    bank.apply()
    agree(bank.outcome, bank.books)
    return told_by_kernel(bank.outcome.state, 0)


BAD_AMOUNTS = [
    (Kind.PAYMENT, {"amount_minor": 0}),
    (Kind.PAYMENT, {"amount_minor": -1}),
    (Kind.PAYMENT, {"amount_minor": AMOUNT_MAX + 1}),
    (Kind.ADJUST, {"amount_minor": 0}),
    (Kind.ADJUST, {"amount_minor": AMOUNT_MAX + 1}),
    (Kind.ADJUST, {"amount_minor": -AMOUNT_MAX - 1}),
    (Kind.ADJUST, {"amount_minor": -(2**63)}),
    (Kind.WAIVE, FEE | {"amount_minor": 0}),
    (Kind.WAIVE, FEE | {"amount_minor": AMOUNT_MAX + 1}),
]
OTHERS = [
    (Kind.PAYMENT, {"amount_minor": 100}),
    (Kind.ADJUST, {"amount_minor": 100}),
    (Kind.WAIVE, FEE | {"amount_minor": 100}),
    (Kind.WRITE_OFF, {}),
    (Kind.PAYMENT_RETURNED, {"decision": 1}),
]


def check_refused(bank, kind, account, reason, values):
    """It is refused, and nothing but the counters of commands is another."""
    before = rows_in_use(bank.outcome.state)
    bank.tell(kind, account, reason, **values)
    bank.apply()
    after = rows_in_use(bank.outcome.state)
    assert {name for name in before if before[name] != after[name]} <= {"counters"}
    assert int(bank.outcome.state.postings.used[0]) == 0


@pytest.mark.parametrize(("kind", "values"), BAD_AMOUNTS)
def test_amounts_have_bounds(bank, kind, values):
    """Nothing, or more than terms can name, is no amount; a payment and a waiver have no sign."""
    check_refused(bank, kind, 0, Reason.INVALID_AMOUNT, values)


@pytest.mark.parametrize(("kind", "values"), OTHERS)
def test_an_account_without_a_product_has_no_books(bank, kind, values):
    """It is refused for that."""
    check_refused(bank, kind, 1, Reason.ACCOUNT_WITHOUT_PRODUCT, values)


@pytest.mark.parametrize(("kind", "values"), OTHERS)
def test_an_account_that_there_is_not(bank, kind, values):
    """It is refused for that."""
    check_refused(bank, kind, 99, Reason.ACCOUNT_NOT_FOUND, values)


@pytest.mark.parametrize("sequence", [0, 1, 10**9, -1])
def test_only_a_payment_can_be_returned(bank, sequence):
    """What is named is no payment."""
    check_refused(bank, Kind.PAYMENT_RETURNED, 0, Reason.MISSING_ORIGINAL_AUTHORIZATION, {"decision": sequence})


def test_a_payment_is_returned_to_the_account_that_it_came_for(bank):
    """Another account's is none, also where both have products."""
    bank.set_account(1, 1, 5)
    paid = bank.pay(1, 50)
    bank.apply()
    named = {"decision": paid.sequence}
    check_refused(bank, Kind.PAYMENT_RETURNED, 0, Reason.MISSING_ORIGINAL_AUTHORIZATION, named)
    bank.return_payment(1, paid)
    closed(bank, BEGINS + timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "due"), [(date(2027, 1, 27), 30_000), (date(2027, 2, 1), 30_000), (date(2027, 2, 10), None)]
)
def test_a_returned_payment_opens_what_it_has_paid(bank, day, due):
    """While the due is open, and afterwards until the next statement asks for all of it again; it bears interest."""
    bank.clock_us = noon(DUE)
    paid = bank.pay(0, 300_000)
    bank.clock_us = noon(day)
    bank.return_payment(0, paid)
    told = closed(bank, day + timedelta(days=1))
    assert told["buckets"]["carried"] == 300_000
    if due is not None:
        assert (told["due"], told["to_pay"]) == (due, 300_000)


def test_a_charge_by_the_issuer_is_new_and_a_credit_counts_for_what_was_billed(bank):
    """A correction of the bill pays the minimum, one of what was bought since does not."""
    bank.adjust(0, 1_000)
    assert closed(bank, BEGINS + timedelta(days=1))["buckets"]["new"] == 301_000
    bank.clock_us = noon(DUE)
    bank.adjust(0, -2_000)
    assert closed(bank, DUE + timedelta(days=1))["due"] == 30_100 - 2_000


def test_interest_is_given_back(bank):
    """Off the interest first, once."""
    bank.clock_us = noon(date(2027, 2, 10))
    bank.waive(0, "interest", 8_700)
    told = closed(bank, date(2027, 2, 11))
    assert (told["buckets"]["interest"], told["buckets"]["fees"]) == (0, 1_500)
    assert told_of_postings(bank.outcome.postings[0])[-1] == ("waiver", -8_700, date(2027, 2, 10))


def test_a_debt_is_given_up(bank):
    """All buckets, nights and dues are nothing then; a second time there is nothing to give up."""
    bank.clock_us = noon(date(2027, 3, 10))
    bank.write_off(0)
    bank.write_off(0)
    told = closed(bank, date(2027, 3, 11))
    assert told["buckets"] == dict.fromkeys(told["buckets"], 0)
    assert told["nights"] == dict.fromkeys(told["nights"], 0)
    assert (told["due"], told["to_pay"], told["in_a_minimum"]) == (0, 0, 0)


def test_what_is_told_of_a_payment(bank):
    """What the account owes after it, what is available, and by how much that is another."""
    bank.pay(0, 400_000)
    bank.apply()
    account = bank.outcome.state.accounts[0]
    assert np.int64(account["posted_minor"]) == -100_000
    assert told_of_postings(bank.outcome.postings[0])[-1] == ("payment", -400_000, BEGINS)
    assert closed(bank, BEGINS + timedelta(days=1))["buckets"]["new"] == -100_000
