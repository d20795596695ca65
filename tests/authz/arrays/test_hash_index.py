"""The hash index against a dictionary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.arrays.hash_index import add_row, find_row, rebuilt, scrambled, slots_for

KEYS = st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=200)


@given(KEYS, st.integers(0, 2**64 - 1))
def test_finds_what_a_dictionary_finds(keys, stranger):
    """Every key finds its row and a stranger finds none, whether added one by one or rebuilt."""
    column = np.array(keys, np.uint64)
    grown = slots_for(len(keys))
    for row, key in enumerate(column):
        add_row(grown, key, row)
    rows = {key: row for row, key in enumerate(keys)}
    for slots in (grown, rebuilt(column, len(keys), len(keys))):
        for key, row in rows.items():
            assert find_row(slots, column, np.uint64(key)) == row
        assert find_row(slots, column, np.uint64(stranger)) == rows.get(stranger, -1)


@pytest.mark.parametrize("step", [1, 2, 10, 2**16, 2**32])
def test_regular_keys_spread(step):
    """Keys in arithmetic progression, as PANs and identifiers often are, do not pile up."""
    count = 1 << 14
    slots = {int(scrambled(np.uint64(number * step))) & (2 * count - 1) for number in range(count)}
    # Thrown at random, count keys fill 1 - exp(-1/2) = 39 % of twice as many slots.
    assert len(slots) > 0.37 * 2 * count


@given(st.integers(0, 2**64 - 1))
def test_scrambled_is_a_62_bit_number(key):
    """The result is never negative, so that masking it is safe."""
    assert 0 <= scrambled(np.uint64(key)) < 2**62
