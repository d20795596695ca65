"""Classification by what was bought where: each of the counts of a condition sees what its filter lets through."""

import pytest

from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.commands import Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import SALE, Bank
from tests.authz.commands import NOW_US, command, set_account, tap

DAY_US = 86_400_000_000
SCENES = [
    {"scene": "restaurant", "need": "dining", "categories": [["5812", "5812"]]},
    {"scene": "cinema", "need": "play", "categories": [["7832", "7832"]]},
]


def measured(attribute, value, **where):
    """A count or sum that is at least so much."""
    return {"attribute": attribute, "operator": ">=", "value": value, "where": where}


SEGMENTS = [
    {"number": 3, "id": "diner", "when": measured("amount_month", 10_000, needs=["dining"])},
    {"number": 2, "id": "player", "when": measured("count_month", 2, scenes=["cinema"])},
    {"number": 7, "id": "both", "when": {"all": [measured("count_7d", 1), measured("amount_7d", 500)]}},
]


@pytest.fixture
def bank():
    """An account whose statement is cut on the 28th; it is noon of the 24th."""
    made = Bank(scenes=SCENES, products=[{"number": 1, "id": "card"}], segments=SEGMENTS)
    made.send(set_account(4, product=1, cut_day=28))
    return made


def after_the_cut(bank):
    """The segment that the account is in then."""
    bank.send(command(Kind.PAYMENT, account_id=7, amount_minor=1, time_us=NOW_US + 5 * DAY_US))
    return int(bank.state.accounts[0]["segment"])


@pytest.mark.parametrize(
    ("bought", "segment"),
    [
        ([], 0),
        ([(5812, 10_000)], 3),
        ([(5812, 9_999)], 7),
        ([(5812, 4_000), (5812, 6_000)], 3),
        ([(7832, 100), (7832, 100)], 2),
        ([(7832, 100)], 0),
        ([(5411, 400), (7832, 99)], 0),
        ([(5411, 400), (7832, 100)], 7),
        ([(7832, 5_000), (5812, 10_000), (7832, 5_000)], 3),
    ],
)
def test_the_first_segment_whose_condition_holds(bank, bought, segment):
    """In the order of the list, and not of their numbers."""
    for atc, (category, amount) in enumerate(bought, 1):
        bank.send(tap(atc, amount, merchant_category=category, **SALE))
    if not bought:
        bank.send(command(Kind.ADJUST, account_id=7, amount_minor=1))
    assert after_the_cut(bank) == segment


def test_what_is_declined_counts_not(bank):
    """Nor what is bought after the day at whose end the statement is cut."""
    assert bank.send(tap(1, 60_000, merchant_category=5812, **SALE)) is Reason.EXCEEDS_LIMIT
    bank.send(command(Kind.ADJUST, account_id=7, amount_minor=1))
    bank.send(tap(2, 10_000, merchant_category=5812, time_us=NOW_US + 5 * DAY_US, **SALE))
    assert int(bank.state.accounts[0]["segment"]) == 0


def test_a_change_is_noted_once(bank):
    """With the segment before, the one now, and the day of the statement."""
    bank.send(tap(1, 10_000, merchant_category=5812, **SALE))
    assert after_the_cut(bank) == 3
    (change,) = bank.state.changes.rows[: bank.state.changes.used[0]]
    assert (change["kind"], change["about"], change["detail"]) == (ChangeKind.SEGMENT_CHANGED, 0, 3)
    assert change["day"] == NOW_US // DAY_US + 4
    assert bank.result["changes"] == 1
