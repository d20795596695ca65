"""The smallest amount there is: more than nothing, wherever nothing is a case of its own."""

import pytest

from authz.vocabulary.commands import Flag, Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import command, issuer_decision, referring, refund, reversal, tap

SALE = {"kind": Kind.FINANCIAL_REQUEST}
MORE = Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS


@pytest.fixture
def bank():
    """An account of 1000.00 EUR."""
    return Bank()


def answers(bank, *messages):
    """What messages are answered, one after the other."""
    return [bank.send(message) for message in messages]


def test_is_refunded_once(bank):
    """Then there is nothing to reverse."""
    sale = tap(1, 1, **SALE)
    assert answers(bank, sale, refund(sale, stan=2), refund(sale, stan=3), reversal(sale, stan=4)) == [
        Reason.APPROVED,
        Reason.APPROVED,
        Reason.EXCEEDS_REMAINDER,
        Reason.NOTHING_TO_REVERSE,
    ]
    assert bank.posted == 0


@pytest.mark.parametrize("values", [{}, SALE])
def test_is_reversed(bank, values):
    """Held or charged."""
    paid = tap(1, 1, **values)
    assert answers(bank, paid, reversal(paid, stan=2)) == [Reason.APPROVED] * 2
    assert (bank.held, bank.posted) == (0, 0)


def test_of_a_completion_is_refunded_once(bank):
    """Whether its authorization is named or itself; the authorization has nothing to reverse."""
    order = tap(1, 1)
    whole = referring(Kind.FINANCIAL_REQUEST, order, stan=2)
    assert answers(bank, order, whole, reversal(order, stan=3), refund(whole, stan=4), refund(order, stan=5)) == [
        Reason.APPROVED,
        Reason.APPROVED,
        Reason.NOTHING_TO_REVERSE,
        Reason.APPROVED,
        Reason.EXCEEDS_REMAINDER,
    ]
    assert bank.posted == 0


def test_that_was_completed_stays_when_the_rest_is_reversed(bank):
    """And can be refunded."""
    order = tap(1, 100)
    cent = referring(Kind.FINANCIAL_REQUEST, order, amount_minor=1, flags=MORE, stan=2)
    back = refund(order, amount_minor=1, stan=4)
    assert answers(bank, order, cent, reversal(order, stan=3), back) == [Reason.APPROVED] * 4
    assert (bank.held, bank.posted) == (0, 0)


def test_is_charged_back_and_presented_again(bank):
    """Like any other amount; less is not an amount."""
    bank.send(tap(1, 1, **SALE))
    paid = {"decision": int(bank.result["sequence"]), "account_id": 7}
    for amount in (0, -1):
        assert bank.send(command(Kind.CHARGEBACK, amount_minor=amount, **paid)) is Reason.INVALID_AMOUNT
    assert bank.send(command(Kind.CHARGEBACK, amount_minor=1, **paid)) is Reason.APPROVED
    assert bank.posted == 0
    assert bank.send(command(Kind.REPRESENTMENT, amount_minor=1, **paid)) is Reason.APPROVED
    assert bank.posted == 1


def test_that_an_advice_tells_of_moves(bank):
    """Held, charged, or taken over though it was declined."""
    assert bank.send(tap(1, 60_000)) is Reason.EXCEEDS_LIMIT
    told = [tap(2, 1, kind=Kind.AUTHORIZATION_ADVICE), tap(3, 1, kind=Kind.FINANCIAL_ADVICE)]
    assert answers(bank, *told, tap(1, 1, kind=Kind.AUTHORIZATION_ADVICE)) == [Reason.APPROVED] * 3
    assert (bank.held, bank.posted) == (2, 1)


def test_is_too_much_for_stand_in_that_has_approved_enough():
    """By number or by sum."""
    bank = Bank(stand_in={"amount_max": 10, "count_max": 3, "total_max": 20})
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    assert answers(bank, tap(1, 1), tap(2, 1), tap(3, 1), tap(4, 1)) == [
        *[Reason.APPROVED] * 3,
        Reason.DECLINED_BY_STAND_IN,
    ]
    bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    assert answers(bank, tap(5, 10), tap(6, 10), tap(7, 1)) == [
        *[Reason.APPROVED] * 2,
        Reason.DECLINED_BY_STAND_IN,
    ]


def test_waits_for_the_issuer_like_any_other():
    """And is posted or held when it has decided."""
    rule = {"id": "ask", "state": "live", "action": "ask"}
    bank = Bank(rules=[rule | {"when": {"attribute": "amount", "operator": ">", "value": 0}}])
    for number, values in enumerate(({}, SALE), 1):
        message = tap(number, 1, **values)
        assert bank.send(message) is Reason.AWAITING_ISSUER
        assert bank.send(issuer_decision(message, bank.result["sequence"])) is Reason.APPROVED
    assert (bank.held, bank.posted) == (1, 1)
