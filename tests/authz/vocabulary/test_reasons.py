"""Why a command was declined, as it is told outside."""

import re

import pytest

from authz.vocabulary.reasons import ANSWERS, DECLINES, LAST_APPROVAL, LAST_REASON, Reason


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.AWAITING_ISSUER])
def test_every_reason_has_an_answer(reason):
    """A response code of two characters (ISO 8583:1987, DE 39), a sentence, and what to do about it."""
    answer = ANSWERS[reason]
    assert re.fullmatch(r"[0-9A-Z]{2}", answer.response_code)
    assert answer.sentence.endswith(".")
    assert answer.advice.endswith(".")


def test_approvals_come_first():
    """The kernel tells an approval by its number."""
    assert [reason for reason in Reason if reason.is_approval] == [r for r in Reason if r <= LAST_APPROVAL]
    assert {ANSWERS[reason].response_code for reason in DECLINES}.isdisjoint({"00", "10", "85"})


def test_no_message_is_declined_for_what_a_bank_command_is_refused_with():
    """A rule, a limit or a simulation cannot ask for it either."""
    refusals = {
        reason for reason in Reason if reason.code in ("account_without_product", "nothing_owed", "day_not_over")
    }
    assert len(refusals) == 3
    assert refusals.isdisjoint(DECLINES)
    assert Reason.PAYMENT_OVERDUE in DECLINES


def test_numbers_are_as_journals_have_them():
    """None is skipped, and none was used before: journals hold them for good."""
    assert sorted(Reason) == list(range(LAST_REASON + 1))
    assert (Reason.TOKEN_NOT_FOUND, Reason.AWAITING_ISSUER, Reason.UNDEFINED_VALUE) == (3, 45, 55)
