"""Relief: what is due moves to a later day; by command, and by itself with a statement."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from authz.state.billing import DUE_DAY_MAX
from authz.state.stored import rows_in_use
from authz.vocabulary.commands import Kind
from authz.vocabulary.reasons import Reason
from tests.authz.kernel.books.outcome import agree, day_number, told_by_kernel
from tests.authz.kernel.books.plain.terms import PlainRelief, PlainTerms
from tests.authz.kernel.books.twin import DAY_US, Twin

USUAL = PlainTerms(blocks_after_missed=0, cash_share_ppm=1_000_000)
BEGINS, CUT, DUE = date(2026, 12, 10), date(2027, 1, 5), date(2027, 1, 25)
GRANTED = date(2027, 1, 20)
_DAY = timedelta(days=1)


def noon(day):
    """When a day is half over, UTC."""
    return day_number(day) * DAY_US + DAY_US // 2


def owing(terms=USUAL):
    """An account that has bought something for 3,000.00, and whose statement is cut on the 5th."""
    bank = Twin([1], [5], {1: terms}, noon(BEGINS))
    bank.buy(0, 300_000)
    return bank


@pytest.fixture
def bank():
    """One such account."""
    return owing()


def books(bank, day):
    """The books on the morning of a day, on which both agree."""
    bank.clock_us = day_number(day) * DAY_US + 1
    bank.close(day - _DAY)
    bank.apply()
    agree(bank.outcome, bank.books)
    return told_by_kernel(bank.outcome.state, 0)


def on(bank, day):
    """Go on at noon of a day; returns the bank."""
    bank.clock_us = noon(day)
    bank.pass_time()
    return bank


def asked(bank, months, year=2027):
    """What the statements of the 5th of some months ask for."""
    books(bank, date(year, max(months), 6))
    minimums = {int(row["day"]): int(row["minimum_minor"]) for row in bank.outcome.statements[0]}
    return [minimums[day_number(date(year, month, 5))] for month in months]


def granted(bank):
    """Relief that was granted: on which day, what was due, and by when it is due now."""
    bank.apply()
    return [(each.day, each.amount, each.until) for each in bank.books[0].changes if each.kind == "relief_granted"]


@pytest.mark.parametrize("waives", [True, False])
def test_what_is_owed_does_not_change(bank, waives):
    """Where interest is waived not even a bucket does; else grace is given up at once, with the nights so far."""
    on(bank, date(2027, 1, 19)).draw(0, 7_000)
    before = books(bank, GRANTED)
    on(bank, GRANTED).relieve(0, 3, waives=waives)
    bank.apply()
    after = told_by_kernel(bank.outcome.state, 0)
    carried = {} if waives else {"billed": 0, "carried": before["buckets"]["billed"]}
    assert after["buckets"] == before["buckets"] | carried
    assert sum(after["buckets"].values()) == sum(before["buckets"].values())
    nights = {} if waives else {"billed": 0, "carried": before["nights"]["billed"]}
    assert after["nights"] == before["nights"] | nights
    assert (after["due"], after["to_pay"]) == (0, before["to_pay"])
    assert granted(bank) == [(GRANTED, 30_000, date(2027, 4, 25))]


def test_what_is_due_is_missed_on_the_day_to_which_it_has_moved(bank):
    """No sooner: with a late fee then, as of any other."""
    on(bank, GRANTED).relieve(0, 2)
    assert books(bank, date(2027, 3, 28))["missed"] == 0
    told = books(bank, date(2027, 3, 29))
    assert (told["missed"], told["buckets"]["fees"]) == (1, 1_500)


def test_nights_bear_interest_again_from_the_day_to_which_the_due_has_moved(bank):
    """Those before the relief do as ever, if the statement is not paid by then."""
    on(bank, GRANTED).relieve(0, 1)
    assert books(bank, date(2027, 2, 25))["nights"]["billed"] == 300_000 * 41
    assert books(bank, date(2027, 2, 26))["nights"]["billed"] == 300_000 * 42


def test_a_cut_on_the_day_of_the_relief_is_the_first(bank):
    """It comes at the end of the day."""
    on(bank, CUT).relieve(0, 1)
    assert granted(bank) == [(CUT, 0, DUE)]
    assert asked(bank, [1]) == [30_000]
    on(bank, date(2027, 2, 5)).relieve(0, 2)
    minimums = asked(bank, [2, 3])
    assert (minimums[0], minimums[1] > 0) == (0, True)


def test_a_longer_relief_counts(bank):
    """From its own day on."""
    on(bank, GRANTED).relieve(0, 1)
    on(bank, date(2027, 1, 21)).relieve(0, 3, waives=False)
    assert asked(bank, [2, 3, 4])[:2] == [0, 0]
    assert [until for _, _, until in granted(bank)] == [date(2027, 2, 25), date(2027, 4, 25)]


@pytest.mark.parametrize(("months", "waives"), [(1, True), (2, False), (3, False), (3, True)])
def test_a_relief_that_is_no_longer_changes_nothing(bank, months, waives):
    """A day that was promised is not brought forward, whatever becomes of interest."""
    on(bank, GRANTED).relieve(0, 3)
    bank.apply()
    before = rows_in_use(bank.outcome.state)
    bank.relieve(0, months, waives=waives)
    bank.apply()
    after = rows_in_use(bank.outcome.state)
    assert {name for name in before if before[name] != after[name]} == {"counters"}
    assert len(granted(bank)) == 1
    assert asked(bank, [2, 3, 4]) == [0, 0, 30_000]


@pytest.mark.parametrize("waives", [True, False])
def test_relief_of_who_has_bought_nothing_yet(waives):
    """It opens the books, and the statement asks for nothing of what is bought then."""
    bank = Twin([1], [5], {1: USUAL}, noon(BEGINS))
    bank.relieve(0, 2, waives=waives)
    on(bank, date(2026, 12, 20)).buy(0, 300_000)
    assert asked(bank, [1, 2]) == [0, 30_000]


def test_a_due_that_was_missed_before_is_put_off_too(bank):
    """Between its pass and the next statement: the statement asks for none of it."""
    on(bank, date(2027, 2, 1)).relieve(0, 2)
    assert granted(bank) == [(date(2027, 2, 1), 30_000, date(2027, 3, 25))]
    assert asked(bank, [2]) == [0]
    assert books(bank, date(2027, 2, 7))["missed"] == 1, "relief forgives no due that was missed"


def test_who_has_missed_too_many_dues_can_buy_nothing_in_relief_either():
    """Until a due is paid."""
    bank = owing(replace(USUAL, blocks_after_missed=1))
    on(bank, date(2027, 2, 1)).relieve(0, 2)
    assert bank.buy(0, 100) is None
    bank.apply()


@pytest.mark.parametrize("waives", [True, False])
@pytest.mark.parametrize(("before", "after"), [(20, 1), (1, 25), (28, 14), (14, 28)])
def test_terms_that_change_in_relief_bring_no_due_forward(waives, before, after):
    """The statement that was named asks again, by the day that was promised or, with more grace, later."""
    bank = owing(replace(USUAL, grace_days=before, courtesy_days=0))
    on(bank, CUT + _DAY).relieve(0, 2, waives=waives)
    promised = date(2027, 3, 5) + timedelta(days=before)
    assert granted(bank) == [(CUT + _DAY, 30_000, promised)]
    on(bank, date(2027, 2, 20)).activate({1: replace(USUAL, grace_days=after, courtesy_days=0)}, "UTC")
    minimums = asked(bank, [2, 3])
    assert (minimums[0], minimums[1] > 0) == (0, True)
    (row,) = [row for row in bank.outcome.statements[0] if int(row["day"]) == day_number(date(2027, 3, 5))]
    assert int(row["due_day"]) == day_number(max(promised, date(2027, 3, 5) + timedelta(days=after)))
    books(bank, date(2027, 5, 6))


@pytest.mark.parametrize("product", [1, 2])
def test_another_cut_day_waits_for_the_end_of_relief(product):
    """As it waits while a due is open; so it is with another product, whose terms hold at once."""
    bank = Twin([1], [5], {1: USUAL, 2: replace(USUAL, minimum_ppm=500_000, grace_days=10)}, noon(BEGINS))
    bank.buy(0, 300_000)
    on(bank, GRANTED).relieve(0, 2)
    bank.set_account(0, product, 14)
    minimums = asked(bank, [2, 3])
    assert minimums == [0, 30_000 if product == 1 else 150_000]
    books(bank, date(2027, 4, 20))
    assert [statement.day.day for statement in bank.books[0].statements] == [5, 5, 5, 14]


def test_relief_behind_a_change_of_the_cut_day(bank):
    """The cut that asks again comes a few days after the last: it is told that the relief has ended all the same."""
    bank.activate({1: replace(USUAL, grace_days=1, courtesy_days=0)}, "UTC")
    on(bank, CUT + _DAY)
    paid = bank.pay(0, 30_000)
    on(bank, date(2027, 1, 8))
    bank.set_account(0, 1, 14)
    bank.relieve(0, 1)
    bank.return_payment(0, paid)
    assert books(bank, date(2027, 1, 9))["due"] == 0
    books(bank, date(2027, 1, 15))
    assert [each.kind for each in bank.books[0].changes] == ["relief_granted", "relief_ended"]


def test_what_has_paid_a_due_and_comes_back_in_relief_is_not_due(bank):
    """It is owed, and asked for with the statement that asks again."""
    refunded = bank.buy(0, 50_000)
    on(bank, date(2027, 1, 10))
    paid = bank.pay(0, 20_000)
    refund = bank.refund(refunded, 5_000)
    plan = bank.start_plan(0, 3, 0, 4_000)
    on(bank, GRANTED).relieve(0, 1)
    bank.return_payment(0, paid)
    bank.take_refund_back(refunded, refund)
    bank.end_plan(0, plan)
    told = books(bank, GRANTED + _DAY)
    assert (told["due"], told["to_pay"]) == (0, 350_000)
    assert asked(bank, [2])[0] > 0
    assert bank.books[0].statements[-1].past_due == 0


def test_a_debt_that_is_given_up_in_relief(bank):
    """Nothing is left that could be due; what is bought afterwards is asked for with the same statement."""
    on(bank, GRANTED).relieve(0, 2)
    bank.write_off(0)
    bank.buy(0, 10_000)
    assert asked(bank, [2, 3]) == [0, 1_000]


@pytest.mark.parametrize("months", [1, 24])
def test_relief_on_the_last_days_of_books(months):
    """They end on 2147-12-19: what is due after that fits in its field, and nothing is due before it."""
    bank = Twin([1], [5], {1: USUAL}, noon(date(2147, 10, 20)))
    bank.adjust(0, 300_000)
    on(bank, date(2147, 11, 10)).tell(Kind.RELIEVE, 0, months=months, is_waived=1)
    bank.clock_us = noon(date(2147, 12, 18))
    bank.close(date(2147, 12, 17))
    bank.apply()
    billing = bank.outcome.state.billing[0]
    asks = day_number(date(2147, 12, 25)) if months == 1 else DUE_DAY_MAX
    assert (int(billing["due_day"]), int(billing["due_passes"])) == (asks, asks + 3)
    assert [int(row["minimum_minor"]) for row in bank.outcome.statements[0]] == [30_000, 30_000 * (months == 1)]
    bank.clock_us = noon(date(2150, 1, 1))
    bank.tell(Kind.RELIEVE, 0, months=24, is_waived=0)
    bank.outcome.take(bank.commands, bank.attachments, bank.expected)
    billing = bank.outcome.state.billing[0]
    assert int(billing["due_day"]) == DUE_DAY_MAX < int(billing["due_passes"])
    assert int(billing["missed"]) & 127 == 0


# Relief that comes by itself


def automatic(attribute, operator, value, months=2, interest="waived"):
    """Terms under which it does."""
    relief = PlainRelief(attribute, operator, value, months)
    return replace(USUAL, relief_interest=interest, automatic_relief=relief)


@pytest.mark.parametrize("interest", ["waived", "accrues"])
def test_who_has_missed_two_dues_is_relieved_by_itself(interest):
    """The statement asks for nothing, nor does the next; the one after does. Missing that due it comes again."""
    bank = owing(automatic("missed_dues", ">=", 2, interest=interest))
    minimums = asked(bank, range(1, 9))
    assert [minimum > 0 for minimum in minimums] == [True, True, False, False, True, False, False, True]
    days = [(day, until) for day, _, until in granted(bank)]
    assert days == [(date(2027, 3, 5), date(2027, 5, 25)), (date(2027, 6, 5), date(2027, 8, 25))]
    assert [each.detail for each in bank.books[0].changes] == [interest] * 4


@pytest.mark.parametrize(
    ("condition", "comes"),
    [
        (("owed", ">=", 300_000), True),
        (("owed", ">", 300_000), False),
        (("owed", "=", 300_000), True),
        (("owed", "!=", 300_000), False),
        (("owed", "<=", 300_000), True),
        (("owed", "<", 300_000), False),
        (("owed", "<", 300_001), True),
        (("owed", ">", 299_999), True),
        (("missed_dues", "=", 0), True),
        (("missed_dues", ">", 0), False),
    ],
)
def test_the_condition_is_held_against_the_account_as_it_is_at_the_cut(condition, comes):
    """Before what is new is billed."""
    bank = owing(automatic(*condition))
    assert asked(bank, [1]) == [0 if comes else 30_000]


@pytest.mark.parametrize(
    ("limit", "owed", "value", "comes"),
    [
        (1_000_000, 300_000, 300_000, True),
        (1_000_000, 300_000, 300_001, False),
        (999_999, 300_000, 300_000, True),
        (1_000_001, 300_000, 300_000, False),
        (10**12, 300_000, 1, False),
        (10**12, 1_000_000, 1, True),
        (700_000, 300_000, 428_571, True),
        (700_000, 300_000, 428_572, False),
    ],
)
def test_what_is_owed_as_a_share_of_the_credit_limit(limit, owed, value, comes):
    """In parts per million, rounded down."""
    bank = Twin([1], [5], {1: automatic("owed_ppm", ">=", value)}, noon(BEGINS))
    bank.adjust(0, owed)
    bank.apply()
    bank.outcome.state.accounts["limit_minor"][0] = bank.books[0].credit_limit = limit
    assert asked(bank, [1]) == [0 if comes else owed // 10]


@pytest.mark.parametrize("limit", [0, 1])
@pytest.mark.parametrize("value", [1_000_000, 10**12])
def test_who_has_no_limit_owes_the_greatest_share_of_it(limit, value):
    """No number of 64 bits is left, however much it is."""
    bank = Twin([1], [5], {1: automatic("owed_ppm", ">=", value)}, noon(BEGINS))
    for _ in range(20):
        bank.adjust(0, 10**12)
    bank.apply()
    bank.outcome.state.accounts["limit_minor"][0] = limit
    bank.clock_us = noon(CUT + _DAY)
    bank.close(CUT)
    bank.apply()
    assert int(bank.outcome.statements[0][0]["minimum_minor"]) == 0


def test_who_has_a_credit_owes_no_share(bank):
    """0, not less."""
    bank = Twin([1], [5], {1: automatic("owed_ppm", "=", 0)}, noon(BEGINS))
    bank.pay(0, 5)
    books(bank, CUT + _DAY)
    assert len(granted(bank)) == 1


def test_relief_that_was_granted_is_not_made_longer_by_itself():
    """Not in it, and not with the statement that asks again."""
    bank = owing(automatic("owed", ">", 0, months=6))
    on(bank, date(2026, 12, 20)).relieve(0, 2)
    assert asked(bank, [1, 2]) == [0, 30_000]
    assert len(granted(bank)) == 1
    assert asked(bank, [3]) == [0], "no due is open any more: it comes with this one"
    assert bank.expected[-1] is Reason.APPROVED
