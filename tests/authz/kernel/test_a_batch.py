"""Commands in one batch: what they are about, what each is answered, and whose findings are left."""

import numpy as np
import pytest

from authz.journal.replay import apply_batch
from authz.kernel.application import apply, name_accounts
from authz.kernel.checks.findings import new_findings
from authz.kernel.checks.limits import NOT_REACHED
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.rules import NOT_EVALUATED
from authz.vocabulary.commands import RESULT, Flag, Kind
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, Bank
from tests.authz.commands import NOW_US, command, referring, refund, set_account, set_card, set_token, tap

NAMES = ["token_id", "card_id", "account_id"]
SALE = {"kind": Kind.FINANCIAL_REQUEST}


def named(bank, message):
    """Token, card and account of a message once it was named."""
    message = message.copy()
    name_accounts(bank.state, message)
    return [int(message[name][0]) for name in NAMES]


@pytest.fixture
def bank():
    """Two accounts, each with a card and a token; the second has paid with command 7."""
    bank = Bank()
    for notice in (set_account(4, 8), set_card(5, 80, 8), set_token(6, 702, 80, 8)):
        bank.send(notice)
    assert bank.send(tap(1, pan=702, **SALE)) is Reason.APPROVED
    return bank


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (tap(1), [701, 70, 7]),
        (tap(1, pan=702), [703, 80, 8]),
        (tap(1, pan=799), [0, 0, 0]),
        (tap(1, pan=702, account_id=5), [0, 0, 5]),
        (command(Kind.CHARGEBACK, decision=7), [703, 80, 8]),
        (command(Kind.REPRESENTMENT, decision=7), [703, 80, 8]),
        (command(Kind.EXPIRE_HOLD, decision=7), [703, 80, 8]),
        (command(Kind.CHARGEBACK, decision=99, token_pan=700), [0, 0, 0]),
    ],
)
def test_commands_are_named(bank, message, names):
    """After the token that pays, or the payment that is disputed; what is named or not known is left alone."""
    assert named(bank, message) == names


def test_a_dispute_tells_of_its_own_account(bank):
    """And of no other."""
    assert bank.send(command(Kind.CHARGEBACK, decision=7, amount_minor=250)) is Reason.APPROVED
    told = [int(bank.result[name]) for name in ("account_id", "posted_minor", "posted_change_minor", "available_minor")]
    assert told == [8, 1_000, -250, 99_000]


def test_approval_codes_have_six_digits_and_differ(bank):
    """Of commands near each other."""
    taps = joined([tap(number, 1) for number in range(1, 130)])
    _, results, _ = apply_batch(bank.state, taps)
    codes = results["approval_code"].tolist()
    assert len(set(codes)) == len(codes)
    assert 0 <= min(codes) < 100_000 < 900_000 < max(codes) < 1_000_000
    assert results["sequence"].tolist() == list(range(8, 8 + len(codes)))
    assert set(results["program_version"]) == {1}


def test_findings_are_those_of_the_last_command():
    """Nothing is left of checks, limits and rules that only an earlier one reached."""
    flag = {
        "id": "all",
        "state": "live",
        "action": "flag",
        "when": {"attribute": "amount", "operator": ">", "value": 0},
    }
    bank = Bank(limits=[{"id": "day", "window": "day", "count_max": 9}], rules=[flag])
    sale, stay = tap(1, **SALE), tap(2)
    findings = new_findings()

    def reached(*messages):
        batch = joined(messages)
        results = np.zeros(len(batch), RESULT)
        apply(bank.state, batch, results, findings)
        assert set(results["reason"]) == {Reason.APPROVED}
        checks = {check for check in Check if findings.checks[check]["reached"]}
        return checks, int(findings.limits[0]["reached"]), int(findings.rules[0])

    checks, limit, rule = reached(sale, stay)
    assert Check.ORIGINAL not in checks
    assert (limit, rule != 0) == (1, True)
    checks, limit, rule = reached(referring(Kind.FINANCIAL_REQUEST, stay, stan=3), refund(sale, stan=4))
    assert Check.ORIGINAL in checks
    assert (Check.TRANSACTION_LIMIT not in checks, limit, rule) == (True, NOT_REACHED, NOT_EVALUATED)
    checks, limit, rule = reached(tap(5))
    assert Check.ORIGINAL not in checks
    assert limit == 1


@pytest.mark.parametrize("limit", [{"count_max": 1}, {"amount_max": 1_000, "currency": "EUR"}])
def test_a_limit_that_holds_says_so_after_one_that_did_not(limit):
    """The finding of the command before is overwritten whole."""
    bank = Bank(limits=[{"id": "day", "window": "day", **limit}])
    findings = new_findings()

    def reason(message):
        apply(bank.state, message, np.zeros(1, RESULT), findings)
        return findings.limits[0]["reason"]

    day_us = 24 * HOUR_US
    assert reason(tap(1, 1_000)) == Reason.APPROVED
    assert reason(tap(2, 1_000)) != Reason.APPROVED
    assert reason(tap(3, 1_000, time_us=NOW_US + day_us)) == Reason.APPROVED


def test_a_day_ends_at_midnight_within_a_batch():
    """What is kept of a day is not kept longer."""
    bank = Bank(limits=[{"id": "day", "window": "day", "count_max": 1}])
    midnight = NOW_US + 12 * HOUR_US
    taps = [tap(number, time_us=midnight + after) for number, after in enumerate((-2, -1, 0, 1), 1)]
    _, results, _ = apply_batch(bank.state, joined(taps))
    assert [Reason(reason).is_approval for reason in results["reason"]] == [True, False, True, False]


def test_a_message_that_is_passed_over_says_nothing(bank):
    """An advice of stand-in that was heard before is acknowledged; nothing of it is entered."""
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    bank.send(tap(1, 100))
    bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
    advice = bank.state.advices[:1].copy()
    later = advice.copy()
    later["advice_number"] = 2
    assert bank.send(later) is Reason.APPROVED
    assert bank.held == 0
    assert bank.send(advice) is Reason.APPROVED
    assert bank.held == 100
    assert bank.send(advice) is Reason.APPROVED
    assert bank.held == 100
    assert int(advice["flags"][0]) & Flag.FORWARDED
