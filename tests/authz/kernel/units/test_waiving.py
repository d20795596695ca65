"""A unit waives the fee of a withdrawal: charged and given back at once, and once only."""

import pytest

from authz.kernel.units.holdings import balance_of
from authz.program.tables import Bucket
from authz.vocabulary.commands import Kind, Operation
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank, approve
from tests.authz.commands import command, reversal, set_account, tap

UNITS = [{"number": 5, "id": "free_cash", "waives": "cash_fee"}, {"number": 2, "id": "points", "price": 1}]
PIN_PAID = {"kind": Kind.FINANCIAL_REQUEST, "operation": Operation.CASH}


@pytest.fixture
def bank():
    """An account that may withdraw cash, and holds one free withdrawal and many points."""
    made = Bank(
        products=[{"number": 1, "id": "phone_card", "terms": {"cash_share_ppm": 1_000_000}}],
        units=UNITS,
        cash_verification={"cash": "none"},
    )
    approve(made, set_account(4, product=1, cut_day=5))
    for unit, amount in ((5, 1), (2, 100)):
        approve(made, command(Kind.GIVE_UNITS, account_id=7, unit=unit, amount=amount))
    return made


def test_one_unit_waives_one_fee(bank):
    """The next withdrawal costs its fee again; points waive nothing."""
    approve(bank, tap(1, 20_000, **PIN_PAID))
    assert bank.made == [(PostingKind.CASH, 20_000), (PostingKind.CASH_FEE, 1_000), (PostingKind.WAIVER, -1_000)]
    assert (balance_of(bank.state, 0, 5), balance_of(bank.state, 0, 2)) == (0, 100)
    assert bank.state.books[0, Bucket.FEES] == 0
    approve(bank, tap(2, 20_000, **PIN_PAID))
    assert bank.made == [(PostingKind.CASH, 20_000), (PostingKind.CASH_FEE, 1_000)]
    assert bank.posted == 41_000


def test_what_a_unit_has_waived_is_waived_once(bank):
    """Neither the issuer nor a reversal of the cash gives it back again."""
    paid = tap(1, 20_000, **PIN_PAID)
    approve(bank, paid)
    named = {"decision": int(bank.result["sequence"]), "part": 1, "posting_kind": PostingKind.CASH_FEE}
    waiver = command(Kind.WAIVE, account_id=7, amount_minor=1_000, **named)
    assert bank.send(waiver) is Reason.ALREADY_GIVEN_BACK
    approve(bank, reversal(paid))
    assert bank.posted == 0


def test_an_earlier_fee_that_was_asked_for_stays_asked_for(bank):
    """The waiver takes the fee that was just charged, and counts toward no due."""
    approve(bank, command(Kind.GIVE_UNITS, account_id=7, unit=5, amount=-1), tap(1, 20_000, **PIN_PAID))
    approve(bank, command(Kind.GIVE_UNITS, account_id=7, unit=5, amount=2))
    before = bank.state.books[0, Bucket.FEES]
    approve(bank, tap(2, 20_000, **PIN_PAID))
    assert bank.state.books[0, Bucket.FEES] == before == 1_000
