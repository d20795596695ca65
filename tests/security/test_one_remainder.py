"""More is never given back than was paid: every chain of ways back, by request and by advice, in either order."""

import itertools

import pytest

from authz.commands import Flag, Kind
from authz.exception_items import ExceptionReason
from authz.reasons import Reason
from tests.authz.bank import RATES, SALE, Bank, again, approve, forward, told
from tests.authz.commands import USD, command, referring, refund, reversal, tap

AMOUNT = 10_000


@pytest.fixture
def bank():
    """An account of 1000.00 EUR."""
    return Bank(rates=RATES)


def bought(bank, **values):
    """A purchase, posted at once."""
    sale = tap(1, AMOUNT, **SALE, **values)
    approve(bank, sale)
    return sale


def completed(bank, **values):
    """An authorization and its completion."""
    hold = tap(1, AMOUNT, **values)
    paid = referring(Kind.FINANCIAL_REQUEST, hold, stan=2)
    approve(bank, hold, paid)
    return hold, paid


def advice_of(message):
    """The same as an advice."""
    advices = {Kind.REVERSAL_REQUEST: Kind.REVERSAL_ADVICE, Kind.FINANCIAL_REQUEST: Kind.FINANCIAL_ADVICE}
    made = message.copy()
    made["kind"] = advices[Kind(message["kind"][0])]
    return made


def charge_back(bank, amount=AMOUNT):
    """A chargeback of what the last message but one has posted; the answer."""
    rows = bank.state.transactions
    paid = rows[(rows["posted_minor"] > 0) & (rows["message_class"] == 2)][-1]
    dispute = command(Kind.CHARGEBACK, account_id=7, reference=int(paid["sequence"]), amount_minor=amount)
    return bank.send(dispute)


def listed(bank):
    """What the last answer lists as an exception: reason, asked and taken in the account's currency; or None."""
    reason = ExceptionReason(bank.result["exception"])
    if reason is ExceptionReason.NONE:
        return None
    return reason, int(bank.result["asked_minor"]), int(bank.result["billing_minor"])


def refused(bank, message, reason=Reason.EXCEEDS_REMAINDER):
    """A request that is refused and changes nothing, and lists nothing: whoever sent it knows."""
    before = bank.posted, bank.held
    assert bank.send(message) is reason
    assert (bank.posted, bank.held, listed(bank)) == (*before, None)


def acknowledged(bank, message, *, asked, taken):
    """An advice that is acknowledged, posts what is left, and is listed."""
    before = bank.posted
    assert bank.send(message) is Reason.APPROVED
    assert before - bank.posted == taken
    assert listed(bank) == (ExceptionReason.BEYOND_REMAINDER, asked, taken)


def test_buy_refund_reverse(bank):
    """The reversal finds nothing."""
    sale = bought(bank)
    approve(bank, refund(sale, stan=3))
    refused(bank, reversal(sale, stan=4), Reason.NOTHING_TO_REVERSE)
    acknowledged(bank, advice_of(reversal(sale, stan=5)), asked=AMOUNT, taken=0)


def test_buy_refund_a_part_reverse(bank):
    """The reversal finds a part."""
    sale = bought(bank)
    approve(bank, refund(sale, amount_minor=6_000, stan=3))
    refused(bank, reversal(sale, stan=4))
    acknowledged(bank, advice_of(reversal(sale, stan=5)), asked=AMOUNT, taken=4_000)
    assert bank.posted == 0


def test_buy_reverse_in_part_refund(bank):
    """10.00 of 100.00 remain, and 10.00 are refunded."""
    sale = bought(bank)
    approve(bank, reversal(sale, remaining=1_000, stan=3))
    refused(bank, refund(sale, stan=4))
    acknowledged(bank, advice_of(refund(sale, stan=5)), asked=AMOUNT, taken=1_000)
    assert bank.posted == 0


@pytest.mark.parametrize("is_advice", [False, True])
def test_buy_reverse_charge_back(bank, is_advice):
    """There is nothing to dispute."""
    sale = bought(bank)
    back = reversal(sale, stan=3)
    approve(bank, advice_of(back) if is_advice else back)
    assert charge_back(bank) is Reason.EXCEEDS_REMAINDER
    assert bank.posted == 0


def test_buy_charge_back_reverse(bank):
    """The dispute was faster."""
    sale = bought(bank)
    assert charge_back(bank, 9_000) is Reason.APPROVED
    refused(bank, reversal(sale, stan=3))
    acknowledged(bank, advice_of(reversal(sale, stan=4)), asked=AMOUNT, taken=1_000)
    assert bank.posted == 0


def test_complete_refund_reverse_the_completion(bank):
    """Whichever of the two the refund has named."""
    for bank, named in itertools.product([Bank()], ["hold", "completion"]):
        bank = Bank()
        hold, paid = completed(bank)
        approve(bank, refund(hold if named == "hold" else paid, amount_minor=7_000, stan=3))
        refused(bank, reversal(paid, stan=4))
        acknowledged(bank, advice_of(reversal(paid, stan=5)), asked=AMOUNT, taken=3_000)
        assert bank.posted == 0


def test_refunds_of_an_authorization_and_of_its_completion(bank):
    """Both are one purchase."""
    hold, paid = completed(bank)
    approve(bank, refund(hold, amount_minor=8_000, stan=3))
    refused(bank, refund(paid, amount_minor=2_001, stan=4))
    acknowledged(bank, advice_of(refund(paid, stan=5)), asked=AMOUNT, taken=2_000)
    acknowledged(bank, advice_of(refund(hold, stan=6)), asked=AMOUNT, taken=0)
    assert bank.posted == 0


def test_charge_back_refund(bank):
    """The merchant refunds what the issuer has taken back already."""
    sale = bought(bank)
    assert charge_back(bank, 9_999) is Reason.APPROVED
    refused(bank, refund(sale, amount_minor=2, stan=3))
    acknowledged(bank, advice_of(refund(sale, stan=4)), asked=AMOUNT, taken=1)
    assert charge_back(bank, 1) is Reason.EXCEEDS_REMAINDER


def test_refund_advices_that_name_nothing(bank):
    """They give back what the account owes, and leave less for those that name a purchase."""
    stray = refund(tap(99, 999_999_999_99, kind=Kind.FINANCIAL_REQUEST), kind=Kind.FINANCIAL_ADVICE, stan=50)
    stray["flags"] = 0
    acknowledged(bank, stray, asked=999_999_999_99, taken=0)
    sale = bought(bank)
    stray["stan"], stray["amount_minor"] = 51, 4_000
    approve(bank, stray)
    assert (bank.posted, listed(bank)) == (6_000, None)
    refused(bank, refund(sale, stan=3))
    acknowledged(bank, advice_of(refund(sale, stan=4)), asked=AMOUNT, taken=6_000)
    acknowledged(bank, advice_of(reversal(sale, stan=5)), asked=AMOUNT, taken=0)


def test_what_takes_a_way_back_again_adds_to_the_remainder(bank):
    """The reversal of a refund and a representment; each once."""
    sale = bought(bank)
    back = refund(sale, stan=3)
    approve(bank, back, reversal(back, stan=4), refund(sale, stan=5))
    assert bank.posted == 0
    refused(bank, refund(sale, amount_minor=1, stan=6))


def test_a_refund_that_was_cut_is_taken_back_for_what_it_gave(bank):
    """Not for what it said."""
    sale = bought(bank)
    approve(bank, refund(sale, amount_minor=9_000, stan=3))
    cut = advice_of(refund(sale, stan=4))
    acknowledged(bank, cut, asked=AMOUNT, taken=1_000)
    approve(bank, reversal(cut, stan=5))
    assert (bank.posted, told(bank)[:2]) == (1_000, (AMOUNT, 1_000))


@pytest.mark.parametrize("remaining", [None, 4_000])
@pytest.mark.parametrize("is_advice", [False, True])
def test_a_reversal_told_again_gives_its_amounts_again(bank, remaining, is_advice):
    """0401, 0421: as they were answered first, in both currencies."""
    sale = bought(bank, currency=USD, signed_currency=USD)
    back = reversal(sale, remaining=remaining, stan=3)
    back = advice_of(back) if is_advice else back
    approve(bank, back)
    first = told(bank)
    assert first[1] > 0
    approve(bank, again(back))
    assert told(bank) == first


def test_an_advice_that_was_cut_and_is_told_again_gives_its_amounts_again(bank):
    """What it posted, not what it said."""
    sale = bought(bank)
    approve(bank, refund(sale, amount_minor=9_000, stan=3))
    for cut, given in ((advice_of(refund(sale, stan=4)), 1_000), (advice_of(reversal(sale, stan=5)), 0)):
        acknowledged(bank, cut, asked=AMOUNT, taken=given)
        approve(bank, again(cut))
        assert (bank.posted, told(bank)[:2]) == (0, (AMOUNT, given))


def test_a_reversal_that_stand_in_has_accepted_is_an_advice(bank):
    """Nobody can refuse it any more."""
    sale = bought(bank)
    bank.send(command(Kind.SWITCH_ISSUER, state=1))
    approve(bank, advice_of(refund(sale, amount_minor=9_000, stan=3)), reversal(sale, stan=4))
    forward(bank)
    assert bank.posted == 0
    assert listed(bank) == (ExceptionReason.BEYOND_REMAINDER, AMOUNT, 1_000)


@pytest.mark.parametrize("kind", [Kind.FINANCIAL_REQUEST, Kind.FINANCIAL_ADVICE])
def test_a_completion_that_names_an_increment_completes_its_authorization(bank, kind):
    """It ends the hold, and is part of the same purchase."""
    hold = tap(1, AMOUNT)
    more = referring(Kind.AUTHORIZATION_REQUEST, hold, amount_minor=5_000, stan=2)
    approve(bank, hold, more, referring(kind, more, amount_minor=15_000, stan=3))
    assert (bank.held, bank.posted) == (0, 15_000)
    approve(bank, refund(hold, amount_minor=9_000, stan=4), refund(more, amount_minor=6_000, stan=5))
    refused(bank, refund(more, amount_minor=1, stan=6))


def test_an_authorized_refund_is_carried_out_once(bank):
    """By an advice that names it, that has its trace, or that names the purchase; all are bounded by the purchase."""
    sale = bought(bank)
    asked = refund(sale, kind=Kind.AUTHORIZATION_REQUEST, amount_minor=6_000, stan=3)
    approve(bank, asked)
    assert bank.posted == AMOUNT
    cleared = asked.copy()
    cleared["kind"], cleared["flags"] = Kind.FINANCIAL_ADVICE, 0
    approve(bank, cleared)
    assert bank.posted == 4_000
    acknowledged(bank, refund(asked, kind=Kind.FINANCIAL_ADVICE, stan=4), asked=6_000, taken=4_000)
    acknowledged(bank, advice_of(refund(sale, stan=5)), asked=AMOUNT, taken=0)


def test_several_completions_share_what_was_paid(bank):
    """A refund that names the authorization takes from what its completions can give back, whichever comes first."""
    hold = tap(1, AMOUNT)
    more = {"flags": Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS}
    first = referring(Kind.FINANCIAL_REQUEST, hold, amount_minor=4_000, stan=2, **more)
    second = referring(Kind.FINANCIAL_REQUEST, hold, amount_minor=6_000, stan=3)
    approve(bank, hold, first, second, refund(hold, amount_minor=7_000, stan=4))
    acknowledged(bank, advice_of(reversal(second, stan=5)), asked=6_000, taken=3_000)
    acknowledged(bank, advice_of(reversal(first, stan=6)), asked=4_000, taken=0)
    assert bank.posted == 0
