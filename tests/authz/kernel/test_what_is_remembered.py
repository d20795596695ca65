"""What stand-in, advices and the issuer's server leave behind: seen by repeats, reversals, limits and answers."""

import pytest

from authz.commands import CardState, Flag, Kind, Operation
from authz.reasons import Reason
from authz.tables import Counter
from tests.authz.bank import HOUR_US, Bank
from tests.authz.commands import NOW_US, USD, command, referring, refund, reversal, set_card, set_token, tap

JPY = 392
RATES = {"base": "EUR", "per_base": {"USD": "1.08", "JPY": "163.5"}}
ASK = {"id": "ask", "state": "live", "action": "ask", "when": {"attribute": "amount", "operator": ">", "value": 1_000}}
SALE = {"kind": Kind.FINANCIAL_REQUEST}
LIMITS = {"amount_max": 2_000, "count_max": 3, "total_max": 5_000}
DAY = {"id": "day", "window": "day", "amount_max": 10_000, "currency": "EUR"}
REFERENCE = b"PAR00000000000000000000000001"


def told(bank):
    """What the answer says of amounts: approved in the message's currency, then in the account's, and the rate."""
    return tuple(int(bank.result[name]) for name in ("approved_minor", "billing_minor", "conversion_rate"))


def approve(bank, *messages):
    """Send messages that must all be approved."""
    for message in messages:
        assert bank.send(message) is Reason.APPROVED


def again(message):
    """The same message, marked as a repeat."""
    made = message.copy()
    made["flags"] = int(made["flags"][0]) | Flag.REPEAT
    return made


def in_an_outage(**document):
    """A bank whose issuer is down."""
    bank = Bank(stand_in=LIMITS, rates=RATES, **document)
    bank.send(command(Kind.SWITCH_ISSUER, state=1))
    return bank


def forward(bank):
    """The issuer is back and hears every advice."""
    bank.send(command(Kind.SWITCH_ISSUER, state=0))
    while bank.state.counters[Counter.FORWARDED_ADVICES] < bank.state.counters[Counter.STORED_ADVICES]:
        place = int(bank.state.counters[Counter.FORWARDED_ADVICES])
        bank.send(bank.state.advices[place : place + 1])


def decision(message, sequence, reason=Reason.APPROVED, amount=None):
    """What the issuer's server says of a message."""
    made = message.copy()
    made["kind"], made["reference"], made["state"] = Kind.ISSUER_DECISION, sequence, reason
    if amount is not None:
        made["amount_minor"] = amount
    return made


def ask(bank, message):
    """Send a message that waits; its sequence."""
    assert bank.send(message) is Reason.AWAITING_ISSUER
    return int(bank.result["sequence"])


class TestStandIn:
    """What the network itself answered."""

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_an_approval_in_another_currency_is_told_alike_again(self, values):
        """Amounts and rate, at first and from memory; the issuer takes them over as they were told."""
        bank = in_an_outage()
        trip = tap(1, 1_080, currency=USD, signed_currency=USD, **values)
        approve(bank, trip)
        first = told(bank)
        assert first == (1_080, 1_000, 7_9259259)
        approve(bank, again(trip))
        assert told(bank) == first
        bank.send(command(Kind.SWITCH_ISSUER, state=0))
        approve(bank, bank.state.advices[:1], again(trip))
        assert told(bank) == first
        assert bank.held + bank.posted == 1_000

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_a_decline_is_told_alike_again(self, values):
        """In the outage and after it; it holds nothing and approves nothing."""
        bank = in_an_outage()
        dear = tap(1, 2_001, **values)
        assert bank.send(dear) is Reason.DECLINED_BY_STAND_IN
        assert told(bank)[:2] == (0, 0)
        assert bank.send(again(dear)) is Reason.DECLINED_BY_STAND_IN
        forward(bank)
        assert bank.send(again(dear)) is Reason.DECLINED_BY_STAND_IN
        assert (bank.held, bank.posted) == (0, 0)

    def test_a_decline_that_is_the_networks_own_is_not_told_to_the_issuer(self):
        """A suspended token declines there as here: no advice, and the same answer again."""
        bank = Bank(stand_in=LIMITS)
        bank.send(set_token(4, state=2))
        bank.send(command(Kind.SWITCH_ISSUER, state=1))
        assert bank.send(tap(1, 100)) is Reason.TOKEN_SUSPENDED
        assert bank.send(again(tap(1, 100))) is Reason.TOKEN_SUSPENDED
        assert bank.state.counters[Counter.STORED_ADVICES] == 0
        assert bank.state.transactions[0]["flags"] == 0

    def test_an_advice_says_what_it_is(self):
        """Of an approval or a decline, numbered from one, and no repeat of anything."""
        bank = in_an_outage()
        bank.send(tap(1, 2_000, flags=Flag.REPEAT | Flag.PARTIAL_APPROVAL))
        bank.send(tap(2, 2_001, **SALE))
        first, second = bank.state.advices[0], bank.state.advices[1]
        assert (first["kind"], first["reference"]) == (Kind.AUTHORIZATION_ADVICE, 1)
        assert first["flags"] == Flag.FORWARDED | Flag.PARTIAL_APPROVAL
        assert (second["kind"], second["reference"]) == (Kind.FINANCIAL_ADVICE, 2)
        assert second["flags"] == Flag.FORWARDED | Flag.DECLINED_ELSEWHERE

    def test_what_is_passed_on_is_acknowledged_with_its_amount(self):
        """And keeps its kind."""
        bank = in_an_outage()
        approve(bank, tap(1, 300, kind=Kind.FINANCIAL_ADVICE))
        assert int(bank.result["approved_minor"]) == 300
        approve(bank, reversal(tap(2, 400)))
        assert int(bank.result["approved_minor"]) == 400
        assert list(bank.state.advices["kind"][:2]) == [Kind.FINANCIAL_ADVICE, Kind.REVERSAL_REQUEST]
        assert list(bank.state.advices["flags"][:2] & Flag.DECLINED_ELSEWHERE) == [0, 0]

    def test_the_issuer_being_down_twice_is_one_outage(self):
        """Told again that it is down, stand-in goes on counting; told that it is back, advices still wait."""
        bank = in_an_outage()
        approve(bank, *(tap(n, 100) for n in (1, 2, 3)))
        bank.send(command(Kind.SWITCH_ISSUER, state=1))
        assert bank.send(tap(4, 100)) is Reason.DECLINED_BY_STAND_IN
        bank.send(command(Kind.SWITCH_ISSUER, state=0))
        bank.send(command(Kind.SWITCH_ISSUER, state=1))
        approve(bank, tap(5, 100))
        assert bank.state.counters[Counter.STORED_ADVICES] == 5
        forward(bank)
        assert bank.held == 400

    def test_a_verification_counts_as_one_and_asks_for_nothing(self):
        """A card on file may be verified in an outage."""
        bank = in_an_outage()
        assert bank.send(tap(1, 0)) is Reason.VERIFIED
        approve(bank, tap(2, 100), tap(3, 100))
        assert bank.send(tap(4, 100)) is Reason.DECLINED_BY_STAND_IN
        forward(bank)
        assert bank.held == 200

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_what_was_reversed_in_the_outage_counts_for_no_limit(self, values):
        """Whole, or but for what remains."""
        bank = in_an_outage(limits=[DAY])
        whole, part = tap(1, 2_000, **values), tap(2, 2_000, **values)
        approve(bank, whole, part)
        bank.send(command(Kind.SWITCH_ISSUER, state=0))
        approve(bank, reversal(whole, stan=11), reversal(part, remaining=500, stan=12))
        forward(bank)
        assert bank.held + bank.posted == 500
        assert bank.send(tap(3, 9_501)) is Reason.EXCEEDS_LIMIT
        approve(bank, tap(4, 9_500))

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_limits_count_what_stood_in_once(self, values):
        """Also where they had looked before the advice came."""
        bank = in_an_outage(limits=[DAY])
        approve(bank, tap(1, 2_000, **values))
        bank.send(command(Kind.SWITCH_ISSUER, state=0))
        approve(bank, tap(2, 100))
        forward(bank)
        assert bank.send(tap(3, 7_901)) is Reason.EXCEEDS_LIMIT
        approve(bank, tap(4, 7_900))


class TestAdvices:
    """What was decided elsewhere."""

    def test_an_advice_tells_its_amounts(self):
        """In both currencies, and again from memory."""
        bank = Bank(rates=RATES)
        trip = tap(1, 1_080, kind=Kind.FINANCIAL_ADVICE, currency=USD)
        approve(bank, trip)
        first = told(bank)
        assert first == (1_080, 1_000, 7_9259259)
        approve(bank, trip)
        assert told(bank) == first
        assert bank.posted == 1_000

    @pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
    def test_an_advice_of_a_decline_moves_nothing(self, kind):
        """It is acknowledged; nothing can follow what it tells of."""
        bank = Bank()
        declined = tap(1, 1_000, kind=kind, flags=Flag.DECLINED_ELSEWHERE)
        approve(bank, declined)
        assert (bank.held, bank.posted, told(bank)[:2]) == (0, 0, (0, 0))
        assert bank.send(reversal(declined)) is Reason.MISSING_ORIGINAL_AUTHORIZATION

    @pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
    def test_an_advice_that_was_reversed_before_it_came_moves_nothing(self, kind):
        """The reversal has overtaken it."""
        bank = Bank()
        told_of = tap(1, 1_000, kind=kind)
        assert bank.send(reversal(told_of)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
        approve(bank, told_of)
        assert (bank.held, bank.posted, told(bank)[:2]) == (0, 0, (0, 0))

    def test_an_advice_of_an_authorized_refund_or_of_nothing_holds_nothing(self):
        """There is nothing to set aside."""
        bank = Bank()
        approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE, operation=Operation.REFUND))
        approve(bank, tap(2, 0, kind=Kind.AUTHORIZATION_ADVICE), tap(3, 0, kind=Kind.FINANCIAL_ADVICE))
        assert (bank.held, bank.posted) == (0, 0)

    def test_an_advised_increment_of_a_hold_that_is_over_holds_anew(self):
        """The goods have left the shop."""
        bank = Bank()
        stay = tap(1, 1_000)
        approve(
            bank,
            stay,
            reversal(stay, remaining=600, stan=2),
            referring(Kind.FINANCIAL_REQUEST, stay, stan=3, amount_minor=600),
        )
        approve(bank, referring(Kind.AUTHORIZATION_ADVICE, stay, amount_minor=200, stan=4))
        assert (bank.held, bank.posted) == (200, 600)

    def test_an_advised_hold_ends_when_its_time_is_up(self):
        """Counted from when the advice came."""
        bank = Bank(categories=[{"first": "5814", "last": "5814", "group": "food", "hold_hours": 2}])
        approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE, time_us=NOW_US + HOUR_US))
        bank.pass_time(3)
        assert bank.held == 1_000
        bank.pass_time(4)
        assert bank.held == 0

    def test_an_advice_that_overrules_a_decline_is_an_approval_from_then_on(self):
        """It is held for its time, answers repeats, fills limits and can be completed."""
        bank = Bank(limits=[DAY], categories=[{"first": "5814", "last": "5814", "group": "food", "hold_hours": 2}])
        declined = tap(1, 10_001)
        assert bank.send(declined) is Reason.EXCEEDS_LIMIT
        approve(bank, tap(2, 100))
        approve(bank, tap(1, 4_000, kind=Kind.AUTHORIZATION_ADVICE, time_us=NOW_US + HOUR_US))
        assert (bank.held, told(bank)[:2]) == (4_100, (4_000, 4_000))
        assert bank.send(tap(3, 5_901)) is Reason.EXCEEDS_LIMIT
        approve(bank, tap(4, 5_900), again(declined))
        assert told(bank)[:2] == (4_000, 4_000)
        bank.pass_time(3.5)
        assert bank.held == 4_000
        completion = referring(Kind.FINANCIAL_REQUEST, declined, amount_minor=4_001, stan=5)
        completion["time_us"] = NOW_US + 3 * HOUR_US
        assert bank.send(completion) is Reason.EXCEEDS_AUTHORIZED_AMOUNT
        bank.pass_time(4)
        assert bank.held == 0

    @pytest.mark.parametrize(
        ("declined", "told_of"),
        [
            (tap(1, 60_000), {"flags": Flag.DECLINED_ELSEWHERE}),
            (tap(1, 60_000, **SALE), {"kind": Kind.FINANCIAL_ADVICE}),
            (tap(1, 60_000), {"amount_minor": 0}),
        ],
    )
    def test_what_overrules_no_decline(self, declined, told_of):
        """A decline there as well, a charge, or nothing at all: the first answer stands."""
        bank = Bank()
        assert bank.send(declined) is Reason.EXCEEDS_LIMIT
        bank.send(tap(1, **{"kind": Kind.AUTHORIZATION_ADVICE, **told_of}))
        assert (bank.held, bank.posted) == (0, 0)
        assert bank.send(again(declined)) is Reason.EXCEEDS_LIMIT

    def test_a_decline_that_was_told_is_not_overruled(self):
        """An advice of a decline stays one, also where another of the same trace tells of an approval."""
        bank = Bank()
        approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE, flags=Flag.DECLINED_ELSEWHERE))
        bank.send(tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE))
        assert bank.held == 0

    def test_what_was_reversed_early_is_not_overruled(self):
        """Its reversal came first; an advice of an approval comes too late."""
        bank = Bank()
        late = tap(1, 1_000)
        bank.send(reversal(late, stan=2))
        assert bank.send(late) is Reason.ALREADY_REVERSED
        bank.send(tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE))
        assert bank.held == 0

    def test_a_refund_that_is_told_reaches_its_purchase(self):
        """No request gives the same back once more."""
        bank = Bank()
        sale = tap(1, 1_000, **SALE)
        approve(bank, sale, refund(sale, kind=Kind.FINANCIAL_ADVICE, amount_minor=700, stan=2))
        assert (bank.posted, told(bank)[:2]) == (300, (700, 700))
        assert bank.send(refund(sale, amount_minor=301, stan=3)) is Reason.EXCEEDS_AUTHORIZED_AMOUNT

    @pytest.mark.parametrize("more_follows", [False, True])
    def test_a_completion_of_a_part_approval_belongs_to_it(self, more_follows):
        """Only so much was held; and where the account was verified for nothing, it belongs to that."""
        bank = Bank()
        approve(bank, tap(1, 50_000), tap(2, 49_000))
        part = tap(3, 5_000, flags=Flag.PARTIAL_APPROVAL)
        assert bank.send(part) is Reason.PARTIALLY_APPROVED
        flags = Flag.HAS_ORIGINAL | (Flag.MORE_FOLLOWS if more_follows else 0)
        approve(bank, referring(Kind.FINANCIAL_ADVICE, part, amount_minor=400, flags=flags, stan=4))
        assert (bank.held, bank.posted) == (99_000 + (600 if more_follows else 0), 400)

    def test_a_completion_of_a_verification_belongs_to_it(self):
        """A card was verified for nothing, then charged: the refund of the verification gives the charge back."""
        bank = Bank()
        verified = tap(1, 0)
        assert bank.send(verified) is Reason.VERIFIED
        approve(bank, referring(Kind.FINANCIAL_ADVICE, verified, amount_minor=400, stan=2))
        approve(bank, refund(verified, amount_minor=400, stan=3))
        assert bank.posted == 0


class TestTheIssuersServer:
    """What waited for a decision."""

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_a_decision_in_yen(self, values):
        """Approved in part: told, held or posted in euros, and told again alike."""
        bank = Bank(rules=[ASK], rates=RATES)
        trip = tap(1, 3_270, currency=JPY, signed_currency=JPY, **values)
        sequence = ask(bank, trip)
        assert bank.held == 2_000
        assert bank.send(decision(trip, sequence, amount=1_635)) is Reason.PARTIALLY_APPROVED
        assert (bank.held + bank.posted, told(bank)[:2]) == (1_000, (1_635, 1_000))
        assert bank.result["available_minor"] == 99_000
        rate = int(bank.result["conversion_rate"])
        assert rate == 9_6116208
        assert bank.send(again(trip)) is Reason.PARTIALLY_APPROVED
        assert told(bank) == (1_635, 1_000, rate)
        assert int(bank.result["sequence"]) == sequence

    def test_the_answer_carries_the_cards_reference(self):
        """The payment account reference of the token that paid."""
        bank = Bank(rules=[ASK])
        bank.send(set_token(4, 702, payment_account_reference=REFERENCE))
        message = tap(1, 5_000, pan=702)
        sequence = ask(bank, message)
        assert bank.result["payment_account_reference"] == REFERENCE
        bank.send(decision(message, sequence))
        assert bank.result["payment_account_reference"] == REFERENCE

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_a_decline_leaves_nothing(self, values):
        """No hold, no amounts in the answer or its repeat, nothing to reverse and room for another."""
        bank = Bank(rules=[ASK], limits=[DAY])
        message = tap(1, 5_000, **values)
        sequence = ask(bank, message)
        approve(bank, tap(2, 100))
        assert bank.send(decision(message, sequence, Reason.DO_NOT_HONOR)) is Reason.DO_NOT_HONOR
        assert (bank.held, bank.posted, told(bank)[:2]) == (100, 0, (0, 0))
        assert bank.result["held_change_minor"] == -5_000
        assert bank.send(again(message)) is Reason.DO_NOT_HONOR
        assert told(bank)[:2] == (0, 0)
        assert bank.send(reversal(message, stan=9)) is Reason.MISSING_ORIGINAL_AUTHORIZATION

    def test_limits_count_what_was_approved_of_it(self):
        """Also where they had looked while it waited."""
        bank = Bank(rules=[ASK], limits=[DAY])
        message = tap(1, 5_000)
        sequence = ask(bank, message)
        approve(bank, tap(2, 100))
        bank.send(decision(message, sequence, amount=3_000))
        assert bank.send(tap(3, 6_901)) is Reason.EXCEEDS_LIMIT
        other = tap(4, 6_900)
        ask(bank, other)

    def test_nothing_approved_is_a_decline(self):
        """A server that approves zero does not honor it; more than was asked for is what was asked for."""
        bank = Bank(rules=[ASK])
        first, second = tap(1, 5_000), tap(2, 5_000)
        assert bank.send(decision(first, ask(bank, first), amount=0)) is Reason.DO_NOT_HONOR
        assert bank.held == 0
        assert bank.send(decision(second, ask(bank, second), amount=5_001)) is Reason.APPROVED
        assert (bank.held, told(bank)[:2]) == (5_000, (5_000, 5_000))
        third = tap(3, 5_000)
        assert bank.send(decision(third, ask(bank, third), amount=1)) is Reason.PARTIALLY_APPROVED
        assert bank.held == 5_001

    def test_a_decision_that_comes_too_late_is_known_from_then_on(self):
        """A repeat of what was reversed while it waited hears that."""
        bank = Bank(rules=[ASK])
        message = tap(1, 5_000)
        sequence = ask(bank, message)
        approve(bank, reversal(message, stan=2))
        assert bank.send(decision(message, sequence)) is Reason.ALREADY_REVERSED
        assert bank.result["sequence"] == sequence
        assert bank.send(again(message)) is Reason.ALREADY_REVERSED
        assert bank.send(decision(message, sequence)) is Reason.MISSING_ORIGINAL_AUTHORIZATION

    def test_a_decision_on_nothing(self):
        """A sequence that nothing was entered under, and one that did not wait."""
        bank = Bank(rules=[ASK])
        paid = tap(1, 500)
        approve(bank, paid)
        sequence = int(bank.result["sequence"])
        for number in (sequence, sequence - 1, sequence + 99):
            assert bank.send(decision(paid, number)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
        assert bank.held == 500

    def test_what_cannot_wait(self):
        """A balance, a refund and what adds to an earlier message are answered at once."""
        rule = ASK | {"when": {"attribute": "amount", "operator": ">=", "value": 0}}
        bank = Bank()
        sale, stay = tap(1, 1_000, **SALE), tap(2, 1_000)
        approve(bank, sale, stay)
        bank.use(rules=[rule])
        approve(bank, referring(Kind.AUTHORIZATION_REQUEST, stay, amount_minor=500, stan=3))
        approve(bank, refund(sale, stan=4), tap(5, 0, operation=Operation.BALANCE_INQUIRY))
        assert bank.send(tap(6, 0)) is Reason.VERIFIED
        assert bank.send(tap(7, 1)) is Reason.AWAITING_ISSUER


def test_an_answer_tells_where_the_account_stands():
    """Account, balances, what has changed, the currency and the card's reference, whoever answers."""
    bank = Bank()
    bank.send(set_token(4, 702, payment_account_reference=REFERENCE))
    sale = tap(1, 1_000, pan=702, **SALE)
    approve(bank, tap(2, 300), sale)
    names = ("account_id", "available_minor", "posted_minor", "posted_change_minor", "held_change_minor")
    assert [int(bank.result[name]) for name in names] == [7, 98_700, 1_000, 1_000, 0]
    assert bank.result["billing_currency"] == 978
    assert bank.result["payment_account_reference"] == REFERENCE
    approve(bank, reversal(tap(2, 300), stan=3))
    assert [int(bank.result[name]) for name in names] == [7, 99_000, 1_000, 0, -300]
    assert bank.send(tap(3, pan=799)) is Reason.TOKEN_NOT_FOUND
    assert [int(bank.result[name]) for name in names] == [0] * 5
    bank.send(set_card(5, state=CardState.FROZEN))
    assert bank.send(tap(4, 1)) is Reason.CARD_FROZEN
    assert [int(bank.result[name]) for name in names] == [7, 99_000, 1_000, 0, 0]
