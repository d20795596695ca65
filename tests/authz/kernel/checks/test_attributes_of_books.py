"""What rules see of an account's books: as they are when the transaction comes, whoever has closed its days."""

import pytest

from authz.vocabulary.attributes import Attribute
from authz.vocabulary.commands import Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, SALE, Bank, approve
from tests.authz.commands import NOW_US, command, set_account, tap

DAY_US = 24 * HOUR_US
LOOKED_AT = ("product", "missed_dues", "in_relief", "owed_ppm")


def looks_at(*names):
    """A program whose rules look at these attributes, and change nothing."""
    values = {"in_relief": True}
    when = {"any": [{"attribute": name, "operator": "=", "value": values.get(name, 3)} for name in names]}
    return [{"id": "look", "state": "shadow", "when": when, "action": "flag"}]


@pytest.fixture
def bank():
    """An account that owes 200.00 of 1000.00 since 2026-11-24; its statement is cut on the 5th, due on the 25th."""
    made = Bank(products=[{"number": 3, "id": "phone_card"}], rules=looks_at(*LOOKED_AT))
    made.send(set_account(4, product=3, cut_day=5))
    approve(made, tap(1, 20_000, **SALE))
    return made


def seen(bank, days, atc=50, **values):
    """What the rule sees of a tap so many days later: product, dues missed, relief, and the share that is owed."""
    bank.send(tap(atc, 100, time_us=NOW_US + days * DAY_US, **values))
    return tuple(int(bank.findings.values[Attribute[name.upper()]]) for name in LOOKED_AT)


def test_who_owes_nothing_yet_has_no_books():
    """Nothing was missed, and nothing put off."""
    bank = Bank(rules=looks_at(*LOOKED_AT))
    assert seen(bank, 0) == (0, 0, 0, 0)
    bank.send(set_account(4, product=3, cut_day=5))
    assert seen(bank, 0, 51) == (3, 0, 0, 0)


@pytest.mark.parametrize(("days", "missed", "owed_ppm"), [(0, 0, 200_000), (34, 0, 200_000), (35, 1, 210_000)])
def test_dues_that_were_missed(bank, days, missed, owed_ppm):
    """From the day behind the last day of courtesy, 2026-12-28, though nobody has closed the days before."""
    assert seen(bank, days) == (3, missed, 0, owed_ppm)


def test_what_is_put_off(bank):
    """Until the statement that asks again: that of 2027-02-05, with which the second month of relief ends."""
    bank.send(command(Kind.PASS_TIME, time_us=NOW_US + 20 * DAY_US))
    relieve = command(Kind.RELIEVE, account_id=7, months=2, is_waived=1, time_us=NOW_US + 20 * DAY_US)
    assert seen(bank, 20, 50)[2] == 0
    assert bank.send(relieve) is Reason.APPROVED
    assert seen(bank, 20, 51)[1:3] == (0, 1)
    assert seen(bank, 73, 52)[1:3] == (0, 1)
    assert seen(bank, 74, 53)[1:3] == (0, 0)


OWED = [(100_000, 33_333, 333_330), (300_000, 100_000, 333_333), (100_000, 0, 0), (0, 1, 10**12), (0, 0, 0)]


@pytest.mark.parametrize(("limit", "owed", "ppm"), OWED)
def test_the_share_of_the_credit_limit(limit, owed, ppm):
    """Rounded down; without a credit limit it is greater than any that a bank would name."""
    bank = Bank(rules=looks_at("owed_ppm"))
    bank.send(set_account(4, limit_minor=1_000_000, transaction_limit_minor=1_000_000))
    if owed:
        approve(bank, tap(1, owed, **SALE))
    bank.send(set_account(5, limit_minor=limit))
    assert seen(bank, 0)[3] == ppm


def test_a_rule_about_missed_dues_declines(bank):
    """A live one, by what the account has missed when it pays."""
    when = {"attribute": "missed_dues", "operator": ">=", "value": 1}
    rule = {"id": "late", "state": "live", "when": when, "action": "decline"}
    bank.use(products=[{"number": 3, "id": "phone_card"}], rules=[rule])
    assert bank.send(tap(50, 100, time_us=NOW_US + 34 * DAY_US)) is Reason.APPROVED
    assert bank.send(tap(51, 100, time_us=NOW_US + 35 * DAY_US)) is Reason.SUSPECTED_FRAUD


def test_what_no_rule_looks_at_is_not_filled_in(bank):
    """A rule about the amount costs no look into books and scenes: the account's product is 3."""
    bank.use(rules=[{"id": "x", "state": "live", "action": "flag", "when": AN_AMOUNT}])
    assert bank.send(tap(50, 100)) is Reason.APPROVED
    scenes_and_books = bank.findings.values[Attribute.SCENE : Attribute.OWED_PPM + 1]
    assert set(scenes_and_books.tolist()) == {0}, "nothing was written there"
    assert bank.findings.values[Attribute.AMOUNT] == 100


AN_AMOUNT = {"attribute": "amount", "operator": ">", "value": 0}
