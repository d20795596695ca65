"""Shares of amounts: exact for all that 64 bits hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.arrays.compiled import compiled
from authz.kernel.ledger.shares import part_of, share_of

PPM = 1_000_000
HUGE = 2**62


@compiled
def compiled_share(amount, ppm):
    """`share_of` is compiled where it is called."""
    return share_of(amount, ppm)


def share(amount, ppm):
    """As the kernel calls it."""
    return int(compiled_share(np.int64(amount), np.int64(ppm)))


def part(nights, taken, there):
    """As the kernel calls it."""
    return int(part_of(np.int64(nights), np.int64(taken), np.int64(there)))


@pytest.mark.parametrize(
    ("amount", "ppm", "expected"),
    [(0, PPM, 0), (1, 499_999, 0), (1, 500_000, 1), (3, 500_000, 2), (2**63 - 1, PPM, 2**63 - 1), (10**18, 0, 0)],
)
def test_a_share_is_rounded_half_up(amount, ppm, expected):
    """Also where it is the whole of the greatest number."""
    assert share(amount, ppm) == expected


@given(st.integers(0, 2**63 - 1), st.integers(0, PPM))
def test_a_share_is_that_of_whole_numbers(amount, ppm):
    """Python's have no greatest."""
    assert share(amount, ppm) == (2 * amount * ppm + PPM) // (2 * PPM)


@pytest.mark.parametrize(
    ("nights", "taken", "there", "expected"),
    [
        (0, 1, 1, 0),
        (7, 1, 2, 3),
        (7, 2, 2, 7),
        (2**63 - 1, HUGE, HUGE, 2**63 - 1),
        (2**63 - 1, HUGE - 1, HUGE, (2**63 - 1) * (HUGE - 1) // HUGE),
        (HUGE - 1, 1, HUGE, 0),
    ],
)
def test_a_part_is_rounded_down(nights, taken, there, expected):
    """And all of it is taken with all that is there."""
    assert part(nights, taken, there) == expected


@given(st.integers(0, 2**63 - 1), st.integers(1, HUGE), st.data())
def test_a_part_is_that_of_whole_numbers(nights, there, data):
    """Whatever is there, and however much of it is taken."""
    taken = data.draw(st.integers(1, there))
    assert part(nights, taken, there) == nights * taken // there
