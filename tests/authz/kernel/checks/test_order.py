"""The table of checks: each declines for each of its askers, is asked by nobody else, and the passes follow from it."""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from authz.history.check_wording import Shown
from authz.kernel.checks.findings import Findings, new_findings
from authz.kernel.checks.forcing import TEST_AMOUNT_BASE
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.order import ASKER_OF, ORDER, Asker, Row, names_of_checks, writes_its_own_findings
from authz.kernel.checks.stand_in_limits import use_stand_in
from authz.kernel.freshness import is_fresh
from authz.kernel.generation import MODULES
from authz.kernel.measures.calendar import DAY_US
from authz.state.stored import stored_arrays
from authz.vocabulary.commands import (
    MESSAGES,
    CardholderVerification,
    Channel,
    CryptogramOutcome,
    Flag,
    Kind,
    Operation,
    Records,
)
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState, TokenState
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

ROOT = Path(__file__).parents[4]
PAID = tap(50, 2_000)
"""A purchase that the account knows, for what refers to one."""

DONE = tap(51, 2_000)
"""Another, which was completed whole."""

DAY = {"id": "day", "window": "day", "amount_max": 5_249, "currency": "EUR"}
SMALL = {
    "id": "small",
    "state": "live",
    "when": {"attribute": "amount", "operator": "<=", "value": 1_250},
    "action": "decline",
}

IN_OUTAGES = (Asker.STAND_IN, Asker.STORED_ADVICE, Asker.STORED_REVERSAL)
DECIDERS = (Asker.ISSUER, Asker.STAND_IN)


def a_bank(asker: Asker, *before: Records, **program: Any) -> Bank:
    """A bank with two purchases, told of something, then asked by somebody."""
    bank = Bank()
    for message in (PAID, DONE, referring(Kind.FINANCIAL_ADVICE, DONE)):
        assert bank.send(message) is Reason.APPROVED
    for each in before:
        bank.send(each)
    if program:
        bank.use(**program)
    if asker in IN_OUTAGES:
        bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    return bank


def limited_use_key(until: int, uses: int) -> Records:
    """A key for the phone. until: Unix seconds."""
    named = {"token_pan": 700, "limited_use_key": 2}
    return command(Kind.SET_LIMITED_USE_KEY, outbox_sequence=4, key_until=until, key_uses=uses, **named)


@dataclass
class Refused:
    """A message that one check refuses, and what the bank must have been told before."""

    reason: Reason
    message: Records
    before: tuple[Records, ...] = ()
    askers: tuple[Asker, ...] = DECIDERS
    program: dict[str, Any] = field(default_factory=dict)


def tapped(reason: Reason, *before: Records, **values: Any) -> Refused:
    """A tap that is refused by the issuer and in its place alike."""
    return Refused(reason, tap(**{"atc": 60, **values}), before)


def fresh(reason: Reason, *before: Records, **values: Any) -> Refused:
    """A tap that is refused for this before its PIN is verified, too."""
    return Refused(reason, tap(**{"atc": 60, **values}), before, (*DECIDERS, Asker.PIN_VERIFICATION))


def by_issuer(reason: Reason, message: Records, *before: Records) -> Refused:
    """A request that only the issuer can refuse for this."""
    return Refused(reason, message, before, (Asker.ISSUER,))


def by(asker: Asker, reason: Reason, *messages: Records) -> list[Refused]:
    """Messages that are refused in one pass."""
    return [Refused(reason, message, (), (asker,)) for message in messages]


_LATER_US = NOW_US + 100 * DAY_US
_TWO_DUES_MISSED = (
    set_account(4, product=1, cut_day=5),
    tap(59, 45_000, kind=Kind.FINANCIAL_REQUEST),
    command(Kind.CLOSE_DAY, time_us=_LATER_US, day=_LATER_US // DAY_US - 1, rows=1),
)
_SECOND = NOW_US // 1_000_000
_SIGNED_FOR_ANOTHER = (
    Flag.SIGNED_FOR_REMOTE,
    Flag.SIGNED_FOR_QR_CODE,
    Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE,
)
_ADVICES = (Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE)
_REVERSALS = (Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE)
_UNKNOWN, _UNSERVED, _BALANCE = {"token_pan": 701}, {"operation": 98}, {"operation": Operation.BALANCE_INQUIRY}

REFUSED: dict[str, list[Refused]] = {
    "token": [
        fresh(Reason.TOKEN_NOT_FOUND, pan=701),
        *by(Asker.ADVICE, Reason.TOKEN_NOT_FOUND, *(tap(60, kind=kind, pan=701) for kind in _ADVICES)),
        *by(Asker.REVERSAL, Reason.TOKEN_NOT_FOUND, *(referring(kind, PAID, **_UNKNOWN) for kind in _REVERSALS)),
        *by(Asker.STORED_REVERSAL, Reason.TOKEN_NOT_FOUND, reversal(PAID, **_UNKNOWN)),
        *by(Asker.STORED_ADVICE, Reason.TOKEN_NOT_FOUND, tap(60, kind=_ADVICES[0], pan=701)),
    ],
    "operation": [
        fresh(Reason.OPERATION_NOT_SUPPORTED, **_UNSERVED),
        *by(Asker.ADVICE, Reason.OPERATION_NOT_SUPPORTED, *(tap(60, kind=kind, **_UNSERVED) for kind in _ADVICES)),
        *by(
            Asker.REVERSAL, Reason.OPERATION_NOT_SUPPORTED, *(referring(kind, PAID, **_UNSERVED) for kind in _REVERSALS)
        ),
        *by(Asker.STORED_REVERSAL, Reason.OPERATION_NOT_SUPPORTED, reversal(PAID, **_UNSERVED)),
        *by(Asker.STORED_ADVICE, Reason.OPERATION_NOT_SUPPORTED, tap(60, kind=_ADVICES[0], **_UNSERVED)),
    ],
    "channel": [fresh(Reason.CHANNEL_NOT_ALLOWED, channel=Channel.KEYED)],
    "merchant": [fresh(Reason.MERCHANT_NOT_ALLOWED, set_token(4, merchant_key=5), merchant_key=6)],
    "country": [
        fresh(Reason.COUNTRY_NOT_ALLOWED, set_token(4, countries=276), country=country) for country in (840, 0)
    ],
    "cryptogram": [
        fresh(Reason.MISSING_CRYPTOGRAM, cryptogram_outcome=CryptogramOutcome.ABSENT),
        fresh(Reason.INVALID_CRYPTOGRAM, cryptogram_outcome=CryptogramOutcome.INVALID),
        fresh(Reason.INVALID_CRYPTOGRAM, cryptogram_version=9),
        fresh(Reason.INVALID_CRYPTOGRAM, key_index=9),
    ],
    "entry_mode": [fresh(Reason.WRONG_ENTRY_MODE, flags=flags) for flags in _SIGNED_FOR_ANOTHER],
    "signed_operation": [fresh(Reason.CRYPTOGRAM_DATA_MISMATCH, flags=Flag.SIGNED_FOR_ANOTHER_OPERATION)],
    "signed_amount": [fresh(Reason.CRYPTOGRAM_DATA_MISMATCH, signed_amount_minor=1_249)],
    "signed_currency": [fresh(Reason.CRYPTOGRAM_DATA_MISMATCH, signed_currency=USD)],
    "signed_circumstances": [
        fresh(Reason.SIGNED_CASH_MISMATCH, flags=Flag.SIGNED_FOR_OTHER_CASH),
        fresh(Reason.SIGNED_DATE_MISMATCH, flags=Flag.SIGNED_ON_ANOTHER_DAY),
        fresh(Reason.SIGNED_COUNTRY_MISMATCH, flags=Flag.SIGNED_IN_ANOTHER_COUNTRY),
        fresh(Reason.TRANSMISSION_TIME_MISMATCH, flags=Flag.SENT_AT_ANOTHER_TIME),
    ],
    "duplicate": [
        fresh(Reason.DUPLICATE_TRANSMISSION, tap(60)),
        fresh(Reason.DUPLICATE_TRANSMISSION, tap(60), atc=61, stan=60),
        fresh(Reason.DUPLICATE_TRANSMISSION, tap(60, 1_251), flags=Flag.REPEAT),
    ],
    "transaction_counter": [
        fresh(Reason.REPLAYED_CRYPTOGRAM, tap(60), stan=61),
        fresh(Reason.REPLAYED_CRYPTOGRAM, tap(124)),
        fresh(Reason.TRANSACTION_COUNTER_JUMP, atc=1_052),
    ],
    "limited_use_key": [
        fresh(Reason.LIMITED_USE_KEY_EXPIRED, limited_use_key(_SECOND, 1), limited_use_key=2),
        fresh(Reason.LIMITED_USE_KEY_EXPIRED, limited_use_key(_SECOND + 1, 1), limited_use_key=3),
        fresh(Reason.LIMITED_USE_KEY_USED_UP, limited_use_key(_SECOND + 1, 0), limited_use_key=2),
    ],
    "simulation": [by_issuer(Reason.DO_NOT_HONOR, tap(60, TEST_AMOUNT_BASE + Reason.DO_NOT_HONOR))],
    "token_state": [
        tapped(Reason[f"TOKEN_{state.name}"], set_token(4, state=state))
        for state in TokenState
        if state.name != "ACTIVE"
    ],
    "token_expiry": [tapped(Reason.TOKEN_EXPIRED, set_token(4, expiry=2610), expiry=2610)],
    "expiration_date": [tapped(Reason.EXPIRATION_MISMATCH, expiry=2911)],
    "card_state": [
        by_issuer(Reason.CARD_FROZEN, tap(60), set_card(4, state=CardState.FROZEN)),
        by_issuer(Reason.CARD_CLOSED, tap(60), set_card(4, state=CardState.CLOSED)),
    ],
    "account_standing": [by_issuer(Reason.PAYMENT_OVERDUE, tap(60), *_TWO_DUES_MISSED)],
    "pin": [
        tapped(Reason.PIN_MISMATCH, flags=Flag.PIN_ENTERED | Flag.PIN_WRONG),
        tapped(Reason.PIN_TRIES_EXCEEDED, flags=Flag.PIN_ENTERED | Flag.PIN_LOCKED),
    ],
    "cardholder_verification": [tapped(Reason.PIN_REQUIRED, operation=Operation.CASH)],
    "early_reversal": [tapped(Reason.ALREADY_REVERSED, reversal(tap(60)))],
    "original": [
        by_issuer(Reason.MISSING_ORIGINAL_AUTHORIZATION, referring(Kind.FINANCIAL_REQUEST, tap(60))),
        by_issuer(Reason.AUTHORIZATION_CLOSED, referring(Kind.AUTHORIZATION_REQUEST, DONE)),
        by_issuer(Reason.ALREADY_REVERSED, referring(Kind.FINANCIAL_REQUEST, PAID, stan=7), reversal(PAID)),
        *by(Asker.REVERSAL, Reason.MISSING_ORIGINAL_AUTHORIZATION, *(referring(kind, tap(60)) for kind in _REVERSALS)),
    ],
    "shared_fields": [
        by_issuer(Reason.ORIGINAL_CURRENCY_MISMATCH, referring(Kind.FINANCIAL_REQUEST, PAID, currency=USD)),
        by_issuer(Reason.MISSING_ORIGINAL_AUTHORIZATION, refund(DONE, acquirer=1, stan=7)),
        *(
            refused
            for asker in (Asker.ADVICE, Asker.STORED_ADVICE)
            for refused in by(
                asker,
                Reason.MISSING_ORIGINAL_AUTHORIZATION,
                *(referring(kind, PAID, acquirer=1, stan=7) for kind in _ADVICES),
                referring(Kind.FINANCIAL_ADVICE, DONE, acquirer=1, stan=7, operation=Operation.REFUND),
            )
        ),
        *(
            refused
            for asker in (Asker.REVERSAL, Asker.STORED_REVERSAL)
            for refused in (
                *by(
                    asker,
                    Reason.ORIGINAL_TERMINAL_MISMATCH,
                    *(referring(kind, PAID, terminal=b"X") for kind in _REVERSALS),
                ),
                *by(asker, Reason.MISSING_ORIGINAL_AUTHORIZATION, reversal(PAID, acquirer=1)),
                *by(asker, Reason.ORIGINAL_CURRENCY_MISMATCH, reversal(PAID, currency=USD)),
            )
        ),
    ],
    "currency": [
        tapped(Reason.CURRENCY_NOT_SUPPORTED, currency=USD, signed_currency=USD),
        *by(Asker.ADVICE, Reason.CURRENCY_NOT_SUPPORTED, *(tap(60, kind=kind, currency=USD) for kind in _ADVICES)),
    ],
    "amount": [
        tapped(Reason.INVALID_AMOUNT, **_BALANCE),
        *by(Asker.ADVICE, Reason.INVALID_AMOUNT, *(tap(60, kind=kind, **_BALANCE) for kind in _ADVICES)),
        *by(Asker.ADVICE, Reason.INVALID_AMOUNT, referring(Kind.FINANCIAL_ADVICE, PAID, **_BALANCE)),
        *by(Asker.STORED_ADVICE, Reason.INVALID_AMOUNT, *(tap(60, kind=kind, **_BALANCE) for kind in _ADVICES)),
    ],
    "original_amount": [
        by_issuer(Reason.EXCEEDS_AUTHORIZED_AMOUNT, referring(Kind.FINANCIAL_REQUEST, PAID, amount_minor=2_001)),
        by_issuer(Reason.EXCEEDS_REMAINDER, refund(DONE, amount_minor=2_001, stan=7)),
        *(
            refused
            for asker in (Asker.REVERSAL, Asker.STORED_REVERSAL)
            for refused in (
                *by(asker, Reason.ORIGINAL_AMOUNT_MISMATCH, reversal(PAID, amount_minor=1_999)),
                *by(asker, Reason.ORIGINAL_AMOUNT_MISMATCH, reversal(PAID, remaining=2_001)),
                *by(asker, Reason.NOTHING_TO_REVERSE, *(referring(kind, DONE, stan=7) for kind in _REVERSALS)),
            )
        ),
    ],
    "token_limit": [tapped(Reason.EXCEEDS_LIMIT, set_token(4, amount_max_minor=1_249))],
    "transaction_limit": [by_issuer(Reason.EXCEEDS_LIMIT, tap(60, 50_001))],
    "limits_and_rules": [
        Refused(Reason.EXCEEDS_LIMIT, tap(60), (), (Asker.ISSUER,), {"limits": [DAY]}),
        Refused(Reason.SUSPECTED_FRAUD, tap(60), (), (Asker.ISSUER,), {"rules": [SMALL]}),
    ],
    "available_credit": [by_issuer(Reason.INSUFFICIENT_FUNDS, tap(60), set_account(4, limit_minor=5_249))],
    "cash_limit": [
        Refused(
            Reason.EXCEEDS_LIMIT,
            tap(60, operation=Operation.CASH, cardholder_verification=CardholderVerification.PIN),
            (set_account(4, product=1, cut_day=5),),
            (Asker.ISSUER,),
            {"products": [{"number": 1, "id": "little_cash", "terms": {"cash_share_ppm": 12_490}}]},
        )
    ],
    "stand_in": [
        *by(Asker.STAND_IN, Reason.DECLINED_BY_STAND_IN, tap(60, 5_001)),
        *by(Asker.STAND_IN, Reason.ISSUER_UNAVAILABLE, tap(60, 0, operation=Operation.BALANCE_INQUIRY)),
        *by(
            Asker.STAND_IN, Reason.ISSUER_UNAVAILABLE, referring(Kind.AUTHORIZATION_REQUEST, PAID), refund(DONE, stan=7)
        ),
    ],
}
ASKED = [(asker, row) for row in ORDER for asker in row.asked_by]
DECLINING = [(asker, row) for asker, row in ASKED if row.declines]


def said_by(asker: Asker, row: Row) -> str:
    """The name of a case."""
    return f"{asker.name.lower()}-{row.name}"


def asked(bank: Bank, asker: Asker, message: Records) -> tuple[bool, Findings]:
    """Whether a message is approved, and what was found of it."""
    if asker is not Asker.PIN_VERIFICATION:
        return bank.send(message).is_approval, bank.findings
    findings = new_findings()
    before = {name: array.tobytes() for name, array in stored_arrays(bank.state).items()}
    is_new = is_fresh(bank.state, message, findings)
    assert {name: array.tobytes() for name, array in stored_arrays(bank.state).items()} == before
    return is_new, findings


def declines(findings: Findings) -> dict[Check, Reason]:
    """The checks that have declined, each with its reason."""
    seen = {check: Reason(findings.checks[check]["reason"]) for check in Check if findings.checks[check]["reached"]}
    return {check: reason for check, reason in seen.items() if not reason.is_approval}


@pytest.mark.parametrize(("asker", "row"), DECLINING, ids=[said_by(*each) for each in DECLINING])
def test_every_check_declines_for_each_of_its_askers(asker, row):
    """It alone, with its own reason, and no money moves."""
    refused = [each for each in REFUSED.get(row.name, []) if asker in each.askers]
    assert refused, "no message is declined by this check for this asker: add one to REFUSED"
    for each in refused:
        bank = a_bank(asker, *each.before, **each.program)
        before = bank.held, bank.posted
        approved, findings = asked(bank, asker, each.message)
        assert not approved
        if writes_its_own_findings(row):
            assert (declines(findings), bank.result["reason"]) == ({}, each.reason)
        else:
            assert declines(findings) == {Check[row.name.upper()]: each.reason}
        assert (bank.held, bank.posted) == before


def test_nothing_is_declined_by_what_nobody_asks():
    """A row that is taken away, or one of its askers, is missed here: its messages are still in the list."""
    claimed = {(asker, name) for name, refused in REFUSED.items() for each in refused for asker in each.askers}
    assert claimed == {(asker, row.name) for asker, row in DECLINING}


def test_every_check_has_a_row():
    """A function that is called `check_` and stands in no row would never be asked."""
    written = {
        node.name
        for path in (ROOT / "authz/kernel").rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
    }
    assert written == {row.check.__name__ for row in ORDER}


def test_what_uses_something_up_stands_in_a_row():
    """So that nothing is spent by a check that only looks."""
    written = {
        node.name
        for path in (ROOT / "authz/kernel").rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("use_")
    }
    used = {use.__name__ for row in ORDER for use in (row.when_passed, row.when_declined) if use is not None}
    assert written == used


def test_nobody_asks_two_checks_of_one_name():
    """Their findings would overwrite each other."""
    names = [(asker, row.name) for asker, row in ASKED]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_the_passes_are_those_of_the_table(path):
    """`python -m authz.kernel.generation` writes them anew."""
    assert path.read_text() == MODULES[path]()


def test_a_row_is_refused_at_once():
    """A row without a pass, and functions with other names."""
    row = ORDER[0]
    with pytest.raises(ValueError, match="check_token: no pass makes"):
        Row(row.check, {})
    with pytest.raises(ValueError, match="is_fresh: a check's name begins with check_"):
        Row(is_fresh, row.asked_by)
    with pytest.raises(ValueError, match="check_token: the name of what uses something up begins with use_"):
        Row(row.check, row.asked_by, when_passed=row.check)
    with pytest.raises(ValueError, match="check_token: a check that is asked for its finding only uses nothing up"):
        Row(row.check, row.asked_by, when_passed=use_stand_in, declines=False)


@pytest.mark.parametrize("row", ORDER, ids=lambda row: row.check.__name__)
def test_every_row_can_be_explained(row):
    """Its two sentences name only what `check_wording` knows."""
    names = {name for text in (row.saw, row.bound) for _, name, _, _ in Formatter().parse(text) if name is not None}
    for name in names:
        number, _, shown = name.partition(".")
        assert number in ("seen", "bound")
        assert not shown or isinstance(vars(Shown)[shown], property)


APPROVED = {
    Asker.ISSUER: [
        tap(60),
        referring(Kind.AUTHORIZATION_REQUEST, PAID, stan=7),
        referring(Kind.FINANCIAL_REQUEST, PAID, stan=8),
        refund(DONE, stan=9),
    ],
    Asker.STAND_IN: [tap(60)],
    Asker.ADVICE: [tap(60, kind=kind) for kind in _ADVICES]
    + [referring(_ADVICES[0], PAID), refund(DONE, kind=_ADVICES[1])],
    Asker.REVERSAL: [referring(kind, PAID) for kind in _REVERSALS],
    Asker.STORED_ADVICE: [tap(60, kind=kind) for kind in _ADVICES] + [referring(kind, PAID) for kind in _ADVICES],
    Asker.STORED_REVERSAL: [referring(kind, PAID) for kind in _REVERSALS],
    Asker.PIN_VERIFICATION: [tap(60)],
}
"""Messages for each asker that nothing speaks against: together they reach every check that it asks."""


@pytest.mark.parametrize("asker", Asker, ids=lambda each: each.name.lower())
def test_an_asker_asks_what_is_declared(asker):
    """In this order, and nothing else."""
    reached = set()
    for message in APPROVED[asker]:
        approved, findings = asked(a_bank(asker), asker, message)
        assert approved
        reached |= {check.name.lower() for check in Check if findings.checks[check]["reached"]}
    assert reached == set(names_of_checks(asker))


def test_checks_are_numbered_in_their_order():
    """A finding's place is its check's number."""
    assert [check.name.lower() for check in Check] == list(names_of_checks())


def test_every_message_has_an_asker():
    """Also one that is added."""
    assert set(ASKER_OF) == {Kind(kind) for kind in MESSAGES}
