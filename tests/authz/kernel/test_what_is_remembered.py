"""What stand-in and the issuer's decisioning webhook leave behind: seen by repeats, reversals, limits and answers."""

import pytest

from authz.state.tables import Counter
from authz.vocabulary.commands import Flag, Kind, Operation
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState
from tests.authz.bank import (
    DAY,
    JPY,
    RATES,
    SALE,
    STAND_IN_LIMITS,
    Bank,
    again,
    approve,
    forward,
    in_an_outage,
    told,
)
from tests.authz.commands import USD, command, issuer_decision, referring, refund, reversal, set_card, set_token, tap

ASK = {"id": "ask", "state": "live", "action": "ask", "when": {"attribute": "amount", "operator": ">", "value": 1_000}}
REFERENCE = b"PAR00000000000000000000000001"


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
        bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
        approve(bank, bank.state.advices[:1], again(trip))
        assert told(bank) == first
        assert bank.held + bank.posted == 1_000

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_an_approval_in_yen_is_worth_euros(self, values):
        """They have no minor unit, euros have."""
        bank = in_an_outage()
        approve(bank, tap(1, 1_635, currency=JPY, signed_currency=JPY, **values))
        forward(bank)
        assert bank.held + bank.posted == 1_000

    def test_an_approval_keeps_the_rate_of_its_day(self):
        """Rates change before the issuer hears of it."""
        bank = in_an_outage()
        trip = tap(1, 1_080, currency=USD, signed_currency=USD)
        approve(bank, trip)
        first = told(bank)
        bank.use(stand_in=STAND_IN_LIMITS, rates={"base": "EUR", "per_base": {"USD": "1.20"}})
        forward(bank)
        assert bank.held == 1_000
        approve(bank, again(trip))
        assert told(bank) == first

    def test_the_smallest_approval_is_one(self):
        """A cent is more than nothing."""
        bank = in_an_outage()
        approve(bank, tap(1, 1))
        forward(bank)
        assert bank.held == 1

    def test_a_decline_completes_nothing(self):
        """Also where it came under the trace of an authorization."""
        bank = Bank(stand_in=STAND_IN_LIMITS)
        approve(bank, tap(1, 1_000))
        bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
        assert bank.send(tap(2, 2_001, stan=1, **SALE)) is Reason.DECLINED_BY_STAND_IN
        forward(bank)
        assert (bank.held, bank.posted) == (1_000, 0)

    def test_what_a_terminal_tells_before_the_network_moves_money_once(self):
        """Its own advice of what stand-in approved has overtaken the one that was kept."""
        bank = in_an_outage()
        approve(bank, tap(1, 1_000))
        bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
        approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE))
        assert bank.held == 1_000
        forward(bank)
        assert bank.held == 1_000

    def test_what_was_reversed_in_part_cannot_be_reversed_to_more(self):
        """The advice of the whole, which comes after the reversal, does not bring back what is gone."""
        bank = in_an_outage()
        part = tap(1, 2_000)
        approve(bank, part)
        bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
        approve(bank, reversal(part, remaining=500, stan=2))
        forward(bank)
        assert bank.send(reversal(part, remaining=501, stan=3)) is Reason.ORIGINAL_AMOUNT_MISMATCH
        approve(bank, reversal(part, remaining=499, stan=4))
        assert bank.held == 499

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
        bank = Bank(stand_in=STAND_IN_LIMITS)
        bank.send(set_token(4, state=2))
        bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
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
        assert (first["kind"], first["advice_number"]) == (Kind.AUTHORIZATION_ADVICE, 1)
        assert first["flags"] == Flag.FORWARDED | Flag.PARTIAL_APPROVAL
        assert (second["kind"], second["advice_number"]) == (Kind.FINANCIAL_ADVICE, 2)
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
        bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
        assert bank.send(tap(4, 100)) is Reason.DECLINED_BY_STAND_IN
        bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
        bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
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
        bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
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
        bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
        approve(bank, tap(2, 100))
        forward(bank)
        assert bank.send(tap(3, 7_901)) is Reason.EXCEEDS_LIMIT
        approve(bank, tap(4, 7_900))


class TestTheIssuersServer:
    """What waited for a decision."""

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_a_decision_in_yen(self, values):
        """Approved in part: told, held or posted in euros, and told again alike."""
        bank = Bank(rules=[ASK], rates=RATES)
        trip = tap(1, 3_270, currency=JPY, signed_currency=JPY, **values)
        sequence = ask(bank, trip)
        assert bank.held == 2_000
        assert bank.send(issuer_decision(trip, sequence, amount=1_635)) is Reason.PARTIALLY_APPROVED
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
        bank.send(issuer_decision(message, sequence))
        assert bank.result["payment_account_reference"] == REFERENCE

    @pytest.mark.parametrize("values", [{}, SALE])
    def test_a_decline_leaves_nothing(self, values):
        """No hold, no amounts in the answer or its repeat, nothing to reverse and room for another."""
        bank = Bank(rules=[ASK], limits=[DAY])
        message = tap(1, 5_000, **values)
        sequence = ask(bank, message)
        approve(bank, tap(2, 100))
        assert bank.send(issuer_decision(message, sequence, Reason.DO_NOT_HONOR)) is Reason.DO_NOT_HONOR
        assert (bank.held, bank.posted, told(bank)[:2]) == (100, 0, (0, 0))
        assert bank.result["held_change_minor"] == -5_000
        assert bank.send(again(message)) is Reason.DO_NOT_HONOR
        assert told(bank)[:2] == (0, 0)
        assert bank.send(reversal(message, stan=9)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
        assert bank.send(tap(3, 9_901)) is Reason.EXCEEDS_LIMIT
        ask(bank, tap(4, 9_900))

    def test_limits_count_what_waits(self):
        """Two questions at once cannot come to more than a limit allows; what was declined leaves its room."""
        bank = Bank(rules=[ASK], limits=[DAY])
        first, second = tap(1, 6_000), tap(2, 4_000)
        first_sequence = ask(bank, first)
        assert bank.send(tap(3, 4_001)) is Reason.EXCEEDS_LIMIT
        ask(bank, second)
        assert bank.send(issuer_decision(first, first_sequence, Reason.DO_NOT_HONOR)) is Reason.DO_NOT_HONOR
        assert bank.send(tap(4, 6_001)) is Reason.EXCEEDS_LIMIT
        ask(bank, tap(5, 6_000))

    def test_limits_count_what_was_approved_of_it(self):
        """Also where they had looked while it waited."""
        bank = Bank(rules=[ASK], limits=[DAY])
        message = tap(1, 5_000)
        sequence = ask(bank, message)
        approve(bank, tap(2, 100))
        bank.send(issuer_decision(message, sequence, amount=3_000))
        assert bank.send(tap(3, 6_901)) is Reason.EXCEEDS_LIMIT
        other = tap(4, 6_900)
        ask(bank, other)

    def test_nothing_approved_is_a_decline(self):
        """A server that approves zero does not honor it; more than was asked for is what was asked for."""
        bank = Bank(rules=[ASK])
        first, second = tap(1, 5_000), tap(2, 5_000)
        assert bank.send(issuer_decision(first, ask(bank, first), amount=0)) is Reason.DO_NOT_HONOR
        assert bank.held == 0
        assert bank.send(issuer_decision(second, ask(bank, second), amount=5_001)) is Reason.APPROVED
        assert (bank.held, told(bank)[:2]) == (5_000, (5_000, 5_000))
        third = tap(3, 5_000)
        assert bank.send(issuer_decision(third, ask(bank, third), amount=1)) is Reason.PARTIALLY_APPROVED
        assert bank.held == 5_001

    @pytest.mark.parametrize("names_it", [True, False])
    @pytest.mark.parametrize("reason", [Reason.APPROVED, Reason.DO_NOT_HONOR])
    def test_what_is_completed_while_it_waits_is_held_no_longer(self, names_it, reason):
        """The terminal has cleared it by itself: charged once, whatever is decided, and nothing stays held."""
        bank = Bank(rules=[ASK])
        message = tap(1, 5_000)
        sequence = ask(bank, message)
        clearing = referring(Kind.FINANCIAL_ADVICE, message, stan=2) if names_it else tap(1, 5_000)
        clearing["kind"] = Kind.FINANCIAL_ADVICE
        approve(bank, clearing)
        assert (bank.held, bank.posted) == (0, 5_000)
        assert bank.send(issuer_decision(message, sequence, reason)) is reason
        assert (bank.held, bank.posted) == (0, 5_000)

    @pytest.mark.parametrize(("amount", "held"), [(5_000, 4_600), (500, 100), (400, 0), (399, 0)])
    def test_what_is_completed_in_part_while_it_waits(self, amount, held):
        """What is left of the decided amount stays held."""
        bank = Bank(rules=[ASK])
        message = tap(1, 5_000)
        sequence = ask(bank, message)
        flags = Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS
        approve(bank, referring(Kind.FINANCIAL_ADVICE, message, amount_minor=400, flags=flags, stan=2))
        assert (bank.held, bank.posted) == (4_600, 400)
        bank.send(issuer_decision(message, sequence, amount=amount))
        assert (bank.held, bank.posted) == (held, 400)

    def test_what_was_reversed_while_it_waited_is_charged_on_its_own(self):
        """And an advised increment of what waits is held on its own."""
        bank = Bank(rules=[ASK])
        message, stay = tap(1, 5_000), tap(2, 5_000)
        ask(bank, message)
        approve(bank, reversal(message, stan=3), referring(Kind.FINANCIAL_ADVICE, message, stan=4))
        assert (bank.held, bank.posted) == (0, 5_000)
        sequence = ask(bank, stay)
        approve(bank, referring(Kind.AUTHORIZATION_ADVICE, stay, amount_minor=300, stan=5))
        assert bank.send(issuer_decision(stay, sequence, Reason.DO_NOT_HONOR)) is Reason.DO_NOT_HONOR
        assert bank.held == 300

    def test_a_decision_that_comes_too_late_is_known_from_then_on(self):
        """A repeat of what was reversed while it waited hears that."""
        bank = Bank(rules=[ASK])
        message = tap(1, 5_000)
        sequence = ask(bank, message)
        approve(bank, reversal(message, stan=2))
        assert bank.send(issuer_decision(message, sequence)) is Reason.ALREADY_REVERSED
        assert bank.result["sequence"] == sequence
        assert bank.send(again(message)) is Reason.ALREADY_REVERSED
        assert bank.send(issuer_decision(message, sequence)) is Reason.MISSING_ORIGINAL_AUTHORIZATION

    def test_a_decision_on_nothing(self):
        """A sequence that nothing was entered under, and one that did not wait."""
        bank = Bank(rules=[ASK])
        paid = tap(1, 500)
        approve(bank, paid)
        sequence = int(bank.result["sequence"])
        for number in (sequence, sequence - 1, sequence + 99):
            assert bank.send(issuer_decision(paid, number)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
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


def test_an_approval_is_told_by_the_rate_of_its_day():
    """Rates change; a repeat hears what the first answer said."""
    bank = Bank(rates=RATES)
    trip = tap(1, 1_080, currency=USD, signed_currency=USD)
    approve(bank, trip)
    first = told(bank)
    bank.use(rates={"base": "EUR", "per_base": {"USD": "1.20"}})
    approve(bank, again(trip))
    assert told(bank) == first


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
