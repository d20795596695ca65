"""What a limit has seen, against what it held it, and what it says to that."""

import pytest

from authz.vocabulary.commands import Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import referring, tap


@pytest.mark.parametrize("bound", [{"count_max": 1}, {"amount_max": 150, "currency": "EUR"}])
def test_a_finding_tells_what_was_seen(bound):
    """What was fine is told as fine, also after a refusal; what was too much with the limit's own reason."""
    bank = Bank(limits=[{"id": "one", "scope": "token", "window": "1h", "reason": "lost_card", **bound}])

    def found(message):
        bank.send(message)
        finding = bank.findings.limits[0]
        return int(finding["seen"]), int(finding["bound"]), Reason(finding["reason"])

    (most,) = (value for value in bound.values() if isinstance(value, int))
    step = 1 if "count_max" in bound else 100
    assert found(tap(1, 100)) == (step, most, Reason.APPROVED)
    assert found(tap(2, 100)) == (2 * step, most, Reason.LOST_CARD)


def test_nothing_may_be_spent():
    """A bound of nothing refuses everything."""
    bank = Bank(limits=[{"id": "none", "window": "day", "amount_max": 0, "currency": "EUR"}])
    assert bank.send(tap(1, 1)) is Reason.EXCEEDS_LIMIT


def test_an_increment_counts_with_its_amount_only():
    """The number of purchases stays, also where the first of all transactions is added to."""
    limits = [
        {"id": "count", "window": "day", "count_max": 1},
        {"id": "amount", "window": "day", "amount_max": 300, "currency": "EUR"},
    ]
    bank = Bank(limits=limits)
    first = tap(1, 100)
    assert bank.send(first) is Reason.APPROVED
    increment = referring(Kind.AUTHORIZATION_REQUEST, first, amount_minor=200)
    assert bank.send(increment) is Reason.APPROVED
    assert [int(finding["seen"]) for finding in bank.findings.limits[:2]] == [1, 300]
    increment["stan"] += 1
    increment["amount_minor"] = 1
    assert bank.send(increment) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(2, 0)) is Reason.VERIFIED
    assert bank.send(tap(3, 1)) is Reason.EXCEEDS_LIMIT
