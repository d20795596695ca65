"""Passes: spent at most once, whatever the order of taps, repeats, answers and time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.journal.replay import apply_batch
from authz.state.cases import case_named
from authz.state.stored import rows_in_use, stored_arrays, with_stored_arrays
from authz.state.tables import Counter, changes_made, new_state
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.cases import CaseDecision, CaseReason, CaseStatus
from authz.vocabulary.commands import Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank, again
from tests.authz.commands import NOW_US, command, set_card, set_token, tap

SECOND_US = 1_000_000
REFER = {
    "id": "much",
    "state": "live",
    "action": "refer",
    "when": {"attribute": "amount", "operator": ">", "value": 20_000},
}
DESK = {"mass": {"seconds": 60}}


def answered(case, seconds=1_800, decision=CaseDecision.APPROVE, **values):
    """The answer to a case of the one account."""
    said = {
        "account_id": 7,
        "answer": decision,
        "answer_reason": CaseReason.CUSTOMER_CONFIRMED,
        "valid_seconds": seconds,
    }
    return command(Kind.ANSWER_CASE, decision=case, **{**said, **values})


@pytest.fixture
def bank():
    """A bank that refers what is above 200.00."""
    return Bank(rules=[REFER], desk=DESK)


def referred(bank, atc, amount=30_000, **values):
    """The case of a tap that is referred."""
    assert bank.send(tap(atc, amount, **values)) is Reason.REFER_TO_ISSUER
    return int(bank.result["case"])


def test_a_pass_lets_one_tap_through(bank):
    """The one that spends it says so; the next is referred."""
    case = referred(bank, 1)
    assert bank.send(answered(case)) is Reason.APPROVED
    assert (bank.send(tap(2, 30_000)), int(bank.result["case"])) == (Reason.APPROVED, case)
    assert case_named(bank.state, case).is_spent
    assert referred(bank, 3, 20_001) != case


def test_one_pass_is_enough_for_all_rules_that_refer_a_tap():
    """And rules behind them are asked as ever."""
    other = REFER | {"id": "also"}
    never = REFER | {
        "id": "never",
        "action": "decline",
        "when": {"attribute": "amount", "operator": ">", "value": 40_000},
    }
    bank = Bank(rules=[REFER, other, never], desk=DESK)
    bank.send(answered(referred(bank, 1)))
    assert bank.send(tap(2, 30_000)) is Reason.APPROVED
    bank.send(answered(referred(bank, 3, 45_000)))
    assert bank.send(tap(4, 45_000)) is Reason.SUSPECTED_FRAUD
    assert bank.send(tap(5, 20_500)) is Reason.APPROVED


def test_a_pass_belongs_to_its_account_its_merchant_and_its_acquirer(bank):
    """The same merchant number with another acquirer is another merchant."""
    bank.send(
        command(
            Kind.SET_ACCOUNT,
            outbox_sequence=4,
            account_id=8,
            limit_minor=100_000,
            transaction_limit_minor=-1,
            currency=978,
        )
    )
    bank.send(set_card(5, 80, 8))
    bank.send(set_token(6, 800, 80, 8))
    case = referred(bank, 1, merchant_key=11)
    assert bank.send(answered(case, account_id=8)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(answered(case)) is Reason.APPROVED
    elsewhere = ({"merchant_key": 12}, {"merchant_key": 11, "acquirer": 99}, {"merchant_key": 11, "pan": 800})
    for atc, values in enumerate(elsewhere, start=2):
        assert referred(bank, atc, **values) != case
    assert bank.send(tap(5, 30_000, merchant_key=11)) is Reason.APPROVED


def test_a_shadow_rule_spends_nothing():
    """It is reported as it would be without a pass."""
    bank = Bank(rules=[REFER | {"id": "other"}], desk=DESK)
    bank.send(answered(referred(bank, 1)))
    bank.use(rules=[REFER | {"state": "shadow"}], desk=DESK)
    assert (bank.send(tap(2, 30_000)), int(bank.result["case"])) == (Reason.APPROVED, 0)


def test_stand_in_meets_no_pass_and_advices_spend_none(bank):
    """What the network answers for the issuer is asked no rule; an advice reports what has happened."""
    case = referred(bank, 1)
    bank.send(answered(case))
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    bank.send(tap(2, 4_000))
    bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
    assert bank.send(tap(3, 30_000, kind=Kind.AUTHORIZATION_ADVICE)) is Reason.APPROVED
    assert not case_named(bank.state, case).is_spent


def test_queues_expire_in_order_and_by_the_program_in_force(bank):
    """What waits longer by a new program lives on; what waits shorter has expired with the next command."""
    first = referred(bank, 1)
    bank.use(rules=[REFER], desk={"mass": {"seconds": 100}})
    bank.send(command(Kind.PASS_TIME, time_us=NOW_US + 99 * SECOND_US))
    assert case_named(bank.state, first).status is CaseStatus.OPEN
    second = referred(bank, 2, 40_000, time_us=NOW_US + 99 * SECOND_US)
    bank.send(command(Kind.PASS_TIME, time_us=NOW_US + 100 * SECOND_US))
    (change,) = changes_made(bank.state)
    assert (ChangeKind(change["kind"]), int(change["about"])) == (ChangeKind.CASE_EXPIRED, first)
    assert bank.send(answered(first, time_us=NOW_US + 100 * SECOND_US)) is Reason.CASE_CLOSED
    bank.use(rules=[REFER], desk={"mass": {"seconds": 1}})
    bank.send(command(Kind.PASS_TIME, time_us=NOW_US + 100 * SECOND_US))
    assert case_named(bank.state, second).status is CaseStatus.EXPIRED
    assert bank.state.counters[Counter.CASE_EXPIRES_US] == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tap"), st.integers(1, 4), st.integers(0, 1)),
        st.tuples(st.just("repeat"), st.integers(0, 9)),
        st.tuples(st.just("answer"), st.integers(0, 9), st.sampled_from(CaseDecision), st.integers(1, 120)),
        st.tuples(st.just("wait"), st.integers(1, 90)),
        st.tuples(st.just("reverse"), st.integers(0, 9)),
    ),
    max_size=40,
)


class PlainDesk:
    """What cases and passes are, in plain words: a list of dictionaries."""

    def __init__(self):
        self.cases = []

    def expire(self, now):
        """Close what has waited for a minute."""
        for case in self.cases:
            if case["status"] == "open" and now >= case["opened"] + 60:
                case["status"] = "expired"

    def _about(self, merchant, amount):
        return [case for case in reversed(self.cases) if case["merchant"] == merchant and amount <= case["amount"]]

    def tap(self, now, merchant, amount, sequence):
        """What becomes of a tap: approved or referred, and the case."""
        if amount <= 20_000:
            return Reason.APPROVED, 0
        for case in self._about(merchant, amount):
            if case["status"] == "pass" and now < case["until"]:
                case["status"] = "spent"
                return Reason.APPROVED, case["sequence"]
        for case in self._about(merchant, amount):
            if case["status"] == "open":
                return Reason.REFER_TO_ISSUER, case["sequence"]
        made = {"sequence": sequence, "merchant": merchant, "amount": amount, "opened": now, "status": "open"}
        self.cases.append(made)
        return Reason.REFER_TO_ISSUER, sequence

    def answer(self, now, case, decision, seconds):
        """What becomes of an answer."""
        if case["status"] != "open":
            return Reason.CASE_CLOSED
        is_approved = decision is CaseDecision.APPROVE
        case["status"], case["until"] = "pass" if is_approved else "declined", now + seconds
        return Reason.APPROVED


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_a_pass_is_spent_at_most_once_whatever_the_order(steps):
    """Each decision is as a plain list of cases says; a repeat is answered from memory and spends nothing."""
    bank, desk, now, taps = Bank(rules=[REFER], desk=DESK), PlainDesk(), 0, []
    bank.send(
        command(
            Kind.SET_ACCOUNT,
            outbox_sequence=9,
            account_id=7,
            limit_minor=10**9,
            transaction_limit_minor=-1,
            currency=978,
        )
    )
    for step, *given_values in steps:
        at = NOW_US + now * SECOND_US
        sequence = int(bank.state.counters[Counter.SEQUENCE]) + 1
        desk.expire(now)
        if step == "tap":
            amount, merchant = 10_000 * given_values[0], given_values[1]
            message = tap(len(taps) + 1, amount, merchant_key=merchant + 1, time_us=at)
            expected = desk.tap(now, merchant, amount, sequence)
            assert (bank.send(message), int(bank.result["case"])) == expected
            taps.append((message, expected[0]))
        elif step == "repeat" and taps:
            message, reason = taps[given_values[0] % len(taps)]
            repeated = again(message)
            repeated["time_us"] = at
            assert (bank.send(repeated), int(bank.result["case"])) == (reason, 0)
        elif step == "answer" and desk.cases:
            case = desk.cases[given_values[0] % len(desk.cases)]
            expected = desk.answer(now, case, *given_values[1:])
            said = answered(case["sequence"], given_values[2], given_values[1], time_us=at)
            assert bank.send(said) is expected
        elif step == "wait":
            now += given_values[0]
        elif step == "reverse" and taps:
            message, _ = taps[given_values[0] % len(taps)]
            reversal = message.copy()
            reversal["kind"], reversal["time_us"] = Kind.REVERSAL_REQUEST, at
            bank.send(reversal)
    desk.expire(now)
    bank.send(command(Kind.PASS_TIME, time_us=NOW_US + now * SECOND_US))
    told = {"open": CaseStatus.OPEN, "expired": CaseStatus.EXPIRED}
    for case in desk.cases:
        found = case_named(bank.state, case["sequence"])
        assert found.status is told.get(case["status"], CaseStatus.ANSWERED)
        assert found.is_spent == (case["status"] == "spent")


def test_a_stored_state_goes_on_as_the_one_that_it_was_stored_from(bank):
    """Open cases, passes and what is due to expire are all in what is stored; replay leaves the same bytes."""
    case = referred(bank, 1)
    bank.send(answered(case))
    referred(bank, 2, 40_000)
    stored = {name: array.copy() for name, array in stored_arrays(bank.state).items()}
    other = with_stored_arrays(stored, bank.state.program)
    later = NOW_US + 61 * SECOND_US
    for message in (tap(3, 30_000, time_us=later), tap(4, 30_000, time_us=later)):
        bank.send(message)
        named = message.copy()
        for field in ("account_id", "card_id", "token_id"):
            named[field] = {"account_id": 7, "card_id": 70, "token_id": 701}[field]
        other = apply_batch(other, named)[0]
    assert rows_in_use(other) == rows_in_use(bank.state)


def test_a_state_of_before_there_were_cases_is_read():
    """It has none, and its counters are fewer."""
    stored = stored_arrays(Bank(rules=[REFER], desk=DESK).state)
    stored = {name: array for name, array in stored.items() if name != "cases"}
    stored["counters"] = stored["counters"][: Counter.CASES]
    state = with_stored_arrays(stored, new_state(16).program)
    assert state.counters[Counter.CASES] == 0
