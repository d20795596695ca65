"""Every check refuses in every pass that runs it. What a pass runs is seen from what it reaches: none is forgotten."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from authz.kernel.checks.forcing import TEST_AMOUNT_BASE
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.passes import CHECKS, NOTED, PASS_OF, Pass
from authz.vocabulary.commands import (
    MESSAGES,
    CardState,
    Channel,
    CryptogramOutcome,
    Flag,
    Kind,
    Operation,
    Records,
    TokenState,
)
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import (
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
"""A purchase that the account knows, for what refers to one."""

DONE = tap(51, 2_000)
"""Another, which was completed whole."""

IN_OUTAGES = (Pass.STAND_IN, Pass.PASSED_ON)


def a_bank(which: Pass, *before: Records) -> Bank:
    """A bank with two purchases, told of something, then asked in the way of a pass."""
    bank = Bank()
    for message in (PAID, DONE, referring(Kind.FINANCIAL_ADVICE, DONE)):
        assert bank.send(message) is Reason.APPROVED
    for each in before:
        bank.send(each)
    if which in IN_OUTAGES:
        bank.send(command(Kind.SWITCH_ISSUER, state=1))
    return bank


def limited_use_key(until: int, uses: int) -> Records:
    """A key for the phone. until: Unix seconds."""
    named = {"token_pan": 700, "limited_use_key": 2}
    return command(Kind.SET_LIMITED_USE_KEY, outbox_sequence=4, reference=until, limit_minor=uses, **named)


@dataclass
class Refused:
    """A message that one check refuses, and what the bank must have been told before."""

    reason: Reason
    message: Records
    before: tuple[Records, ...] = ()
    passes: tuple[Pass, ...] = field(default=(Pass.ISSUER, Pass.STAND_IN))


def tapped(reason: Reason, *before: Records, **values: Any) -> Refused:
    """A tap that is refused by the issuer and in its place alike."""
    return Refused(reason, tap(**{"atc": 60, **values}), before)


def by_issuer(reason: Reason, message: Records, *before: Records) -> Refused:
    """A request that only the issuer can refuse for this."""
    return Refused(reason, message, before, (Pass.ISSUER,))


def by(which: Pass, reason: Reason, *messages: Records) -> list[Refused]:
    """Messages that are refused in one pass."""
    return [Refused(reason, message, (), (which,)) for message in messages]


_SECOND = NOW_US // 1_000_000
_SIGNED_FOR_ANOTHER = (
    Flag.SIGNED_FOR_REMOTE,
    Flag.SIGNED_FOR_QR_CODE,
    Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE,
)
_ADVICES = (Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE)
_REVERSALS = (Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE)
_UNKNOWN, _UNSERVED, _BALANCE = {"token_pan": 701}, {"operation": 98}, {"operation": Operation.BALANCE_INQUIRY}

REFUSED: dict[Check, list[Refused]] = {
    Check.TOKEN: [
        tapped(Reason.TOKEN_NOT_FOUND, pan=701),
        *by(Pass.ADVICE, Reason.TOKEN_NOT_FOUND, *(tap(60, kind=kind, pan=701) for kind in _ADVICES)),
        *by(Pass.REVERSAL, Reason.TOKEN_NOT_FOUND, *(referring(kind, PAID, **_UNKNOWN) for kind in _REVERSALS)),
        *by(Pass.PASSED_ON, Reason.TOKEN_NOT_FOUND, reversal(PAID, **_UNKNOWN), tap(60, kind=_ADVICES[0], pan=701)),
    ],
    Check.OPERATION: [
        tapped(Reason.OPERATION_NOT_SUPPORTED, **_UNSERVED),
        *by(Pass.ADVICE, Reason.OPERATION_NOT_SUPPORTED, *(tap(60, kind=kind, **_UNSERVED) for kind in _ADVICES)),
        *by(
            Pass.REVERSAL, Reason.OPERATION_NOT_SUPPORTED, *(referring(kind, PAID, **_UNSERVED) for kind in _REVERSALS)
        ),
        *by(Pass.PASSED_ON, Reason.OPERATION_NOT_SUPPORTED, reversal(PAID, **_UNSERVED)),
        *by(Pass.PASSED_ON, Reason.OPERATION_NOT_SUPPORTED, tap(60, kind=_ADVICES[0], **_UNSERVED)),
    ],
    Check.CHANNEL: [tapped(Reason.CHANNEL_NOT_ALLOWED, channel=Channel.KEYED)],
    Check.MERCHANT: [tapped(Reason.MERCHANT_NOT_ALLOWED, set_token(4, merchant_key=5), merchant_key=6)],
    Check.COUNTRY: [
        tapped(Reason.COUNTRY_NOT_ALLOWED, set_token(4, reference=276), country=country) for country in (840, 0)
    ],
    Check.CRYPTOGRAM: [
        tapped(Reason.MISSING_CRYPTOGRAM, cryptogram_outcome=CryptogramOutcome.ABSENT),
        tapped(Reason.INVALID_CRYPTOGRAM, cryptogram_outcome=CryptogramOutcome.INVALID),
        tapped(Reason.INVALID_CRYPTOGRAM, cryptogram_version=9),
        tapped(Reason.INVALID_CRYPTOGRAM, key_index=9),
    ],
    Check.ENTRY_MODE: [tapped(Reason.WRONG_ENTRY_MODE, flags=flags) for flags in _SIGNED_FOR_ANOTHER],
    Check.SIGNED_OPERATION: [tapped(Reason.CRYPTOGRAM_DATA_MISMATCH, flags=Flag.SIGNED_FOR_ANOTHER_OPERATION)],
    Check.SIGNED_AMOUNT: [tapped(Reason.CRYPTOGRAM_DATA_MISMATCH, signed_amount_minor=1_249)],
    Check.SIGNED_CURRENCY: [tapped(Reason.CRYPTOGRAM_DATA_MISMATCH, signed_currency=USD)],
    Check.SIGNED_CIRCUMSTANCES: [
        tapped(Reason.SIGNED_CASH_MISMATCH, flags=Flag.SIGNED_FOR_OTHER_CASH),
        tapped(Reason.SIGNED_DATE_MISMATCH, flags=Flag.SIGNED_ON_ANOTHER_DAY),
        tapped(Reason.SIGNED_COUNTRY_MISMATCH, flags=Flag.SIGNED_IN_ANOTHER_COUNTRY),
        tapped(Reason.TRANSMISSION_TIME_MISMATCH, flags=Flag.SENT_AT_ANOTHER_TIME),
    ],
    Check.DUPLICATE: [
        tapped(Reason.DUPLICATE_TRANSMISSION, tap(60)),
        tapped(Reason.DUPLICATE_TRANSMISSION, tap(60), atc=61, stan=60),
        tapped(Reason.DUPLICATE_TRANSMISSION, tap(60, 1_251), flags=Flag.REPEAT),
    ],
    Check.TRANSACTION_COUNTER: [
        tapped(Reason.REPLAYED_CRYPTOGRAM, tap(60), stan=61),
        tapped(Reason.REPLAYED_CRYPTOGRAM, tap(124)),
        tapped(Reason.TRANSACTION_COUNTER_JUMP, atc=1_052),
    ],
    Check.LIMITED_USE_KEY: [
        tapped(Reason.LIMITED_USE_KEY_EXPIRED, limited_use_key(_SECOND, 1), limited_use_key=2),
        tapped(Reason.LIMITED_USE_KEY_EXPIRED, limited_use_key(_SECOND + 1, 1), limited_use_key=3),
        tapped(Reason.LIMITED_USE_KEY_USED_UP, limited_use_key(_SECOND + 1, 0), limited_use_key=2),
    ],
    Check.SIMULATION: [by_issuer(Reason.DO_NOT_HONOR, tap(60, TEST_AMOUNT_BASE + Reason.DO_NOT_HONOR))],
    Check.TOKEN_STATE: [
        tapped(Reason[f"TOKEN_{state.name}"], set_token(4, state=state))
        for state in TokenState
        if state.name != "ACTIVE"
    ],
    Check.TOKEN_EXPIRY: [tapped(Reason.TOKEN_EXPIRED, set_token(4, expiry=2610), expiry=2610)],
    Check.EXPIRATION_DATE: [tapped(Reason.EXPIRATION_MISMATCH, expiry=2911)],
    Check.CARD_STATE: [
        by_issuer(Reason.CARD_FROZEN, tap(60), set_card(4, state=CardState.FROZEN)),
        by_issuer(Reason.CARD_CLOSED, tap(60), set_card(4, state=CardState.CLOSED)),
    ],
    Check.PIN: [
        tapped(Reason.PIN_MISMATCH, flags=Flag.PIN_ENTERED | Flag.PIN_WRONG),
        tapped(Reason.PIN_TRIES_EXCEEDED, flags=Flag.PIN_ENTERED | Flag.PIN_LOCKED),
    ],
    Check.CARDHOLDER_VERIFICATION: [tapped(Reason.PIN_REQUIRED, operation=Operation.CASH)],
    Check.EARLY_REVERSAL: [tapped(Reason.ALREADY_REVERSED, reversal(tap(60)))],
    Check.ORIGINAL: [
        by_issuer(Reason.MISSING_ORIGINAL_AUTHORIZATION, referring(Kind.FINANCIAL_REQUEST, tap(60))),
        by_issuer(Reason.AUTHORIZATION_CLOSED, referring(Kind.AUTHORIZATION_REQUEST, DONE)),
        by_issuer(Reason.ALREADY_REVERSED, referring(Kind.FINANCIAL_REQUEST, PAID, stan=7), reversal(PAID)),
        *by(Pass.REVERSAL, Reason.MISSING_ORIGINAL_AUTHORIZATION, *(referring(kind, tap(60)) for kind in _REVERSALS)),
    ],
    Check.SHARED_FIELDS: [
        by_issuer(Reason.ORIGINAL_CURRENCY_MISMATCH, referring(Kind.FINANCIAL_REQUEST, PAID, currency=USD)),
        by_issuer(Reason.MISSING_ORIGINAL_AUTHORIZATION, refund(DONE, acquirer=1, stan=7)),
        *(
            refused
            for which in (Pass.ADVICE, Pass.PASSED_ON)
            for refused in by(
                which,
                Reason.MISSING_ORIGINAL_AUTHORIZATION,
                *(referring(kind, PAID, acquirer=1, stan=7) for kind in _ADVICES),
                referring(Kind.FINANCIAL_ADVICE, DONE, acquirer=1, stan=7, operation=Operation.REFUND),
            )
        ),
        *(
            refused
            for which in (Pass.REVERSAL, Pass.PASSED_ON)
            for refused in (
                *by(
                    which,
                    Reason.ORIGINAL_TERMINAL_MISMATCH,
                    *(referring(kind, PAID, terminal=b"X") for kind in _REVERSALS),
                ),
                *by(which, Reason.MISSING_ORIGINAL_AUTHORIZATION, reversal(PAID, acquirer=1)),
                *by(which, Reason.ORIGINAL_CURRENCY_MISMATCH, reversal(PAID, currency=USD)),
            )
        ),
    ],
    Check.CURRENCY: [
        tapped(Reason.CURRENCY_NOT_SUPPORTED, currency=USD, signed_currency=USD),
        *by(Pass.ADVICE, Reason.CURRENCY_NOT_SUPPORTED, *(tap(60, kind=kind, currency=USD) for kind in _ADVICES)),
    ],
    Check.AMOUNT: [
        tapped(Reason.INVALID_AMOUNT, **_BALANCE),
        *by(Pass.ADVICE, Reason.INVALID_AMOUNT, *(tap(60, kind=kind, **_BALANCE) for kind in _ADVICES)),
        *by(Pass.ADVICE, Reason.INVALID_AMOUNT, referring(Kind.FINANCIAL_ADVICE, PAID, **_BALANCE)),
        *by(Pass.PASSED_ON, Reason.INVALID_AMOUNT, *(tap(60, kind=kind, **_BALANCE) for kind in _ADVICES)),
    ],
    Check.ORIGINAL_AMOUNT: [
        by_issuer(Reason.EXCEEDS_AUTHORIZED_AMOUNT, referring(Kind.FINANCIAL_REQUEST, PAID, amount_minor=2_001)),
        by_issuer(Reason.EXCEEDS_REMAINDER, refund(DONE, amount_minor=2_001, stan=7)),
        *(
            refused
            for which in (Pass.REVERSAL, Pass.PASSED_ON)
            for refused in (
                *by(which, Reason.ORIGINAL_AMOUNT_MISMATCH, reversal(PAID, amount_minor=1_999)),
                *by(which, Reason.ORIGINAL_AMOUNT_MISMATCH, reversal(PAID, remaining=2_001)),
                *by(which, Reason.NOTHING_TO_REVERSE, *(referring(kind, DONE, stan=7) for kind in _REVERSALS)),
            )
        ),
    ],
    Check.TOKEN_LIMIT: [tapped(Reason.EXCEEDS_LIMIT, set_token(4, transaction_limit_minor=1_249))],
    Check.TRANSACTION_LIMIT: [by_issuer(Reason.EXCEEDS_LIMIT, tap(60, 50_001))],
    Check.AVAILABLE_CREDIT: [by_issuer(Reason.INSUFFICIENT_FUNDS, tap(60), set_account(4, limit_minor=5_249))],
    Check.STAND_IN: [
        *by(Pass.STAND_IN, Reason.DECLINED_BY_STAND_IN, tap(60, 5_001)),
        *by(Pass.STAND_IN, Reason.ISSUER_UNAVAILABLE, tap(60, 0, operation=Operation.BALANCE_INQUIRY)),
        *by(
            Pass.STAND_IN, Reason.ISSUER_UNAVAILABLE, referring(Kind.AUTHORIZATION_REQUEST, PAID), refund(DONE, stan=7)
        ),
    ],
}
_RUN = [(which, check) for which in Pass for check in CHECKS[which] if (which, check) not in NOTED]


@pytest.mark.parametrize(("which", "check"), _RUN, ids=lambda each: each.name.lower())
def test_every_check_refuses_in_every_pass(which, check):
    """It is the one that says no, with its own reason, and no money moves."""
    refused = [each for each in REFUSED[check] if which in each.passes]
    assert refused, "no message is refused by this check in this pass: add one"
    for each in refused:
        bank = a_bank(which, *each.before)
        before = bank.held, bank.posted
        assert bank.send(each.message) is each.reason
        assert bank.findings.checks[check]["reason"] == each.reason
        assert (bank.held, bank.posted) == before


def test_nothing_is_refused_by_what_a_pass_does_not_run():
    """The list of refusals claims no check for a pass that has not declared it."""
    claimed = {(which, check) for check, refused in REFUSED.items() for each in refused for which in each.passes}
    assert claimed == set(_RUN)


APPROVED = {
    Pass.ISSUER: [
        tap(60),
        referring(Kind.AUTHORIZATION_REQUEST, PAID, stan=7),
        referring(Kind.FINANCIAL_REQUEST, PAID, stan=8),
        refund(DONE, stan=9),
    ],
    Pass.STAND_IN: [tap(60)],
    Pass.ADVICE: [tap(60, kind=kind) for kind in _ADVICES]
    + [referring(_ADVICES[0], PAID), refund(DONE, kind=_ADVICES[1])],
    Pass.REVERSAL: [referring(kind, PAID) for kind in _REVERSALS],
    Pass.PASSED_ON: [tap(60, kind=kind) for kind in _ADVICES] + [referring(kind, PAID) for kind in _REVERSALS],
}
"""Messages of each pass that nothing speaks against: together they reach every check that the pass runs."""


@pytest.mark.parametrize("which", Pass, ids=lambda each: each.name.lower())
def test_a_pass_runs_what_is_declared(which):
    """In this order, and nothing else."""
    reached = set()
    for message in APPROVED[which]:
        bank = a_bank(which)
        assert bank.send(message) is Reason.APPROVED
        reached |= {check for check in Check if bank.findings.checks[check]["reached"]}
    assert reached == set(CHECKS[which])
    assert list(CHECKS[which]) == sorted(CHECKS[which])


def test_every_message_has_a_pass():
    """Also one that is added."""
    assert set(PASS_OF) == {Kind(kind) for kind in MESSAGES}
