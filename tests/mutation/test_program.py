"""The program, on a shop of a few lines whose mutants are known."""

import shutil
import subprocess
import sys

import pytest

from tests.mutation.targets import ROOT

pytestmark = pytest.mark.slow

PRICE = '''"""Prices."""

DISCOUNTS = {"friend": 10, "stranger": 0}


def price(amount, customer):
    """Less the discount."""
    if amount > 100:
        amount = lower(amount)
    return amount - DISCOUNTS[customer]


def lower(amount):
    """Down to a hundred."""
    while amount > 100:
        amount -= 1
    return amount


def forgotten():
    """No test comes by."""
    return price(1, "friend")


def halves(amounts):
    """Called at import only."""
    table = [amount // PARTS for amount in amounts]
    return table


PARTS = 2
HALVES = halves([9])


def half_of_nine():
    """By the table."""
    return HALVES[0]
'''
TEST = '''"""Prices."""

from shop.price import half_of_nine, price


def test_friends():
    """They pay less."""
    assert price(50, "friend") == 40


def test_the_dear():
    """They pay no more than a hundred."""
    assert price(103, "stranger") == 100


def test_halves():
    """Of nine, rounded down."""
    assert half_of_nine() == 4
'''
WRITTEN_DOWN = """
- path: shop/price.py
  function: price
  before: amount > 100
  after: amount >= 100
  why: a hundred is lowered to a hundred
"""


@pytest.fixture
def mutate(tmp_path):
    """Runs the program in a tree of its own, where nothing but the shop is tested."""
    shutil.copytree(
        ROOT / "tests" / "mutation", tmp_path / "tests" / "mutation", ignore=shutil.ignore_patterns("test_*")
    )
    shutil.copy(ROOT / "tests" / "forking.py", tmp_path / "tests")
    for path, text in {
        "shop/__init__.py": "",
        "shop/price.py": PRICE,
        "tests/__init__.py": "",
        "tests/shop/__init__.py": "",
        "tests/shop/test_price.py": TEST,
        "tests/mutation/equivalent.yaml": WRITTEN_DOWN,
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)

    def run(*arguments):
        command = [sys.executable, "-m", "tests.mutation", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return run


def test_every_verdict(mutate):
    """What is noticed is counted; what is not is shown, with its reason where that is written down; loops end."""
    ended = mutate("shop", "--jobs", "2")
    assert ended.returncode == 0, ended.stderr
    shown = [line for line in ended.stdout.splitlines() if line.startswith("shop/price.py:")]
    assert set(shown) == {
        "shop/price.py:8:boundary:1  survived, changes nothing: a hundred is lowered to a hundred",
        "shop/price.py:8:boundary:2  survived",
        "shop/price.py:22:boundary:1  untested",
        "shop/price.py:22:delete:1  untested",
        "shop/price.py:22:swap:1  untested",
    }
    assert ended.stdout.splitlines()[-2].split() == ["all", "25", "20", "1", "3", "80.0%"]


def test_one_mutant_is_shown_with_the_test_that_kills_it(mutate):
    """In a function that is there, and in a table, which is imported anew; a loop without an end is noticed too."""
    ended = mutate("shop/price.py:9:delete:1")
    assert "-        amount = lower(amount)\n+        pass\n" in ended.stdout
    assert "killed by tests/shop/test_price.py::test_the_dear" in ended.stdout
    assert "killed by tests/shop/test_price.py::test_friends" in mutate("shop/price.py:3:boundary:1").stdout
    assert "timed out" in mutate("shop/price.py:16:delete:1").stdout


def test_too_few_killed_is_a_failure(mutate):
    """So is a sample, which is the same for the same seed."""
    assert mutate("shop", "--at-least", "90").returncode == 1
    one, other, another = (mutate("shop", "--sample", "5", "--seed", seed, "--list").stdout for seed in "112")
    assert one == other != another
    assert len(one.splitlines()) == 5


def test_what_cannot_be_run_is_said(mutate, tmp_path):
    """A path without mutants, and tests that fail without any: one line, and no figures."""
    for path in ("shop/nothing.py", "shop/price.py:2", "tests/mutation/targets.py"):
        ended = mutate(path)
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
        assert path in ended.stderr
    (tmp_path / "tests/shop/test_price.py").write_text(TEST.replace("== 40", "== 41"))
    ended = mutate("shop")
    assert ended.returncode == 2
    assert "test_friends" in ended.stderr
    assert "mutants" not in ended.stdout
