"""Messages are told apart by all that names them: token, acquirer, STAN, transmission time, class, terminal and RRN."""

import numpy as np
import pytest

from authz.arrays.hash_index import scrambled
from authz.journal.replay import apply_batch
from authz.kernel.accounts.trace_index import find_sequence, own_key, trace_key
from authz.kernel.application import name_accounts
from authz.kernel.checks.findings import new_findings
from authz.kernel.freshness import is_fresh
from authz.state.tables import new_state
from authz.state.transaction_flags import MessageClass
from authz.vocabulary.commands import Flag, Kind
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import opening, referring, refund, reversal, set_token, tap

PURCHASE = tap(1, 1_000)
DIFFERENT = {
    "stan": 2,
    "transmitted": 1_124_120_001,
    "acquirer": 12_346,
    "terminal": b"TERM0002",
    "retrieval_reference": b"000000000002",
}


def again(**values):
    """The purchase with another counter, and what else is said otherwise."""
    message = tap(2, 1_000)
    message["stan"] = PURCHASE["stan"]
    for name, value in values.items():
        message[name] = value
    return message


@pytest.mark.parametrize("field", DIFFERENT)
def test_what_differs_in_one_thing_is_another_message(field):
    """It is decided by itself; what differs in nothing is a duplicate."""
    bank = Bank()
    assert bank.send(PURCHASE) is Reason.APPROVED
    assert bank.send(again()) is Reason.DUPLICATE_TRANSMISSION
    assert bank.send(again(**{field: DIFFERENT[field]})) is Reason.APPROVED
    assert bank.held == 2_000


def test_a_retrieval_reference_is_remembered():
    """The same one makes a duplicate; none, or another, does not."""
    bank = Bank()
    assert bank.send(again(atc=1, retrieval_reference=b"000000000001")) is Reason.APPROVED
    assert bank.send(again(atc=2, retrieval_reference=b"000000000001")) is Reason.DUPLICATE_TRANSMISSION
    assert bank.send(again(atc=3)) is Reason.APPROVED
    assert bank.send(again(atc=4, retrieval_reference=b"000000000002")) is Reason.APPROVED


def test_another_token_or_another_class_is_another_message():
    """The same STAN at the same moment says nothing where the rest differs."""
    bank = Bank()
    bank.send(set_token(4, 701))
    assert bank.send(PURCHASE) is Reason.APPROVED
    assert bank.send(again(token_pan=701)) is Reason.APPROVED
    assert bank.send(again(atc=3, kind=Kind.FINANCIAL_REQUEST)) is Reason.APPROVED
    assert (bank.held, bank.posted) == (2_000, 1_000)


@pytest.mark.parametrize("terminal", [b"TERM0001", b"TERM0002", b"TERM0003"])
def test_a_completion_finds_that_of_its_terminal(terminal):
    """Of several messages that are named alike; where it comes from none of theirs, the last."""
    bank = Bank()
    for atc, each in enumerate((b"TERM0001", b"TERM0002", b"TERM0003"), 1):
        assert bank.send(again(atc=atc, terminal=each, amount_minor=100 * atc, signed_amount_minor=100 * atc)) is (
            Reason.APPROVED
        )
    place = int(terminal[-1:])
    assert bank.send(reversal(PURCHASE, amount_minor=100 * place, terminal=terminal)) is Reason.APPROVED
    assert bank.held == 600 - 100 * place


def test_a_completion_from_elsewhere_finds_the_last():
    """A merchant's back office clears what its tills have authorized."""
    bank = Bank()
    bank.send(again(atc=1, amount_minor=100, signed_amount_minor=100))
    bank.send(again(atc=2, terminal=b"TERM0002", amount_minor=900, signed_amount_minor=900))
    completion = referring(Kind.FINANCIAL_REQUEST, PURCHASE, terminal=b"OFFICE", amount_minor=900)
    assert bank.send(completion) is Reason.APPROVED
    assert (bank.held, bank.posted) == (100, 900)


@pytest.mark.parametrize("field", ["original_stan", "original_transmitted", "original_acquirer", "original_type"])
def test_what_is_named_otherwise_is_not_found(field):
    """DE 90 names the class, STAN, transmission time and acquirer of the original; each must be right."""
    bank = Bank()
    bank.send(PURCHASE)
    wrong = 200 if field == "original_type" else int(reversal(PURCHASE)[field][0]) + 1
    assert bank.send(reversal(PURCHASE, **{field: wrong})) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(reversal(PURCHASE, stan=900)) is Reason.APPROVED
    assert bank.held == 0


@pytest.mark.parametrize("field", ["stan", "transmitted", "acquirer", "terminal"])
def test_a_reversal_that_came_early_stops_its_own_message_only(field):
    """Another one passes, and so does the same of another class."""
    bank = Bank()
    assert bank.send(reversal(PURCHASE)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(again(**{field: DIFFERENT[field]})) is Reason.APPROVED
    assert bank.send(again(atc=3, kind=Kind.FINANCIAL_REQUEST)) is Reason.APPROVED
    assert bank.send(PURCHASE) is Reason.ALREADY_REVERSED


def test_of_many_that_are_named_alike_each_is_found():
    """Behind one another: a message, its reversals from before it came, and those of other terminals."""
    bank = Bank()
    assert bank.send(reversal(PURCHASE, stan=900)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    for atc in range(1, 9):
        found = bank.send(again(atc=atc, terminal=b"T%d" % atc, kind=Kind.FINANCIAL_REQUEST))
        assert found is Reason.APPROVED
    for atc in range(1, 9):
        message = again(atc=atc, terminal=b"T%d" % atc, kind=Kind.FINANCIAL_REQUEST)
        message["flags"] = Flag.REPEAT
        assert bank.send(message) is Reason.APPROVED
        assert bank.result["sequence"] == atc + 4
    assert bank.posted == 8_000
    assert bank.send(again(atc=20)) is Reason.ALREADY_REVERSED
    for atc in range(8, 0, -1):
        sale = again(atc=atc, terminal=b"T%d" % atc, kind=Kind.FINANCIAL_REQUEST)
        assert bank.send(reversal(sale, stan=1_000 + atc)) is Reason.APPROVED
    assert bank.posted == 0


def colliding(bank, original):
    """Another acquirer, STAN and transmission time whose trace has the very same key: to who knows the token's id."""
    name_accounts(bank.state, original)
    named = original[0]
    of_acquirer = int(named["stan"]) << 32 | int(named["transmitted"])
    wanted = own_key(named, named["token_id"], MessageClass.AUTHORIZATION)
    for acquirer in range(1, 200_000):
        # Keys of one acquirer differ as STAN and time differ, before they are mixed once more.
        mixed = _mixed(named, acquirer) ^ _mixed(named, int(named["acquirer"])) ^ of_acquirer
        stan, transmitted = mixed >> 32, mixed & 0xFFFFFFFF
        if (
            0 < stan < 10**6
            and transmitted <= 1_231_235_959
            and trace_key(named, named["token_id"], acquirer, stan, transmitted, MessageClass.AUTHORIZATION) == wanted
        ):
            return {"acquirer": acquirer, "stan": stan, "transmitted": transmitted}
    raise AssertionError("no acquirer has one")


def _mixed(named, acquirer):
    of_token = np.uint64(scrambled(np.uint64(named["token_pan"]))) ^ np.uint64(named["token_id"])
    return int(scrambled(np.uint64(scrambled(of_token)) ^ np.uint64(acquirer)))


def test_messages_whose_keys_collide():
    """Whoever finds such names gains nothing: each message is known, repeated and reversed by itself."""
    bank = Bank()
    same_key = colliding(bank, PURCHASE.copy())
    other = tap(2, 300, **same_key)
    assert bank.send(PURCHASE) is Reason.APPROVED
    assert bank.send(other) is Reason.APPROVED
    assert bank.send(reversal(tap(9, 1_000, **same_key | {"stan": 7}))) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(reversal(other)) is Reason.APPROVED
    assert bank.held == 1_000
    assert bank.send(reversal(PURCHASE)) is Reason.APPROVED
    assert bank.held == 0


def test_a_decision_is_found_by_its_number():
    """The first, the last, and none of those between that have entered no transaction."""
    bank = Bank()
    sequences = []
    for atc in range(1, 6):
        bank.send(tap(atc, 100))
        sequences.append(int(bank.result["sequence"]))
        bank.pass_time(0)
    assert [int(find_sequence(bank.state, sequence)) for sequence in sequences] == [0, 1, 2, 3, 4]
    for stranger in (0, sequences[0] - 1, *(sequence + 1 for sequence in sequences), 10_000):
        assert find_sequence(bank.state, stranger) == -1


def test_a_refund_names_a_charge():
    """And not the authorization of the same name."""
    bank = Bank()
    bank.send(PURCHASE)
    sale = again(kind=Kind.FINANCIAL_REQUEST)
    assert bank.send(sale) is Reason.APPROVED
    assert bank.send(refund(sale)) is Reason.APPROVED
    assert (bank.held, bank.posted) == (1_000, 0)


def test_a_tap_that_comes_with_its_tokens_notice_is_found_again():
    """It could not be named before its batch; what follows it was. The trace is the same."""
    state, batch = new_state(16), joined([opening(), tap(1)])
    name_accounts(state, batch)
    assert batch["token_id"][-1] == 0
    state, results, _ = apply_batch(state, batch)
    assert Reason(results[-1]["reason"]) is Reason.APPROVED
    taken_back = reversal(tap(1))
    name_accounts(state, taken_back)
    state, results, _ = apply_batch(state, taken_back)
    assert Reason(results[0]["reason"]) is Reason.APPROVED


def test_freshness_sees_what_came_before_whether_or_not_the_message_is_named():
    """A PIN that comes with a trace that was used is not tried: the network asks before the engine has named it."""
    bank = Bank()
    bank.send(tap(5))
    repeated = tap(6, stan=5)
    assert not is_fresh(bank.state, repeated, new_findings())
    assert is_fresh(bank.state, tap(6), new_findings())
