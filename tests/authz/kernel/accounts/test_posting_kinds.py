"""Every posting has a kind, which is known where it is made; postings are the only way to a balance."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import authz.kernel
from authz.journal.replay import apply_batch
from authz.kernel.accounts import postings
from authz.state.tables import Counter
from authz.vocabulary.commands import CardholderVerification, Flag, Kind, Operation
from authz.vocabulary.layouts import joined
from authz.vocabulary.posting_kinds import POSTING, PostingKind, Sign, posting_kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, RATES, SALE, Bank, approve, forward, in_an_outage
from tests.authz.commands import NOW_US, USD, command, issuer_decision, referring, refund, reversal, tap
from tests.authz.kernel.test_issuer_decisions import ASK

KERNEL = Path(authz.kernel.__path__[0])
CASH_BACK = {
    "operation": Operation.PURCHASE_WITH_CASH_BACK,
    "cash_minor": 2_000,
    "cardholder_verification": CardholderVerification.DEVICE,
}
CASH = {"operation": Operation.CASH, "cardholder_verification": CardholderVerification.PIN}
NUMBERS = {
    "purchase": 1,
    "cash": 2,
    "refund": 3,
    "reversal": 4,
    "chargeback": 5,
    "representment": 6,
    "force_post": 7,
    "force_post_cash": 8,
    "payment": 32,
    "payment_returned": 33,
    "interest": 34,
    "late_fee": 35,
    "cash_fee": 36,
    "waiver": 37,
    "adjustment": 38,
    "write_off": 39,
    "plan_fee": 40,
    "reward": 41,
    "reward_clawback": 42,
}
"""What the postings of existing history files and journals mean."""

_SEQUENCE, _ACCOUNT, _AMOUNT, _POSTED, _PART, _KIND, _CURRENCY, _DAY = range(len(POSTING.names))


def writers_of_balances(path):
    """The functions of a module that write a posted balance, or whole rows that hold one."""
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_a_balance(node):
                yield function.name


def _is_a_balance(node):
    if isinstance(node.slice, ast.Constant):
        return node.slice.value == "posted_minor" and ast.unparse(node.value) != "result"
    return ast.unparse(node.value) in ("state.accounts", "state.transactions")


def test_post_is_the_only_door_to_a_balance():
    """Nothing else in the kernel writes `posted_minor`, nor a whole row of accounts or transactions."""
    writers = {
        (str(path.relative_to(KERNEL)), name) for path in KERNEL.rglob("*.py") for name in writers_of_balances(path)
    }
    assert writers == {("accounts/postings.py", "post"), ("ledger/entries.py", "write_posting")}


def test_the_name_of_a_balance_is_only_used_to_read_it():
    """Nobody hides the name in a variable, which the test of the door could not see."""
    for path in KERNEL.rglob("*.py"):
        tree = ast.parse(path.read_text())
        named = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == "posted_minor"]
        subscripts = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
        assert all(any(node is each for each in subscripts) for node in named), path


def test_a_row_of_the_table_says_everything():
    """Numbers are unique, those that journals hold do not change, and what is disputable is a charge."""
    numbers = {kind.code: int(kind) for kind in PostingKind}
    assert len(set(numbers.values())) == len(numbers) == len(PostingKind.__members__)
    assert NUMBERS.items() <= numbers.items()
    for kind in PostingKind:
        assert posting_kind(int(kind)) is kind
        assert kind.description.endswith(".")
        assert kind.sign is Sign.CHARGES or not kind.is_disputable
    assert [Sign.CHARGES.allows(amount) for amount in (-1, 0, 1)] == [False, False, True]
    assert [Sign.GIVES_BACK.allows(amount) for amount in (-1, 0, 1)] == [True, False, False]
    assert [Sign.EITHER.allows(amount) for amount in (-1, 0, 1)] == [True, False, True]
    with pytest.raises(KeyError):
        posting_kind(0)


def test_the_kernel_makes_every_kind():
    """A row that nothing posts is dead, and a posting takes its kind from the table."""
    source = "".join(path.read_text() for path in KERNEL.rglob("*.py"))
    assert all(f"PostingKind.{kind.name}" in source for kind in PostingKind)
    assert list(inspect.signature(postings.post).parameters) == ["state", "row", "kind", "billing"]


@pytest.mark.parametrize(
    ("values", "made"),
    [
        ({}, [("purchase", 5_000)]),
        (CASH, [("cash", 5_000)]),
        (CASH_BACK, [("purchase", 3_000), ("cash", 2_000)]),
        (CASH_BACK | {"cash_minor": 5_000}, [("cash", 5_000)]),
        (CASH_BACK | {"currency": USD, "signed_currency": USD}, [("purchase", 2_778), ("cash", 1_852)]),
    ],
)
def test_a_charge(values, made):
    """Goods and cash are postings of their own, which add up to what the answer says."""
    bank = Bank(rates=RATES)
    approve(bank, tap(1, 5_000, **SALE, **values))
    assert [(kind.code, amount) for kind, amount in bank.made] == made
    assert [each[_PART] for each in bank.postings] == list(range(len(made)))
    assert bank.result["postings"] == len(made)
    assert posting_kind(int(bank.result["posting_kind"])).code == made[0][0]
    assert bank.posted == bank.result["billing_minor"] == bank.postings[-1][_POSTED]
    assert {(each[_SEQUENCE], each[_ACCOUNT], each[_CURRENCY]) for each in bank.postings} == {
        (int(bank.result["sequence"]), 7, 978)
    }


def test_a_part_of_a_purchase_with_cash_back():
    """The goods come first: a merchant pays out only what is left of a partial approval."""
    bank, message = Bank(rules=[ASK]), tap(1, 5_000, **SALE, **CASH_BACK)
    assert bank.send(message) is Reason.AWAITING_ISSUER
    sequence = int(bank.result["sequence"])
    assert bank.send(issuer_decision(message, sequence, amount=4_000)) is Reason.PARTIALLY_APPROVED
    assert {each[_SEQUENCE] for each in bank.postings} == {sequence}
    assert bank.made == [(PostingKind.PURCHASE, 3_000), (PostingKind.CASH, 1_000)]


def test_a_completion_of_what_was_authorized():
    """It is a purchase while something is held for it, and force-posted as soon as nothing is."""
    bank, order = Bank(), tap(1, 5_000)
    completion = {"amount_minor": 1_000, "flags": Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS}
    approve(bank, order, referring(Kind.FINANCIAL_ADVICE, order, stan=11, **completion))
    assert bank.made == [(PostingKind.PURCHASE, 1_000)]
    approve(bank, referring(Kind.FINANCIAL_REQUEST, order, stan=12, amount_minor=4_000))
    assert bank.made == [(PostingKind.PURCHASE, 4_000)]
    approve(bank, referring(Kind.FINANCIAL_ADVICE, order, stan=13, amount_minor=500))
    assert bank.made == [(PostingKind.FORCE_POST, 500)]


@pytest.mark.parametrize("over", ["declined", "reversed", "expired", "unknown"])
@pytest.mark.parametrize(
    ("values", "kinds"),
    [({}, ["force_post"]), (CASH, ["force_post_cash"]), (CASH_BACK, ["force_post", "force_post_cash"])],
)
def test_a_force_post(over, values, kinds):
    """An advice of a charge that nothing is held for: it cannot be refused, and its kind says so."""
    bank, order = Bank(), tap(1, 90_000 if over == "declined" else 5_000, **values)
    if over != "unknown":
        assert (bank.send(order) is Reason.APPROVED) == (over != "declined")
    if over == "reversed":
        approve(bank, reversal(order, stan=12))
    later = NOW_US + (40 * 24 * HOUR_US if over == "expired" else 0)
    approve(bank, tap(1, 5_000, kind=Kind.FINANCIAL_ADVICE, time_us=later, **values))
    assert [kind.code for kind, _ in bank.made] == kinds
    assert bank.posted == bank.held + 5_000 == 5_000


def test_ways_back():
    """Refund, reversal of either, chargeback and representment."""
    bank, sale = Bank(), tap(1, 5_000, **SALE)
    approve(bank, sale)
    disputed = {"decision": int(bank.result["sequence"]), "amount_minor": 700, "account_id": 7}
    back = refund(sale, amount_minor=1_000, stan=11)
    steps = [
        (back, PostingKind.REFUND, -1_000),
        (reversal(back, stan=12), PostingKind.REVERSAL, 1_000),
        (command(Kind.CHARGEBACK, **disputed), PostingKind.CHARGEBACK, -700),
        (command(Kind.REPRESENTMENT, **disputed), PostingKind.REPRESENTMENT, 700),
        (reversal(sale, stan=13), PostingKind.REVERSAL, -5_000),
    ]
    for message, kind, amount in steps:
        approve(bank, message)
        assert bank.made == [(kind, amount)]
    assert bank.posted == 0


def test_what_posts_nothing_says_so():
    """An authorization, a decline and a repeat."""
    bank, sale = Bank(), tap(2, 5_000, **SALE)
    approve(bank, tap(1, 5_000), sale)
    bank.send(tap(3, 200_000))
    assert (bank.made, int(bank.result["postings"]), int(bank.result["posting_kind"])) == ([], 0, 0)
    repeat = sale.copy()
    repeat["flags"] = Flag.REPEAT
    approve(bank, repeat)
    assert bank.made == []


def test_what_stand_in_has_approved_is_a_purchase_and_can_be_disputed():
    """Its posting belongs to the decision that stand-in made, by whose number it is charged back."""
    bank = in_an_outage()
    assert bank.send(tap(1, 1_500, **SALE)) is Reason.APPROVED
    decision = int(bank.result["sequence"])
    assert bank.made == []
    forward(bank)
    assert [(each[_SEQUENCE], each[_PART], each[_KIND]) for each in bank.postings] == [
        (decision, 0, PostingKind.PURCHASE)
    ]
    approve(bank, command(Kind.CHARGEBACK, decision=decision, amount_minor=1_500, account_id=7))
    assert bank.made == [(PostingKind.CHARGEBACK, -1_500)]


def test_postings_of_a_batch_stand_in_the_order_of_its_commands():
    """Each batch leaves its own, and results say which command made which."""
    bank = Bank()
    batch = [tap(1, 100, **SALE), tap(2, 200), tap(3, 5_000, **SALE, **CASH_BACK), tap(4, 300, **SALE)]
    bank.state, results = apply_all(bank, joined(batch))
    made = bank.state.postings.rows[: bank.state.postings.used[0]]
    assert results["postings"].tolist() == [1, 0, 2, 1]
    assert np.repeat(results["sequence"], results["postings"]).tolist() == made["sequence"].tolist()
    assert made["amount_minor"].tolist() == [100, 3_000, 2_000, 300]
    assert made["posted_minor"].tolist() == np.cumsum(made["amount_minor"]).tolist()
    assert made["part"].tolist() == [0, 0, 1, 0]


def apply_all(bank, batch):
    """A batch applied to a bank, from whose earlier commands nothing is left over."""
    state, results, _ = apply_batch(bank.state, batch)
    return state, results


def test_room_for_postings_grows_with_a_batch():
    """Twice as many as there are commands, however large the batch is."""
    bank = Bank()
    batch = joined([tap(number, 100, **SALE, **CASH_BACK | {"cash_minor": 1}) for number in range(1, 101)])
    bank.state, results = apply_all(bank, batch)
    assert int(results["postings"].sum()) == 200 <= len(bank.state.postings.rows)
    assert int(bank.state.counters[Counter.TRANSACTIONS]) == 100
    assert bank.posted == 10_000
