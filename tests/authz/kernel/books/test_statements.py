"""One account from its first purchase to a payment that comes back: statements, minimums, fees and interest."""

from datetime import date

from authz.state.billing import LAST_DAY
from authz.state.tables import statements_made
from authz.vocabulary.commands import Kind
from authz.vocabulary.labels import day_text
from authz.vocabulary.posting_kinds import PARTS_OF_DAYS, PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import SALE, Bank, approve
from tests.authz.commands import command, set_account, tap

_DAY_US = 86_400_000_000
_KIND, _AMOUNT, _PART = 5, 2, 4


def noon(year, month, day):
    """A time in the middle of a day in UTC, which is the program's zone."""
    return (date(year, month, day) - date(1970, 1, 1)).days * _DAY_US + _DAY_US // 2


def a_customer():
    """An account whose statement is cut on the 5th, with a purchase of 450.00 on 2026-11-24."""
    bank = Bank()
    approve(bank, set_account(4, product=1, cut_day=5), tap(1, 45_000, **SALE))
    return bank


def close(bank, *day):
    """End all days before one, which has come; returns the statements that were cut: day, closing and minimum."""
    today = noon(*day)
    assert bank.send(command(Kind.CLOSE_DAY, time_us=today, day=today // _DAY_US - 1, rows=1)) is Reason.APPROVED
    return [
        (day_text(int(each["day"])), int(each["closing_minor"]), int(each["minimum_minor"]))
        for each in statements_made(bank.state)
    ]


def test_a_statement_is_cut_at_the_end_of_its_day():
    """And once only, whoever asks again."""
    bank = a_customer()
    assert close(bank, 2026, 12, 5) == []
    assert close(bank, 2026, 12, 6) == [("2026-12-05", 45_000, 4_500)]
    assert close(bank, 2026, 12, 7) == []


def test_a_missed_due_costs_a_fee_and_grace():
    """Nothing is paid by the 28th: 5 percent of the minimum, at least 10.00, and interest from the purchase on."""
    bank = a_customer()
    close(bank, 2026, 12, 6)
    close(bank, 2026, 12, 29)
    assert bank.made == [(PostingKind.LATE_FEE, 1_000)]
    nights = 45_000 * 43  # from the 24th of November to the 5th of January
    interest = (nights * 500 + 500_000) // 1_000_000
    ((day, closing, _),) = close(bank, 2027, 1, 6)
    assert (day, closing) == ("2027-01-05", 45_000 + 1_000 + interest)
    assert bank.made == [(PostingKind.INTEREST, interest)]


def test_a_tap_after_days_that_nobody_closed_finds_them_closed():
    """What their end has posted stands beside the tap's own posting, which keeps its name."""
    bank = a_customer()
    approve(bank, tap(2, 100, time_us=noon(2026, 12, 30), **SALE))
    made = bank.postings[-2:]
    assert [(each[_KIND], each[_PART]) for each in made] == [
        (PostingKind.LATE_FEE, PARTS_OF_DAYS),
        (PostingKind.PURCHASE, 0),
    ]
    assert bank.result["posting_kind"] == PostingKind.PURCHASE
    assert bank.result["posted_change_minor"] == 100
    assert bank.result["statements"] == 1


def test_a_payment_counts_and_its_return_is_due_again():
    """Each can come back once, from the account that it came to."""
    bank = a_customer()
    close(bank, 2026, 12, 6)
    paid = command(Kind.PAYMENT, account_id=7, amount_minor=45_000, time_us=noon(2026, 12, 10))
    approve(bank, paid)
    payment = int(bank.result["sequence"])
    assert bank.posted == 0
    returned = command(Kind.PAYMENT_RETURNED, account_id=7, decision=payment, time_us=noon(2026, 12, 11))
    approve(bank, returned)
    assert (bank.posted, bank.result["original"]) == (45_000, payment)
    assert bank.send(returned) is Reason.ALREADY_GIVEN_BACK
    close(bank, 2026, 12, 29)
    assert bank.made == [(PostingKind.LATE_FEE, 1_000)]


def test_a_day_that_is_not_over_is_not_closed():
    """Nor is one of an account that is not there."""
    bank = a_customer()
    today = noon(2026, 12, 6)
    assert bank.send(command(Kind.CLOSE_DAY, time_us=today, day=today // _DAY_US, rows=1)) is Reason.DAY_NOT_OVER
    assert bank.send(command(Kind.PAYMENT, account_id=9, amount_minor=1)) is Reason.ACCOUNT_NOT_FOUND


def test_an_account_without_a_product_has_no_books():
    """And is told so."""
    bank = Bank()
    assert bank.send(command(Kind.PAYMENT, account_id=7, amount_minor=1)) is Reason.ACCOUNT_WITHOUT_PRODUCT


def test_days_go_on_until_the_last_that_books_can_have():
    """A day has two bytes, so that is one of 2147. A clock that is set behind it neither ends days nor the engine."""
    bank = Bank()
    begun = noon(2147, 11, 1)
    approve(bank, set_account(4, product=1, cut_day=5, time_us=begun))
    approve(bank, command(Kind.ADJUST, account_id=7, amount_minor=45_000, time_us=begun))
    later = noon(2200, 1, 1)
    assert bank.send(command(Kind.CLOSE_DAY, time_us=later, day=LAST_DAY, rows=1)) is Reason.DAY_NOT_OVER
    assert bank.send(command(Kind.CLOSE_DAY, time_us=later, day=LAST_DAY - 1, rows=1)) is Reason.APPROVED
    cut = [day_text(int(each["day"])) for each in statements_made(bank.state)]
    assert cut == ["2147-11-05", "2147-12-05"]
    approve(bank, command(Kind.PAYMENT, account_id=7, amount_minor=45_000, time_us=noon(2300, 1, 1)))
    assert 0 < bank.posted < 45_000, "interest and a fee"
