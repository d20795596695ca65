"""The kernel on one message at a time: one row a refusal, and what each check saw."""

import numpy as np
import pytest

from authz.journal.replay import apply_batch
from authz.kernel.checks.numbers import Check
from authz.kernel.measures.calendar import month_of
from authz.state.stored import rows_in_use
from authz.state.tables import new_state
from authz.vocabulary.commands import CardholderVerification, Channel, CryptogramOutcome, Flag, Operation
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import ANSWERS, Reason
from authz.vocabulary.states import CardState, TokenState
from tests.authz.commands import USD, opening, set_account, set_card, set_token, tap

PIN = CardholderVerification.PIN


@pytest.fixture
def state():
    """One account, card and token."""
    return apply_batch(new_state(16), opening())[0]


def _decide(state, *batches):
    """Apply batches in order; the state and the reason of the last command."""
    for batch in batches:
        state, results, _ = apply_batch(state, batch)
    return state, Reason(results[-1]["reason"])


REFUSALS = [
    ({"pan": 701}, Reason.TOKEN_NOT_FOUND),
    ({"channel": Channel.E_COMMERCE}, Reason.CHANNEL_NOT_ALLOWED),
    ({"channel": Channel.UNKNOWN}, Reason.CHANNEL_NOT_ALLOWED),
    ({"cryptogram_outcome": CryptogramOutcome.ABSENT}, Reason.MISSING_CRYPTOGRAM),
    ({"cryptogram_outcome": CryptogramOutcome.INVALID}, Reason.INVALID_CRYPTOGRAM),
    ({"cryptogram_version": 1}, Reason.INVALID_CRYPTOGRAM),
    ({"key_index": 1}, Reason.INVALID_CRYPTOGRAM),
    ({"signed_amount_minor": 1_249}, Reason.CRYPTOGRAM_DATA_MISMATCH),
    ({"signed_currency": USD}, Reason.CRYPTOGRAM_DATA_MISMATCH),
    ({"flags": Flag.SIGNED_FOR_REMOTE}, Reason.WRONG_ENTRY_MODE),
    ({"flags": Flag.SIGNED_FOR_QR_CODE}, Reason.WRONG_ENTRY_MODE),
    ({"flags": Flag.PIN_ENTERED | Flag.PIN_WRONG}, Reason.PIN_MISMATCH),
    ({"flags": Flag.PIN_ENTERED | Flag.PIN_LOCKED}, Reason.PIN_TRIES_EXCEEDED),
    ({"atc": 1_001}, Reason.TRANSACTION_COUNTER_JUMP),
    ({"expiry": 2911}, Reason.EXPIRATION_MISMATCH),
    ({"currency": USD, "signed_currency": USD}, Reason.CURRENCY_NOT_SUPPORTED),
    ({"operation": 99}, Reason.OPERATION_NOT_SUPPORTED),
    ({"flags": Flag.SIGNED_FOR_ANOTHER_OPERATION}, Reason.CRYPTOGRAM_DATA_MISMATCH),
    ({"operation": Operation.CASH}, Reason.PIN_REQUIRED),
    ({"amount": 0, "operation": Operation.CASH, "cardholder_verification": PIN}, Reason.INVALID_AMOUNT),
    ({"operation": Operation.REFUND}, Reason.MISSING_ORIGINAL_AUTHORIZATION),
    ({"amount": 50_001}, Reason.EXCEEDS_LIMIT),
]


@pytest.mark.parametrize(("values", "reason"), REFUSALS)
def test_refusals(state, values, reason):
    """Each wrong value is refused for its own reason and holds nothing."""
    state, found = _decide(state, tap(**{"atc": 1, **values}))
    assert found is reason
    assert state.accounts[0]["held_minor"] == 0


@pytest.mark.parametrize(
    ("notice", "reason"),
    [
        (set_token(4, state=TokenState.INACTIVE), Reason.TOKEN_INACTIVE),
        (set_token(4, state=TokenState.SUSPENDED), Reason.TOKEN_SUSPENDED),
        (set_token(4, state=TokenState.DEACTIVATED), Reason.TOKEN_DEACTIVATED),
        (set_token(4, expiry=2610), Reason.TOKEN_EXPIRED),
        (set_card(4, state=CardState.FROZEN), Reason.CARD_FROZEN),
        (set_account(4, limit_minor=1_249), Reason.INSUFFICIENT_FUNDS),
        (set_account(4, transaction_limit_minor=1_249), Reason.EXCEEDS_LIMIT),
        (set_token(4, expiry=2611), Reason.EXPIRATION_MISMATCH),
        (set_token(4, channels=0), Reason.CHANNEL_NOT_ALLOWED),
    ],
)
def test_what_the_vault_says_counts(state, notice, reason):
    """A notice of the vault changes what the next tap is told; heard out of order or twice it changes nothing."""
    state, found = _decide(state, notice, tap(1))
    assert found is reason
    before = rows_in_use(state)["accounts"], rows_in_use(state)["tokens"], rows_in_use(state)["cards"]
    for late in (opening(), notice):
        state, _, _ = apply_batch(state, late)
    assert (rows_in_use(state)["accounts"], rows_in_use(state)["tokens"], rows_in_use(state)["cards"]) == before


def test_checks_run_in_the_order_of_their_reasons():
    """Where two things are wrong, the reason that comes first in the vocabulary is the answer."""
    rows = [(values, reason) for values, reason in REFUSALS if not {"pan", "operation"} & values.keys()]
    rows = [(values, reason) for values, reason in rows if reason < Reason.STEP_UP_REQUIRED]  # from there in no order
    for first, (values, reason) in enumerate(rows):
        for later, later_reason in rows[first:]:
            if later_reason > reason and not later.keys() & values.keys():
                assert _decide(new_state(16), opening(), tap(1, **values, **later))[1] is reason


def test_a_valid_cryptogram_is_spent_even_when_declined(state):
    """A tap that is declined for its amount cannot be sent again; one with a wrong cryptogram spends nothing."""
    state, reason = _decide(state, tap(1, amount=60_000), tap(1, stan=2))
    assert reason is Reason.REPLAYED_CRYPTOGRAM
    state, reason = _decide(state, tap(3, cryptogram_outcome=CryptogramOutcome.INVALID), tap(3))
    assert reason is Reason.APPROVED


def test_the_same_trace_is_a_duplicate(state):
    """A STAN and time that this acquirer has used is a duplicate, whatever its cryptogram; it spends nothing."""
    state, reason = _decide(state, tap(1), tap(1))
    assert reason is Reason.DUPLICATE_TRANSMISSION
    state, reason = _decide(state, set_card(4, state=CardState.FROZEN), tap(2, stan=1))
    assert reason is Reason.DUPLICATE_TRANSMISSION
    state, reason = _decide(state, set_card(5), tap(2, stan=1, acquirer=54321))
    assert reason is Reason.APPROVED


def test_a_spent_cryptogram_in_another_message_is_a_replay(state):
    """Another STAN, time, terminal, RRN or acquirer makes it another message."""
    state, _ = _decide(state, tap(1))
    others = {"stan": 9, "transmitted": 1, "terminal": b"EVIL", "retrieval_reference": b"9", "acquirer": 9}
    for name, value in others.items():
        state, reason = _decide(state, tap(1, **{name: value}))
        assert reason is Reason.REPLAYED_CRYPTOGRAM, name


def test_findings_tell_what_was_seen(state):
    """Each reached check notes what it saw and its bound; checks after the failing one are not reached."""
    _, _, findings = apply_batch(state, tap(1, amount=60_000))
    limit = findings.checks[Check.TRANSACTION_LIMIT]
    assert (limit["seen"], limit["bound"], limit["reason"]) == (60_000, 50_000, Reason.EXCEEDS_LIMIT)
    passed_over = {Check.ORIGINAL, Check.SHARED_FIELDS, Check.ORIGINAL_AMOUNT}
    reached = {check for check in Check if findings.checks[check]["reached"]}
    assert reached == {check for check in Check if check <= Check.TRANSACTION_LIMIT} - passed_over


def test_months():
    """The kernel's calendar agrees with NumPy's over two centuries."""
    days = np.arange(-20_000, 60_000, 7)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    for day, month in zip(days.tolist(), months.tolist(), strict=True):
        year, index = divmod(month, 12)
        assert month_of(day * 86_400_000_000) == (year + 1970) % 100 * 100 + index + 1


def test_tables_grow(state):
    """Many accounts, cards, tokens and holds find each other after the tables have grown."""
    notices = []
    for number in range(1, 301):
        notices += [set_account(3 * number + 1, 1000 + number), set_card(3 * number + 2, 2000 + number, 1000 + number)]
        notices += [set_token(3 * number + 3, 3000 + number, 2000 + number, 1000 + number)]
    state, _, _ = apply_batch(state, joined(notices))
    state, results, _ = apply_batch(state, joined([tap(1, number, 3000 + number) for number in range(1, 301)]))
    assert set(results["reason"]) == {Reason.APPROVED}
    assert state.accounts["held_minor"][1:301].tolist() == list(range(1, 301))


def test_every_reason_has_an_answer():
    """Reasons are numbered in order without gaps, and each has its DE 39, sentence and advice."""
    assert [reason.value for reason in Reason] == list(range(len(Reason)))
    assert set(ANSWERS) == set(Reason)
    for answer in ANSWERS.values():
        assert len(answer.response_code) == 2
        assert answer.sentence.endswith(".")
        assert answer.advice.endswith(".")
    assert [reason for reason in Reason if ANSWERS[reason].response_code == "00"] == [Reason.APPROVED]
