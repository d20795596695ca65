"""Records of arrays in compiled functions: what is read is what Python has, and what is written Python sees."""

from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba.core import config

from authz.arrays.by_reference import by_reference
from authz.arrays.compiled import compiled, inlined


@by_reference
class Inner(NamedTuple):
    """A record within another."""

    small: np.ndarray
    number: int


@by_reference
class Outer(NamedTuple):
    """Elements of several sizes, so that one that is read at a wrong place is another."""

    is_set: bool
    table: np.ndarray
    factor: float
    inner: Inner
    names: np.ndarray
    same: np.ndarray


@inlined
def add_all(record, amount):
    """A part, to which the record is passed on."""
    for place in range(len(record.small)):
        record.small[place] += amount
    return record.number


@compiled
def use(record, row):
    """Read and write everything."""
    added = add_all(record.inner, 2) if record.is_set else 0
    record.names[row]["second"] = record.table[row, 1]
    record.table[row, 0] = record.same[row, 0] + 1
    return added + record.factor, record.same[row, 0]


def outer(**changes):
    """A record; two of its elements are the same memory."""
    table = np.arange(12, dtype=np.int32).reshape(4, 3)
    names = np.zeros(4, np.dtype([("first", "u1"), ("second", "i8")], align=True))
    made = Outer(True, table, 0.5, Inner(np.zeros(3, np.uint16), 70), names, table)
    return made._replace(**changes)


def test_every_element_is_at_its_place():
    """Read where Python has put it, whatever stands before it; what is written is there for both."""
    record = outer()
    assert use(record, 2) == (70.5, 7)
    assert record.inner.small.tolist() == [2, 2, 2]
    assert record.names["second"].tolist() == [0, 0, 7, 0]
    assert record.table[2, 0] == 7


def test_the_next_call_sees_the_next_record():
    """An array that has grown is another one."""
    record = outer()
    use(record, 0)
    grown = record._replace(inner=Inner(np.zeros(5, np.uint16), 90), is_set=False)
    assert use(grown, 1) == (0.5, 4)
    assert grown.inner.small.tolist() == [0] * 5
    assert use(grown._replace(is_set=True), 1) == (90.5, 5)
    assert grown.inner.small.tolist() == [2] * 5


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="Python says it in its own words")
def test_an_element_that_is_not_there():
    """Named in the error."""

    @compiled
    def misread(record):
        return record.outer

    with pytest.raises(numba.TypingError, match="'outer'"):
        misread(outer())
