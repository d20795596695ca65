"""Nobody uses up the trace of somebody else's message by a request that proves nothing."""

import pytest

from authz.vocabulary.commands import CryptogramOutcome, Kind, Operation
from authz.vocabulary.reasons import LAST_APPROVAL, Reason
from tests.authz.bank import Bank, in_an_outage
from tests.authz.commands import referring, reversal, tap

OTHER = 99_999
"""Another acquirer."""


def guessed(of, kind, **values):
    """A cardless follow-up under the trace that a payment will have."""
    names = ("stan", "transmitted", "terminal", "retrieval_reference", "acquirer")
    own = {name: of[name] for name in names}
    return referring(kind, tap(50, 700), **(own | {"cryptogram_outcome": CryptogramOutcome.ABSENT} | values))


FOLLOW_UPS = {
    "increment": {"kind": Kind.AUTHORIZATION_REQUEST},
    "refund": {"kind": Kind.AUTHORIZATION_REQUEST, "operation": Operation.REFUND},
    "of another acquirer's": {"kind": Kind.AUTHORIZATION_REQUEST, "original_acquirer": OTHER},
}


@pytest.mark.parametrize("name", FOLLOW_UPS)
@pytest.mark.parametrize("is_down", [False, True])
def test_a_follow_up_of_nothing_blocks_no_payment(name, is_down):
    """Whoever guesses the trace of a payment cannot have it refused as a duplicate."""
    payment = tap(1, 1_000)
    bank = in_an_outage() if is_down else Bank()
    bank.send(tap(51, 700, acquirer=OTHER))
    assert bank.send(guessed(payment, **FOLLOW_UPS[name])) > LAST_APPROVAL
    assert bank.send(payment) is Reason.APPROVED


def test_a_completion_of_nothing_is_decided_again():
    """A terminal that asks again, when what it completes has come, is heard."""
    original = tap(1, 1_000)
    bank = Bank()
    completion = referring(Kind.FINANCIAL_REQUEST, original)
    assert bank.send(completion) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(original) is Reason.APPROVED
    assert bank.send(completion) is Reason.APPROVED
    assert bank.send(completion) is Reason.DUPLICATE_TRANSMISSION
    assert bank.posted == 1_000


def test_what_is_refused_of_its_own_original_is_remembered():
    """It names what only its acquirer knows."""
    original = tap(1, 1_000)
    bank = Bank()
    bank.send(original)
    completion = referring(Kind.FINANCIAL_REQUEST, original, amount_minor=5_000)
    assert bank.send(completion) is Reason.EXCEEDS_AUTHORIZED_AMOUNT
    assert bank.send(completion) is Reason.DUPLICATE_TRANSMISSION


@pytest.mark.parametrize("kind", [Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE])
def test_a_reversal_that_came_before_its_payment_still_stops_it(kind):
    """Of its own acquirer."""
    payment = tap(1, 1_000)
    bank = Bank()
    early = reversal(payment)
    early["kind"] = kind
    assert bank.send(early) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(payment) is Reason.ALREADY_REVERSED


def test_a_refund_of_a_refund_that_was_refused_is_remembered():
    """What was refused is known too, and it was its own acquirer who sent it."""
    original = tap(1, 1_000)
    bank = Bank()
    bank.send(original)
    refused = referring(
        Kind.AUTHORIZATION_REQUEST, original, amount_minor=5_000, operation=Operation.REFUND, stan=8_001
    )
    again = referring(Kind.AUTHORIZATION_REQUEST, refused, operation=Operation.REFUND, stan=8_002)
    assert bank.send(refused) > LAST_APPROVAL
    assert bank.send(again) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(again) is Reason.DUPLICATE_TRANSMISSION
