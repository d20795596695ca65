"""What was acknowledged while the issuer was down never vanishes: it is taken, or somebody has to look at it."""

import pytest

from authz.vocabulary.commands import Flag, Kind
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank, in_an_outage, next_advice
from tests.authz.commands import command, tap

CHF = 756
"""The bank has no rate for it."""


def heard(bank: Bank) -> tuple[Reason, ExceptionReason]:
    """What the issuer says of the next advice when it is back, and why it is listed."""
    bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
    reason = bank.send(next_advice(bank))
    return reason, ExceptionReason(bank.result["exception"])


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
@pytest.mark.parametrize("declined", [False, True])
def test_an_advice_without_a_rate_is_listed(kind, declined):
    """One of a decline tells of no money."""
    bank = in_an_outage()
    told = tap(1, 1_000, kind=kind, currency=CHF, flags=Flag.DECLINED_ELSEWHERE if declined else 0)
    assert bank.send(told) is Reason.APPROVED
    listed = ExceptionReason.NONE if declined else ExceptionReason.REFUSED_BY_ISSUER
    assert heard(bank) == (Reason.CURRENCY_NOT_SUPPORTED, listed)
    assert (bank.held, bank.posted) == (0, 0)


def test_an_approval_whose_rate_has_gone_is_listed():
    """Stand-in has approved dollars, and when the issuer hears of it the program has a rate no more."""
    bank = in_an_outage()
    assert bank.send(tap(1, 1_000, currency=840, signed_currency=840)) is Reason.APPROVED
    bank.use()
    assert heard(bank) == (Reason.CURRENCY_NOT_SUPPORTED, ExceptionReason.REFUSED_BY_ISSUER)


def test_what_was_never_acknowledged_is_not_listed():
    """While the issuer is there its sender hears of the refusal."""
    bank = Bank()
    assert bank.send(tap(1, 1_000, kind=Kind.FINANCIAL_ADVICE, currency=CHF)) is Reason.CURRENCY_NOT_SUPPORTED
    assert ExceptionReason(bank.result["exception"]) is ExceptionReason.NONE
