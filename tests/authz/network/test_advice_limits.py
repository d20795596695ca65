"""Which messages are marked for saying more than their acquirer may advise of."""

import pytest

from authz.network.advice_limits import ADVICE_LIMIT, AdviceLimits
from authz.vocabulary.commands import Flag, Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import STAND_IN_LIMITS, Bank
from tests.authz.commands import command, tap

LIMITS = AdviceLimits(1_000, {5: 2_000, 6: 10})


@pytest.mark.parametrize(
    ("kind", "acquirer", "amount", "is_beyond"),
    [
        (Kind.FINANCIAL_ADVICE, 1, 1_000, False),
        (Kind.FINANCIAL_ADVICE, 1, 1_001, True),
        (Kind.AUTHORIZATION_ADVICE, 1, 1_001, True),
        (Kind.FINANCIAL_ADVICE, 5, 2_000, False),
        (Kind.FINANCIAL_ADVICE, 5, 2_001, True),
        (Kind.FINANCIAL_ADVICE, 6, 11, True),
        (Kind.AUTHORIZATION_REQUEST, 1, 5_000, False),
        (Kind.FINANCIAL_REQUEST, 6, 5_000, False),
        (Kind.REVERSAL_ADVICE, 1, 5_000, False),
    ],
)
def test_who_is_marked(kind, acquirer, amount, is_beyond):
    """Advices alone, each by the bound of its acquirer."""
    message = tap(1, amount, kind=kind, acquirer=acquirer)
    before = int(message["flags"][0])
    LIMITS.mark(message)
    assert int(message["flags"][0]) == before | (Flag.BEYOND_ADVICE_LIMIT if is_beyond else 0)
    assert ADVICE_LIMIT < 99_999_999_999 // 100


def test_what_comes_while_the_issuer_is_down():
    """The mark goes with the advice to the issuer, who takes nothing of it."""
    bank = Bank(stand_in=STAND_IN_LIMITS)
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    message = tap(1, 5_000, kind=Kind.FINANCIAL_ADVICE)
    LIMITS.mark(message)
    assert bank.send(message) is Reason.APPROVED
    bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
    assert bank.send(bank.state.advices[:1]) is Reason.APPROVED
    assert (bank.posted, bank.held, bank.result["exception"], bank.result["asked_minor"]) == (0, 0, 2, 5_000)
