"""More is never given back than was paid: every chain of ways back, by request and by advice, in either order."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from authz.state.tables import Counter
from authz.vocabulary.commands import MESSAGES, Flag, Kind, Operation
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.posting_kinds import POSTING, posting_kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import RATES, SALE, Bank, again, approve, forward, next_advice, told
from tests.authz.commands import USD, command, referring, refund, reversal, tap
from tests.security.purchases import Charge, Hold, Purchase, Refund

AMOUNT = 10_000
AMOUNTS = st.sampled_from([1, 600, 4_000, 9_999, 10_000, 10_001])
WHICH = st.integers(0, 12)
WAYS = st.sampled_from(["request", "request", "advice", "advice", "stood in"])
_SEQUENCE, _AMOUNT, _PART, _KIND = (POSTING.names.index(name) for name in ("sequence", "amount_minor", "part", "kind"))


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
    dispute = command(Kind.CHARGEBACK, account_id=7, decision=int(paid["sequence"]), amount_minor=amount)
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
    for cut, gave in ((advice_of(refund(sale, stan=4)), 1_000), (advice_of(reversal(sale, stan=5)), 0)):
        acknowledged(bank, cut, asked=AMOUNT, taken=gave)
        approve(bank, again(cut))
        assert (bank.posted, told(bank)[:2]) == (0, (AMOUNT, gave))


def test_a_reversal_that_stand_in_has_accepted_is_an_advice(bank):
    """Nobody can refuse it any more."""
    sale = bought(bank)
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
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


def with_dollars_at(bank, rate):
    """The same bank when a euro is so many dollars."""
    bank.use(rates={"base": "EUR", "per_base": {"USD": rate}})


DOLLARS = {"currency": USD, "signed_currency": USD}


@pytest.mark.parametrize("names_the_hold", [None, False, True])
def test_cheaper_dollars_do_not_refund_more_dollars(names_the_hold):
    """100.00 dollars were paid and are refunded for half the euros: there is not a cent left, in dollars."""
    bank = Bank()
    with_dollars_at(bank, "1.25")
    named = bought(bank, **DOLLARS) if names_the_hold is None else completed(bank, **DOLLARS)[int(not names_the_hold)]
    assert bank.posted == 8_000
    with_dollars_at(bank, "2.5")
    approve(bank, refund(named, amount_minor=6_000, stan=3))
    refused(bank, refund(named, amount_minor=4_001, stan=4))
    acknowledged(bank, advice_of(refund(named, stan=5)), asked=4_000, taken=1_600)
    refused(bank, refund(named, amount_minor=1, stan=6))
    assert bank.posted == 4_000


def test_dearer_dollars_do_not_refund_more_euros():
    """80.00 euros were paid: half the dollars take all of it."""
    bank = Bank()
    with_dollars_at(bank, "1.25")
    sale = bought(bank, **DOLLARS)
    with_dollars_at(bank, "0.625")
    refused(bank, refund(sale, amount_minor=5_001, stan=3))
    acknowledged(bank, advice_of(refund(sale, stan=4)), asked=16_000, taken=8_000)
    refused(bank, refund(sale, amount_minor=1, stan=5))


def test_dollars_that_were_reversed_are_not_refunded():
    """What remains bounds the refund, and what was taken back of a refund can be refunded again."""
    bank = Bank()
    with_dollars_at(bank, "1.25")
    sale = bought(bank, **DOLLARS)
    approve(bank, refund(sale, amount_minor=3_000, stan=3), reversal(sale, remaining=4_000, stan=4))
    with_dollars_at(bank, "5")
    refused(bank, refund(sale, amount_minor=1_001, stan=5))
    back = refund(sale, amount_minor=1_000, stan=6)
    approve(bank, back)
    refused(bank, refund(sale, amount_minor=1, stan=7))
    approve(bank, reversal(back, remaining=400, stan=8))
    refused(bank, refund(sale, amount_minor=601, stan=9))
    approve(bank, refund(sale, amount_minor=600, stan=10))


@given(
    st.lists(st.tuples(st.sampled_from(["0.5", "1.25", "3"]), st.integers(1, 6_000), st.booleans()), max_size=8),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_at_any_rates(refunds, is_completed):
    """No more dollars than were paid, and no more euros."""
    bank = Bank()
    with_dollars_at(bank, "1.25")
    named = completed(bank, **DOLLARS) if is_completed else [bought(bank, **DOLLARS)]
    paid, dollars = bank.posted, 0
    for number, (rate, amount, names_the_last) in enumerate(refunds):
        with_dollars_at(bank, rate)
        if bank.send(refund(named[-1 if names_the_last else 0], amount_minor=amount, stan=10 + number)) is (
            Reason.APPROVED
        ):
            dollars += amount
    assert dollars <= AMOUNT
    assert 0 <= bank.posted <= paid


class AnyOrder(RuleBasedStateMachine):
    """Messages of any kind about purchases of any kind, in any order; each is held against the principle."""

    def __init__(self):
        super().__init__()
        self.bank = Bank()
        self.stan = 0
        self.known = []  # what was approved: the message, and what it is to the model
        self.sent = []  # every message, with its first answer
        self.posted = 0

    def _next(self):
        self.stan += 1
        return self.stan

    def _send(self, message, in_outage=False):
        """Send a message; its reason, and by how much the account changed.

        in_outage: while the issuer is away, so that it hears of it from stand-in; the reason is the issuer's.
        """
        if in_outage:
            self.bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
            accepted = self.bank.send(message)
            assert self.bank.posted == self.posted
            self.bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
            if accepted is not Reason.APPROVED:
                return accepted, 0
        reason = self.bank.send(next_advice(self.bank) if in_outage else message)
        change = self.bank.posted - self.posted
        self.posted = self.bank.posted
        assert change == int(self.bank.result["posted_change_minor"])
        self.sent.append((message, reason, told(self.bank)))
        return reason, change

    def _one_of(self, which, *kinds):
        fitting = [each for each in self.known if isinstance(each[1], kinds)]
        return fitting[which % len(fitting)] if fitting else (None, None)

    @initialize(others=st.sampled_from([0, 30_000]))
    def begin(self, others):
        """A sale, a hold that was completed, and what the account owes for purchases that nobody here speaks of."""
        self._send(tap(self._next(), others, kind=Kind.FINANCIAL_ADVICE))
        self.buy(AMOUNT)
        self.authorize(AMOUNT)
        self.complete(0, AMOUNT, more_follows=False, is_advice=False)

    @rule(amount=AMOUNTS)
    def buy(self, amount):
        """A sale of its own."""
        message = tap(self._next(), amount, **SALE)
        reason, change = self._send(message)
        if reason is Reason.APPROVED:
            charge = Charge(Purchase(), amount)
            charge.post(change)
            self.known.append((message, charge))

    @rule(amount=AMOUNTS)
    def authorize(self, amount):
        """A hold."""
        message = tap(self._next(), amount)
        reason, change = self._send(message)
        assert change == 0
        if reason is Reason.APPROVED:
            self.known.append((message, Hold(Purchase())))

    @rule(which=WHICH, amount=AMOUNTS)
    def increase(self, which, amount):
        """More of a hold; it is the same purchase."""
        named, hold = self._one_of(which, Hold)
        if hold is not None:
            message = referring(Kind.AUTHORIZATION_REQUEST, named, amount_minor=amount, stan=self._next())
            reason, change = self._send(message)
            assert change == 0
            if reason is Reason.APPROVED:
                self.known.append((message, hold))

    @rule(which=WHICH, amount=AMOUNTS, more_follows=st.booleans(), is_advice=st.booleans())
    def complete(self, which, amount, more_follows, is_advice):
        """A posting of what was held, also by naming an increment."""
        named, hold = self._one_of(which, Hold)
        if hold is None:
            return
        kind = Kind.FINANCIAL_ADVICE if is_advice else Kind.FINANCIAL_REQUEST
        flags = Flag.HAS_ORIGINAL | (Flag.MORE_FOLLOWS if more_follows else 0)
        message = referring(kind, named, amount_minor=amount, flags=flags, stan=self._next())
        reason, change = self._send(message)
        assert change == (amount if reason is Reason.APPROVED else 0)
        assert reason is Reason.APPROVED or not is_advice
        if reason is Reason.APPROVED:
            charge = Charge(hold.purchase, amount)
            charge.post(change)
            self.known.append((message, charge))

    @rule(which=WHICH, amount=AMOUNTS, way=WAYS, is_asked_first=st.booleans())
    def refund(self, which, amount, way, is_asked_first):
        """Of a charge or a hold, by naming it, or an authorized refund of it."""
        named, given = self._one_of(which, Charge, Hold)
        if is_asked_first:
            asked = refund(named, amount_minor=amount, kind=Kind.AUTHORIZATION_REQUEST, stan=self._next())
            reason, change = self._send(asked)
            assert change == 0
            named = asked if reason is Reason.APPROVED else named
        kind = Kind.FINANCIAL_REQUEST if way == "request" else Kind.FINANCIAL_ADVICE
        message = refund(named, amount_minor=amount, kind=kind, stan=self._next())
        self._given_back(message, given, amount, way)

    @rule(amount=AMOUNTS)
    def refund_nothing_known(self, amount):
        """An advice that names no purchase."""
        message = tap(self._next(), amount, kind=Kind.FINANCIAL_ADVICE, operation=Operation.REFUND)
        self._given_back(message, None, amount, "advice")

    def _given_back(self, message, given, amount, way):
        """The answer to a refund, as the principle has it."""
        left = self.posted if given is None else max(0, min(given.left, self.posted))
        reason, change = self._send(message, way == "stood in")
        if way != "request":
            assert (reason, change) == (Reason.APPROVED, -min(amount, left))
            self._is_listed(amount, min(amount, left))
        else:
            assert change == (-amount if reason is Reason.APPROVED else 0)
            if reason is Reason.ALREADY_REVERSED:
                assert given.is_reversed
            else:
                assert reason is (Reason.APPROVED if amount <= left else Reason.EXCEEDS_REMAINDER)
        if reason is Reason.APPROVED:
            back = Refund(given, -change, 0)
            back.post(change)
            self.known.append((message, back))

    def _is_listed(self, asked, taken):
        expected = (ExceptionReason.BEYOND_REMAINDER, asked, taken) if taken < asked else None
        assert listed(self.bank) == expected

    @rule(which=WHICH, remaining=st.none() | AMOUNTS, way=WAYS, is_advice=st.booleans())
    def reverse(self, which, remaining, way, is_advice):
        """A charge, a hold or a refund, in whole or in part, once or more often."""
        named, undone = self._one_of(which, Charge, Hold, Refund)
        message = reversal(named, remaining=remaining, stan=self._next())
        message = advice_of(message) if way == "advice" or (way == "stood in" and is_advice) else message
        remaining = remaining or 0
        match undone:
            case Hold():
                reason, change = self._send(message, way == "stood in")
                assert change == 0
                undone.is_reversed |= reason is Reason.APPROVED and remaining == 0
            case Refund():
                reason, change = self._send(message, way == "stood in")
                assert 0 <= change <= undone.given
                assert change == 0 or reason is Reason.APPROVED
                undone.post(change)
            case Charge():
                self._charge_reversed(message, undone, remaining, way)

    def _charge_reversed(self, message, charge, remaining, way):
        """The answer to the reversal of a charge, as the principle has it."""
        left = max(0, min(charge.left, self.posted))
        asked = max(0, charge.standing - remaining)
        was_reversed, standing = charge.is_reversed, charge.standing
        reason, change = self._send(message, way == "stood in")
        if was_reversed:
            assert (reason, change) == (Reason.APPROVED, 0)
            return
        is_request = way == "request" or message["kind"][0] == Kind.REVERSAL_REQUEST
        if not is_request:
            fits = remaining <= standing
            assert reason is (Reason.APPROVED if fits else Reason.ORIGINAL_AMOUNT_MISMATCH)
            assert change == (-min(asked, left) if fits else 0)
            if fits:
                self._is_listed(asked, min(asked, left))
        elif reason is Reason.APPROVED:
            assert asked <= left
            assert change == -asked
        else:
            assert change == 0
            assert left == 0 or asked > left or remaining > standing
        if reason is Reason.APPROVED:
            charge.post(change)
            charge.standing, charge.is_reversed = remaining, remaining == 0

    @rule(which=WHICH, amount=AMOUNTS, again=st.booleans())
    def dispute(self, which, amount, again):
        """A chargeback of a charge, or a representment of what was charged back."""
        named, charge = self._one_of(which, Charge)
        if charge is None:
            return
        sequence = next(told[0] for told in self._sequences() if (told[1] == named["stan"][0]))
        kind = Kind.REPRESENTMENT if again else Kind.CHARGEBACK
        bound = charge.disputed if again else max(0, min(charge.left, self.posted))
        reason, change = self._send(command(kind, account_id=7, decision=sequence, amount_minor=amount))
        if amount > bound:
            assert (reason, change) == (Reason.EXCEEDS_REMAINDER, 0)
            return
        assert (reason, change) == (Reason.APPROVED, amount if again else -amount)
        charge.disputed -= change
        charge.post(change)

    def _sequences(self):
        rows = self.bank.state.transactions
        return [(int(row["sequence"]), int(row["stan"])) for row in rows if row["message_class"] == 2]

    @rule(which=WHICH)
    def tell_again(self, which):
        """A message that was sent before: nothing moves, and an approval says the same."""
        fitting = [each for each in self.sent if each[1] is Reason.APPROVED and each[0]["kind"][0] in MESSAGES]
        if not fitting:
            return
        message, reason, amounts = fitting[which % len(fitting)]
        before = self.bank.posted, self.bank.held
        assert self.bank.send(again(message)) is reason
        assert (self.bank.posted, self.bank.held) == before
        assert told(self.bank) == amounts

    @invariant()
    def no_more_is_given_back_than_was_paid(self):
        """Of each purchase and of the account; and the balance is the sum of its postings."""
        for _, each in self.known:
            if isinstance(each, (Charge, Hold)):
                assert each.purchase.left >= 0
        rows = self.bank.state.transactions[: int(self.bank.state.counters[Counter.TRANSACTIONS])]
        assert int(rows["posted_minor"].sum()) == self.bank.posted >= 0
        amounts = [(posting_kind(each[_KIND]).sign, each[_AMOUNT]) for each in self.bank.postings]
        assert sum(amount for _, amount in amounts) == self.bank.posted
        assert all(sign.allows(amount) for sign, amount in amounts)
        assert len({(each[_SEQUENCE], each[_PART]) for each in self.bank.postings}) == len(amounts)
        assert int(rows["held_minor"].sum()) == self.bank.held >= 0


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


@pytest.mark.slow
class TestAnyOrderLonger(AnyOrder.TestCase):
    """The same, many times."""

    settings = settings(max_examples=800, stateful_step_count=40, deadline=None)
