"""What is asked of the memory ahead of a run of commands: every place that their decisions then come by."""

import numba
import numpy as np
import pytest

from authz.arrays.hash_index import first_slot
from authz.kernel import prefetching
from authz.kernel.accounts.trace_index import own_key
from authz.kernel.checks.findings import RUN
from authz.state.row_layouts import ACCOUNT
from authz.state.transaction_flags import MessageClass
from authz.vocabulary.layouts import joined
from tests.authz.bank import Bank
from tests.authz.commands import set_account, set_card, set_token, tap

pytestmark = pytest.mark.skipif(not numba.config.DISABLE_JIT, reason="compiled code asks the processor itself")

LIMITS = [
    {"id": "card", "scope": "card", "window": "day", "count_max": 9},
    {"id": "token", "scope": "token", "window": "day", "count_max": 9},
    *({"id": f"account-{window}", "window": window, "count_max": 9} for window in ("day", "week", "month")),
]

USED, USED_FIRST, UNUSED, STRANGER = 700, 900, 800, 999
"""Tokens: of accounts that have paid before, of one that never has, and of no bank."""


@pytest.fixture
def bank():
    """Three accounts with a card and a token each: one has paid twice, one once, one never."""
    bank = Bank(limits=LIMITS)
    for notice in (set_account(4, 8), set_card(5, 80, 8), set_token(6, UNUSED, 80, 8)):
        bank.send(notice)
    for notice in (set_account(7, 9), set_card(8, 90, 9), set_token(9, USED_FIRST, 90, 9)):
        bank.send(notice)
    for message in (tap(1, pan=USED_FIRST), tap(1, pan=USED), tap(2, pan=USED)):
        bank.send(message)
    return bank


@pytest.fixture
def ask(monkeypatch):
    """Look ahead at some of a run of commands; the places asked for: table, row and byte."""

    def look_ahead(bank, commands, start=0):
        asked = []
        tables = {id(table): name for name, table in bank.state._asdict().items()}
        monkeypatch.setattr(
            prefetching, "prefetch", lambda table, row, byte: asked.append((tables[id(table)], int(row), int(byte)))
        )
        plain = getattr(prefetching.look_ahead, "py_func", prefetching.look_ahead)
        plain(bank.state, commands, start, len(commands), np.full((RUN, 2), 77, np.int64))
        return set(asked)

    return look_ahead


def slots_of(bank, message):
    """Where the search for a message's token and for its trace begin."""
    return {
        ("token_slots", int(first_slot(bank.state.token_slots, message["token_pan"][0])), 0),
        (
            "trace_slots",
            int(
                first_slot(
                    bank.state.trace_slots, own_key(message[0], message[0]["token_id"], MessageClass.AUTHORIZATION)
                )
            ),
            0,
        ),
    }


def rows_of(bank, pan):
    """The rows of a token, its card and its account: of an account, its first byte and its last."""
    row = bank.state.tokens["token_pan"].tolist().index(pan)
    token = bank.state.tokens[row]
    return {
        ("tokens", row, 0),
        ("tokens", row, 64),
        ("cards", int(token["card_row"]), 0),
        ("accounts", int(token["account_row"]), 0),
        ("accounts", int(token["account_row"]), ACCOUNT.itemsize - 1),
        ("cells", int(token["cells"]), 0),
    }


def use_of(bank, account):
    """What is known of an account's use, the cells of its meters, and its last transaction."""
    row = int(bank.state.accounts["activity"][account]) - 1
    activity = bank.state.activities[row]
    cells, last = int(activity["cells"]), int(activity["last"]) - 1
    return {
        ("activities", row, 0),
        ("cells", cells, 0),
        ("cells", cells + 2, 0),
        ("transactions", last, 0),
        ("transactions", last, 63),
    }


def without_seen(asked):
    """What is asked for but for the set of what accounts have used."""
    return {place for place in asked if place[0] != "seen"}


@pytest.mark.parametrize(("pan", "account"), [(USED, 0), (USED_FIRST, 2)])
def test_an_account_that_has_paid(bank, ask, pan, account):
    """Everything that a decision on it looks at, and nothing else."""
    message = tap(3, pan=pan)
    assert without_seen(ask(bank, message)) == slots_of(bank, message) | rows_of(bank, pan) | use_of(bank, account)


def test_an_account_that_never_has(bank, ask):
    """There is nothing to be asked of its use."""
    message = tap(3, pan=UNUSED)
    assert without_seen(ask(bank, message)) == slots_of(bank, message) | rows_of(bank, UNUSED)


def test_a_strangers_token(bank, ask):
    """Only where it would be found is looked at."""
    message = tap(3, pan=STRANGER)
    asked = ask(bank, message)
    assert {place for place in asked if place[0] != "tokens"} == slots_of(bank, message)


def test_a_run_is_looked_at_together(bank, ask):
    """A stranger between two of the bank's takes nothing from them, and what came before the run is not asked for."""
    messages = [tap(3, pan=USED_FIRST), tap(4, pan=STRANGER), tap(5, pan=USED), tap(6, pan=UNUSED)]
    expected = set().union(*(ask(bank, message) for message in messages[1:]))
    assert ask(bank, joined(messages), start=1) == expected


@pytest.mark.parametrize("number", range(20))
def test_what_an_account_has_used(bank, ask, number):
    """The merchant and the country of a purchase are remembered where was asked, and nowhere else."""
    message = tap(3, pan=USED, merchant_key=1_234 + number, country=250 + number)
    asked = {row for table, row, byte in ask(bank, message) if table == "seen"}
    assert {byte for table, _, byte in ask(bank, message) if table == "seen"} == {0}
    before = bank.state.seen.copy()
    bank.send(message)
    added = set(np.flatnonzero(bank.state.seen != before).tolist())
    # Where a place is taken already, the next one is: on the same line of memory.
    assert len(added) == len(asked) == 2
    assert {_first_free(before, place) for place in asked} == added


def _first_free(keys, place):
    return next(each % len(keys) for each in range(place, place + len(keys)) if keys[each % len(keys)] == 0)


def test_looking_changes_nothing(bank, ask):
    """The state is as before."""
    before = [table.tobytes() for table in bank.state if isinstance(table, np.ndarray)]
    ask(bank, joined([tap(3, pan=USED), tap(4, pan=UNUSED)]))
    assert [table.tobytes() for table in bank.state if isinstance(table, np.ndarray)] == before
