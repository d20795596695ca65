"""Functions that become parts of others: translated once, the same for Python and for compiled code."""

import os
import subprocess
import sys
from enum import IntEnum

import pytest
from numba.core import config

from authz.arrays.compilation_events import listening_to_compilation
from authz.arrays.parts import Whole

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled under NUMBA_DISABLE_JIT")


class Kind(IntEnum):
    """An enumeration, as those of commands are."""

    FIRST = 1
    SECOND = 2


class Counted:
    """How many functions were compiled."""

    def __init__(self):
        self.count = 0

    def began(self):
        """One more."""
        self.count += 1

    def ended(self):
        """It is counted already."""


def quotient_and_rest(dividend, divisor):
    """What another function calls with numbers of every kind."""
    return dividend // divisor, dividend % divisor


@pytest.mark.parametrize("is_inlined", [False, True])
def test_a_part_is_translated_once_for_numbers_of_every_kind(is_inlined):
    """A variable, a constant and a member of an enumeration are all whole numbers."""
    part = Whole(quotient_and_rest, {"nopython": True}, is_inlined=is_inlined)

    def add(number):
        of_variables, of_a_constant = part(number, number), part(number, 3)
        return of_variables[0] + of_a_constant[1] + part(number, Kind.SECOND)[0]

    counted = Counted()
    with listening_to_compilation(counted):
        assert Whole(add, {"nopython": True}, is_inlined=False)(17) == 1 + 2 + 8
    assert counted.count == 2
    assert part(17, 3) == (5, 2)  # Python calls the same function


def test_only_what_python_calls_is_stored(tmp_path):
    """The parts are in it."""
    program = "import numpy as np; from authz.arrays.hash_index import rebuilt; rebuilt(np.ones(1, np.uint64), 1, 16)"
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert [path.name.partition("-")[0] for path in tmp_path.rglob("*.nbi")] == ["hash_index.fill_rows"]
