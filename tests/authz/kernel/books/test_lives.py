"""Random lives of accounts: the kernel's books are those of the plain ledger, whenever days are closed."""

from dataclasses import replace

import pytest

from authz.journal.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from authz.journal.data_directory import checkpoints_in
from authz.state.stored import rows_in_use
from tests.authz.kernel.books.lives import Lives, closed
from tests.authz.kernel.books.outcome import Outcome, agree, told_of_changes, told_of_postings, told_of_statements

ACCOUNTS = 4
TOLD = {"postings": told_of_postings, "statements": told_of_statements, "changes": told_of_changes}
SOME = range(6)
A_THOUSAND_LIVES = range(1_000, 1_000 + 1_000 // ACCOUNTS)


def outcome_of(bank, commands, batch=64):
    """What the kernel makes of them."""
    made = Outcome()
    made.take(commands, bank.attachments, bank.expected, batch)
    return made


def check_lives(seed, *, with_segments=False):
    """The books agree with the ledger to the minor unit, and are the same bytes whenever days are closed."""
    lives = Lives(seed, ACCOUNTS, with_segments=with_segments)
    made = {how: outcome_of(lives.bank, closed(lives.bank, seed, how)) for how in ("never", "daily", "at_random")}
    agree(made["at_random"], lives.bank.books)
    stored = {how: rows_in_use(outcome.state) for how, outcome in made.items()}
    assert {outcome.rows_relieved for outcome in made.values()} == {lives.bank.rows_relieved}
    for name in stored["daily"]:
        assert stored["never"][name] == stored["daily"][name] == stored["at_random"][name], name
    for account in range(ACCOUNTS):
        for kept, told in TOLD.items():
            never, daily, at_random = (told(getattr(each, kept).get(account, [])) for each in made.values())
            assert never == daily == at_random


@pytest.mark.parametrize("seed", SOME)
def test_a_life_is_that_of_the_plain_ledger_whenever_days_are_closed(seed):
    """400 days of each account: taps, completions, cash, refunds, disputes, payments, and programs that change."""
    check_lives(seed)


@pytest.mark.parametrize("seed", SOME)
def test_a_life_in_segments_is_that_of_the_plain_ledger(seed):
    """Accounts are classified at each statement, by what they have bought among others, and some are pinned."""
    check_lives(seed, with_segments=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", A_THOUSAND_LIVES)
def test_a_thousand_lives(seed):
    """The same of a thousand accounts."""
    check_lives(seed)
    check_lives(seed, with_segments=True)


@pytest.mark.parametrize("seed", SOME[:2])
@pytest.mark.parametrize("batch", [1, 7, 8_192])
def test_batches_make_no_difference(seed, batch):
    """Commands that are replayed in other batches than they came in leave the same bytes and tell the same."""
    lives = Lives(seed, ACCOUNTS)
    commands = closed(lives.bank, seed, "at_random")
    made, again = outcome_of(lives.bank, commands), outcome_of(lives.bank, commands, batch)
    assert rows_in_use(made.state) == rows_in_use(again.state)
    for kept in TOLD:
        assert {account: [row.tolist() for row in rows] for account, rows in getattr(made, kept).items()} == {
            account: [row.tolist() for row in rows] for account, rows in getattr(again, kept).items()
        }


def test_a_life_goes_on_from_a_checkpoint(tmp_path):
    """With plans that are open and dues that are put off: the same bytes as without the file in between."""
    lives = Lives(SOME[1], ACCOUNTS)
    commands, disk = closed(lives.bank, SOME[1], "at_random"), checkpoints_in(tmp_path)
    half = len(commands) // 2
    made = Outcome()
    made.take(commands[:half], lives.bank.attachments, lives.bank.expected)
    document = lives.bank.attachments[max(place for place in lives.bank.attachments if place < half)]
    write_checkpoint(disk, Checkpoint(half, made.state, document))
    again = replace(made, state=read_checkpoint(disk, half).state)
    assert (again.state.plans["left_minor"] > 0).any()
    for outcome in (made, again):
        outcome.names, outcome.postings, outcome.statements, outcome.changes = set(), {}, {}, {}
        outcome.take(commands, lives.bank.attachments, lives.bank.expected)
    assert rows_in_use(made.state) == rows_in_use(again.state)
    assert made.names == again.names


def test_lives_in_segments_are_full_of_changes():
    """Into each segment and out of it."""
    banks = [Lives(seed, ACCOUNTS, with_segments=True).bank for seed in SOME]
    changes = [each for bank in banks for books in bank.books for each in books.changes]
    moves = [(each.about, int(each.detail)) for each in changes if each.kind == "segment_changed"]
    assert {before for before, _ in moves} >= {0, 1, 2, 3, 4, 5}
    assert {after for _, after in moves} == {0, 1, 2, 3, 4, 5}


def test_lives_are_full_of_what_can_happen():
    """Each kind of posting is among them, and the terms and days of statements change."""
    books = [each for seed in SOME for each in Lives(seed, ACCOUNTS).bank.books]
    kinds = {kind for each in books for kind, _, _ in each.postings}
    assert kinds == {
        "adjustment", "cash", "cash_fee", "chargeback", "interest", "late_fee", "payment", "payment_returned",
        "plan_fee", "purchase", "refund", "representment", "reversal", "waiver", "write_off",
    }  # fmt: skip
    statements = [statement for each in books for statement in each.statements]
    assert len(statements) > 100
    assert any(statement.closing < 0 for statement in statements)
    assert any(statement.past_due for statement in statements)
    assert max(statement.missed for statement in statements) > 2
    changes = {(change.kind, change.detail) for each in books for change in each.changes}
    ends = ("billed", "given_back", "early", "written_off")
    assert changes == {
        ("plan_started", ""),
        *(("plan_ended", end) for end in ends),
        *((kind, interest) for kind in ("relief_granted", "relief_ended") for interest in ("waived", "accrues")),
    }
    assert any(len({statement.day.day for statement in each.statements}) > 2 for each in books)
