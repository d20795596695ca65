"""A unit pays for a purchase: one for each, up to its most, and what it paid follows refunds."""

import pytest

from authz.kernel.units.holdings import balance_of
from authz.vocabulary.commands import Kind
from authz.vocabulary.posting_kinds import PostingKind
from tests.authz.bank import SALE, Bank, approve
from tests.authz.commands import command, refund, set_account, tap

LOUNGE = 4582
VISITS = 4
UNITS = [{"number": VISITS, "id": "lounge", "pays_for": {"where": {"categories": [str(LOUNGE)]}, "at_most": 30_000}}]
EVERYWHERE = {"number": 1, "id": "back", "gives": {"back_ppm": 10_000}}


@pytest.fixture
def bank():
    """An account with two lounge visits, under a program with money back as well."""
    made = Bank(products=[{"number": 1, "id": "card"}], units=UNITS, offers=[EVERYWHERE])
    approve(made, set_account(4, product=1, cut_day=5))
    approve(made, command(Kind.GIVE_UNITS, account_id=7, unit=VISITS, amount=2))
    return made


def visit(number, amount, category=LOUNGE):
    """A purchase in a lounge, charged at once."""
    return tap(number, amount, **SALE | {"merchant_category": category})


def test_one_visit_pays_for_one_purchase(bank):
    """In full, up to the most; nothing else is given for it."""
    approve(bank, visit(1, 20_000))
    assert bank.made == [(PostingKind.PURCHASE, 20_000), (PostingKind.REWARD, -20_000)]
    assert (bank.posted, balance_of(bank.state, 0, VISITS)) == (0, 1)
    approve(bank, visit(2, 40_000))
    assert bank.made == [(PostingKind.PURCHASE, 40_000), (PostingKind.REWARD, -30_000)]
    approve(bank, visit(3, 10_000))
    assert bank.made == [(PostingKind.PURCHASE, 10_000), (PostingKind.REWARD, -100)]
    assert balance_of(bank.state, 0, VISITS) == 0


def test_it_pays_for_nothing_else(bank):
    """A purchase elsewhere gives what offers give, and spends no visit."""
    approve(bank, visit(1, 10_000, category=5812))
    assert bank.made == [(PostingKind.PURCHASE, 10_000), (PostingKind.REWARD, -100)]
    assert balance_of(bank.state, 0, VISITS) == 2


def test_what_it_paid_is_taken_back_with_a_refund(bank):
    """As much as was refunded: nobody gains by it."""
    bought = visit(1, 20_000)
    approve(bank, bought, refund(bought, amount_minor=5_000, stan=2))
    assert bank.made == [(PostingKind.REFUND, -5_000), (PostingKind.REWARD_CLAWBACK, 5_000)]
    approve(bank, refund(bought, amount_minor=15_000, stan=3))
    assert bank.made == [(PostingKind.REFUND, -15_000), (PostingKind.REWARD_CLAWBACK, 15_000)]
    assert bank.posted == 0
