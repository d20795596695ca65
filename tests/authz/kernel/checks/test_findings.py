"""What an explanation tells of each check: what it saw, and the bound that it held it against."""

import pytest

from authz.kernel.checks.findings import new_findings
from authz.kernel.checks.forcing import TEST_AMOUNT_BASE
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.originals import NO_DIFFERENCE
from authz.program.tables import LIMITS_MAX, RULES_MAX, CashVerification
from authz.vocabulary.attributes import ATTRIBUTES_MAX
from authz.vocabulary.commands import (
    NO_LIMIT,
    CardholderVerification,
    Channel,
    CryptogramOutcome,
    Flag,
    Kind,
    Operation,
)
from authz.vocabulary.follow_ups import FollowUp, SharedField
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState, TokenState
from tests.authz.bank import Bank
from tests.authz.commands import (
    EUR,
    NOW_US,
    USD,
    command,
    referring,
    refund,
    reversal,
    set_account,
    set_card,
    set_token,
    tap,
)

PAID = tap(50, 2_000)
PAID_SEQUENCE = 4  # after account, card and token
FIRST_TOLD = PAID_SEQUENCE + 1
DOWN = command(Kind.SWITCH_ISSUER, is_down=1)
COMPLETE, AUTHORIZE = Kind.FINANCIAL_REQUEST, Kind.AUTHORIZATION_REQUEST
PART = referring(COMPLETE, PAID, amount_minor=700, flags=Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS, stan=7)
KEY = {"token_pan": 700, "limited_use_key": 2, "key_until": NOW_US // 1_000_000 + 1, "key_uses": 3}
CASH = {"operation": Operation.CASH, "cardholder_verification": CardholderVerification.DEVICE}
PIN = {"cardholder_verification": CardholderVerification.PIN}
BY_PIN = {"operation": Operation.CASH, **PIN}
CASH_BACK = {"operation": Operation.PURCHASE_WITH_CASH_BACK, "cash_minor": 500}


def told_of(message, check, *before):
    """What a check has seen of a message, and its bound, in a bank that knows a purchase and was told of something."""
    bank = Bank(test_amounts=True)
    for each in (PAID, *before, message):
        bank.send(each)
    finding = bank.findings.checks[check]
    assert finding["reached"] == 1
    return int(finding["seen"]), int(finding["bound"])


TOLD = [
    (Check.TOKEN, tap(60), (), (1, 1)),
    (Check.TOKEN, tap(60, pan=701), (), (0, 1)),
    (Check.OPERATION, tap(60, operation=98), (), (98, 0)),
    (Check.CHANNEL, tap(60, channel=Channel.KEYED), (), (Channel.KEYED, 1 << Channel.CONTACTLESS)),
    (Check.MERCHANT, tap(60, merchant_key=6), (), (1, 0)),
    (Check.MERCHANT, tap(60, merchant_key=6), (set_token(4, merchant_key=5),), (0, 1)),
    (Check.MERCHANT, tap(60, merchant_key=6), (set_token(4, merchant_key=6),), (1, 1)),
    (Check.COUNTRY, tap(60, country=840), (set_token(4, countries=276),), (840, 276)),
    (Check.COUNTRY, tap(60, country=840), (), (840, 0)),
    (
        Check.CRYPTOGRAM,
        tap(60, cryptogram_outcome=CryptogramOutcome.INVALID),
        (),
        (CryptogramOutcome.INVALID, CryptogramOutcome.VALID),
    ),
    (Check.ENTRY_MODE, tap(60, flags=Flag.SIGNED_FOR_REMOTE), (), (Channel.CONTACTLESS, Flag.SIGNED_FOR_REMOTE)),
    (Check.ENTRY_MODE, tap(60), (), (Channel.CONTACTLESS, 0)),
    (Check.SIGNED_OPERATION, tap(60, flags=Flag.SIGNED_FOR_ANOTHER_OPERATION), (), (Operation.PURCHASE, 1)),
    (Check.SIGNED_AMOUNT, tap(60, signed_amount_minor=1_249), (), (1_250, 1_249)),
    (Check.SIGNED_CURRENCY, tap(60, signed_currency=USD), (), (EUR, USD)),
    (
        Check.SIGNED_CIRCUMSTANCES,
        tap(60, flags=Flag.SIGNED_ON_ANOTHER_DAY),
        (),
        (Flag.SIGNED_ON_ANOTHER_DAY, 0),
    ),
    (Check.DUPLICATE, tap(60, stan=50), (), (50, PAID_SEQUENCE)),
    (Check.DUPLICATE, tap(60), (), (60, 0)),
    (Check.TRANSACTION_COUNTER, tap(60), (), (60, 50)),
    (Check.LIMITED_USE_KEY, tap(60), (), (0, 0)),
    (
        Check.LIMITED_USE_KEY,
        tap(60, limited_use_key=2),
        (command(Kind.SET_LIMITED_USE_KEY, outbox_sequence=4, **KEY),),
        (2, 3),
    ),
    (
        Check.LIMITED_USE_KEY,
        tap(60, limited_use_key=3),
        (command(Kind.SET_LIMITED_USE_KEY, outbox_sequence=4, **KEY),),
        (3, 0),
    ),
    (Check.SIMULATION, tap(60), (), (Reason.APPROVED, 0)),
    (Check.SIMULATION, tap(60, TEST_AMOUNT_BASE + Reason.DO_NOT_HONOR), (), (Reason.DO_NOT_HONOR, 0)),
    (
        Check.TOKEN_STATE,
        tap(60),
        (set_token(4, state=TokenState.SUSPENDED),),
        (TokenState.SUSPENDED, TokenState.ACTIVE),
    ),
    (Check.TOKEN_EXPIRY, tap(60, expiry=2610), (set_token(4, expiry=2610),), (2611, 2610)),
    (Check.EXPIRATION_DATE, tap(60, expiry=2911), (), (2911, 2912)),
    (Check.CARD_STATE, tap(60), (set_card(4, state=CardState.CLOSED),), (CardState.CLOSED, CardState.ACTIVE)),
    (Check.PIN, tap(60, flags=Flag.PIN_ENTERED), (), (Flag.PIN_ENTERED, 0)),
    (Check.CARDHOLDER_VERIFICATION, tap(60, **CASH), (), (CardholderVerification.DEVICE, CashVerification.PIN)),
    (Check.EARLY_REVERSAL, tap(60), (), (60, 0)),
    (Check.EARLY_REVERSAL, tap(60), (reversal(tap(60)),), (60, FIRST_TOLD)),
    (Check.ORIGINAL, referring(COMPLETE, PAID), (), (50, PAID_SEQUENCE)),
    (Check.ORIGINAL, referring(COMPLETE, tap(51)), (), (51, 0)),
    (
        Check.SHARED_FIELDS,
        referring(COMPLETE, PAID, currency=USD),
        (),
        (SharedField.CURRENCY, FollowUp.COMPLETION_REQUEST),
    ),
    (
        Check.SHARED_FIELDS,
        referring(Kind.FINANCIAL_ADVICE, PAID, acquirer=1),
        (),
        (SharedField.ACQUIRER, FollowUp.COMPLETION_ADVICE),
    ),
    (Check.CURRENCY, tap(60, currency=USD, signed_currency=USD), (), (USD, EUR)),
    (Check.AMOUNT, tap(60, **CASH_BACK, cardholder_verification=CardholderVerification.DEVICE), (), (1_250, 500)),
    (Check.AMOUNT, tap(60, 300, kind=Kind.FINANCIAL_ADVICE, **CASH_BACK), (), (300, 500)),
    (Check.ORIGINAL_AMOUNT, referring(COMPLETE, PAID, amount_minor=2_001), (), (2_001, 2_000)),
    (Check.ORIGINAL_AMOUNT, referring(AUTHORIZE, PAID, amount_minor=500), (), (500, 2_000)),
    (Check.ORIGINAL_AMOUNT, referring(AUTHORIZE, PAID, amount_minor=500, stan=8), (PART,), (500, 1_300)),
    (Check.ORIGINAL_AMOUNT, reversal(PAID, amount_minor=1_999), (), (1_999, 2_000)),
    (Check.ORIGINAL_AMOUNT, reversal(PAID, remaining=600), (), (600, 2_000)),
    (Check.TOKEN_LIMIT, tap(60), (), (1_250, 0)),
    (Check.TOKEN_LIMIT, tap(60), (set_token(4, amount_max_minor=1_249),), (1_250, 1_249)),
    (Check.TRANSACTION_LIMIT, tap(60), (), (1_250, 50_000)),
    (Check.TRANSACTION_LIMIT, referring(AUTHORIZE, PAID, amount_minor=500), (), (2_500, 50_000)),
    (Check.TRANSACTION_LIMIT, referring(COMPLETE, PAID, amount_minor=500), (), (500, 50_000)),
    (Check.AVAILABLE_CREDIT, tap(60), (), (1_250, 98_000)),
    (Check.AVAILABLE_CREDIT, tap(60), (set_account(4, limit_minor=3_000),), (1_250, 1_000)),
    (Check.AVAILABLE_CREDIT, referring(COMPLETE, PAID), (), (0, 98_000)),
    (Check.ACCOUNT_STANDING, tap(60), (), (0, 0)),
    (Check.ACCOUNT_STANDING, tap(60), (set_account(4, product=1, cut_day=5), tap(59, kind=COMPLETE)), (0, 2)),
    (Check.CASH_LIMIT, tap(60, **CASH_BACK, **PIN), (), (500, NO_LIMIT)),
    (Check.CASH_LIMIT, tap(60), (set_account(4, product=1, cut_day=5),), (0, NO_LIMIT)),
    (Check.CASH_LIMIT, tap(60, **CASH_BACK, **PIN), (set_account(4, product=1, cut_day=5),), (500, 50_000)),
    (
        Check.CASH_LIMIT,
        tap(60, **CASH_BACK, **PIN),
        (set_account(4, product=1, cut_day=5), tap(58, 300, **BY_PIN), tap(59, 400, kind=COMPLETE, **BY_PIN)),
        (1_200, 50_000),
    ),
    (Check.STAND_IN, tap(60), (DOWN,), (1_250, 5_000)),
    (Check.STAND_IN, referring(AUTHORIZE, PAID), (DOWN,), (2_000, 0)),
]


@pytest.mark.parametrize(("check", "message", "before", "told"), TOLD, ids=lambda each: getattr(each, "name", ""))
def test_what_a_check_tells(check, message, before, told):
    """What it saw stands before the bound: a terminal's operator reads both from an explanation."""
    assert told_of(message, check, *before) == told


def test_there_is_room_for_every_finding():
    """Of each check, limit, rule and attribute that there can be."""
    findings = new_findings()
    assert [len(each) for each in (findings.checks, findings.limits, findings.rules, findings.values)] == [
        len(Check),
        LIMITS_MAX,
        RULES_MAX,
        ATTRIBUTES_MAX,
    ]


def test_every_check_is_tried():
    """A check that is added must be added here."""
    assert {check for check, *_ in TOLD} == set(Check)


FOLLOWING = {
    FollowUp.INCREMENT: referring(AUTHORIZE, PAID),
    FollowUp.COMPLETION_REQUEST: referring(COMPLETE, PAID),
    FollowUp.REFUND_REQUEST: refund(PAID),
    FollowUp.REVERSAL: reversal(PAID),
    FollowUp.PARTIAL_REVERSAL: reversal(PAID, remaining=1_000),
    FollowUp.INCREMENT_ADVICE: referring(Kind.AUTHORIZATION_ADVICE, PAID),
    FollowUp.COMPLETION_ADVICE: referring(Kind.FINANCIAL_ADVICE, PAID),
    FollowUp.REFUND_ADVICE: refund(PAID, kind=Kind.FINANCIAL_ADVICE),
}


@pytest.mark.parametrize("follow_up", FOLLOWING, ids=lambda each: each.name.lower())
def test_a_follow_up_is_told_as_what_it_is(follow_up):
    """Its row in the table of follow-ups, and that nothing differs."""
    assert told_of(FOLLOWING[follow_up], Check.SHARED_FIELDS) == (NO_DIFFERENCE, follow_up)


def test_an_advice_that_follows_nothing_tells_of_no_shared_fields():
    """There is nothing that it could share them with."""
    bank = Bank()
    assert bank.send(tap(60, kind=Kind.FINANCIAL_ADVICE)) is Reason.APPROVED
    assert not bank.findings.checks[Check.SHARED_FIELDS]["reached"]
