"""Authorizations that wait for the issuer's decisioning webhook."""

import pytest

from authz.vocabulary.commands import Flag, Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import issuer_decision, reversal, tap

ASK = {"id": "ask", "state": "live", "action": "ask", "when": {"attribute": "amount", "operator": ">", "value": 1_000}}


@pytest.fixture
def bank():
    """A bank that asks about everything above 10.00."""
    return Bank(rules=[ASK])


def ask(bank, message):
    """Send a message that waits; its sequence."""
    assert bank.send(message) is Reason.AWAITING_ISSUER
    return int(bank.result["sequence"])


def test_meanwhile_its_amount_is_held(bank):
    """So that another cannot spend it; what is not asked about goes on."""
    ask(bank, tap(1, 50_000))
    ask(bank, tap(2, 50_000))
    assert bank.held == 100_000
    assert bank.send(tap(3, 1_000)) is Reason.INSUFFICIENT_FUNDS


def test_approved(bank):
    """The whole, or a part: the rest is released. The answer carries the authorization's own number."""
    message = tap(1, 5_000)
    sequence = ask(bank, message)
    assert bank.send(issuer_decision(message, sequence)) is Reason.APPROVED
    assert (bank.held, int(bank.result["sequence"]), int(bank.result["approved_minor"])) == (5_000, sequence, 5_000)
    assert bank.send(issuer_decision(message, sequence)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    message = tap(2, 5_000)
    assert bank.send(issuer_decision(message, ask(bank, message), amount=2_000)) is Reason.PARTIALLY_APPROVED
    assert bank.held == 7_000
    assert bank.send(tap(2, 5_000, flags=Flag.REPEAT)) is Reason.PARTIALLY_APPROVED


def test_posted_where_it_was_a_financial_request(bank):
    """An approved 0200 is posted, and nothing stays held."""
    message = tap(1, 5_000, kind=Kind.FINANCIAL_REQUEST)
    assert bank.send(issuer_decision(message, ask(bank, message))) is Reason.APPROVED
    assert (bank.held, bank.posted) == (0, 5_000)


def test_declined(bank):
    """Everything is released, and it counts as a decline for that reason."""
    message = tap(1, 5_000)
    assert bank.send(issuer_decision(message, ask(bank, message), Reason.SUSPECTED_FRAUD)) is Reason.SUSPECTED_FRAUD
    assert bank.held == 0
    assert int(bank.state.activities[0]["consecutive_declines"]) == 1
    assert bank.send(tap(1, 5_000, flags=Flag.REPEAT)) is Reason.SUSPECTED_FRAUD


def test_reversed_before_it_was_decided(bank):
    """The terminal gave up: the hold goes, and the decision comes too late."""
    message = tap(1, 5_000)
    sequence = ask(bank, message)
    assert bank.send(reversal(message)) is Reason.APPROVED
    assert bank.held == 0
    assert bank.send(issuer_decision(message, sequence)) is Reason.ALREADY_REVERSED
    assert bank.held == 0


def test_meters_count_what_was_decided():
    """A waiting one counts neither as approved nor as declined; then as what it became."""
    limit = {"id": "two", "window": "day", "count_max": 2}
    bank = Bank(rules=[ASK], limits=[limit])
    first, second = tap(1, 5_000), tap(2, 5_000)
    waiting = ask(bank, first), ask(bank, second)
    bank.send(issuer_decision(first, waiting[0]))
    bank.send(issuer_decision(second, waiting[1], Reason.DO_NOT_HONOR))
    assert bank.send(tap(3, 100)) is Reason.APPROVED
    assert bank.send(tap(4, 100)) is Reason.EXCEEDS_LIMIT
