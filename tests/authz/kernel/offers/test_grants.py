"""What offers give for a purchase follows what stands of it, in whatever order money is given back."""

from datetime import date

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from authz.state.billing import BUCKETS, GRANTS_OF_A_PURCHASE, General
from authz.state.stored import rows_in_use, stored_arrays, with_stored_arrays
from authz.state.tables import Counter
from authz.vocabulary.commands import CardholderVerification, Flag, Kind, Operation
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, SALE, Bank, approve
from tests.authz.commands import NOW_US, command, referring, refund, reversal, set_account, tap

DINING, BOOKS = 5812, 5942
PACK = {
    "number": 7,
    "id": "pack",
    "where": {"categories": [str(DINING)]},
    "gives": {"back_ppm": 200_000, "at_most": 3_000, "funded_by": "merchant"},
}
CASH_BACK = {
    "operation": Operation.PURCHASE_WITH_CASH_BACK,
    "cash_minor": 2_000,
    "cardholder_verification": CardholderVerification.DEVICE,
}
MUCH = 10**9


def program(*offers, **document):
    """A program with a product and these offers."""
    return {"products": [{"number": 1, "id": "card"}], "offers": list(offers), **document}


def bank_with(*offers, **account):
    """A bank whose account has a product, under these offers."""
    bank = Bank(**program(*offers))
    its = {"product": 1, "cut_day": 5, "limit_minor": MUCH, "transaction_limit_minor": MUCH}
    approve(bank, set_account(10, **its | account))
    return bank


def dine(number, amount, **values):
    """A purchase at a restaurant, charged at once."""
    return tap(number, amount, **SALE | {"merchant_category": DINING} | values)


def test_a_pack():
    """200.00 give 30.00 back, the most there is; half of it refunded takes 10.00 of that, the other half the rest."""
    bank, dinner = bank_with(PACK), dine(1, 20_000)
    steps = [
        (dinner, [(PostingKind.PURCHASE, 20_000), (PostingKind.REWARD, -3_000)], 17_000),
        (
            refund(dinner, amount_minor=10_000, stan=2),
            [(PostingKind.REFUND, -10_000), (PostingKind.REWARD_CLAWBACK, 1_000)],
            8_000,
        ),
        (
            refund(dinner, amount_minor=10_000, stan=3),
            [(PostingKind.REFUND, -10_000), (PostingKind.REWARD_CLAWBACK, 2_000)],
            0,
        ),
    ]
    for message, made, owed in steps:
        approve(bank, message)
        assert (bank.made, bank.posted) == (made, owed)
    assert not bank.state.general.any()


@pytest.mark.parametrize("funded_by", ["issuer", "merchant"])
def test_who_bears_it(funded_by):
    """The general counter on the other side."""
    bank = bank_with(PACK | {"gives": {"back_ppm": 10_000, "funded_by": funded_by}})
    approve(bank, dine(1, 20_000))
    borne = {General.REWARDS: bank.state.general[General.REWARDS], General.MERCHANT_FUNDED: 0}
    borne[General.MERCHANT_FUNDED] = bank.state.general[General.MERCHANT_FUNDED]
    assert sorted(borne.values()) == [0, 200]
    assert borne[General.REWARDS if funded_by == "issuer" else General.MERCHANT_FUNDED] == 200


@pytest.mark.parametrize(
    ("values", "offer", "back"),
    [
        ({}, {}, 1_000),
        ({"merchant_category": BOOKS}, {}, 0),
        ({"merchant_category": BOOKS}, {"where": {}}, 1_000),
        ({}, {"where": {"segments": [3]}}, 1_000),
        ({}, {"where": {"segments": [4]}}, 0),
        (CASH_BACK, {}, 600),
        ({"operation": Operation.CASH, "cardholder_verification": CardholderVerification.PIN}, {}, 0),
        ({"kind": Kind.FINANCIAL_ADVICE}, {}, 1_000),
        ({"amount_minor": 2, "signed_amount_minor": 2}, {}, 0),
        ({}, {"supply": 0}, 0),
    ],
)
def test_what_an_offer_is_about(values, offer, back):
    """Purchases that its filter lets through, in a segment it is for; cash earns nothing."""
    bank = bank_with(PACK | offer, segment=3)
    approve(bank, dine(1, 5_000, **values))
    assert -sum(amount for kind, amount in bank.made if kind is PostingKind.REWARD) == back
    assert bank.state.counters[Counter.GRANTS] == (back > 0)


def test_an_account_without_a_product_is_given_nothing():
    """It has no books that a reward could be in."""
    bank = Bank(**program(PACK))
    approve(bank, dine(1, 5_000))
    assert bank.made == [(PostingKind.PURCHASE, 5_000)]


def test_an_authorization_earns_nothing_and_its_completions_are_one_purchase():
    """What is held may not come: each completion adds to the purchase, and the most is for all of them."""
    bank = bank_with(PACK)
    order = dine(1, 20_000, kind=Kind.AUTHORIZATION_REQUEST)
    approve(bank, order)
    assert bank.made == []
    more = {"flags": Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS}
    first = referring(Kind.FINANCIAL_REQUEST, order, stan=11, amount_minor=10_000, **more)
    second = referring(Kind.FINANCIAL_REQUEST, order, stan=12, amount_minor=10_000)
    approve(bank, first)
    assert bank.made == [(PostingKind.PURCHASE, 10_000), (PostingKind.REWARD, -2_000)]
    approve(bank, second)
    assert bank.made == [(PostingKind.PURCHASE, 10_000), (PostingKind.REWARD, -1_000)]
    approve(bank, reversal(first, stan=13))
    assert bank.made == [(PostingKind.REVERSAL, -10_000), (PostingKind.REWARD_CLAWBACK, 1_000)]
    assert bank.state.granted[7] == 1


def test_several_offers():
    """Each gives its own, in their order, up to as many as a purchase can have."""
    offers = [PACK | {"number": 20 - number, "id": f"offer-{number}"} for number in range(GRANTS_OF_A_PURCHASE + 1)]
    bank, dinner = bank_with(*offers), dine(1, 5_000)
    approve(bank, dinner)
    assert bank.made[1:] == [(PostingKind.REWARD, -1_000)] * GRANTS_OF_A_PURCHASE
    assert bank.state.grants["offer"][: GRANTS_OF_A_PURCHASE + 1].tolist() == [*range(20, 12, -1), 0]
    approve(bank, reversal(dinner, stan=2))
    assert bank.posted == 0


def test_supply():
    """It is used up, purchase by purchase; what is taken back leaves it used, and another program counts on."""
    bank = bank_with(PACK | {"supply": 2})
    purchases = [dine(number, 5_000) for number in (1, 2, 3)]
    approve(bank, *purchases[:2], reversal(purchases[0], stan=11), purchases[2])
    assert bank.made == [(PostingKind.PURCHASE, 5_000)]
    bank.use(**program(PACK | {"supply": 1}))
    approve(bank, dine(4, 5_000))
    assert bank.made == [(PostingKind.PURCHASE, 5_000)]
    bank.use(**program(PACK | {"supply": 3}))
    approve(bank, dine(5, 5_000))
    assert bank.made[1:] == [(PostingKind.REWARD, -1_000)]
    assert bank.state.granted[7] == 3


def test_what_was_granted_is_taken_back_by_the_terms_of_that_day():
    """Also under a program that has no offers any more."""
    bank, dinner = bank_with(PACK), dine(1, 20_000)
    approve(bank, dinner)
    bank.use(**program())
    approve(bank, refund(dinner, amount_minor=10_000, stan=2))
    assert bank.made[1:] == [(PostingKind.REWARD_CLAWBACK, 1_000)]


def noon(day):
    """Noon of a day, UTC."""
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * 24 * HOUR_US + 12 * HOUR_US


def test_a_purchase_and_its_reversal_do_not_pay_the_minimum():
    """A reward counts toward what is due, and what is taken back of it is due again; relief keeps nothing due."""
    bank = bank_with(PACK | {"gives": {"back_ppm": 1_000_000}})
    approve(bank, dine(1, 10_000, merchant_category=BOOKS))
    january = noon(date(2026, 12, 10))
    bank.send(command(Kind.CLOSE_DAY, time_us=january, day=january // (24 * HOUR_US) - 1, rows=10))
    dues = lambda: (int(bank.state.billing[0]["due"]), int(bank.state.billing[0]["to_pay"]))  # noqa: E731
    assert dues() == (1_000, 10_000)
    dinner = dine(2, 4_000, time_us=january)
    approve(bank, dinner)
    assert dues() == (0, 6_000)
    approve(bank, reversal(dinner, stan=11, time_us=january))
    assert dues() == (1_000, 10_000)


class GrantsFollowPurchases(RuleBasedStateMachine):
    """Purchases of one account under two offers, of which money is given back and charged again in any order."""

    offers = (PACK, PACK | {"number": 8, "id": "all", "where": {}, "gives": {"back_ppm": 15_001}, "supply": 6})

    def __init__(self):
        super().__init__()
        self.bank, self.number, self.time_us = bank_with(*self.offers), 0, NOW_US
        self.purchases, self.refunds, self.commands = [], [], []

    def _next(self):
        self.number += 1
        return self.number

    def _send(self, message):
        self.commands.append(message)
        return self.bank.send(message)

    @rule(amount=st.sampled_from([1, 99, 3_333, 14_999, 20_000]), category=st.sampled_from([DINING, BOOKS]))
    def something_is_bought(self, amount, category):
        """And charged at once."""
        message = dine(self._next(), amount, merchant_category=category, time_us=self.time_us)
        if self._send(message) is Reason.APPROVED:
            self.purchases.append((message, int(self.bank.result["sequence"])))

    @precondition(lambda self: self.purchases)
    @rule(which=st.integers(0, 5), amount=st.sampled_from([1, 50, 3_333, 9_999, 20_000]), way=st.integers(0, 4))
    def money_moves(self, which, amount, way):
        """Back or forth, or it is refused: a refund, reversals, a chargeback, a representment."""
        message, sequence = self.purchases[-1 - which % len(self.purchases)]
        its = {"stan": 500_000 + self._next(), "time_us": self.time_us}
        disputed = {"decision": sequence, "amount_minor": amount, "account_id": 7, "time_us": self.time_us}
        if way == 0:
            given = refund(message, amount_minor=amount, **its)
            self.refunds += [given] if self._send(given) is Reason.APPROVED else []
        elif way == 1:
            self._send(reversal(message, **its))
        elif way == 2:
            self._send(reversal(message, remaining=int(message["amount_minor"][0]) // 2, **its))
        else:
            self._send(command(Kind.CHARGEBACK if way == 3 else Kind.REPRESENTMENT, **disputed))

    @precondition(lambda self: self.refunds)
    @rule()
    def a_refund_is_taken_back(self):
        """The last one."""
        self._send(reversal(self.refunds.pop(), stan=500_000 + self._next(), time_us=self.time_us))

    @rule(days=st.sampled_from([0, 1, 20, 40]), is_closed=st.booleans())
    def time_passes(self, days, is_closed):
        """And some days are closed at once."""
        self.time_us += days * 24 * HOUR_US
        if is_closed:
            self._send(command(Kind.CLOSE_DAY, time_us=self.time_us, day=self.time_us // (24 * HOUR_US) - 1, rows=10))

    @rule(has_offers=st.booleans())
    def a_program_comes(self, has_offers):
        """With these offers or with none."""
        if has_offers != bool(self.bank.document.offers):
            self.commands.append(program(*self.offers * has_offers))
            self.bank.use(**self.commands[-1])

    @invariant()
    def what_is_granted_is_what_stands_gives(self):
        """Reward less clawback is the sum of what each grant gives for what stands; the books are in balance."""
        state = self.bank.state
        moved = [(each[5], each[2]) for each in self.bank.postings]
        rewarded = -sum(amount for kind, amount in moved if kind == PostingKind.REWARD)
        clawed = sum(amount for kind, amount in moved if kind == PostingKind.REWARD_CLAWBACK)
        grants = state.grants[: state.counters[Counter.GRANTS]]
        bought = {sequence for _, sequence in self.purchases}
        gives = {7: lambda net: min((net + 2) // 5, 3_000), 8: lambda net: (net * 15_001 + 500_000) // 1_000_000}
        for each in grants:
            assert int(each["purchase"]) in bought
            net = int(each["net_minor"])
            assert int(each["granted_minor"]) == gives[int(each["offer"])](max(net, 0))
        assert rewarded - clawed == int(grants["granted_minor"].sum())
        assert 0 <= state.granted[8] <= 6
        owed = int(state.books[0, :BUCKETS].sum()) if state.accounts[0]["billing"] else 0
        assert owed == self.bank.posted == -int(state.general.sum())
        assert -int(state.general[General.REWARDS]) - int(state.general[General.MERCHANT_FUNDED]) == clawed - rewarded

    def teardown(self):
        """Stored and put back, and sent again without closing days, it is the same."""
        state = self.bank.state
        assert rows_in_use(with_stored_arrays(stored_arrays(state), state.program)) == rows_in_use(state)
        last = self.time_us + 24 * HOUR_US
        closing = command(Kind.CLOSE_DAY, time_us=last, day=last // (24 * HOUR_US) - 1, rows=10)
        self._send(closing)
        for closes in (True, False):
            again = bank_with(*self.offers)
            for each in self.commands:
                if isinstance(each, dict):
                    again.use(**each)
                elif closes or each is self.commands[-1] or each["kind"][0] != Kind.CLOSE_DAY:
                    again.send(each)
                else:
                    again.send(command(Kind.PASS_TIME, time_us=each["time_us"][0]))
            assert rows_in_use(again.state) == rows_in_use(self.bank.state)


TestGrantsFollowPurchases = GrantsFollowPurchases.TestCase
TestGrantsFollowPurchases.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
