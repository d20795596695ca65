"""Messages that are named alike: what is found is what a plain search finds, in as few steps after many as after two.

Anybody who knows a token's number can send reversals and advices under any trace, without a card.
"""

from itertools import product

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.kernel.accounts.trace_index import (
    class_of,
    find_early_reversal,
    find_first,
    find_original,
    find_same,
    key_of,
)
from authz.state.tables import Counter, with_room
from authz.state.transaction_flags import MessageClass, TransactionFlag
from authz.vocabulary.commands import Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import reversal, tap

TERMINALS, REFERENCES = (b"T1", b"T2", b"T3"), (b"", b"000000000001", b"000000000002")
KINDS = (Kind.AUTHORIZATION_REQUEST, Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_REQUEST, Kind.FINANCIAL_ADVICE)
CLASSES = (MessageClass.AUTHORIZATION, MessageClass.FINANCIAL)

ours = st.builds(
    lambda kind, terminal, reference: {"kind": kind, "terminal": terminal, "retrieval_reference": reference},
    st.sampled_from(KINDS),
    st.sampled_from(TERMINALS),
    st.sampled_from(REFERENCES),
)
theirs = st.builds(
    lambda kind, terminal, reference, stan: {
        "kind": kind,
        "terminal": terminal,
        "retrieval_reference": reference,
        "stan": stan,
    },
    st.sampled_from((Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE)),
    st.sampled_from(TERMINALS),
    st.sampled_from(REFERENCES),
    st.sampled_from((1, 2)),
)


def message(atc, kind, **values):
    """A tap, an advice, or a reversal of one, all under the same trace."""
    if kind in KINDS:
        return tap(atc, 10, **{"kind": kind, "stan": 1, **values})
    made = reversal(tap(1, 10, kind=KINDS[atc % 4]), **values)
    made["kind"] = kind
    return made


def rows(bank):
    """Every transaction that has a trace, in order, with its row."""
    used = bank.state.transactions[: bank.state.counters[Counter.TRANSACTIONS]]
    return [(row, entry) for row, entry in enumerate(used) if not int(entry["trace_key"]) >> 63]


def searched(bank, stan, message_class, wanted):
    """The rows with a trace for which something holds, by looking at all."""
    return [
        row
        for row, entry in rows(bank)
        if entry["stan"] == stan and entry["message_class"] == message_class and wanted(entry)
    ]


def is_early(entry):
    """Whether it stands for a reversal of what had not come."""
    return bool(entry["flags"] & TransactionFlag.TOO_EARLY)


@given(st.lists(st.one_of(ours, theirs), max_size=14))
def test_what_is_found_is_what_a_plain_search_finds(messages):
    """The same message, a reversal that came early, and what DE 90 names; of its terminal first, else the last."""
    bank = Bank()
    for atc, each in enumerate(messages, 1):
        bank.send(message(atc, **each))
    state = bank.state
    for kind, terminal, reference, stan in product(KINDS, TERMINALS, REFERENCES, (1, 2)):
        asked = tap(99, 10, kind=kind, terminal=terminal, retrieval_reference=reference, stan=stan)[0]
        asked["token_id"] = state.tokens[0]["token_id"]
        message_class = int(class_of(kind))
        key = key_of(state, asked, 0, message_class)
        first = find_first(state, asked, key, 0, message_class)
        same = searched(
            bank,
            stan,
            message_class,
            lambda entry: (
                not is_early(entry)
                and entry["terminal"] == terminal  # noqa: B023 - asked at once
                and entry["retrieval_reference"] == reference  # noqa: B023
            ),
        )
        early = searched(
            bank,
            stan,
            message_class,
            lambda entry: is_early(entry) and entry["terminal"] == terminal,  # noqa: B023
        )
        assert [int(find_same(state, asked, key, first, message_class))] == (same or [-1])
        assert [int(find_early_reversal(state, asked, key, first))] == (early or [-1])
    for terminal, message_class in product((*TERMINALS, b"T9"), CLASSES):
        original = tap(99, 10, kind=KINDS[0] if message_class == 1 else KINDS[2], stan=1)
        asked = reversal(original, terminal=terminal)[0]
        asked["token_id"] = state.tokens[0]["token_id"]
        named = searched(bank, 1, message_class, lambda entry: not is_early(entry))
        own = [row for row in named if state.transactions[row]["terminal"] == terminal]
        assert int(find_original(state, asked, 0)) == (own[:1] or named[-1:] or [-1])[0]


class Counted(np.ndarray):
    """An array that counts how often it is asked."""

    asked = 0

    def __getitem__(self, place):
        """Ask once more."""
        Counted.asked += 1
        return super().__getitem__(place)


def attack_early_reversals(number):
    """One trace, and another retrieval reference each time."""
    return reversal(tap(1, 10), stan=9, retrieval_reference=b"%012d" % number)


def attack_early_reversals_of_terminals(number):
    """One trace, and another terminal each time."""
    return reversal(tap(1, 10), stan=9, terminal=b"%08d" % number)


def attack_originals(number):
    """One original that never came, and another trace each time."""
    return reversal(tap(1, 10), stan=10 + number, terminal=b"%08d" % number)


def attack_advices(number):
    """Advices that need no card, of one trace, in the place of a payment."""
    return tap(1, 1, kind=Kind.AUTHORIZATION_ADVICE, retrieval_reference=b"%012d" % number)


def attack_clearing(number):
    """Clearing of one trace from every terminal."""
    return tap(1, 1, kind=Kind.FINANCIAL_ADVICE, terminal=b"%08d" % number)


ATTACKS = (
    attack_early_reversals,
    attack_early_reversals_of_terminals,
    attack_originals,
    attack_advices,
    attack_clearing,
)


@pytest.mark.skipif(not numba.config.DISABLE_JIT, reason="compiled code cannot be counted")
@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_looks_through_what_is_named_alike(attack):
    """The last of three hundred asks no more of the tables than the third, and so do the payment that it is about,
    and its reversal.
    """
    bank, steps = Bank(), []
    bank.state = with_room(bank.state, 5_000)
    bank.state = bank.state._replace(
        trace_slots=bank.state.trace_slots.view(Counted), transactions=bank.state.transactions.view(Counted)
    )
    for number in range(300):
        Counted.asked = 0
        bank.send(attack(number))
        steps.append(Counted.asked)
    assert isinstance(bank.state.trace_slots, Counted)
    assert max(steps[-50:]) <= max(steps[2:20]) + 20
    payment = tap(1, 10, terminal=b"TILL", retrieval_reference=b"999999999999")
    for last in (payment, payment, reversal(payment, stan=500)):
        Counted.asked = 0
        assert bank.send(last) in (Reason.APPROVED, Reason.DUPLICATE_TRANSMISSION)
        assert Counted.asked <= 400
