"""Which mutants a source has."""

import pytest

from tests.mutation.mutants import Kind, mutants_of


def made(source, kind=None):
    """What becomes of what, of all mutants or of one kind."""
    return [
        (mutant.before, mutant.after)
        for mutant in mutants_of("shop/price.py", source)
        if kind is None or mutant.kind is kind
    ]


def test_statements_go_one_by_one():
    """Each simple statement of a function; not its docstring, its imports or its asserts, and no line of a log."""
    source = '''
def pay(amount):
    """Pay."""
    import math
    assert amount
    log.info("paying")
    total: int
    total = rounded(amount)
    if total:
        raise Refused
    return total
'''
    assert made(source, Kind.DELETE) == [
        ("total = rounded(amount)", "pass"),
        ("raise Refused", "pass"),
        ("return total", "pass"),
    ]


def test_the_end_of_a_function_stays():
    """Returning nothing is what happens there anyway; elsewhere it matters."""
    source = "def a():\n    if b:\n        return\n    return None\n"
    assert made(source, Kind.DELETE) == [("return", "pass")]


def test_entries_of_tables_go_one_by_one():
    """A dictionary's with their values; only outside of functions, where no statement could go."""
    source = "RATES = {'EUR': one, 'JPY': two}\nKINDS = [tap]\ndef names():\n    return {'a', 'b'}\n"
    assert made(source, Kind.DELETE) == [
        ("'EUR'", ""),
        ("'JPY'", ""),
        ("tap", ""),
        ("return {'a', 'b'}", "pass"),
    ]
    tree = mutants_of("shop/rates.py", source)[0].mutated_tree()
    assert [value.id for value in tree.body[0].value.values] == ["two"]


@pytest.mark.parametrize(
    ("condition", "contraries"),
    [
        ("if a == b: pass", {("a == b", "a != b")}),
        ("if a: pass", {("a", "not a")}),
        ("if not a: pass", {("not a", "a"), ("a", "not a")}),
        ("while a in b: pass", {("a in b", "a not in b")}),
        ("c = a is None and b", {("a is None", "a is not None"), ("b", "not b")}),
        ("c = a < b < d", {("a < b < d", "not a < b < d")}),
        ("c = [a for a in b if a]", {("a", "not a")}),
        ("c = d if a else b", {("a", "not a")}),
    ],
)
def test_conditions_mean_their_contrary(condition, contraries):
    """Each part of a condition is turned round by itself, wherever it is asked for."""
    assert set(made(condition, Kind.NEGATE)) == contraries


def test_boundaries_move_by_one():
    """Comparisons take or leave their boundary, and whole numbers are one greater; truths and fractions stay."""
    source = "c = low <= a < high and a > 5\nd = (True, 1.5, -4)\n"
    assert made(source, Kind.BOUNDARY) == [
        ("low <= a < high", "low < a < high"),
        ("low <= a < high", "low <= a <= high"),
        ("a > 5", "a >= 5"),
        ("5", "6"),
        ("4", "5"),
    ]


def test_neighbouring_arguments_change_places():
    """But for equal ones, starred ones, and calls that do not mind their order."""
    source = "pay(a, b, c)\nmax(a, b)\nexclusive_or(a, b)\npay(a, a)\npay(*a, b)\npay(a, key=b)\n"
    assert made(source) == [("pay(a, b, c)", "pay(b, a, c)"), ("pay(a, b, c)", "pay(a, c, b)")]


def test_types_and_names_for_importers_stay():
    """No test should notice them."""
    assert (
        made("__all__ = ['a', 'b']\nif TYPE_CHECKING:\n    a = {1}\ndef f(a: Literal[3] | None) -> Tuple[4]: ...\n")
        == []
    )


def test_a_mutant_has_a_name_and_a_place():
    """Its name has path, line, kind and number; its place is the function, or none for what an import runs."""
    source = "class Shop:\n    def open(self, hour=8):\n        return [8 < each for each in self.hours(lambda: 9)]\n"
    assert [(str(mutant), mutant.function) for mutant in mutants_of("shop/price.py", source)] == [
        ("shop/price.py:2:boundary:1", ""),
        ("shop/price.py:3:boundary:1", "Shop.open"),
        ("shop/price.py:3:boundary:2", "Shop.open"),
        ("shop/price.py:3:boundary:3", "Shop.open.<locals>.<lambda>"),
        ("shop/price.py:3:delete:1", "Shop.open"),
        ("shop/price.py:3:negate:1", "Shop.open"),
    ]
