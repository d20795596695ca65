"""Holds that end without a message: each leaves one expiry, whatever the batches are."""

import numpy as np
import pytest

from authz.journal.replay import apply_batch
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.state.stored import rows_in_use, stored_arrays, with_stored_arrays
from authz.state.tables import Counter, expiries_made, new_state
from authz.state.transaction_flags import TransactionFlag
from authz.vocabulary.commands import Kind
from authz.vocabulary.expiries import EXPIRY
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, SALE, Bank, approve, in_an_outage
from tests.authz.commands import (
    EUR,
    NOW_US,
    command,
    issuer_decision,
    opening,
    referring,
    reversal,
    set_account,
    set_card,
    set_token,
    tap,
)

FUEL = {"merchant_category": 5542}
PROGRAM = {"categories": [{"first": "5542", "last": "5542", "group": "fuel", "hold_hours": 2}]}
"""What is authorized for fuel is held for two hours."""
LATER_US = NOW_US + 3 * HOUR_US
DECISION = 4
"""The first message behind the notices of a bank's opening."""


def expired(bank):
    """What the last message has let expire: decision and amount of each hold."""
    made = expiries_made(bank.state)
    assert len(made) == bank.result["expiries"]
    assert made["sequence"].tolist() == [bank.state.counters[Counter.SEQUENCE]] * len(made)
    assert made["part"].tolist() == list(range(len(made)))
    return [(int(each["decision"]), int(each["released_minor"])) for each in made]


def expire(decision, **values):
    """A command that ends a hold now."""
    return command(Kind.EXPIRE_HOLD, decision=decision, **values)


def test_a_hold_whose_time_is_up_leaves_an_expiry():
    """With whose it was, how much it released and which command let it end; and no other command tells of it."""
    bank = Bank(**PROGRAM)
    approve(bank, tap(1, 1_000, **FUEL), tap(2, 700))
    assert expired(bank) == []
    bank.pass_time(3)
    assert expiries_made(bank.state).tolist() == [(6, DECISION, 7, 70, 701, 1_000, 0, EUR, 0)]
    assert expired(bank) == [(DECISION, 1_000)]
    assert bank.held == 700
    bank.pass_time(4)
    assert expired(bank) == []


def test_what_the_last_pass_of_a_message_let_expire_belongs_to_no_posting():
    """A message that comes when time is up tells of the holds that ended before it, and of its own postings."""
    bank = Bank(**PROGRAM)
    approve(bank, tap(1, 1_000, **FUEL), tap(2, 500, **FUEL), tap(3, 200, time_us=LATER_US, **SALE))
    assert sorted(expired(bank)) == [(DECISION, 1_000), (DECISION + 1, 500)]
    assert (int(bank.result["postings"]), int(bank.result["held_change_minor"])) == (1, 0)


@pytest.mark.parametrize(
    "ends_it",
    [reversal(tap(1, 1_000)), referring(Kind.FINANCIAL_REQUEST, tap(1, 1_000)), expire(DECISION)],
    ids=["reversed", "completed", "expired before"],
)
def test_a_hold_that_has_ended_before_does_not_expire(ends_it):
    """Nothing is held any more when its hour is processed."""
    bank = Bank(**PROGRAM)
    approve(bank, tap(1, 1_000, **FUEL))
    assert bank.send(ends_it) is Reason.APPROVED
    bank.pass_time(3)
    assert expired(bank) == []


def test_what_is_left_of_a_hold_expires():
    """Of a completion after which another should have come."""
    bank = Bank(**PROGRAM)
    approve(bank, tap(1, 1_000, **FUEL), reversal(tap(1, 1_000, **FUEL), remaining=400))
    bank.pass_time(3)
    assert expired(bank) == [(DECISION, 400)]


def test_a_hold_is_ended_by_a_command():
    """At once, with an expiry of its own, and the account's balance as it is then."""
    bank = Bank(**PROGRAM)
    approve(bank, tap(1, 1_000), tap(2, 700))
    assert bank.send(expire(DECISION)) is Reason.APPROVED
    assert expired(bank) == [(DECISION, 1_000)]
    told = [int(bank.result[name]) for name in ("account_id", "held_change_minor", "available_minor", "postings")]
    assert told == [7, -1_000, 99_300, 0]
    assert bank.state.transactions["flags"][:2].tolist() == [TransactionFlag.EXPIRED, 0]


def test_a_hold_that_a_command_ended_can_be_completed_as_any_that_expired():
    """Nothing holds it, so it is posted by force."""
    bank = Bank(**PROGRAM)
    approve(bank, tap(1, 1_000), expire(DECISION))
    completion = referring(Kind.FINANCIAL_ADVICE, tap(1, 1_000))
    approve(bank, completion)
    assert [(kind.code, amount) for kind, amount in bank.made] == [("force_post", 1_000)]


def test_only_an_approved_authorization_that_holds_something_is_ended():
    """Anything else is refused, and changes nothing."""
    ask = {
        "id": "ask",
        "state": "live",
        "when": {"attribute": "amount", "operator": "=", "value": 100},
        "action": "ask",
    }
    bank = Bank(**PROGRAM, rules=[ask])
    declined, paid, waits = tap(1, 99_999), tap(2, 500, **SALE), tap(3, 100)
    assert bank.send(declined) is Reason.EXCEEDS_LIMIT
    approve(bank, paid)
    assert bank.send(waits) is Reason.AWAITING_ISSUER
    before = rows_in_use(bank.state)
    for decision, reason in (
        (99, Reason.MISSING_ORIGINAL_AUTHORIZATION),
        (0, Reason.MISSING_ORIGINAL_AUTHORIZATION),
        (DECISION, Reason.MISSING_ORIGINAL_AUTHORIZATION),
        (DECISION + 1, Reason.AUTHORIZATION_CLOSED),
        (DECISION + 2, Reason.MISSING_ORIGINAL_AUTHORIZATION),
    ):
        assert bank.send(expire(decision, account_id=7)) is reason
        assert expired(bank) == []
    changed = {name for name, content in rows_in_use(bank.state).items() if content != before[name]}
    assert changed == {"counters"}


def test_a_hold_is_ended_while_the_issuer_is_down():
    """It is the issuer's own wish, and no message for stand-in."""
    bank = Bank(**PROGRAM)
    approve(bank, tap(1, 1_000))
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    assert bank.send(expire(DECISION)) is Reason.APPROVED
    assert bank.held == 0


def a_state():
    """Empty tables under that program."""
    return new_state(16, compiled_program(ProgramDocument.model_validate(PROGRAM), 1))


def many_holds(count):
    """So many holds of two accounts: the commands that place them, and the one in whose pass they all end."""
    rich = {"limit_minor": 10**9, "transaction_limit_minor": -1}
    notices = [set_account(4, **rich), set_account(5, 8, **rich), set_card(6, 80, 8), set_token(7, 702, 80, 8)]
    taps = [tap(number, 100 + number, pan=700 + number % 2 * 2, **FUEL) for number in range(1, count + 1)]
    return joined([opening(), *notices, *taps]), tap(count + 1, 5, time_us=LATER_US)


@pytest.mark.parametrize("count", [1, 40, 1_000])
def test_all_holds_of_an_account_can_end_in_one_pass(count):
    """Far more than the batch has commands, each once and with its amount."""
    before, last = many_holds(count)
    state = apply_batch(a_state(), before)[0]
    state, results, _ = apply_batch(state, last)
    made = expiries_made(state)
    assert results["expiries"].tolist() == [count]
    assert sorted(made["decision"].tolist()) == list(range(8, 8 + count))
    assert (made["released_minor"] == 100 + made["decision"] - 7).all()
    assert made["part"].tolist() == list(range(count))
    assert made["account_id"].tolist() == [8 if decision % 2 == 0 else 7 for decision in made["decision"]]
    assert state.accounts["held_minor"][:2].tolist() == [5, 0]


def stored_and_read(state):
    """The state that a checkpoint gives back."""
    return with_stored_arrays({name: rows.copy() for name, rows in stored_arrays(state).items()}, state.program)


@pytest.mark.parametrize("between", [lambda state: state, stored_and_read], ids=["at once", "by checkpoints"])
@pytest.mark.parametrize("size", [1, 3, 64, 10_000])
def test_batches_do_not_matter_to_expiries(size, between):
    """A day in which holds end at many hours, some by command: the same rows and counts, however it is cut."""
    start, commands = 8, [many_holds(0)[0]]
    for number in range(1, 200):
        at = NOW_US + number * HOUR_US // 4
        commands.append(tap(number, number, time_us=at, **FUEL))
        if number % 10 == 0:
            commands.append(expire(start + len(commands) - 2, time_us=at))
    day = joined(commands)
    whole, whole_results, _ = apply_batch(a_state(), day)
    wanted = expiries_made(whole)
    # Of 199: the last twelve are still held, but for the one of them that a command has ended.
    assert len(np.unique(wanted["decision"])) == len(wanted) == 199 - 12 + 1
    state, parts, results = a_state(), [np.zeros(0, EXPIRY)], []
    for place in range(0, len(day), size):
        state, made, _ = apply_batch(between(state), day[place : place + size])
        parts.append(expiries_made(state))
        results.append(made)
    assert np.concatenate(parts).tobytes() == wanted.tobytes()
    assert np.concatenate(results).tobytes() == whole_results.tobytes()
    assert np.repeat(np.arange(1, len(day) + 1), whole_results["expiries"]).tolist() == wanted["sequence"].tolist()


@pytest.mark.parametrize("hours", [0, 1, 3, 40])
def test_a_hold_that_is_placed_again_expires_once(hours):
    """The issuer declined it after it had waited; then the acquirer advises that it was approved elsewhere.

    While its first hour is not over it is in the ring already: entered twice, the ring would never come to its end.
    """
    asks = {"id": "ask", "state": "live", "when": {"attribute": "amount", "operator": ">", "value": 0}, "action": "ask"}
    bank = Bank(**PROGRAM, rules=[asks])
    asked, at = tap(1, 1_000, **FUEL), NOW_US + hours * HOUR_US
    assert bank.send(asked) is Reason.AWAITING_ISSUER
    assert bank.send(issuer_decision(asked, DECISION, Reason.DO_NOT_HONOR)) is Reason.DO_NOT_HONOR
    approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE, time_us=at, **FUEL))
    assert bank.held == 1_000
    bank.pass_time(hours + 2)
    assert (expired(bank), bank.held) == ([], 1_000)
    bank.pass_time(hours + 3)
    assert (expired(bank), bank.held) == ([(DECISION, 1_000)], 0)


def test_what_stand_in_approved_has_no_hold_to_end():
    """Until its advice comes."""
    bank = in_an_outage()
    approve(bank, tap(1, 1_000))
    assert bank.send(expire(int(bank.result["sequence"]))) is Reason.AUTHORIZATION_CLOSED
