"""What an account holds of each unit: by when it is spent, what is owed, and what expires."""

import pytest

from authz.kernel.units.holdings import balance_of
from authz.state.billing import HOLDINGS_MAX
from authz.state.stored import rows_in_use, stored_arrays, with_stored_arrays
from authz.state.tables import Counter, changes_made
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.commands import Kind
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank, approve
from tests.authz.commands import NOW_US, command, set_account

DAY_US = 86_400_000_000
POINTS, VISITS, GIFTS, MISSING = 1, 2, 3, 4
UNITS = [
    {"number": POINTS, "id": "points", "price": 3, "expires_days": 30},
    {"number": VISITS, "id": "visits"},
    {"number": GIFTS, "id": "gifts", "price": 500, "shortfall": "charged"},
]


@pytest.fixture
def bank():
    """An account whose statement is cut on the 5th, under a program with units."""
    made = Bank(units=UNITS)
    approve(made, set_account(4, product=1, cut_day=5))
    return made


def on(day):
    """So many days after the first."""
    return NOW_US + day * DAY_US


def give(bank, unit, amount, day=0):
    """Give units; the reason."""
    return bank.send(command(Kind.GIVE_UNITS, account_id=7, unit=unit, amount=amount, time_us=on(day)))


def redeem(bank, unit, amount, day=0):
    """Redeem units; the reason."""
    return bank.send(command(Kind.REDEEM, account_id=7, unit=unit, amount=amount, time_us=on(day)))


def balance(bank, unit=POINTS):
    """How many the account holds."""
    return int(balance_of(bank.state, 0, unit))


def changes(bank):
    """What the last command has told of units: kind, unit, how many, and how many there are afterwards."""
    return [
        (ChangeKind(int(each["kind"])).name.removeprefix("UNITS_"), *map(int, (each["detail"], each["amount_minor"])),
         int(each["about"]))
        for each in changes_made(bank.state)
    ]  # fmt: skip


def test_units_are_given_and_redeemed_at_their_price(bank):
    """The money is taken as a payment is: here it becomes a credit."""
    approve(bank, command(Kind.GIVE_UNITS, account_id=7, unit=POINTS, amount=86))
    assert changes(bank) == [("GIVEN", POINTS, 86, 86)]
    assert redeem(bank, POINTS, 80) is Reason.APPROVED
    assert changes(bank) == [("SPENT", POINTS, 80, 6)]
    assert bank.made == [(PostingKind.REWARD, -240)]
    assert (balance(bank), bank.posted) == (6, -240)


def test_a_reward_counts_toward_the_minimum(bank):
    """As a payment of the same amount."""
    approve(bank, command(Kind.ADJUST, account_id=7, amount_minor=100_000))
    assert give(bank, POINTS, 1_000, day=60) is Reason.APPROVED
    due = int(bank.state.billing[0]["due"])
    assert due > 0
    assert redeem(bank, POINTS, 1_000, day=60) is Reason.APPROVED
    assert int(bank.state.billing[0]["due"]) == due - 3_000


def test_those_are_spent_first_that_expire_first(bank):
    """And what is left expires at the end of its last day."""
    give(bank, POINTS, 10, day=0)
    give(bank, POINTS, 10, day=5)
    redeem(bank, POINTS, 12, day=6)
    bank.send(command(Kind.PASS_TIME, time_us=on(31)))
    assert give(bank, VISITS, 1, day=31) is Reason.APPROVED
    assert changes(bank) == [("GIVEN", VISITS, 1, 1)]
    assert balance(bank) == 8
    give(bank, VISITS, 1, day=36)
    assert changes(bank) == [("EXPIRED", POINTS, 8, 0), ("GIVEN", VISITS, 1, 2)]
    assert balance(bank, VISITS) == 2


def test_units_can_be_spent_on_their_last_day(bank):
    """And on no later one."""
    give(bank, POINTS, 10)
    assert redeem(bank, POINTS, 1, day=30) is Reason.APPROVED
    assert redeem(bank, POINTS, 1, day=31) is Reason.NOT_ENOUGH_UNITS
    assert changes(bank) == [("EXPIRED", POINTS, 9, 0)]


def test_a_debt_is_paid_by_what_is_given_later(bank):
    """It has no end, and is paid before anything is held."""
    give(bank, POINTS, 86)
    redeem(bank, POINTS, 80)
    give(bank, POINTS, -36)
    assert changes(bank) == [("TAKEN_BACK", POINTS, 36, -30)]
    assert redeem(bank, POINTS, 1) is Reason.NOT_ENOUGH_UNITS
    give(bank, POINTS, 20, day=40)
    assert balance(bank) == -10
    give(bank, POINTS, 15, day=41)
    assert balance(bank) == 5
    give(bank, VISITS, 1, day=72)
    assert changes(bank)[0] == ("EXPIRED", POINTS, 5, 0)


def test_a_shortfall_is_charged_at_its_price(bank):
    """Where the program says so; the balance never falls below 0."""
    give(bank, GIFTS, 3)
    redeem(bank, GIFTS, 2)
    give(bank, GIFTS, -2)
    assert bank.made == [(PostingKind.REWARD_CLAWBACK, 500)]
    assert changes(bank) == [("TAKEN_BACK", GIFTS, 1, 0)]
    give(bank, GIFTS, -1)
    assert (bank.made, changes(bank)) == ([(PostingKind.REWARD_CLAWBACK, 500)], [])


@pytest.mark.parametrize(
    ("kind", "unit", "amount", "reason"),
    [
        (Kind.GIVE_UNITS, POINTS, 0, Reason.INVALID_AMOUNT),
        (Kind.GIVE_UNITS, POINTS, 10**12 + 1, Reason.INVALID_AMOUNT),
        (Kind.GIVE_UNITS, POINTS, -(2**63), Reason.INVALID_AMOUNT),
        (Kind.GIVE_UNITS, GIFTS, -(10**12), Reason.INVALID_AMOUNT),
        (Kind.GIVE_UNITS, MISSING, 1, Reason.UNIT_NOT_FOUND),
        (Kind.REDEEM, MISSING, 1, Reason.UNIT_NOT_FOUND),
        (Kind.REDEEM, VISITS, 1, Reason.NOT_REDEEMABLE),
        (Kind.REDEEM, POINTS, 0, Reason.INVALID_AMOUNT),
        (Kind.REDEEM, POINTS, 10**12, Reason.INVALID_AMOUNT),
        (Kind.REDEEM, POINTS, 11, Reason.NOT_ENOUGH_UNITS),
    ],
)
def test_what_is_refused_changes_nothing(bank, kind, unit, amount, reason):
    """But the counters of commands."""
    give(bank, POINTS, 10)
    before = rows_in_use(bank.state)
    assert bank.send(command(kind, account_id=7, unit=unit, amount=amount)) is reason
    after = rows_in_use(bank.state)
    assert {name for name in before if before[name] != after[name]} <= {"counters"}


def test_an_account_without_a_product_holds_nothing():
    """Units stand in the books."""
    bank = Bank(units=UNITS)
    assert give(bank, POINTS, 1) is Reason.ACCOUNT_WITHOUT_PRODUCT


def test_rows_that_are_used_up_are_used_again(bank):
    """However often units are given and spent."""
    for day in range(50):
        give(bank, POINTS, 10, day)
        redeem(bank, POINTS, 10, day)
    assert bank.state.counters[Counter.HOLDINGS] == 1


def test_there_is_a_limit_to_kinds_and_last_days():
    """So that no command has to end more of them than there is room for."""
    bank = Bank(units=[{"number": 1, "id": "points", "expires_days": 3_000}, {"number": 2, "id": "visits"}])
    approve(bank, set_account(4, product=1, cut_day=5))
    for day in range(HOLDINGS_MAX):
        assert give(bank, POINTS, 1, day) is Reason.APPROVED
    assert give(bank, POINTS, 1, HOLDINGS_MAX - 1) is Reason.APPROVED
    assert give(bank, POINTS, 1, HOLDINGS_MAX) is Reason.TOO_MANY_HOLDINGS
    assert give(bank, VISITS, 1, HOLDINGS_MAX) is Reason.TOO_MANY_HOLDINGS


def test_closed_days_make_no_difference(bank):
    """Units that expired at the end of a day have expired, whether a command or the account's own life ends it."""
    lazy = Bank(units=UNITS)
    approve(lazy, set_account(4, product=1, cut_day=5))
    for each in (bank, lazy):
        give(each, POINTS, 10)
        give(each, POINTS, 7, day=9)
    for day in range(10, 50):
        today = on(day)
        close = command(Kind.CLOSE_DAY, time_us=today, day=today // DAY_US - 1, rows=1)
        assert bank.send(close) is Reason.APPROVED
    for each in (bank, lazy):
        give(each, VISITS, 1, day=50)
    first, second = rows_in_use(bank.state), rows_in_use(lazy.state)
    assert {name for name in first if first[name] != second[name]} == {"counters"}
    assert balance(lazy) == 0


def test_holdings_survive_a_checkpoint(bank):
    """A state that was stored and read again holds the same, and goes on as it would have."""
    give(bank, POINTS, 10)
    give(bank, POINTS, 5, day=3)
    stored = with_stored_arrays(
        {name: array.copy() for name, array in stored_arrays(bank.state).items()}, bank.state.program
    )
    assert rows_in_use(stored) == rows_in_use(bank.state)
    redeem(bank, POINTS, 12, day=4)
    expected, bank.state = rows_in_use(bank.state), stored
    assert redeem(bank, POINTS, 12, day=4) is Reason.APPROVED
    assert rows_in_use(bank.state) == expected
